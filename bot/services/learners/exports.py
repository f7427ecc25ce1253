"""Taking learners out as a file: asked with a reason, approved by somebody else, taken once.

Up to 100 rows a day are a member's own responsibility, all requests of the day together; more
needs another member's yes. The file is made at the moment when it is taken and stands nowhere.
It is for work inside the school; giving it on to somebody else is a disclosure (`disclosures`).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.learners import tags, unmasking
from bot.services.people import fields, inputs
from bot.services.people.fields import Item
from bot.services.shared import csv_writer, processors
from models.account import Account
from models.base import new_id
from models.conversation import Language
from models.imports_exports import ExportRequest, ExportState
from models.learner import Learner, LearnerState
from models.staff import Staff
from models.tag import LearnerTag

ALONE = 100  # rows within a day without anybody else's yes
LIFE = timedelta(hours=24)
KEPT = timedelta(days=30)
MAX_ROWS = 50_000  # rows: the file is made in memory
_BATCH = 500


class Column(StrEnum):
    """What can be taken out besides a learner's own fields, which are masked or in full."""

    USERNAME = "username"
    STATE = "state"
    ACCOUNT = "account"
    AGE_BAND = "age_band"
    LANGUAGE = "language"
    REGISTERED = "registered"
    LAST_USED = "last_used"
    TAGS = "tags"


Choice = Item | Column
CHOICES: tuple[Choice, ...] = (*Item, *Column)
# What each column tells of a person; staff get what the register says that they need.
ITEM_OF: Mapping[Choice, str] = {
    **{item: field.recorded for item, field in fields.FIELDS.items()},
    Column.USERNAME: "username",
    Column.STATE: "state of the account",
    Column.ACCOUNT: "state of the account",
    Column.AGE_BAND: "age band",
    Column.LANGUAGE: "language",
    Column.REGISTERED: "times of use",
    Column.LAST_USED: "times of use",
    Column.TAGS: "groups",
}


def choice(name: str) -> Choice:
    """What a stored column is; raises ValueError."""
    return Item(name) if name in set(Item) else Column(name)


@dataclass(frozen=True)
class Chosen:
    """Which learners; whoever had the use of their data stopped is never among them (PDPA s.34)."""

    state: LearnerState = LearnerState.ACTIVE
    language: Language | None = None
    tag: str | None = None

    def stored(self) -> dict[str, Any]:
        language = self.language.value if self.language else None
        return {"state": self.state.value, "language": language, "tag": self.tag}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Chosen":
        language = stored.get("language")
        return cls(
            LearnerState(stored["state"]),
            Language(language) if language else None,
            stored.get("tag"),
        )


def request_export(
    session: Session,
    columns: Sequence[Choice],
    chosen: Chosen,
    reason: str,
    *,
    in_full: bool,
    member_id: str,
    now: datetime,
) -> ExportRequest:
    """Note a wish; it is approved at once where few rows need nobody else.

    Raises InputError: no_columns, short_reason, long_reason, no_rows, rows_many.
    """
    if not columns:
        raise InputError("no_columns")
    problem = unmasking.reason_problem(reason)
    if problem is not None:
        raise InputError(problem)
    rows = session.scalars(select(func.count()).select_from(_ids(chosen, now).subquery())).one()
    if rows == 0:
        raise InputError("no_rows")
    if rows > MAX_ROWS:
        raise InputError("rows_many", suggestion=str(rows))
    session.get(Staff, member_id, with_for_update=True)  # at the same moment they count in turn
    alone = rows + _taken_alone(session, member_id, now) <= ALONE
    row = ExportRequest(
        id=new_id(),
        member_id=member_id,
        state=ExportState.APPROVED if alone else ExportState.WAITING,
        columns=[column.value for column in columns],
        in_full=in_full,
        chosen=chosen.stored() | {"people": _fingerprint(session.scalars(_ids(chosen, now)))},
        rows=rows,
        asked_at=now,
        expires_at=now + LIFE,
    )
    with session.no_autoflush:
        session.add(row)
        row.reason = inputs.tidy(reason)
    session.flush()
    audit.by_staff(
        session,
        Action.EXPORT_ASKED,
        member_id,
        now,
        export_id=row.id,
        rows=rows,
        columns=",".join(row.columns),
        in_full=int(in_full),
    )
    return row


def decide(
    session: Session, export_id: str, member_id: str, now: datetime, *, is_yes: bool
) -> bool:
    """Approve or refuse somebody else's wish; False for one's own, decided and expired ones."""
    state = ExportState.APPROVED if is_yes else ExportState.REFUSED
    decided = session.execute(
        update(ExportRequest)
        .where(
            ExportRequest.id == export_id,
            ExportRequest.state == ExportState.WAITING,
            ExportRequest.member_id != member_id,
            ExportRequest.expires_at > now,
        )
        .values(state=state, decided_by=member_id, decided_at=now)
        .returning(ExportRequest.rows)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if decided is None:
        return False
    _moved(session, export_id, state, decided.rows, member_id, now)
    return True


def take(session: Session, export_id: str, member_id: str, now: datetime) -> ExportRequest | None:
    """Spend an approved wish, for whoever had it; None where it may not be taken (any more).

    Raises InputError people_changed, and spends nothing, where other people are chosen by now
    than when it was asked for.
    """
    claimed = session.execute(
        update(ExportRequest)
        .where(
            ExportRequest.id == export_id,
            ExportRequest.state == ExportState.APPROVED,
            ExportRequest.member_id == member_id,
            ExportRequest.expires_at > now,
        )
        .values(state=ExportState.TAKEN, taken_at=now)
        .returning(ExportRequest.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if claimed is None:
        return None
    row = session.get_one(ExportRequest, export_id, populate_existing=True)
    _people(session, row)
    _moved(session, export_id, ExportState.TAKEN, row.rows, member_id, now)
    return row


def made(session: Session, row: ExportRequest, words: Callable[[str], str]) -> bytes:
    """The file of a wish that has been taken; words says what columns and values are called.

    Who registered after the wish is not in it: that is not what was approved. Raises InputError
    people_changed, as taking does, where that came about a moment ago.
    """
    columns = [choice(name) for name in row.columns]
    processors.check(processors.STAFF, (ITEM_OF[column] for column in columns))
    table = [[words(column) for column in columns]]
    ids = _people(session, row)
    for first in range(0, len(ids), _BATCH):
        table += _lines(session, ids[first : first + _BATCH], columns, words, in_full=row.in_full)
    return written(table)


def listed(session: Session, most: int = 50) -> Sequence[ExportRequest]:
    """Wishes of the last days, newest first."""
    query = select(ExportRequest).order_by(ExportRequest.asked_at.desc()).limit(most)
    return session.scalars(query).all()


def forget_due(session: Session, now: datetime) -> int:
    """Forget wishes of long ago: what was done stands in the audit trail, without the reason."""
    old = delete(ExportRequest).where(ExportRequest.asked_at < now - KEPT)
    return len(session.scalars(old.returning(ExportRequest.id)).all())


def end_open(session: Session, now: datetime) -> int:
    """End what may be decided or taken: after a restore, when it may have been taken already."""
    ended = session.execute(
        update(ExportRequest)
        .where(
            ExportRequest.state.in_((ExportState.WAITING, ExportState.APPROVED)),
            ExportRequest.expires_at > now,
        )
        .values(expires_at=now)
        .returning(ExportRequest.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def written(table: Iterable[Sequence[str]]) -> bytes:
    """A file as spreadsheets open it: UTF-8 with a mark, one line a row."""
    return (csv_writer.MARK + csv_writer.text(table, is_flat=True)).encode()


def _ids(chosen: Chosen, until: datetime) -> Select[str]:
    query = select(Learner.id).where(
        Learner.state == chosen.state, Learner.restricted_at.is_(None), Learner.created_at <= until
    )
    if chosen.language is not None:
        query = query.where(Learner.language == chosen.language)
    if chosen.tag is not None:
        of_tag = select(LearnerTag.learner_id).where(LearnerTag.tag == chosen.tag)
        query = query.where(Learner.id.in_(of_tag))
    return query.order_by(Learner.id)


def _people(session: Session, row: ExportRequest) -> Sequence[str]:
    """Whom a wish is about: those who were chosen when it was asked for, and nobody else."""
    ids = session.scalars(_ids(Chosen.read(row.chosen), row.asked_at)).all()
    if row.chosen.get("people") != _fingerprint(ids):
        raise InputError("people_changed")
    return ids


def _fingerprint(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def _taken_alone(session: Session, member_id: str, now: datetime) -> int:
    """Rows that a member asked for or took within the last day, and nobody else looked at."""
    since = now - LIFE
    query = select(func.coalesce(func.sum(ExportRequest.rows), 0)).where(
        ExportRequest.member_id == member_id,
        or_(ExportRequest.asked_at > since, ExportRequest.taken_at > since),
        ExportRequest.decided_by.is_(None),
        ExportRequest.state.in_((ExportState.APPROVED, ExportState.TAKEN)),
    )
    return int(session.scalars(query).one())


def _lines(
    session: Session,
    ids: Sequence[str],
    columns: Sequence[Choice],
    words: Callable[[str], str],
    *,
    in_full: bool,
) -> list[list[str]]:
    query = select(Learner).where(Learner.id.in_(ids)).order_by(Learner.id)
    people = session.scalars(query).all()
    of_them = select(Account).where(Account.learner_id.in_(ids))
    accounts = {account.learner_id: account for account in session.scalars(of_them)}
    tagged: dict[str, list[str]] = {}
    if Column.TAGS in columns:
        tagged = tags.of_many(session, ids)
    lines = []
    for learner in people:
        account = accounts.get(learner.id)
        values: dict[str, str] = {
            Column.USERNAME: account.username if account else "",
            Column.ACCOUNT: words(account.state) if account else "",
            Column.STATE: words(learner.state),
            Column.AGE_BAND: words(learner.age_band),
            Column.LANGUAGE: words(learner.language),
            Column.REGISTERED: _day(learner.created_at),
            Column.LAST_USED: _day(learner.used_at),
            Column.TAGS: ", ".join(tagged.get(learner.id, [])),
        }
        for item in set(Item) & set(columns):
            value = fields.value_of(learner, item) or ""
            shown = fields.shown(item, value) if value else ""
            values[item] = shown if in_full else fields.masked(item, value)
        lines.append([values[column] for column in columns])
        session.expunge(learner)
    return lines


def _day(moment: datetime | None) -> str:
    return moment.astimezone(BANGKOK).date().isoformat() if moment else ""


def _moved(
    session: Session, export_id: str, state: ExportState, rows: int, member_id: str, now: datetime
) -> None:
    audit.by_staff(
        session,
        Action.EXPORT_MOVED,
        member_id,
        now,
        export_id=export_id,
        state=state.value,
        rows=rows,
    )
