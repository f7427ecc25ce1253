"""Imports every model, so that the metadata is complete for migrations and sweeps."""

from models import (  # noqa: F401 - to be known, not to be used here
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

metadata = Base.metadata
