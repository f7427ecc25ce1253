"""A campaign's lists as CSV: pseudonyms and outcomes, nothing that names or reaches anybody.

Headers and states are in the reader's language, each state with its code beside it for programs.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from bot.clock import BANGKOK
from bot.presentation import formatting
from bot.presentation.campaign_words import BATCHES, WAVES, dropped, excluded
from bot.presentation.labels import label
from bot.services.campaigns.reporting import exports
from bot.services.shared import csv_writer
from bot.texts import Translator
from models.database import Database
from models.recipient import Batch


def people(database: Database, campaign_id: str, t: Translator) -> Iterator[str]:
    """The frozen list, everybody on it and everybody left out; a range at a time."""
    yield csv_writer.MARK + _line(
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
    for rows in exports.people(database, campaign_id):
        yield "".join(_person(t, row) for row in rows)


def batches(database: Database, campaign_id: str, t: Translator) -> Iterator[str]:
    """Every batch and what became of it."""
    yield csv_writer.MARK + _line(
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
    yield "".join(_batch(t, row) for row in exports.batches(database, campaign_id))


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
    return csv_writer.text([[_cell(cell) for cell in cells]], is_flat=True)


def _cell(value: object) -> csv_writer.Cell:
    if isinstance(value, datetime):
        return f"{value.astimezone(BANGKOK):%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, int) or value is None else str(value)
