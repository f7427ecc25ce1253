"""Finding learners for staff: by one exact detail, the words of a name, or the newest; masked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, exists, insert, select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth.sign_in import normal_username
from bot.services.people import fields
from bot.services.people.fields import FIELDS, Item
from models.account import Account, AccountState
from models.base import session_keyring
from models.learner import AgeBand, Learner, LearnerState, NameWord, SealedName

PAGE = 50
MAX_USERNAME = 32  # as long as its column
MAX_FOUND = 50  # people of one detail: more is no search any more
MAX_PEOPLE = 300  # named at once, to be put into a group
BATCH = 200


class By(StrEnum):
    """What can be searched for besides a learner's own fields, exactly as they."""

    USERNAME = "username"


Way = Item | By
WAYS: tuple[Way, ...] = (
    *(item for item, field in FIELDS.items() if field.is_searched),
    *By,
)

_TELLING = (AccountState.FROZEN, AccountState.ACTIVE, AccountState.PENDING, AccountState.CLOSED)


@dataclass(frozen=True)
class LearnerRow:
    """A learner in a list: enough to tell two apart, not enough to reach somebody."""

    id: str
    details: Mapping[Item, str]
    username: str
    state: LearnerState
    account: AccountState | None
    age_band: AgeBand
    created_at: datetime

    @property
    def name(self) -> str:
        """The name, masked like every detail."""
        return self.details[Item.NAME]

    @property
    def standing(self) -> LearnerState | AccountState:
        """How they stand: while they are with us, what their account is says more."""
        if self.state is LearnerState.ACTIVE and self.account is not None:
            return self.account
        return self.state


def search(session: Session, by: Way, typed: str, *, actor: str, now: datetime) -> list[LearnerRow]:
    """Everybody who gave this very detail, newest first; raises InputError as registration does.

    The audit entry says how was searched and how many were found, not for what.
    """
    query = _query(session, by, typed).order_by(Learner.id.desc()).limit(MAX_FOUND)
    found = rows(session, session.scalars(query))
    audit.record(
        session,
        Action.LEARNERS_SEARCHED,
        actor=actor,
        subject=None,
        now=now,
        kind=by.value,
        found=len(found),
    )
    return found


def identify(
    session: Session, lines: Iterable[str], *, actor: str, now: datetime
) -> tuple[list[str], list[str]]:
    """Who is meant by lines of one exact detail each, and the lines that mean nobody, or several.

    A username, a phone number or an e-mail address; the audit entry says how many were found.
    """
    found: dict[str, None] = {}
    unknown = []
    for line in lines:
        meant = _meant(session, line)
        if len(meant) == 1:
            found |= dict.fromkeys(meant)
        else:
            unknown.append(line)
    audit.record(
        session,
        Action.LEARNERS_SEARCHED,
        actor=actor,
        subject=None,
        now=now,
        kind=By.USERNAME.value,
        found=len(found),
    )
    return list(found), unknown


def _meant(session: Session, line: str) -> set[str]:
    for way in (By.USERNAME, Item.EMAIL if "@" in line else Item.PHONE):
        try:
            rows = session.scalars(_query(session, way, line).limit(2))
        except InputError:
            continue
        if found := {learner.id for learner in rows}:
            return found
    return set()


def newest(session: Session, before: str | None = None) -> tuple[list[LearnerRow], str | None]:
    """A page of learners, newest first, and the id to go on from; ids grow with time.

    Two queries, whatever the number of learners.
    """
    query = select(Learner).order_by(Learner.id.desc()).limit(PAGE + 1)
    if before:
        query = query.where(Learner.id < before)
    found = session.scalars(query).all()
    return rows(session, found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None


def rows(session: Session, learners: Iterable[Learner]) -> list[LearnerRow]:
    """Learners as a list shows them; their accounts come in one query."""
    people = list(learners)
    query = select(Account).where(Account.learner_id.in_([learner.id for learner in people]))
    accounts: dict[str, list[Account]] = {}
    for account in session.scalars(query.order_by(Account.created_at)):
        accounts.setdefault(account.learner_id, []).append(account)
    return [row(learner, accounts.get(learner.id, ())) for learner in people]


def row(learner: Learner, accounts: Sequence[Account]) -> LearnerRow:
    """One learner, masked; of several accounts the one that a member has to know of."""
    account = min(accounts, key=lambda one: _TELLING.index(one.state), default=None)
    return LearnerRow(
        id=learner.id,
        details={item: fields.masked(item, fields.value_of(learner, item)) for item in Item},
        username=account.username if account else "",
        state=learner.state,
        account=account.state if account else None,
        age_band=learner.age_band,
        created_at=learner.created_at,
    )


def _query(session: Session, by: Way, typed: str) -> Select[Learner]:
    if isinstance(by, By):
        username = normal_username(typed)
        if not username or len(username) > MAX_USERNAME:
            raise InputError("username_invalid")
        of_account = Account.learner_id == Learner.id
        return select(Learner).join(Account, of_account).where(Account.username == username)
    # As typed: whoever searches for an address with a slip in it wants that very address.
    value, field = fields.read(by, typed, insists=True), FIELDS[by]
    return select(Learner).where(field.is_given(session, value))


def index_names(session: Session) -> int:
    """Make a batch of learners findable by name who were there before names were indexed.

    Returns how many; what is done is not met again, so it may be interrupted anywhere.
    """
    is_known = exists().where(NameWord.learner_id == Learner.id)
    # Locked: a name that changes meanwhile must not get the words of the old one.
    query = select(Learner).where(~is_known).order_by(Learner.id).limit(BATCH).with_for_update()
    found = session.scalars(query).all()
    keyring = session_keyring(session)
    words = [
        {"learner_id": learner.id, "word_index": index}
        for learner in found
        for index in SealedName.digests(keyring, learner.name or "")
    ]
    if words:
        session.execute(insert(NameWord), words)
    return len(found)
