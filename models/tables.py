"""Imports every model, so that the metadata is complete for migrations and sweeps."""

from models import (  # noqa: F401 - to be known, not to be used here
    account,
    audit,
    campaign,
    consent,
    console_people,
    conversation,
    guardianship,
    inbox,
    inquiry,
    learner,
    mail,
    one_time_token,
    outbox,
    pace,
    people_files,
    picture,
    portal,
    privacy,
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
