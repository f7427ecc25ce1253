"""Imports every model, so that the metadata is complete for migrations and sweeps."""

from models import (  # noqa: F401 - to be known, not to be used here
    account,
    audit,
    consent,
    conversation,
    guardianship,
    inbox,
    inquiry,
    learner,
    mail,
    one_time_token,
    outbox,
    portal,
    privacy,
    rich_menu,
    secret_link,
    subscription,
)
from models.base import Base

metadata = Base.metadata
