"""A person's rows in every table, opened and readable, without secrets, digests or ciphertext."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.services.audit.audit import Action
from bot.services.delivery import mail_archive
from bot.services.people import subjects
from bot.services.people.fields import Item
from bot.services.people.subjects import Subject
from models.account import Account
from models.audit import AuditEntry
from models.campaign import Campaign
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.errand import Errand
from models.guardianship import Guardianship
from models.inbox import WebhookEvent
from models.inquiry import Inquiry
from models.mail import Mail, Suppression, WaitingLetter
from models.mail_archive import ArchivedMail
from models.merges import Look, Unmasking
from models.one_time_token import OneTimeToken, TokenPurpose
from models.outbox import Push
from models.portal import KnownNetwork, LessonProgress, PortalAccount, PortalSession, PortalStay
from models.privacy import Disclosure, Erasure, LegalHold, PrivacyRequest
from models.recipient import Recipient
from models.secret_link import SecretLink
from models.subscription import Subscription
from models.tag import LearnerTag

SHOWN = 256 * 1024  # bytes of a mail in a person's file; the operator can hand out the rest
Value = str | int | None
Row = dict[str, Value]


Read = Callable[[Session, Subject], list[Row]]


def _of_chat(owner: Any, order: Any, *columns: str) -> Read:
    """Columns of the rows that name the person's conversation."""

    def read(session: Session, subject: Subject) -> list[Row]:
        query = select(owner.class_).where(owner == subject.conversation_id).order_by(order)
        return [_row(row, *columns) for row in session.scalars(query)]

    return read


subscription = _of_chat(Subscription.subject_id, None, "channel", "topic", "chosen_at")
inquiry = _of_chat(Inquiry.conversation_id, Inquiry.created_at, "topic", "created_at", "closed_at")
errand = _of_chat(Errand.subject_id, Errand.id, "kind", "asked_at", "value")
erasure = _of_chat(Erasure.subject_id, None, "erased_at")


def learner(session: Session, subject: Subject) -> list[Row]:
    found = subjects.learner(session, subject)
    if found is None:
        return []
    sealed = (*Item, "line_user_id")
    plain = (
        "state", "age_band", "language", "created_at", "used_at", "closed_at",
        "email_verified_at", "news_paused_until", "objected_at", "restricted_at",
    )  # fmt: skip
    return [_row(found, *sealed, *plain)]


def conversation(session: Session, subject: Subject) -> list[Row]:
    found = session.get(Conversation, subject.conversation_id)
    if found is None:
        return []
    row = _row(found, "language", "created_at", "seen_at", "blocked_at", "expires_at")
    return [{**row, "draft": _draft(found.draft_json)}]


def consent_event(session: Session, subject: Subject) -> list[Row]:
    query = (
        select(ConsentEvent)
        .where(ConsentEvent.subject_id == subject.conversation_id)
        .order_by(ConsentEvent.at, ConsentEvent.id)
    )
    columns = ("at", "purpose", "state", "valid_until", "text", "language", "channel", "actor")
    return [
        {"receipt": event.id, **_row(event, *columns, "notice_version")}
        for event in session.scalars(query)
    ]


def privacy_request(session: Session, subject: Subject) -> list[Row]:
    """What was asked about a person, and what they asked for a child: the child is not named."""
    mine = subject.conversation_id
    query = (
        select(PrivacyRequest)
        .where(or_(PrivacyRequest.subject_id == mine, PrivacyRequest.guardian_id == mine))
        .order_by(PrivacyRequest.opened_at)
    )
    columns = (
        "kind", "state", "asked_by", "channel", "opened_at", "acknowledged_at", "due_at",
        "closed_at", "detail", "reason",
    )  # fmt: skip
    return _rows(session.scalars(query), *columns)


def account(session: Session, subject: Subject) -> list[Row]:
    query = select(Account).where(Account.learner_id == (subject.learner_id or ""))
    columns = ("provider", "username", "state", "created_at", "issued_at")
    return _rows(session.scalars(query), *columns)


def portal_account(session: Session, subject: Subject) -> list[Row]:
    columns = ("username", "created_at", "suspended_at", "closed_at")
    return _rows(portal_accounts(session, subject), *columns)


def portal_session(session: Session, subject: Subject) -> list[Row]:
    query = select(PortalSession).where(PortalSession.account_id.in_(_portal(session, subject)))
    return _rows(session.scalars(query.order_by(PortalSession.created_at)), "created_at")


def portal_stay(session: Session, subject: Subject) -> list[Row]:
    query = select(PortalStay).where(PortalStay.account_id.in_(_portal(session, subject)))
    rows = session.scalars(query.order_by(PortalStay.created_at))
    return _rows(rows, "device", "created_at", "used_at")


def known_network(session: Session, subject: Subject) -> list[Row]:
    """When somebody came from each: of the network there is a keyed digest only."""
    query = select(KnownNetwork).where(KnownNetwork.owner_id.in_(_portal(session, subject)))
    rows = session.scalars(query.order_by(KnownNetwork.seen_at, KnownNetwork.id))
    return _rows(rows, "seen_at")


def lesson_progress(session: Session, subject: Subject) -> list[Row]:
    query = select(LessonProgress).where(LessonProgress.account_id.in_(_portal(session, subject)))
    rows = session.scalars(query.order_by(LessonProgress.done_at))
    return _rows(rows, "course", "lesson", "done_at")


def secret_link(session: Session, subject: Subject) -> list[Row]:
    query = select(SecretLink).where(
        SecretLink.account_id.in_(subjects.account_ids(session, subject))
    )
    columns = ("purpose", "created_at", "expires_at", "used_at", "replaced_at")
    return _rows(session.scalars(query.order_by(SecretLink.created_at)), *columns)


def one_time_token(session: Session, subject: Subject) -> list[Row]:
    """Only an address is shown of what a proof is good for; the rest could be a proof itself."""
    query = select(OneTimeToken).where(OneTimeToken.subject_id == subject.conversation_id)
    shown = {TokenPurpose.EMAIL_CONFIRM, TokenPurpose.EMAIL_CODE}
    return [
        {
            **_row(token, "purpose", "created_at", "expires_at", "used_at"),
            "value": token.value if token.purpose in shown else None,
        }
        for token in session.scalars(query.order_by(OneTimeToken.created_at))
    ]


def recipient(session: Session, subject: Subject) -> list[Row]:
    """On which announcements' lists somebody stands; found by campaign, as the key begins so."""
    query = (
        select(Campaign.started_at, Campaign.topic, Recipient.channel, Recipient.left_out)
        .join(Recipient, Recipient.campaign_id == Campaign.id)
        .where(
            Recipient.campaign_id.in_(select(Campaign.id)),
            Recipient.subject_id == subject.conversation_id,
        )
        .order_by(Campaign.id)
    )
    return [
        {
            "sent_at": _plain(started_at) if channel else None,
            "topic": topic,
            "channel": _plain(channel),
            "reason": _plain(left_out),
        }
        for started_at, topic, channel, left_out in session.execute(query)
    ]


def mail(session: Session, subject: Subject) -> list[Row]:
    columns = (
        "created_at", "sent_at", "bounced_at", "state", "stream", "topic", "to", "title", "text",
    )  # fmt: skip
    return _rows(mails(session, subject), *columns)


def archived_mail(session: Session, subject: Subject) -> list[Row]:
    columns = ("direction", "at", "date", "peer", "size", "sha256")
    return _rows(archived_mails(session, subject), *columns)


def archived_chunk(session: Session, subject: Subject) -> list[Row]:
    """The bytes of archived mails, as text; the words of those that the bot sent are in `mail`."""
    return [
        {
            "sha256": row.sha256,
            "written": mail_archive.start_of(session, row, SHOWN).decode("utf-8", "replace"),
        }
        for row in archived_mails(session, subject)
        if row.mail_id is None and row.sha256 is not None
    ]


def suppression(session: Session, subject: Subject) -> list[Row]:
    return _rows(suppressions(session, subject), "at", "reason")


def waiting_letter(session: Session, subject: Subject) -> list[Row]:
    return _rows(waiting_letters(session, subject), "at", "title")


def push(session: Session, subject: Subject) -> list[Row]:
    return [
        {
            **_row(row, "created_at", "sent_at", "state", "purpose", "topic"),
            "messages": _said(row.messages),
        }
        for row in pushes(session, subject)
    ]


def webhook_event(session: Session, subject: Subject) -> list[Row]:
    person = subjects.person(session, subject)
    if person is None:
        return []
    query = select(WebhookEvent).where(WebhookEvent.person == person)
    return [
        {
            **_row(event, "kind", "happened_at", "state"),
            "said": _typed(event.payload),
            "answer": _said(event.answer),
        }
        for event in session.scalars(query.order_by(WebhookEvent.happened_at))
    ]


def guardianship(session: Session, subject: Subject) -> list[Row]:
    """As a child and as a guardian; of the other one's details nothing."""
    common = ("state", "age_band", "relation", "created_at", "decided_at", "ended_at")
    found: list[Row] = []
    for row in guardianships(session, subject):
        is_child = row.child_id == subject.conversation_id
        own = ("nickname", "child_line") if is_child else ("guardian_called", "guardian_line")
        called, line = (getattr(row, attribute) for attribute in own)
        role = "child" if is_child else "guardian"
        found.append({"role": role, **_row(row, *common), "called": called, "line_user_id": line})
    return found


def legal_hold(session: Session, subject: Subject) -> list[Row]:
    """Only those of which the person may be told."""
    query = select(LegalHold).where(
        LegalHold.learner_id == (subject.learner_id or ""), LegalHold.may_tell
    )
    return _rows(session.scalars(query), "placed_at", "released_at", "reason")


def disclosure(session: Session, subject: Subject) -> list[Row]:
    query = select(Disclosure).where(Disclosure.learner_id == (subject.learner_id or ""))
    return [
        {**_row(row, "at", "ground", "reference", "recipient"), "items": ", ".join(row.items)}
        for row in session.scalars(query.order_by(Disclosure.at))
    ]


def audit_entry(session: Session, subject: Subject) -> list[Row]:
    """What was done, but for what tells of somebody else or of an order that stays secret.

    Source: PDPA s.30, second paragraph: access is refused where it would harm another's rights,
    or where the law or a court forbids it.
    """
    query = select(AuditEntry).where(
        AuditEntry.subject.in_(subjects.ids(session, subject)),
        AuditEntry.action != Action.DUPLICATE_FLAGGED,
    )
    secret = set(
        session.scalars(
            select(LegalHold.id).where(
                LegalHold.learner_id == (subject.learner_id or ""), LegalHold.may_tell.is_(False)
            )
        )
    )
    return [
        {**_row(entry, "at", "action"), "actor": entry.actor.split(":")[0]}
        for entry in session.scalars(query.order_by(AuditEntry.seq))
        if entry.data.get("hold_id") not in secret
    ]


def learner_tag(session: Session, subject: Subject) -> list[Row]:
    query = select(LearnerTag).where(LearnerTag.learner_id == (subject.learner_id or ""))
    rows = session.scalars(query.order_by(LearnerTag.tag))
    return [{"tag": row.tag, "chosen_at": _plain(row.put_at)} for row in rows]


def unmasking(session: Session, subject: Subject) -> list[Row]:
    """When and why staff read the details in full, but for an order, which may be secret.

    Source: PDPA s.30, second paragraph.
    """
    query = select(Unmasking).where(
        Unmasking.learner_id == (subject.learner_id or ""), Unmasking.category != Look.ORDER
    )
    rows = session.scalars(query.order_by(Unmasking.at))
    return [{**_row(row, "at"), "kind": row.category.value, "reason": row.reason} for row in rows]


def nothing(session: Session, subject: Subject) -> list[Row]:
    return []


def mails(session: Session, subject: Subject) -> list[Mail]:
    """Mails about a person, and mails to their address that name no ledger."""
    criteria: list[Any] = [Mail.subject_id == subject.conversation_id]
    known = subjects.learner(session, subject)
    if known is not None and known.email:
        indexes = Mail.to.lookups(session, known.email)
        criteria.append(Mail.subject_id.is_(None) & Mail.address_index.in_(indexes))
    return list(session.scalars(select(Mail).where(or_(*criteria)).order_by(Mail.created_at)))


def archived_mails(session: Session, subject: Subject) -> list[ArchivedMail]:
    """Archived mails about a person, and those from or to their present address."""
    criteria: list[Any] = [ArchivedMail.subject_id == subject.conversation_id]
    known = subjects.learner(session, subject)
    if known is not None and known.email:
        indexes = ArchivedMail.peer.lookups(session, known.email)
        mine = ArchivedMail.subject_id.is_(None) & ArchivedMail.peer_index.in_(indexes)
        criteria.append(mine)
    query = select(ArchivedMail).where(or_(*criteria), ArchivedMail.erased_at.is_(None))
    return list(session.scalars(query.order_by(ArchivedMail.at, ArchivedMail.id)))


def suppressions(session: Session, subject: Subject) -> list[Suppression]:
    """The bars against news to a person's present address."""
    known = subjects.learner(session, subject)
    if known is None or not known.email:
        return []
    indexes = Mail.to.lookups(session, known.email)
    return list(session.scalars(select(Suppression).where(Suppression.address_index.in_(indexes))))


def waiting_letters(session: Session, subject: Subject) -> list[WaitingLetter]:
    """What came from a person's present address and waits for staff."""
    known = subjects.learner(session, subject)
    if known is None or not known.email:
        return []
    indexes = WaitingLetter.sender.lookups(session, known.email)
    query = select(WaitingLetter).where(WaitingLetter.sender_index.in_(indexes))
    return list(session.scalars(query))


def pushes(session: Session, subject: Subject) -> list[Push]:
    """Paid messages to a person."""
    criteria: list[Any] = [Push.subject_id == subject.conversation_id]
    person = subjects.person(session, subject)
    if person is not None:
        criteria.append(Push.person == person)
    return list(session.scalars(select(Push).where(or_(*criteria)).order_by(Push.created_at)))


def guardianships(session: Session, subject: Subject) -> list[Guardianship]:
    """Requests that a person made as a child or answered as a guardian."""
    query = select(Guardianship).where(
        or_(
            Guardianship.child_id == subject.conversation_id,
            Guardianship.guardian_id == subject.conversation_id,
        )
    )
    return list(session.scalars(query.order_by(Guardianship.created_at)))


def portal_accounts(session: Session, subject: Subject) -> list[PortalAccount]:
    """A person's sign-ins in the embedded system: our tables, whichever system is set today."""
    keys = subjects.account_ids(session, subject)
    return list(session.scalars(select(PortalAccount).where(PortalAccount.external_key.in_(keys))))


def _portal(session: Session, subject: Subject) -> list[str]:
    return [account.id for account in portal_accounts(session, subject)]


def _rows(found: Iterable[Any], *names: str) -> list[Row]:
    return [_row(row, *names) for row in found]


def _row(row: Any, *names: str) -> Row:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Value:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)


def _draft(text: str | None) -> str | None:
    """What a step has collected, as `item: value` lines."""
    found = json.loads(text or "{}")
    return "\n".join(f"{key}: {value}" for key, value in found.items()) or None


def _typed(payload: str | None) -> str | None:
    """What a person typed or tapped, while that has not been answered yet."""
    if payload is None:
        return None
    raw = json.loads(payload)
    message, postback = raw.get("message") or {}, raw.get("postback") or {}
    return message.get("text") or postback.get("data") or message.get("type")


def _said(text: str | None) -> str | None:
    """The words of messages that are still on their way."""
    if text is None:
        return None
    found = json.loads(text)
    messages = found.get("messages", found) if isinstance(found, dict) else found
    return "\n".join(dict.fromkeys(_words(messages))) or None


def _words(thing: Any) -> Iterator[str]:
    if isinstance(thing, list):
        for part in thing:
            yield from _words(part)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key in {"text", "altText", "label"} and isinstance(value, str):
                yield value
            else:
                yield from _words(value)
