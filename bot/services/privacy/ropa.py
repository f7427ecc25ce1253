"""The record of processing activities (PDPA s.39), generated from what the code goes by."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.services.accounts import holds
from bot.services.consent.records import BASIS, ITEMS, SENTENCE
from bot.services.privacy import data_map
from bot.services.privacy.data_map import WITHOUT_PERSONAL_DATA, Table
from bot.services.shared import csv_writer, processors
from bot.settings import School
from bot.texts.periods import BY_KEY, PERIODS
from models.consent import ConsentState, Purpose
from models.privacy import Disclosure, PrivacyRequest, RequestState

HEADER = ("section (PDPA s.39)", "name", "content", "basis or rule", "period or state")
NOT_SET = "not yet set"
RIGHTS = (
    ("s.19", "withdraw consent", "chat: My account; portal; every news message"),
    ("s.30, s.31", "access, copy, portability", "chat and portal: archive by one-time link"),
    ("s.32", "object", "chat and portal, at once, all channels"),
    ("s.33", "erase", "chat and portal; e-learning system, mail archive, queues, restored backups"),
    ("s.34", "restrict", "chat and portal"),
    ("s.35, s.36", "correct", "chat and portal"),
    ("s.73", "complain to the PDPC", "named in the notice"),
)
SECURITY = (
    ("access control", "staff act through named commands; every act on data is audited"),
    ("encryption at rest", "AES-256-GCM in sealed columns, bound to table, column and row"),
    ("look-up", "keyed blind indexes (HMAC-SHA256); keys outside the database, can be rotated"),
    ("transport", "TLS to LINE, mail server and browsers; signatures of webhooks are checked"),
    ("audit trail", "append-only by triggers of the database, pseudonyms only"),
    ("recovery", "encrypted backups, rotated; a restore applies the erasures again"),
    ("logs", "ids only; no names, addresses, texts or secrets"),
)


def csv_text(session: Session, school: School, now: datetime) -> str:
    """The whole record as CSV with a byte order mark, so that a spreadsheet reads the Thai."""
    return csv_writer.MARK + csv_writer.text([HEADER, *rows(session, school, now)])


def rows(session: Session, school: School, now: datetime) -> Iterator[tuple[str, ...]]:
    """Every line of the record, by the numbers of s.39 paragraph 1."""
    yield "(3) controller", school.controller or NOT_SET, school.address or NOT_SET, "", ""
    contact = " / ".join(filter(None, (school.email, school.phone))) or NOT_SET
    yield "(3) controller", "contact", contact, "", ""
    yield "(3) controller", "data protection officer", school.dpo or NOT_SET, "s.41", ""
    for purpose in Purpose:
        items = ", ".join(name for name, _ in ITEMS[purpose])
        yield "(2) purpose", SENTENCE[purpose], items, BASIS[purpose], str(ConsentState.GIVEN)
    for table in data_map.TABLES:
        yield _table_line(table, school)
    for name, why in WITHOUT_PERSONAL_DATA.items():
        yield "(1) no personal data", name, why, "", ""
    for period in PERIODS:
        if not period.is_told:
            continue
        yield "(4) retention", period.key, period.said(school, "en", NOT_SET), period.basis, ""
    for section, right, how in RIGHTS:
        yield "(5) rights and access", right, how, section, ""
    for known in processors.register(school):
        content = f"{known.role}: {', '.join(known.items)}"
        yield "(6) recipients", known.name, content, known.basis, known.country
    given = session.execute(
        select(Disclosure.ground, func.count()).group_by(Disclosure.ground)
    ).all()
    for ground, times in given:
        yield "(6) disclosures", str(ground), "entries in the register", "", str(times)
    refused = session.execute(
        select(PrivacyRequest.kind, func.count())
        .where(PrivacyRequest.state == RequestState.REFUSED)
        .group_by(PrivacyRequest.kind)
    ).all()
    total = sum(times for _, times in refused)
    yield "(7) refused requests", "all", "with their reasons", "s.30, s.31, s.32, s.36", str(total)
    for kind, times in refused:
        yield "(7) refused requests", str(kind), "", "", str(times)
    yield (
        "(7) legal holds",
        "standing",
        "stop erasure and purge",
        "",
        str(len(holds.held_ids(session))),
    )
    for name, what in SECURITY:
        yield "(8) security", name, what, "s.37(1)", ""
    yield "generated", f"{now:%Y-%m-%d %H:%M} UTC", "from the program's own registers", "", ""


def _table_line(table: Table, school: School) -> tuple[str, ...]:
    period = BY_KEY[table.rule]
    span = period.span(school)
    kept = NOT_SET if period.is_undecided(school) else f"{span.days} days" if span else "see rule"
    if span is not None and span.days == 0:
        kept = f"{span.seconds // 3600} hours"
    fate = f"on erasure: {table.fate}" + (f" ({table.why_kept})" if table.why_kept else "")
    return "(1) data", table.name, ", ".join(table.holds), fate, f"{table.rule}: {kept}"
