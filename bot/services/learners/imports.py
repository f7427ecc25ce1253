"""Imports of learners: a file is kept sealed, looked at, confirmed, and gone through once.

Whoever is enrolled this way has no LINE account with us yet. They are a learner like any other, out
of reach on LINE (`invitations.py` beside this), and a letter tells them how to join. The file goes
as soon as it has been gone through, a day after it was brought at the latest.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.accounts import accounts
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from bot.services.learners import (
    cell_dates,
    import_fates,
    import_lines,
    import_rest,
    import_words,
    invitations,
    spreadsheets,
    tags,
)
from bot.services.learners.cell_dates import DateOrder
from bot.services.learners.import_fates import Looked, RowOutcome
from bot.services.learners.import_lines import CellReading, ImportLine
from bot.services.learners.import_words import NEEDED, Column, ImportColumn, column
from bot.services.learners.spreadsheets import CsvTable
from bot.services.subscriptions.subscriptions import start
from bot.settings import Settings
from models.base import new_id, session_keyring
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.imports_exports import Import, ImportState
from models.learner import Learner

KEPT = timedelta(days=1)
NAMED = timedelta(days=30)
STEP = 25  # lines a transaction
MAX_NAME = 120  # characters of a file's name
_INDEX = "learner_import.digest"
_DATES = (ImportColumn.CONSENT_DATE, ImportColumn.BIRTH)
_AGAIN = {ImportState.RUNNING, ImportState.DONE, ImportState.UNDOING}  # not the same file


def table_of(text: str) -> CsvTable:
    """A file's lines; the names of its columns may stand below titles."""
    return spreadsheets.read(text, import_words.count_known)


def bring(
    session: Session, content: bytes, member_id: str, now: datetime, name: str = ""
) -> Import:
    """Keep a file for a day; the same file again is the same import.

    Raises InputError of spreadsheets, file_narrow where it has too few columns to be a list of
    learners, or file_again where it has been gone through before.
    """
    text = spreadsheets.decode(content)
    table = table_of(text)
    if len(table.header) < len(NEEDED):
        raise InputError("file_narrow", suggestion=str(len(table.header)))
    digests = session_keyring(session).blinds(_INDEX, text)
    query = select(Import).where(Import.digest.in_(digests)).with_for_update()
    row = session.scalars(query).first()
    if row is not None and row.state in _AGAIN:
        raise InputError("file_again", suggestion=row.id)
    if row is None:
        row = Import(id=new_id(), digest=digests[0], columns={})
    if row.state is not ImportState.UPLOADED:
        guessed = import_words.guess(table.header)
        row.columns = {field.value: index for field, index in guessed.items()}
        row.choices, row.left_out = {}, {}
        row.position = row.enrolled = row.known = row.refused = row.undone = 0
    row.state, row.member_id, row.finished_at = ImportState.UPLOADED, member_id, None
    row.uploaded_at, row.expires_at, row.lines = now, now + KEPT, len(table.lines)
    with session.no_autoflush:
        session.add(row)
        row.content, row.rest, row.name = text, None, name[:MAX_NAME]
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
    for field in import_words.missing_of(columns):
        raise InputError("column_missing", suggestion=field.value)
    if len(set(columns.values())) < len(columns):
        twice = [field for field in columns if list(columns.values()).count(columns[field]) > 1]
        raise InputError("column_twice", suggestion=twice[-1].value)
    row.columns = {field.value: index for field, index in columns.items()}
    return row


def accept(
    session: Session, import_id: str, shown: Collection[int], ticked: Collection[int]
) -> bool:
    """Say which of the unusual lines that were shown are meant as they stand."""
    row = _locked(session, import_id)
    if row is None or row.state is not ImportState.UPLOADED:
        return False
    before = {number for number in accepted(row) if number not in set(shown)}
    _choose(row, accepted=sorted(before | (set(ticked) & set(shown))))
    return True


def say_order(session: Session, import_id: str, order: DateOrder) -> bool:
    """Say whether the file's dates have the day or the month first."""
    row = _locked(session, import_id)
    if row is None or row.state is not ImportState.UPLOADED or order is DateOrder.UNSURE:
        return False
    _choose(row, order=order.value)
    return True


def rest_reading(row: Import) -> CellReading:
    """How the lines were meant that stayed behind."""
    order = DateOrder(row.choices.get("order", DateOrder.DAY))
    return CellReading(order, frozenset(accepted(row)))


def _choose(row: Import, **said: object) -> None:
    row.choices = {**row.choices, **said}


def accepted(row: Import) -> tuple[int, ...]:
    """Numbers of lines that are meant as they stand, though they are unusual."""
    return tuple(int(number) for number in row.choices.get("accepted", ()))


def reading_of(row: Import, table: CsvTable) -> CellReading:
    """How a file's cells are meant: as somebody said, or as its dates show."""
    if "order" in row.choices:
        order = DateOrder(row.choices["order"])
    else:
        order = DateOrder.UNSURE if date_question(row, table) else DateOrder.DAY
    return CellReading(order, frozenset(accepted(row)))


def date_question(row: Import, table: CsvTable) -> tuple[str, str] | None:
    """Two dates of the file that make one ask what comes first; None where nothing does."""
    columns = columns_of(row)
    places = [columns[one] for one in _DATES if one in columns]
    rows = (cells for _, cells in table.lines)
    return cell_dates.question(
        cells[place] for cells in rows for place in places if place < len(cells)
    )


def columns_of(row: Import) -> dict[Column, int]:
    """Which column holds what, as it was assigned."""
    return {column(name): int(index) for name, index in row.columns.items()}


def fingerprint(row: Import) -> str:
    """What a dry run was made with: other columns, or other choices, are other lines."""
    made_with = json.dumps([row.columns, row.choices], sort_keys=True)
    return hashlib.sha256(made_with.encode()).hexdigest()


@dataclass(frozen=True)
class DryRun:
    """What a file would become. question: two dates that make one ask for their order.

    new_groups: of those who would be enrolled. room: how many of them there is room for.
    """

    table: CsvTable
    looked: Sequence[Looked]
    question: tuple[str, str] | None
    order: DateOrder | None  # that somebody chose
    new_groups: Sequence[str]
    room: int


def dry_run(session: Session, row: Import, now: datetime) -> DryRun:
    """Every line with what would become of it; changes nothing."""
    table = table_of(row.content or "")
    columns, how = columns_of(row), reading_of(row, table)
    lines = [import_lines.read(number, cells, columns, now, how) for number, cells in table.lines]
    looked = import_fates.judged(session, lines, how.accepted)
    chosen = how.order if "order" in row.choices else None
    question = date_question(row, table)
    return DryRun(table, looked, question, chosen, _new_groups(session, looked), tags.room(session))


def _new_groups(session: Session, looked: Sequence[Looked]) -> list[str]:
    """Groups that nobody has made yet, of the lines that go in, in the file's own spelling."""
    found: dict[str, str] = {}
    for one in looked:
        if one.fate is RowOutcome.ENROL:
            for word in one.line.groups:
                found.setdefault(word.casefold(), word)
    present = {word.casefold() for word in tags.catalogue(session)}
    return [word for key, word in found.items() if key not in present]


def confirm(session: Session, import_id: str, member_id: str, seen: str, now: datetime) -> bool:
    """Begin; False where it was begun before, cancelled, or its day is over.

    seen: the fingerprint of the dry run that was read. Raises InputError columns_changed where
    somebody has assigned them, or chosen, otherwise meanwhile; tags_full where the file has more
    new groups than there is room for. From here on it is whoever confirmed it who enrols.
    """
    row = _locked(session, import_id)
    if row is None or row.state is not ImportState.UPLOADED or now >= row.expires_at:
        return False
    if import_words.missing_of(columns_of(row)):
        return False
    if seen != fingerprint(row):
        raise InputError("columns_changed")
    if ImportColumn.GROUP in columns_of(row):
        new = dry_run(session, row, now).new_groups
        _choose(row, groups=[tags.make(session, word, member_id, now) for word in new])
    row.state, row.member_id = ImportState.RUNNING, member_id
    moved(session, row, f"staff:{member_id}", now)
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
    table = table_of(row.content or "")
    columns, how = columns_of(row), reading_of(row, table)
    chosen = table.lines[row.position : row.position + STEP]
    left_out: dict[str, str] = {}
    for number, cells in chosen:
        line = import_lines.read(number, cells, columns, now, how)
        fate = import_fates.standing(session, line, how.accepted) if line.details else None
        if fate is None or fate is RowOutcome.UNUSUAL:
            row.refused += 1
            left_out[str(number)] = import_rest.CROWD if fate else import_rest.WRITTEN
        elif fate is RowOutcome.KNOWN:
            row.known += 1
            above = import_fates.first_alike(number, table.lines, columns)
            left_out[str(number)] = f"{import_rest.SAME}{above}" if above else import_rest.KNOWN
        else:
            learner = _enrol(session, row, line, settings, provider, basic_id, now)
            _put_into_groups(session, learner, line, row.member_id, now)
            row.enrolled += 1
        session.flush()
    row.left_out = {**row.left_out, **left_out}
    row.position += len(chosen)
    if row.position >= len(table.lines):
        row.state, row.finished_at, row.content = ImportState.DONE, now, None
        row.rest, row.expires_at = import_rest.kept(table, row.left_out), now + KEPT
        _choose(row, order=how.order.value)  # the reasons are read as the lines were
        moved(session, row, "system", now)
    return max(len(chosen), 1)


def forget_due(session: Session, now: datetime) -> int:
    """Forget files whose day is over without anybody's yes, and lines that stayed behind.

    Some weeks later the files' names go too: people are named in them now and then.
    """
    named = Import.name_sealed.is_not(None), Import.uploaded_at <= now - NAMED
    for row in session.scalars(select(Import).where(*named).with_for_update(skip_locked=True)):
        row.name = None
    is_over = or_(Import.state == ImportState.UPLOADED, Import.rest_sealed.is_not(None))
    query = select(Import).where(is_over, Import.expires_at <= now)
    query = query.where(Import.state != ImportState.RUNNING)
    rows = session.scalars(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        if row.state is ImportState.UPLOADED:
            _forget(session, row, "system", now)
        row.rest = None
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
) -> Learner:
    details, evidence = line.details, line.evidence
    if details is None or evidence is None:
        raise ValueError("a line without proof of consent enrols nobody")
    chat = Conversation(
        id=new_id(),
        person=invitations.pseudonym(f"{row.id}.{secrets.token_hex(8)}"),
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
    return learner


def _put_into_groups(
    session: Session, learner: Learner, line: ImportLine, member_id: str, now: datetime
) -> None:
    for written in line.groups:
        word = tags.known(session, written)
        if word is not None:  # else somebody has deleted it since the yes
            tags.put_on_many(session, [learner.id], word, member_id, now)


def forget_groups(session: Session, row: Import, now: datetime) -> None:
    """Delete the groups that an import made, where nobody is in them and nothing asks for them."""
    sizes = tags.sizes(session)
    for word in row.choices.get("groups", ()):
        if sizes.get(word) == 0 and not tags.is_asked_for(session, word):
            tags.remove(session, word, row.member_id, now, is_sure=True)


def _forget(session: Session, row: Import, actor: str, now: datetime) -> None:
    row.state, row.finished_at, row.content = ImportState.FORGOTTEN, now, None
    moved(session, row, actor, now)


def moved(session: Session, row: Import, actor: str, now: datetime) -> None:
    """Write down where an import stands now."""
    counts = {"enrolled": row.enrolled, "known": row.known, "refused": row.refused}
    what: dict[str, Any] = {"import_id": row.id, "state": row.state.value, **counts}
    audit.record(session, Action.IMPORT_MOVED, actor=actor, subject=None, now=now, **what)


def _locked(session: Session, import_id: str) -> Import | None:
    query = select(Import).where(Import.id == import_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()
