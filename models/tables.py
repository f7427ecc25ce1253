"""Imports every model, so that the metadata is complete for migrations and sweeps."""

from models import (
    account,
    audit,
    consent,
    conversation,
    inbox,
    inquiry,
    learner,
    outbox,
    portal,
    secret_link,
)
from models.base import Base

MODULES = (
    account,
    audit,
    consent,
    conversation,
    inbox,
    inquiry,
    learner,
    outbox,
    portal,
    secret_link,
)

metadata = Base.metadata
