"""A learner's way to another LINE account: proven, moved in one piece, the old one cut off.

The conversation's row is the subject of the consent ledger, so it stays and changes hands; the
newcomer's own row goes. Knowing a phone number is no proof of anything.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from bot.services.accounts import notices
from bot.services.accounts.notices import ChatAddress
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import secret_links, sessions, tokens
from bot.services.chat import drafts
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from bot.services.guardians import ends
from bot.services.people.fields import FIELDS, Item, masked
from bot.services.shared import codes, errands, throttles
from bot.services.shared.throttles import Limit
from bot.settings import School, Settings
from models.account import Account, AccountState
from models.base import new_id
from models.consent import ConsentState
from models.conversation import Conversation
from models.errand import Errand, ErrandKind
from models.guardianship import OPEN_OR_AGREED, Guardianship
from models.inquiry import Inquiry
from models.learner import AgeBand, Learner, LearnerState
from models.one_time_token import OneTimeToken, TokenPurpose
from models.outbox import Push, PushState
from models.privacy import PrivacyRequest
from models.secret_link import LinkPurpose

GUESSES = Limit("relink", 10, timedelta(hours=1))  # of one chat, whichever the proof
ASKED = Limit("relink-mail", 5, timedelta(hours=1))  # times that one chat may ask for a mail
# Of one address, whoever asks and whether or not anybody is known by it.
ADDRESS = Limit("relink-address", 5, timedelta(hours=1))
MOST_OF_ADDRESS = 5  # accounts of a family that are written to; beyond that our staff help
# What the old chat asked for dies with it: codes, download links, and an address that waits to be
# confirmed, with which whoever has that chat would move the account back.
TO_THE_CHAT = (
    TokenPurpose.RELINK_CODE,
    TokenPurpose.EMAIL_CODE,
    TokenPurpose.ARCHIVE,
    TokenPurpose.EMAIL_CONFIRM,
)
MAILS = ((3, timedelta(hours=1)), (6, timedelta(days=1)))  # that one learner may get: exact


def issue_code(session: Session, external_key: str, now: datetime) -> str | None:
    """A code for whoever signed in and gave the password once more; None where none can help."""
    learner = session.scalars(_movable().where(Account.id == external_key)).first()
    if learner is None:
        return None
    drawn = codes.MOVE.draw()
    tokens.issue(session, TokenPurpose.RELINK_CODE, learner.conversation_id, now, drawn=drawn)
    return codes.MOVE.shown(drawn)


def guess(session: Session, newcomer: Conversation, now: datetime) -> timedelta:
    """Count one typed code of a chat; how long to wait, zero where it may be tried."""
    return throttles.take(session, [(GUESSES, newcomer.id)], now)


def by_code(session: Session, code: str, now: datetime) -> Learner | None:
    """Whose portal showed this code; it is spent by asking."""
    claimed = tokens.claim(session, TokenPurpose.RELINK_CODE, code, now)
    if claimed is None:
        return None
    query = _movable().where(Learner.conversation_id == claimed.subject_id)
    return session.scalars(query).first()


def send_code(session: Session, newcomer: Conversation, address: str, now: datetime) -> timedelta:
    """Have six digits mailed to an address for each account whose owner confirmed it.

    Nothing tells the caller whether there is any, neither a word nor the time that it takes: that
    is looked up afterwards. The return value is the wait of this chat, zero where there is none.
    """
    wait = throttles.take(session, [(ASKED, newcomer.id)], now)
    if wait > throttles.NOW:
        return wait
    if throttles.take(session, [(ADDRESS, address.casefold())], now) > throttles.NOW:
        return throttles.NOW
    errands.queue(session, ErrandKind.RELINK_MAIL, newcomer.id, now, value=address)
    return throttles.NOW


def mail_codes(session: Session, errand: Errand, now: datetime) -> None:
    """Mail what was asked for, while that is of use: each account of a family has its own mail."""
    newcomer = session.get(Conversation, errand.subject_id)
    if newcomer is None or errand.value is None or now >= errand.asked_at + mails.CODE_USEFUL:
        return
    drawn: set[str] = set()
    for learner in _confirmed(session, errand.value):
        if not _has_enough(session, learner, now):
            _mail_code(session, learner, newcomer, drawn, now)


def _mail_code(
    session: Session, learner: Learner, newcomer: Conversation, drawn: set[str], now: datetime
) -> None:
    """One account's mail; no two of them hold the same digits."""
    mail_id = new_id()
    while (digits := mails.code_secret(session, mail_id)) in drawn:
        mail_id = new_id()
    drawn.add(digits)
    tokens.issue(
        session,
        TokenPurpose.EMAIL_CODE,
        learner.conversation_id,
        now,
        value=newcomer.id,  # good in the chat that asked, and in no other
        drawn=digits,
    )
    mails.queue_to(
        session,
        learner,
        cause=f"relink-code:{mail_id}",
        template="relink_code",
        values={"account": _recognised(session, learner)},
        now=now,
        mail_id=mail_id,
    )


def by_mail(
    session: Session, newcomer: Conversation, address: str, digits: str, now: datetime
) -> Learner | None:
    """Whose mail held these digits, if it was sent because this chat asked for it.

    Digits that fit none are a wrong try against each code that this chat asked for. As many are
    looked for where the address is unknown: a wrong try must not tell by its time whether it is.
    """
    known: dict[str, Learner | None] = {
        learner.conversation_id: learner for learner in _confirmed(session, address)
    }
    known |= {new_id(): None for _ in range(MOST_OF_ADDRESS - len(known))}
    for subject, learner in known.items():
        live = tokens.live(session, TokenPurpose.EMAIL_CODE, subject, now)
        asked = subject if live is not None and live.value == newcomer.id else new_id()
        if tokens.claim(session, TokenPurpose.EMAIL_CODE, digits, now, subject_id=asked):
            return learner
    return None


def guards_here(session: Session, learner: Learner, newcomer: Conversation) -> bool:
    """Whether the newcomer's chat is that of a guardian, where somebody under 20 may not come in.

    Nobody is their own guardian, and nobody under 20 is another's (PDPA s.20): with the chat its
    agreements would come into the hands of the child.
    """
    if learner.age_band is AgeBand.FROM_20:
        return False
    query = select(Guardianship.id).where(
        Guardianship.guardian_id == newcomer.id, Guardianship.state.in_(OPEN_OR_AGREED)
    )
    return session.scalars(query.limit(1)).first() is not None


def move(
    session: Session,
    learner: Learner,
    newcomer: Conversation,
    user_id: str,
    proof: str,
    settings: Settings,
    now: datetime,
) -> Conversation:
    """Bind a learner to the newcomer's LINE account; returns the conversation that is now theirs.

    The caller has locked the newcomer's row, and made sure that nobody is registered there.
    """
    kept = session.get_one(Conversation, learner.conversation_id, with_for_update=True)
    session.refresh(learner)  # of two moves at once the second one cuts off the first
    old = ChatAddress(kept.person, learner.line_user_id or "")
    _carry_over(session, kept, newcomer, user_id, settings.school, now)
    person, menu, language = newcomer.person, newcomer.menu, newcomer.language
    speaks = newcomer.language_chosen
    session.delete(newcomer)
    session.flush()  # the pseudonym is unique: it must be free before it is given on
    kept.person, kept.menu = person, menu
    kept.flow = kept.step = kept.draft_sealed = kept.expires_at = kept.blocked_at = None
    kept.seen_at = now
    if speaks:
        kept.language, kept.language_chosen = language, True
        learner.language = language
    learner.line_user_id = user_id
    accounts = session.scalars(select(Account).where(Account.learner_id == learner.id)).all()
    for account in accounts:
        secret_links.lock(session, account)
        tokens.end(session, account.id, LinkPurpose, now)
        sessions.close_all_of(session, account.id)
    tokens.end(session, kept.id, TO_THE_CHAT, now)
    _silence(session, old.person)
    open_account = next((a for a in accounts if a.state is not AccountState.CLOSED), None)
    notices.moved(session, learner, open_account, old, f"relinked:{new_id()}", settings, now)
    audit.by_learner(session, Action.LEARNER_RELINKED, learner.id, now, proof=proof)
    session.flush()
    return kept


def _carry_over(
    session: Session,
    kept: Conversation,
    newcomer: Conversation,
    user_id: str,
    school: School,
    now: datetime,
) -> None:
    """What the newcomer's chat had begun goes on, but for a registration of its own.

    Its consent events stay under its pseudonym, ended.
    """
    by_system = ConsentStatement("", channel="system", actor="system")
    requests = select(Guardianship).where(
        Guardianship.child_id == newcomer.id, Guardianship.state.in_(OPEN_OR_AGREED)
    )
    for request in session.scalars(requests):
        ends.cancel(session, request, newcomer, by_system, school, now)
    drafts.end_unused_consents(session, newcomer, ConsentState.EXPIRED, by_system, school, now)
    session.execute(
        update(Inquiry)
        .where(Inquiry.conversation_id == newcomer.id)
        .values(conversation_id=kept.id)
        .execution_options(synchronize_session=False)
    )
    # What a stranger had asked for is theirs still; a link to a stranger's data is not.
    session.execute(
        update(PrivacyRequest)
        .where(PrivacyRequest.subject_id == newcomer.id, PrivacyRequest.asked_by == consents.SELF)
        .values(subject_id=kept.id, learner_id=kept.learner_id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(PrivacyRequest)
        .where(PrivacyRequest.guardian_id == newcomer.id)
        .values(guardian_id=kept.id)
        .execution_options(synchronize_session=False)
    )
    tokens.end(session, newcomer.id, TO_THE_CHAT, now)
    mine = Guardianship.guardian_id.in_((kept.id, newcomer.id))
    for bond in session.scalars(select(Guardianship).where(mine)):
        bond.guardian_id = kept.id
        if bond.guardian_line_sealed is not None:
            bond.guardian_line = user_id
    for bond in session.scalars(select(Guardianship).where(Guardianship.child_id == kept.id)):
        if bond.child_line_sealed is not None:
            bond.child_line = user_id


def _silence(session: Session, person: str) -> None:
    """Nothing that waits for the old chat goes there any more."""
    session.execute(
        update(Push)
        .where(Push.person == person, Push.state == PushState.QUEUED)
        .values(
            state=PushState.DROPPED,
            reason="moved to another LINE account",
            to_sealed=None,
            messages_sealed=None,
            lease_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def _confirmed(session: Session, address: str) -> list[Learner]:
    """Who confirmed an address and could move, in a fixed order, as far as they are few.

    An address that nobody confirmed proves nothing: the welcome that went there, with the
    username in it, may have gone to a stranger.
    """
    query = (
        _movable()
        .where(
            FIELDS[Item.EMAIL].is_given(session, address), Learner.email_verified_at.is_not(None)
        )
        .order_by(Learner.id)
        .limit(MOST_OF_ADDRESS)
    )
    return list(session.scalars(query).unique())


def _recognised(session: Session, learner: Learner) -> str:
    """An account as its owner knows it from those of the family."""
    query = select(Account.username).where(
        Account.learner_id == learner.id, Account.state == AccountState.ACTIVE
    )
    username = session.scalars(query.limit(1)).one()
    return f"{username} · {masked(Item.NAME, learner.name)}"


def _has_enough(session: Session, learner: Learner, now: datetime) -> bool:
    """Whether this learner got as many codes as one may get; counted in rows."""
    session.execute(select(Learner.id).where(Learner.id == learner.id).with_for_update())

    def sent_within(span: timedelta) -> int:
        rows = select(func.count()).where(
            OneTimeToken.subject_id == learner.conversation_id,
            OneTimeToken.purpose == TokenPurpose.EMAIL_CODE,
            OneTimeToken.created_at > now - span,
        )
        return session.scalars(rows).one()

    return any(sent_within(span) >= times for times, span in MAILS)


def _movable() -> Select[Learner]:
    """Learners whom a closed account or a frozen one does not keep where they are."""
    return (
        select(Learner)
        .join(Account, Account.learner_id == Learner.id)
        .where(Account.state == AccountState.ACTIVE, Learner.state == LearnerState.ACTIVE)
    )
