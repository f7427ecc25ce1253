"""Changing the four details: checked as at registration, remembered only as digests of the old."""

import hmac
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.accounts import accounts
from bot.services.accounts.notices import Welcomed
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import resets, tokens
from bot.services.delivery import mails
from bot.services.delivery.presenter import presenter_of
from bot.services.people.fields import FIELDS, Item, value_of
from bot.services.shared import throttles
from bot.settings import Settings
from bot.texts.masks import masked_email
from bot.unicode import nfkc
from models.account import Account
from models.base import new_id, session_keyring
from models.learner import Learner, LearnerState, PossibleDuplicate
from models.mail import Mail
from models.one_time_token import TokenPurpose

MAX_CONFIRMATIONS = 3  # mails in SPAN: nobody's mailbox is filled through us
SPAN = timedelta(hours=1)
JUST_NOW = timedelta(minutes=1)  # a second tap means the mail that is on its way
WITH_LINK = ("email_confirm", "welcome")  # letters that confirm an address
SENT_AGAIN = throttles.Limit("mail-again", 3, timedelta(hours=1))  # of one learner
PHONE_PROOFS = throttles.Limit("phone_proof", 5, timedelta(days=1))


class EmailLink(Enum):
    """Why a link confirms no address."""

    CONFIRMED = auto()  # it has done so, or another one for the same address
    REPLACED = auto()  # a newer one waits in a later mail
    DEAD = auto()


def may_change(session: Session, learner: Learner) -> bool:
    """Whether the details can be changed: not while closed, nor while somebody else may be at it.

    Owners of every age may correct what is kept of them (PDPA s.36).
    """
    if learner.state is not LearnerState.ACTIVE:
        return False
    return not accounts.is_frozen(session, learner)


def knows_phone(session: Session, learner: Learner, typed: str, now: datetime) -> bool | None:
    """Whether somebody knows the last four digits of the present number; None after five tries.

    They are the second proof of a password reset: who has only got hold of an unlocked chat must
    not be able to replace the number first.
    """
    if throttles.take(session, [(PHONE_PROOFS, learner.id)], now) > timedelta():
        return None
    digits = nfkc(typed)
    given = "".join(str(unicodedata.digit(char)) for char in digits if char.isdecimal())
    end = (learner.phone or "")[-resets.DIGITS :]
    if len(given) < resets.DIGITS or not hmac.compare_digest(given[-resets.DIGITS :], end):
        return False
    throttles.reset(session, PHONE_PROOFS, learner.id)
    return True


def change(
    session: Session, learner: Learner, item: Item, value: str | None, actor: str, now: datetime
) -> bool:
    """Store a new name, phone or LINE ID (None removes that); False where nothing was changed.

    The person is told by mail, without the values, in case it was not them (ASVS 5.0, 6.3.7).
    An address is not changed here: its new one has to be confirmed first.
    """
    field = FIELDS[item]
    if field.changed_mail is None or (value is None and field.is_needed):
        raise InputError(f"{item}_invalid")
    learner = _locked(session, learner)
    if not may_change(session, learner) or value_of(learner, item) == value:
        return False
    _store(session, learner, item, value, actor, now)
    mails.queue_to(
        session, learner, cause=f"details-changed:{new_id()}", template=field.changed_mail, now=now
    )
    return True


def welcome(session: Session, account_id: str, settings: Settings, now: datetime) -> None:
    """Write to whoever registered, in the transaction that made the account: once an account.

    The letter goes to an address that nobody has confirmed yet, so it says the username and
    nothing else of the person. Whoever was imported has the letter that invites them instead.
    """
    account = session.get_one(Account, account_id)
    learner = _locked(session, session.get_one(Learner, account.learner_id))
    address = unconfirmed_email(session, learner, now) or learner.email
    if not learner.line_user_id or not address:
        return
    letter = Welcomed(account.username, settings)
    values = presenter_of(session).values(letter, learner.language)
    _send_link(session, learner, address, "welcome", values, f"welcome:{account.id}", now)


def ask_to_confirm_email(
    session: Session, learner: Learner, now: datetime, settings: Settings
) -> bool:
    """Send a link to the address that waits for one: a new one, or the learner's present one.

    Nothing is sent where that was done just now; False where too many were sent lately.
    """
    learner = _locked(session, learner)
    address = unconfirmed_email(session, learner, now)
    if address is None:
        return True
    waiting = tokens.live(session, TokenPurpose.EMAIL_CONFIRM, learner.conversation_id, now)
    is_same = waiting is not None and waiting.value == address
    if waiting is not None and is_same and waiting.created_at > now - JUST_NOW:
        return True
    return ask_to_change_email(session, learner, address, now, settings)


def ask_to_change_email(
    session: Session, learner: Learner, address: str, now: datetime, settings: Settings
) -> bool:
    """Send a link to an address; it becomes the learner's when the link is used, not before.

    False, and nothing sent, after three mails within an hour. An older link stops working.
    """
    learner = _locked(session, learner)
    if not address or _sent_lately(session, learner, now) >= MAX_CONFIRMATIONS:
        return False
    values = {"page": link_page(settings)}
    _send_link(session, learner, address, "email_confirm", values, None, now)
    return True


def link_page(settings: Settings) -> str:
    """Where a letter's link leads: its secret follows."""
    return f"{settings.public_url}/s/email"


def _send_link(
    session: Session,
    learner: Learner,
    address: str,
    template: str,
    values: Mapping[str, str],
    cause: str | None,
    now: datetime,
) -> None:
    """A letter with the link that makes an address the learner's; an older link is dead."""
    mail_id = new_id()
    tokens.issue(
        session,
        TokenPurpose.EMAIL_CONFIRM,
        learner.conversation_id,
        now,
        value=address,
        drawn=mails.link_secret(session, mail_id),
    )
    mails.queue_to(
        session,
        learner,
        cause=cause or f"email-confirm:{mail_id}",
        template=template,
        address=address,
        values=values,
        now=now,
        mail_id=mail_id,
    )


def unconfirmed_email(session: Session, learner: Learner, now: datetime) -> str | None:
    """The address that a link has still to confirm, if any: a new one, or the present one."""
    pending = pending_email(session, learner, now)
    return pending or (learner.email if learner.email_verified_at is None else None)


def pending_email(session: Session, learner: Learner, now: datetime) -> str | None:
    """The address that waits for its link to be used, where that is another one."""
    found = tokens.live(session, TokenPurpose.EMAIL_CONFIRM, learner.conversation_id, now)
    if found is None or found.value == learner.email:
        return None
    return found.value


def undelivered(session: Session, learner: Learner, now: datetime) -> Mail | None:
    """The newest mail to the address that counts now, if it may not have arrived."""
    address = unconfirmed_email(session, learner, now) or learner.email
    if not address:
        return None
    return mails.undelivered(session, learner.conversation_id, address)


def send_again(session: Session, learner: Learner, now: datetime, settings: Settings) -> bool:
    """Send once more what did not arrive: the link of an address, or the same words.

    True too where nothing is missing any more. False after too many, and where the mail held a
    code or link of its own: that is asked for where it was asked for before.
    """
    address = unconfirmed_email(session, learner, now)
    if address is not None:
        return ask_to_change_email(session, learner, address, now, settings)
    mail = undelivered(session, learner, now)
    if mail is None:
        return True
    if throttles.take(session, [(SENT_AGAIN, learner.id)], now) > throttles.NOW:
        return False
    return mails.again(session, mail, now)


def email_link(session: Session, token: str, now: datetime) -> EmailLink:
    """Why a link confirms nothing; only for whoever has it, so it tells nobody else anything."""
    found = tokens.find(session, TokenPurpose.EMAIL_CONFIRM, token)
    if found is None:
        return EmailLink.DEAD
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == found.subject_id)
    ).one_or_none()
    if learner is None or not may_change(session, learner):
        return EmailLink.DEAD
    is_over = found.used_at is not None or found.replaced_at is not None
    if is_over and learner.email == found.value and learner.email_verified_at is not None:
        return EmailLink.CONFIRMED
    newer = tokens.live(session, TokenPurpose.EMAIL_CONFIRM, found.subject_id, now)
    return EmailLink.REPLACED if found.replaced_at and newer else EmailLink.DEAD


def confirm_email(session: Session, token: str, now: datetime) -> bool:
    """Use a link: its address is the learner's own from now on; False for a dead link.

    The old address is told, with the new one masked: it may have been somebody else.
    """
    subject_id = tokens.subject_of(session, TokenPurpose.EMAIL_CONFIRM, token)
    found = session.scalars(
        select(Learner).where(Learner.conversation_id == subject_id)
    ).one_or_none()
    if found is None:
        return False
    learner = _locked(session, found)  # before the token, as where one is issued
    claimed = tokens.claim(session, TokenPurpose.EMAIL_CONFIRM, token, now)
    if claimed is None or claimed.value is None or not may_change(session, learner):
        return False
    old = learner.email
    if old != claimed.value:
        _store(session, learner, Item.EMAIL, claimed.value, "link", now)
        if old:
            mails.queue_to(
                session,
                learner,
                cause=f"email-changed:{claimed.token_id}",
                template="email_changed",
                address=old,
                values={"masked": masked_email(claimed.value)},
                now=now,
            )
    learner.email_verified_at = now
    mails.release(session, claimed.value)
    audit.by_learner(session, Action.EMAIL_VERIFIED, learner.id, now, token_id=claimed.token_id)
    return True


def _store(
    session: Session, learner: Learner, item: Item, value: str | None, actor: str, now: datetime
) -> None:
    old = value_of(learner, item)
    setattr(learner, str(item), value)
    audit.record(
        session,
        Action.LEARNER_CHANGED,
        actor=actor,
        subject=learner.id,
        now=now,
        item=str(item),
        old=digest_of(session, item, old),
        new=digest_of(session, item, value),
    )
    session.execute(
        delete(PossibleDuplicate).where(
            PossibleDuplicate.matched == str(item),
            or_(
                PossibleDuplicate.learner_id == learner.id, PossibleDuplicate.other_id == learner.id
            ),
        )
    )
    session.flush()
    accounts.flag_duplicates(session, learner, now, only=str(item))


def digest_of(session: Session, item: Item, value: str | None) -> str:
    """What the audit trail keeps of a value: it can be compared, not read; empty for none.

    Its key is not that of the look-up index, so the two cannot be joined.
    """
    return session_keyring(session).blind(f"learner_change.{item}", value) if value else ""


def _locked(session: Session, learner: Learner) -> Learner:
    """The learner as the row stands now; of two changes at once the second waits here."""
    session.flush()
    query = select(Learner).where(Learner.id == learner.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _sent_lately(session: Session, learner: Learner, now: datetime) -> int:
    query = select(func.count(Mail.id)).where(
        Mail.subject_id == learner.conversation_id,
        Mail.template.in_(WITH_LINK),
        Mail.created_at > now - SPAN,
    )
    return session.scalars(query).one()
