"""Erasing a person: everything but the minimal proof, in one transaction (PDPA s.33)."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.services.accounts import holds, provider_erasures
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import mail_archive
from bot.services.guardians import ends
from bot.services.learners import merging
from bot.services.people import subjects
from bot.services.people.subjects import Subject
from bot.services.privacy import data_rows
from bot.services.staff import chats
from models.account import Account
from models.base import new_id, session_keyring
from models.campaign import Campaign
from models.conversation import Conversation
from models.database import after_commit
from models.errand import Errand
from models.guardianship import OPEN_OR_AGREED, Guardianship
from models.inbox import FINISHED, WebhookEvent
from models.inquiry import Inquiry
from models.learner import Learner, PossibleDuplicate
from models.mail import MailState, WaitingLetter
from models.merges import Merge, Unmasking
from models.one_time_token import OneTimeToken
from models.outbox import Push
from models.portal import KnownNetwork, LessonProgress, PortalAccount, PortalSession, PortalStay
from models.privacy import Erasure, PrivacyRequest
from models.recipient import Recipient
from models.secret_link import SecretLink
from models.subscription import Subscription
from models.tag import LearnerTag

Step = Callable[[Session, Subject, datetime], int]
TOMBSTONE = "mail.tombstone"
ERASED = "erased"  # the fact that is stated with the erasure (`Database.when`)


class HeldError(BotError):
    """A legal hold stands: nothing was erased."""

    def __init__(self, hold_id: str) -> None:
        super().__init__(hold_id)
        self.hold_id = hold_id


def erase(
    session: Session,
    subject: Subject,
    now: datetime,
    *,
    actor: str = "learner",
    again: Erasure | None = None,
) -> int:
    """Erase a person and return how many rows that met; raises HeldError where a hold stands.

    The chat's row goes too: whoever writes again is a stranger with a new pseudonym, whom
    nothing ties to the proof that is left. The e-learning system is told after the commit, until
    it confirms (`provider_erasures`). again: an erasure of before a restore, which no hold of an
    older backup undoes and which is not written down twice.
    """
    hold = holds.standing(session, subject.learner_id)
    if hold is not None and again is None:
        raise HeldError(hold.id)
    after_commit(session, ERASED)
    session.flush()
    rows = sum(step(session, subject, now) for step in STEPS.values())
    if again is not None:
        session.merge(again)
        return rows
    session.add(
        Erasure(
            id=new_id(),
            subject_id=subject.conversation_id,
            learner_id=subject.learner_id,
            erased_at=now,
        )
    )
    audit.record(
        session,
        Action.LEARNER_ERASED,
        actor=actor,
        subject=subject.learner_id or subject.conversation_id,
        now=now,
        rows=rows,
    )
    session.flush()
    return rows


def _pushes(session: Session, subject: Subject, now: datetime) -> int:
    """Queued ones are never sent: whoever has claimed one finds it gone before the call."""
    found = data_rows.pushes(session, subject)
    return _delete(session, Push, Push.id.in_([push.id for push in found]))


def _mails(session: Session, subject: Subject, now: datetime) -> int:
    """A tombstone stays in the archive: that there was a mail, and a keyed hash of it (R46)."""
    keyring = session_keyring(session)
    found = data_rows.mails(session, subject)
    for mail in found:
        if mail.state is MailState.QUEUED:
            mail.state = MailState.DROPPED
        body = hashlib.sha256(f"{mail.title}\0{mail.text}\0{mail.html}".encode()).hexdigest()
        mail.reason = f"erased {keyring.blind(TOMBSTONE, body)}"
        mail.cause = f"erased:{mail.id}"  # it may hold an id
        mail.subject_id = mail.address_index = mail.topic = None
        mail.to_sealed = mail.title_sealed = mail.text_sealed = mail.html_sealed = None
        mail.worker = mail.lease_until = None
    session.flush()
    return len(found)


def _archived_mails(session: Session, subject: Subject, now: datetime) -> int:
    found = data_rows.archived_mails(session, subject)
    return mail_archive.erase(session, found, ERASED, now)


def _waiting_letters(session: Session, subject: Subject, now: datetime) -> int:
    """The letters themselves stay in the mailbox, where we delete nothing."""
    found = [letter.id for letter in data_rows.waiting_letters(session, subject)]
    return _delete(session, WaitingLetter, WaitingLetter.id.in_(found))


def _events(session: Session, subject: Subject, now: datetime) -> int:
    """Answered ones lose their owner; their ids stay 30 days as the guard against replay.

    One that is being answered (this wish itself, perhaps) is finished first: its content goes
    with its answer, within seconds.
    """
    person = subjects.person(session, subject)
    if person is None:
        return 0
    is_over = WebhookEvent.state.in_(FINISHED)
    return _update(
        session,
        WebhookEvent,
        (WebhookEvent.person == person, is_over),
        person=None,
        payload_sealed=None,
        answer_sealed=None,
    )


def _guardianships(session: Session, subject: Subject, now: datetime) -> int:
    """A child's requests are deleted; from those that a guardian answered, the guardian goes."""
    rows = _delete(session, Guardianship, Guardianship.child_id == subject.conversation_id)
    answered = data_rows.guardianships(session, subject)
    for row in answered:
        if row.state in OPEN_OR_AGREED:
            ends.end(session, row, "erased", now)
        row.guardian_id = row.guardian_line_sealed = row.guardian_called_sealed = None
    session.flush()
    return rows + len(answered)


def _portal(session: Session, subject: Subject, now: datetime) -> int:
    """The embedded system's rows are ours: gone at once, whatever else is to be told."""
    ids = [account.id for account in data_rows.portal_accounts(session, subject)]
    return (
        _delete(session, PortalSession, PortalSession.account_id.in_(ids))
        + _delete(session, PortalStay, PortalStay.account_id.in_(ids))
        + _delete(session, KnownNetwork, KnownNetwork.owner_id.in_(ids))
        + _delete(session, LessonProgress, LessonProgress.account_id.in_(ids))
        + _delete(session, PortalAccount, PortalAccount.id.in_(ids))
    )


def _links(session: Session, subject: Subject, now: datetime) -> int:
    ids = subjects.account_ids(session, subject)
    return _delete(session, SecretLink, SecretLink.account_id.in_(ids))


def _accounts(session: Session, subject: Subject, now: datetime) -> int:
    if subject.learner_id is None:
        return 0
    mine = Account.learner_id == subject.learner_id
    for account in session.query(Account).filter(mine):
        provider_erasures.request(session, account.id, account.provider, now)
    return _delete(session, Account, mine)


def _duplicates(session: Session, subject: Subject, now: datetime) -> int:
    if subject.learner_id is None:
        return 0
    either = or_(
        PossibleDuplicate.learner_id == subject.learner_id,
        PossibleDuplicate.other_id == subject.learner_id,
    )
    return _delete(session, PossibleDuplicate, either)


def _merges(session: Session, subject: Subject, now: datetime) -> int:
    """What the merge had frozen is closed for good: nobody is left who could undo it."""
    if subject.learner_id is None:
        return 0
    mine = or_(Merge.kept_id == subject.learner_id, Merge.closed_id == subject.learner_id)
    for merge in session.scalars(select(Merge).where(mine, Merge.memory_sealed.is_not(None))):
        if merge.closed_id != subject.learner_id:
            merging.close_account(session, merge.closed_id, now)
    return _delete(session, Merge, mine)


def _recipients(session: Session, subject: Subject, now: datetime) -> int:
    # The key begins with the campaign: named, each is one look-up.
    return _delete(
        session,
        Recipient,
        Recipient.campaign_id.in_(select(Campaign.id))
        & (Recipient.subject_id == subject.conversation_id),
    )


def _requests(session: Session, subject: Subject, now: datetime) -> int:
    """What they wrote goes; that they asked, and why we refused, is shown to the authority.

    From what a guardian asked for a child, the guardian goes; a child's erasure goes on.
    """
    mine = PrivacyRequest.subject_id == subject.conversation_id
    asked = PrivacyRequest.guardian_id == subject.conversation_id
    emptied = _update(session, PrivacyRequest, (mine,), detail_sealed=None, sources=None)
    return emptied + _update(
        session, PrivacyRequest, (asked,), detail_sealed=None, sources=None, guardian_id=None
    )


def _learner(session: Session, subject: Subject, now: datetime) -> int:
    if subject.learner_id is None:
        return 0
    return _remove(session, session.get(Learner, subject.learner_id))


def _conversation(session: Session, subject: Subject, now: datetime) -> int:
    return _remove(session, session.get(Conversation, subject.conversation_id))


def _staff_chats(session: Session, subject: Subject, now: datetime) -> int:
    """Whoever works here too links their LINE account anew, if they stay."""
    person = subjects.person(session, subject)
    found = chats.of_person(session, person) if person else ()
    for row in found:
        chats.unlink(session, row.staff_id, "subject", chats.ERASED, now)
    return len(found)


def _of_chat(column: Any) -> Step:
    """Delete the rows that name the person's conversation in a column."""
    return lambda session, subject, now: _delete(
        session, column.class_, column == subject.conversation_id
    )


def _of_learner(column: Any) -> Step:
    """Delete the rows that name the learner in a column."""
    return lambda session, subject, now: _delete(
        session, column.class_, column == subject.learner_id
    )


# By table of the data map, what refers before what is referred to; a test compares them.
STEPS: dict[str, Step] = {
    "push": _pushes,
    "mail": _mails,
    "archived_mail": _archived_mails,  # with its bytes
    "waiting_letter": _waiting_letters,
    "webhook_event": _events,
    "guardianship": _guardianships,
    "portal_account": _portal,  # with its sessions and progress
    "secret_link": _links,
    "account": _accounts,
    "possible_duplicate": _duplicates,
    "learner_merge": _merges,
    "learner_tag": _of_learner(LearnerTag.learner_id),
    "unmasking": _of_learner(Unmasking.learner_id),
    "one_time_token": _of_chat(OneTimeToken.subject_id),
    "errand": _of_chat(Errand.subject_id),
    "subscription": _of_chat(Subscription.subject_id),
    "recipient": _recipients,
    "inquiry": _of_chat(Inquiry.conversation_id),
    "privacy_request": _requests,
    "staff_chat": _staff_chats,
    "learner": _learner,
    "conversation": _conversation,
}
WITH_ANOTHER = {
    **dict.fromkeys(
        ("portal_session", "portal_stay", "known_network", "lesson_progress"), "portal_account"
    ),
    "learner_name_word": "learner",
    "archived_chunk": "archived_mail",
}


def _delete(session: Session, model: Any, *criteria: Any) -> int:
    """Through the ORM's session, so that what a handler still holds is known to be gone."""
    met = session.execute(
        delete(model).where(*criteria).execution_options(synchronize_session="fetch")
    )
    return int(met.rowcount)  # type: ignore[attr-defined]


def _update(session: Session, model: Any, criteria: tuple[Any, ...], **values: Any) -> int:
    met = session.execute(
        update(model)
        .where(*criteria)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    return int(met.rowcount)  # type: ignore[attr-defined]


def _remove(session: Session, row: Any) -> int:
    """Delete a row that a handler may still hold: what it sets afterwards reaches no table."""
    if row is None:
        return 0
    session.delete(row)
    session.flush()
    return 1
