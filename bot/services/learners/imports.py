"""Imports of learners: a file is kept sealed, looked at, confirmed, and gone through once.

Whoever is enrolled this way has no LINE account with us yet. They are a learner like any other, out
of reach on LINE (`invitations.py` beside this), and a letter tells them how to join. The file goes
as soon as it has been gone through, a day after it was brought at the latest.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.accounts import accounts
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from bot.services.learners import import_lines, invitations, spreadsheets
from bot.services.learners.import_lines import ImportLine
from bot.services.learners.import_words import NEEDED, Column, column, guess
from bot.services.subscriptions.subscriptions import start
from bot.settings import Settings
from models.base import new_id, session_keyring
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.imports_exports import Import, ImportState
from models.learner import Learner

KEPT = timedelta(days=1)
STEP = 25  # lines a transaction
_INDEX = "learner_import.digest"
_AT_ONCE = 200  # lines whose details are looked up in one query


class RowOutcome(StrEnum):
    """What becomes of a line."""

    ENROL = "enrol"
    KNOWN = "known"  # phone and e-mail of somebody who is here already, or was and left
    WRONG = "wrong"
    NO_CONSENT = "no_consent"  # to be invited: nothing of theirs is kept
    MINOR = "minor"  # to be invited: a guardian consents in the chat


@dataclass(frozen=True)
class Looked:
    """A line and what will become of it."""

    line: ImportLine
    fate: RowOutcome


def bring(session: Session, content: bytes, member_id: str, now: datetime) -> Import:
    """Keep a file for a day; the same file again is the same import.

    Raises InputError of csv_tables, file_narrow where it has too few columns to be a list of
    learners, or file_again where it has been gone through before.
    """
    text = spreadsheets.decode(content)
    table = spreadsheets.read(text)
    if len(table.header) < len(NEEDED):
        raise InputError("file_narrow", suggestion=str(len(table.header)))
    digests = session_keyring(session).blinds(_INDEX, text)
    query = select(Import).where(Import.digest.in_(digests)).with_for_update()
    row = session.scalars(query).first()
    if row is not None and row.state in {ImportState.RUNNING, ImportState.DONE}:
        raise InputError("file_again", suggestion=row.id)
    if row is None:
        row = Import(id=new_id(), digest=digests[0], columns={}, position=0)
    if row.state is not ImportState.UPLOADED:
        row.columns = {field.value: index for field, index in guess(table.header).items()}
    row.state, row.member_id = ImportState.UPLOADED, member_id
    row.uploaded_at, row.expires_at, row.lines = now, now + KEPT, len(table.lines)
    with session.no_autoflush:
        session.add(row)
        row.content = text
    session.flush()
    audit.by_staff(
        session, Action.IMPORT_UPLOADED, member_id, now, import_id=row.id, lines=row.lines
    )
    return row


def assign(session: Session, import_id: str, columns: dict[Column, int]) -> Import | None:
    """Say which column holds what; raises InputError: column_missing, column_twice."""
    row = _locked(session, import_id)
    if row is None or row.state is not ImportState.UPLOADED:
        return None
    for field in NEEDED:
        if field not in columns:
            raise InputError("column_missing", suggestion=field.value)
    if len(set(columns.values())) < len(columns):
        twice = [field for field in columns if list(columns.values()).count(columns[field]) > 1]
        raise InputError("column_twice", suggestion=twice[-1].value)
    row.columns = {field.value: index for field, index in columns.items()}
    return row


def columns_of(row: Import) -> dict[Column, int]:
    """Which column holds what, as it was assigned."""
    return {column(name): int(index) for name, index in row.columns.items()}


def fingerprint(row: Import) -> str:
    """What a dry run was made with: other columns are other lines."""
    return hashlib.sha256(json.dumps(row.columns, sort_keys=True).encode()).hexdigest()


def look(session: Session, row: Import, now: datetime) -> list[Looked]:
    """The dry run: every line with what would become of it; changes nothing."""
    table = spreadsheets.read(row.content or "")
    columns = columns_of(row)
    lines = [import_lines.read(number, cells, columns, now) for number, cells in table.lines]
    known = _known(session, lines)
    met: set[tuple[str, str]] = set()
    return [Looked(line, _fate(line, known, met)) for line in lines]


def confirm(session: Session, import_id: str, member_id: str, seen: str, now: datetime) -> bool:
    """Begin; False where it was begun before, cancelled, or its day is over.

    seen: the fingerprint of the dry run that was read. Raises InputError columns_changed where
    somebody has assigned them otherwise meanwhile. From here on it is whoever confirmed it who
    enrols.
    """
    row = _locked(session, import_id)
    if row is None or row.state is not ImportState.UPLOADED or now >= row.expires_at:
        return False
    if not set(NEEDED) <= set(columns_of(row)):
        return False
    if seen != fingerprint(row):
        raise InputError("columns_changed")
    row.state, row.member_id = ImportState.RUNNING, member_id
    _moved(session, row, f"staff:{member_id}", now)
    return True


def cancel(session: Session, import_id: str, member_id: str, now: datetime) -> bool:
    """Forget a file that was not confirmed."""
    row = _locked(session, import_id)
    if row is None or row.state is not ImportState.UPLOADED:
        return False
    _forget(session, row, f"staff:{member_id}", now)
    return True


def step(
    session: Session, settings: Settings, provider: str, basic_id: str | None, now: datetime
) -> int:
    """Go on with the oldest confirmed import, a few lines; 0 where there is none.

    What the lines became and where to go on are one transaction: whoever is killed in the middle
    leaves nothing half done, and another one goes on from there.
    """
    query = select(Import).where(Import.state == ImportState.RUNNING).order_by(Import.id).limit(1)
    row = session.scalars(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return 0
    table = spreadsheets.read(row.content or "")
    columns, chosen = columns_of(row), table.lines[row.position : row.position + STEP]
    for number, cells in chosen:
        line = import_lines.read(number, cells, columns, now)
        if line.details is None:
            row.refused += 1
        elif _is_known(_known(session, [line]), line):
            row.known += 1
        else:
            _enrol(session, row, line, settings, provider, basic_id, now)
            row.enrolled += 1
        session.flush()
    row.position += len(chosen)
    if row.position >= len(table.lines):
        row.state, row.finished_at, row.content = ImportState.DONE, now, None
        _moved(session, row, "system", now)
    return max(len(chosen), 1)


def forget_due(session: Session, now: datetime) -> int:
    """Forget files whose day is over without anybody's yes."""
    query = select(Import).where(Import.state == ImportState.UPLOADED, Import.expires_at <= now)
    rows = session.scalars(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        _forget(session, row, "system", now)
    return len(rows)


def forget_running(session: Session, now: datetime) -> int:
    """Forget what is being gone through: after a restore, when it has been done once already.

    Who wants the rest brings the file again, and is shown who is here.
    """
    query = select(Import).where(Import.state == ImportState.RUNNING).with_for_update()
    rows = session.scalars(query).all()
    for row in rows:
        _forget(session, row, "system", now)
    return len(rows)


def recent(session: Session, most: int = 20) -> Sequence[Import]:
    """The newest imports."""
    return session.scalars(select(Import).order_by(Import.uploaded_at.desc()).limit(most)).all()


def _enrol(
    session: Session,
    row: Import,
    line: ImportLine,
    settings: Settings,
    provider: str,
    basic_id: str | None,
    now: datetime,
) -> None:
    details, evidence = line.details, line.evidence
    if details is None or evidence is None:
        raise ValueError("a line without proof of consent enrols nobody")
    chat = Conversation(
        id=new_id(),
        person=invitations.pseudonym(new_id()),
        language=line.language,
        created_at=now,
        seen_at=now,
        blocked_at=now,  # out of reach on LINE; binding their own account ends that
    )
    session.add(chat)
    session.flush()
    said = ConsentStatement(
        line.words, line.language, channel="import", actor="self", evidence=evidence
    )
    consents.record(
        session, chat, Purpose.ENROLMENT, ConsentState.GIVEN, said, settings.school, now
    )
    account = accounts.enrol(session, chat, "", details, provider, now)
    learner = session.get_one(Learner, account.learner_id)
    if line.wants_news and not mails.is_suppressed(session, details.email):
        start(session, chat, Purpose.EMAIL_NEWS, said, settings, now)
    invitations.write(session, learner, account, settings, basic_id, now)
    what: dict[str, Any] = {"import_id": row.id, "line": line.number}
    audit.by_staff(session, Action.LEARNER_IMPORTED, row.member_id, now, learner.id, **what)


def _known(session: Session, lines: Iterable[ImportLine]) -> set[tuple[str, str]]:
    """Phone and e-mail of everybody who is here already, of those that the lines name."""
    details = [line.details for line in lines if line.details is not None]
    found: set[tuple[str, str]] = set()
    for first in range(0, len(details), _AT_ONCE):
        part = details[first : first + _AT_ONCE]
        emails = [i for one in part for i in Learner.email.lookups(session, one.email)]
        phones = {i for one in part for i in Learner.phone.lookups(session, one.phone)}
        query = select(Learner).where(Learner.email_index.in_(emails))
        found |= {
            ((learner.phone or ""), (learner.email or "").casefold())
            for learner in session.scalars(query)
            if learner.phone_index in phones
        }
    return found


def _key(line: ImportLine) -> tuple[str, str]:
    return (line.details.phone, line.details.email.casefold()) if line.details else ("", "")


def _is_known(known: set[tuple[str, str]], line: ImportLine) -> bool:
    return _key(line) in known


def _fate(line: ImportLine, known: set[tuple[str, str]], met: set[tuple[str, str]]) -> RowOutcome:
    if line.is_minor:
        return RowOutcome.MINOR
    if line.lacks_consent:
        return RowOutcome.NO_CONSENT
    if line.details is None:
        return RowOutcome.WRONG
    if _is_known(known, line) or _key(line) in met:
        return RowOutcome.KNOWN
    met.add(_key(line))
    return RowOutcome.ENROL


def _forget(session: Session, row: Import, actor: str, now: datetime) -> None:
    row.state, row.finished_at, row.content = ImportState.FORGOTTEN, now, None
    _moved(session, row, actor, now)


def _moved(session: Session, row: Import, actor: str, now: datetime) -> None:
    counts = {"enrolled": row.enrolled, "known": row.known, "refused": row.refused}
    what: dict[str, Any] = {"import_id": row.id, "state": row.state.value, **counts}
    audit.record(session, Action.IMPORT_MOVED, actor=actor, subject=None, now=now, **what)


def _locked(session: Session, import_id: str) -> Import | None:
    query = select(Import).where(Import.id == import_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
