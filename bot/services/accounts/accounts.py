"""Learners and their e-learning accounts: asked for once, made once, closed once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import GuardianMissingError
from bot.providers.base import NewAccount
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.guardians import ends
from bot.services.people import people
from bot.services.people.fields import Item
from bot.services.shared import errands, processors, retries
from models.account import IS_DUE, Account, AccountState
from models.base import new_id
from models.conversation import Conversation
from models.errand import Errand, ErrandKind
from models.learner import AgeBand, Learner, LearnerState, PossibleDuplicate

FIRST_CHANCE = timedelta(seconds=60)
RETRY_FIRST, RETRY_LONGEST = timedelta(seconds=10), timedelta(minutes=30)
# Of a drawn username.
NAME_PREFIX = "ep"
# No vowels (no words by accident); none of 0/o, 1/l/i, 2/z, 5/s, 6/b, 8/B, 9/g, q/g, u/v: of each
# such pair at most one symbol is left.
NAME_SYMBOLS = "bcdfghjkmnprstvwxyz347"
NAME_LENGTH = 8  # 22 ** 8 = 5.5e10: a thousand accounts meet with a chance of one in 100,000


@dataclass(frozen=True)
class Details:
    """What a registration collects: a learner's fields, and the age band."""

    values: Mapping[Item, str | None]
    age_band: AgeBand

    @property
    def phone(self) -> str:
        """With the address it tells whether somebody is here already."""
        return self.values[Item.PHONE] or ""

    @property
    def email(self) -> str:
        """Where mails go."""
        return self.values[Item.EMAIL] or ""


def enrol(
    session: Session,
    conversation: Conversation,
    user_id: str,
    details: Details,
    provider: str,
    now: datetime,
) -> Account:
    """Store the learner and ask for the account; a repeat returns what is there.

    The caller has locked the conversation, so two taps on "confirm" cannot both get here.
    Raises GuardianMissingError for somebody under 20 whose guardian's yes does not stand.
    """
    learner = people.learner_of(session, conversation)
    if learner is None:
        if not consents.permits_enrolment(session, conversation.id, details.age_band, now):
            raise GuardianMissingError
        learner = _store(session, conversation, user_id, details, now)
    account = account_of(session, learner, provider)
    if account is None:
        account = Account(
            id=new_id(),
            learner_id=learner.id,
            provider=provider,
            username=draw_username(),
            state=AccountState.PENDING,
            created_at=now,
            # The person's own answer makes it in a moment; the job is for when that fails.
            due_at=now + FIRST_CHANCE,
        )
        session.add(account)
        audit.record(
            session,
            Action.ACCOUNT_REQUESTED,
            actor="learner",
            subject=learner.id,
            now=now,
            account_id=account.id,
            provider=provider,
        )
        session.flush()
    return account


def _store(
    session: Session, conversation: Conversation, user_id: str, details: Details, now: datetime
) -> Learner:
    learner = Learner(
        id=new_id(),
        conversation_id=conversation.id,
        state=LearnerState.ACTIVE,
        age_band=details.age_band,
        language=conversation.language,
        created_at=now,
    )
    with session.no_autoflush:
        session.add(learner)
        learner.line_user_id = user_id
        for item, value in details.values.items():
            setattr(learner, item, value)
    conversation.learner_id = learner.id
    session.flush()
    audit.record(
        session,
        Action.LEARNER_CREATED,
        actor="learner",
        subject=learner.id,
        now=now,
        age_band=details.age_band,
    )
    flag_duplicates(session, learner, now)
    return learner


def flag_duplicates(
    session: Session, learner: Learner, now: datetime, *, only: str | None = None
) -> None:
    """Have it noted who else gave the same details, for staff; `only` names one of them.

    Afterwards: the answer takes the same time, whether or not somebody did.
    """
    errands.queue(session, ErrandKind.SAME_DETAILS, learner.conversation_id, now, item=only)


def compare(session: Session, errand: Errand, now: datetime) -> None:
    """Note who else gave the same details as somebody, as both stand now."""
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == errand.subject_id)
    ).one_or_none()
    if learner is None:
        return  # erased meanwhile
    for other, matched in people.same_details(session, learner):
        if errand.item not in {None, matched} or _is_noted(session, learner, other, matched):
            continue
        session.add(
            PossibleDuplicate(
                id=new_id(), learner_id=learner.id, other_id=other.id, matched=matched, found_at=now
            )
        )
        audit.record(
            session,
            Action.DUPLICATE_FLAGGED,
            actor="system",
            subject=learner.id,
            now=now,
            other_id=other.id,
            matched=matched,
        )


def _is_noted(session: Session, learner: Learner, other: Learner, matched: str) -> bool:
    """Whether staff know of two people with one detail; of two who came at once either may have."""
    pair = (learner.id, other.id)
    query = select(PossibleDuplicate.id).where(
        PossibleDuplicate.learner_id.in_(pair),
        PossibleDuplicate.other_id.in_(pair),
        PossibleDuplicate.matched == matched,
    )
    return session.scalars(query.limit(1)).first() is not None


def account_of(session: Session, learner: Learner, provider: str) -> Account | None:
    """A learner's account in one system."""
    query = select(Account).where(Account.learner_id == learner.id, Account.provider == provider)
    return session.scalars(query).one_or_none()


def is_frozen(session: Session, learner: Learner) -> bool:
    """Whether somebody else may be at an account of theirs, so that nobody gets in."""
    query = select(Account.id).where(
        Account.learner_id == learner.id, Account.state == AccountState.FROZEN
    )
    return session.scalars(query.limit(1)).first() is not None


def request_of(session: Session, account_id: str) -> NewAccount | None:
    """What the provider is told, if the account is still to be made."""
    account = session.get(Account, account_id)
    if account is None or account.state is not AccountState.PENDING:
        return None
    learner = session.get_one(Learner, account.learner_id)
    told = {
        "username": account.username,
        "name": learner.name or "",
        "email": learner.email or "",
        "language": learner.language,
    }
    items = processors.DOORS[processors.ELEARNING]
    processors.check(processors.ELEARNING, (items[name] for name in told))
    return NewAccount(key=account.id, **told)


def mark_created(session: Session, account_id: str, now: datetime) -> bool:
    """The provider confirmed; False for a second confirmation, which changes nothing."""
    made = session.execute(
        update(Account)
        .where(Account.id == account_id, Account.state == AccountState.PENDING)
        .values(state=AccountState.ACTIVE, due_at=None, reason=None)
        .returning(Account.learner_id, Account.provider)
    ).one_or_none()
    if made is None:
        # Closed while the provider was making it: the provider has to be told once more.
        session.execute(
            update(Account)
            .where(Account.id == account_id, Account.state == AccountState.CLOSED)
            .values(due_at=now)
        )
        return False
    audit.record(
        session,
        Action.ACCOUNT_CREATED,
        actor="system",
        subject=made.learner_id,
        now=now,
        account_id=account_id,
        provider=made.provider,
    )
    return True


def redraw_username(session: Session, account_id: str) -> None:
    """Another account of the provider has the username: take a new one."""
    session.execute(
        update(Account)
        .where(Account.id == account_id, Account.state == AccountState.PENDING)
        .values(username=draw_username())
    )


def postpone(session: Session, account_id: str, reason: str, now: datetime) -> None:
    """The provider could not be reached: try again later, and later still."""
    account = session.get(Account, account_id)
    if account is None or account.due_at is None:
        return
    account.attempts += 1
    account.due_at = now + retries.wait(RETRY_FIRST, account.attempts, RETRY_LONGEST)
    account.reason = reason[:80]


def due(session: Session, now: datetime, most: int = 50) -> list[tuple[str, AccountState]]:
    """Accounts whose state the provider has to be told of, now."""
    query = (
        select(Account.id, Account.state)
        .where(IS_DUE, Account.due_at <= now)
        .order_by(Account.due_at)
        .limit(most)
    )
    return [(row.id, row.state) for row in session.execute(query)]


def mark_told(session: Session, account_id: str, state: AccountState, now: datetime) -> None:
    """The provider has done what this state asks of it.

    Where the state changed meanwhile, nobody knows which call arrived last: it is told once more.
    """
    told = update(Account).where(Account.id == account_id)
    done = session.execute(
        told.where(Account.state == state)
        .values(due_at=None, reason=None)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    )
    if done.first() is None:
        session.execute(
            told.values(due_at=now, attempts=0).execution_options(synchronize_session=False)
        )


def close(
    session: Session, account: Account, cause: str, now: datetime, *, actor: str = "learner"
) -> None:
    """Shut an account on our side; the provider is told after the commit, until it confirms."""
    if account.state is AccountState.CLOSED:
        return
    account.state = AccountState.CLOSED
    account.due_at = now  # until the provider has shut it too
    audit.record(
        session,
        Action.ACCOUNT_CLOSED,
        actor=actor,
        subject=account.learner_id,
        now=now,
        account_id=account.id,
        cause=cause,
    )


def withdraw(
    session: Session,
    conversation: Conversation,
    learner: Learner,
    provider: str,
    now: datetime,
    *,
    actor: str = "learner",
) -> Account | None:
    """End a registration: the account is closed; the erasure is a request with its own clock."""
    learner.state = LearnerState.WITHDRAWN
    ends.end_for_child(session, conversation.id, "withdrawn", now)
    account = account_of(session, learner, provider)
    if account is not None:
        close(session, account, "withdrawn", now, actor=actor)
    return account


def draw_username() -> str:
    """A new username: chance only, nothing of the person.

    The caller draws again where the database says that it is taken.
    """
    return NAME_PREFIX + "".join(secrets.choice(NAME_SYMBOLS) for _ in range(NAME_LENGTH))
