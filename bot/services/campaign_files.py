"""A campaign's lists as CSV: pseudonyms and outcomes, nothing that names or reaches anybody."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services import audit
from bot.services.audit import Action
from models.campaign import Campaign
from models.database import Database
from models.recipient import Batch, Recipient

STRETCH = 5_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV Injection
MARK = "\ufeff"  # so that Excel reads UTF-8
LIST = ("person", "language", "channel", "left_out", "wave", "batch", "dropped")
BATCHES = ("batch", "wave", "channel", "language", "size", "reached", "state", "attempts",
           "reason", "settled_at", "request_id")  # fmt: skip


def record(session: Session, campaign: Campaign, member_id: str, now: datetime) -> None:
    """Write down that a member took a list out."""
    audit.record(
        session,
        Action.CAMPAIGN_EXPORTED,
        actor=f"staff:{member_id}",
        subject=None,
        now=now,
        campaign_id=campaign.id,
    )


def people(database: Database, campaign_id: str) -> Iterator[str]:
    """The frozen list, everybody on it and everybody left out; a stretch at a time."""
    yield MARK + _line(LIST)
    after = ""
    while True:
        start = after

        def read(session: Session, start: str = start) -> list[tuple[object, ...]]:
            query = (
                select(
                    Recipient.subject_id,
                    Recipient.language,
                    Recipient.channel,
                    Recipient.left_out,
                    Recipient.wave,
                    Recipient.batch,
                    Recipient.dropped,
                )
                .where(Recipient.campaign_id == campaign_id, Recipient.subject_id > start)
                .order_by(Recipient.subject_id)
                .limit(STRETCH)
            )
            return [tuple(row) for row in session.execute(query)]

        rows = database.read(read)
        yield "".join(_line(row) for row in rows)
        if len(rows) < STRETCH:
            return
        after = str(rows[-1][0])


def batches(database: Database, campaign_id: str) -> Iterator[str]:
    """Every batch and what became of it."""

    def read(session: Session) -> list[tuple[object, ...]]:
        columns = [Batch.number, *(getattr(Batch, name) for name in BATCHES[1:])]
        query = select(*columns).where(Batch.campaign_id == campaign_id).order_by(Batch.number)
        return [tuple(row) for row in session.execute(query)]

    yield MARK + _line(BATCHES)
    yield "".join(_line(row) for row in database.read(read))


def _line(cells: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, nor for two lines."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    flat = " ".join(str(value).split())
    return f"'{flat}" if flat.startswith(_FORMULA) else flat
