"""A campaign's lists as CSV: pseudonyms and outcomes, nothing that names or reaches anybody.

Headers and states are in the reader's language, each state with its code beside it for programs.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.presentation import formatting
from bot.presentation.campaign_words import (
    BATCHES,
    WAVES,
    dropped,
    excluded,
)
from bot.presentation.labels import label
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.texts import Translator
from models.campaign import Campaign
from models.database import Database
from models.recipient import Batch, Recipient

STRETCH = 5_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV Injection
MARK = "\ufeff"  # so that Excel reads UTF-8
_ON_LIST = (  # columns alone: a list has a hundred thousand rows
    Recipient.subject_id,
    Recipient.language,
    Recipient.channel,
    Recipient.left_out,
    Recipient.wave,
    Recipient.batch,
    Recipient.dropped,
)


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


def people(database: Database, campaign_id: str, t: Translator) -> Iterator[str]:
    """The frozen list, everybody on it and everybody left out; a stretch at a time."""
    yield MARK + _line(
        t("Person (pseudonym)"),
        t("Language"),
        t("Channel"),
        t("Left out because"),
        t("Left out (code)"),
        t("Wave"),
        t("Batch"),
        t("Taken off because"),
        t("Taken off (code)"),
    )
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
        yield "".join(_person(t, row) for row in rows)
        if len(rows) < STRETCH:
            return
        after = rows[-1].subject_id


def batches(database: Database, campaign_id: str, t: Translator) -> Iterator[str]:
    """Every batch and what became of it."""

    def read(session: Session) -> list[Batch]:
        query = select(Batch).where(Batch.campaign_id == campaign_id).order_by(Batch.number)
        return list(session.scalars(query))

    yield MARK + _line(
        t("Batch"),
        t("Wave"),
        t("Channel"),
        t("Language"),
        t("On the frozen list"),
        t("Named in the request"),
        t("Outcome"),
        t("Outcome (code)"),
        t("Tries"),
        t("Reason"),
        t("Time (Bangkok)"),
        t("Request number at LINE"),
    )
    yield "".join(_batch(t, row) for row in database.read(read))


def _person(t: Translator, row: Row[*tuple[Any, ...]]) -> str:
    return _line(
        row.subject_id,
        formatting.language(t, row.language),
        label(row.channel, t) if row.channel else None,
        excluded(t, row.left_out) if row.left_out else None,
        row.left_out,
        t(WAVES[row.wave]) if row.wave else None,
        None if row.batch is None else row.batch + 1,
        dropped(t, row.dropped) if row.dropped else None,
        row.dropped,
    )


def _batch(t: Translator, row: Batch) -> str:
    return _line(
        row.number + 1,  # people count from one
        t(WAVES[row.wave]),
        label(row.channel, t),
        formatting.language(t, row.language),
        row.size,
        row.reached,
        t(BATCHES[row.state]),
        row.state,
        row.attempts,
        row.reason,
        row.settled_at,
        row.request_id,
    )


def _line(*cells: object) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, nor for two lines."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(BANGKOK):%Y-%m-%d %H:%M:%S}"
    flat = " ".join(str(value).split())
    return f"'{flat}" if flat.startswith(_FORMULA) else flat
