"""Imports every model, so that the metadata is complete for migrations and sweeps."""

from models import (  # noqa: F401 - to be known, not to be used here
    account,
    audit,
    campaign,
    consent,
    conversation,
    errand,
    guardianship,
    imports_exports,
    inbox,
    inquiry,
    learner,
    mail,
    mail_archive,
    merges,
    one_time_token,
    outbox,
    picture,
    portal,
    privacy,
    rate_limit,
    recipient,
    rich_menu,
    secret_link,
    staff,
    staff_chat,
    statistic,
    subscription,
    tag,
)
from models.base import Base

metadata = Base.metadata
