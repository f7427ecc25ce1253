"""A campaign's frozen list and its batches, to be taken out: a range at a time, and on record."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from models.campaign import Campaign
from models.database import Database
from models.recipient import Batch, Recipient

STRETCH = 5_000
_ON_LIST = (  # columns alone: a list has a hundred thousand rows
    Recipient.subject_id,
    Recipient.language,
    Recipient.channel,
    Recipient.left_out,
    Recipient.wave,
    Recipient.batch,
    Recipient.dropped,
)


def may_take(member: Member) -> bool:
    """Whether a member may take a list out: who writes announcements, or answers for them."""
    return member.may(Permission.WRITE_CAMPAIGN) or member.may(Permission.APPROVE_CAMPAIGN)


def record(session: Session, campaign: Campaign, member_id: str, now: datetime) -> None:
    """Write down that a member took a list out."""
    audit.by_staff(session, Action.CAMPAIGN_EXPORTED, member_id, now, campaign_id=campaign.id)


def people(database: Database, campaign_id: str) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Everybody on the frozen list and everybody left out."""
    after = ""
    while True:
        start = after

        def read(session: Session, start: str = start) -> Sequence[Row[*tuple[Any, ...]]]:
            query = (
                select(*_ON_LIST)
                .where(Recipient.campaign_id == campaign_id, Recipient.subject_id > start)
                .order_by(Recipient.subject_id)
                .limit(STRETCH)
            )
            return session.execute(query).all()

        rows = database.read(read)
        yield rows
        if len(rows) < STRETCH:
            return
        after = rows[-1].subject_id


def batches(database: Database, campaign_id: str) -> list[Batch]:
    """Every batch, in their order."""

    def read(session: Session) -> list[Batch]:
        query = select(Batch).where(Batch.campaign_id == campaign_id).order_by(Batch.number)
        return list(session.scalars(query))

    return database.read(read)
