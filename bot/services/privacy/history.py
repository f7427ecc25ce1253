"""What happened with a person's data and account, newest first, from every place that knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.courses import progress
from models.audit import AuditEntry
from models.learner import Learner
from models.mail import Mail, MailState, Stream
from models.outbox import Push, PushState
from models.privacy import Disclosure, PrivacyRequest
from models.secret_link import LinkPurpose
from models.subscription import Channel


class HistoryKind(StrEnum):
    COURSE = "course"
    ACCOUNT = "account"
    CHANGE = "change"
    CONSENT = "consent"
    NEWS = "news"
    REQUEST = "request"
    DISCLOSURE = "disclosure"


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that happened; `detail` holds ids and states, never a name or a secret."""

    at: datetime
    kind: HistoryKind
    detail: Mapping[str, str] = field(default_factory=dict)


# What the audit trail tells its subject; sign-ins and lookups would only bury the rest.
TOLD = {
    Action.LEARNER_CREATED: HistoryKind.ACCOUNT,
    Action.ACCOUNT_CREATED: HistoryKind.ACCOUNT,
    Action.ACCOUNT_CLOSED: HistoryKind.ACCOUNT,
    Action.ACCOUNT_FROZEN: HistoryKind.ACCOUNT,
    Action.ACCOUNT_UNFROZEN: HistoryKind.ACCOUNT,
    Action.LINK_ISSUED: HistoryKind.ACCOUNT,
    Action.PASSWORD_ISSUED: HistoryKind.ACCOUNT,
    Action.PASSWORD_CHANGED: HistoryKind.ACCOUNT,
    Action.STAY_OPENED: HistoryKind.ACCOUNT,
    Action.LEARNER_RELINKED: HistoryKind.ACCOUNT,
    Action.EMAIL_VERIFIED: HistoryKind.CHANGE,
    Action.LEARNER_CHANGED: HistoryKind.CHANGE,
    Action.NEWS_PAUSED: HistoryKind.NEWS,
}


def entries(session: Session, learner: Learner) -> list[HistoryEntry]:
    """Everything, newest first."""
    found = [
        *_courses(session, learner),
        *_acts(session, learner),
        *_consents(session, learner),
        *_news(session, learner),
        *_requests(session, learner),
        *_disclosures(session, learner),
    ]
    # What happened in one moment stays in the order in which it was found.
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _courses(session: Session, learner: Learner) -> Iterable[HistoryEntry]:
    """One entry a course: how many lessons are done, and when the last one was."""
    return [
        HistoryEntry(
            begun.at, HistoryKind.COURSE, {"course": begun.course, "done": str(begun.done)}
        )
        for begun in progress.of_learner(session, learner.id)
    ]


def _acts(session: Session, learner: Learner) -> list[HistoryEntry]:
    rows = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject.in_([learner.id, learner.conversation_id]),
            AuditEntry.action.in_([str(action) for action in TOLD]),
        )
        .order_by(AuditEntry.at, AuditEntry.seq)
    )
    found, issued = [], 0
    for row in rows:
        action = Action(row.action)
        if row.data.get("purpose") == LinkPurpose.LESSONS:
            continue  # a way into the lessons is a sign-in
        detail = {"what": str(action)}
        if action is Action.PASSWORD_ISSUED:
            issued += 1
            detail["is_again"] = "yes" if issued > 1 else ""
        if action is Action.LEARNER_CHANGED:
            detail["item"] = str(row.data["item"])
        if action is Action.NEWS_PAUSED:
            detail["until"] = str(row.data["until"])
        found.append(HistoryEntry(row.at, TOLD[action], detail))
    return found[::-1]


def _consents(session: Session, learner: Learner) -> list[HistoryEntry]:
    found = [
        HistoryEntry(
            event.at,
            HistoryKind.CONSENT,
            {
                "purpose": str(event.purpose),
                "state": str(event.state),
                "actor": event.actor,
                "event_id": event.id,
            },
        )
        for event in consents.history(session, learner.conversation_id)
    ]
    return found[::-1]


def _news(session: Session, learner: Learner) -> list[HistoryEntry]:
    """What was accepted for delivery; that is not the same as read."""
    pushes = session.execute(
        select(Push.topic, func.coalesce(Push.sent_at, Push.created_at).label("at")).where(
            Push.subject_id == learner.conversation_id,
            Push.purpose.is_not(None),
            Push.state == PushState.SENT,
        )
    )
    sent = session.execute(
        select(Mail.topic, func.coalesce(Mail.sent_at, Mail.created_at).label("at")).where(
            Mail.subject_id == learner.conversation_id,
            Mail.stream == Stream.NEWS,
            Mail.state == MailState.SENT,
        )
    )
    return [
        HistoryEntry(
            row.at,
            HistoryKind.NEWS,
            {"what": "sent", "channel": str(channel), "topic": row.topic or ""},
        )
        for channel, rows in ((Channel.LINE, pushes), (Channel.EMAIL, sent))
        for row in rows
    ]


def _requests(session: Session, learner: Learner) -> list[HistoryEntry]:
    """What was asked about a learner, and what they asked for a child."""
    mine = learner.conversation_id
    rows = session.scalars(
        select(PrivacyRequest)
        .where(or_(PrivacyRequest.subject_id == mine, PrivacyRequest.guardian_id == mine))
        .order_by(PrivacyRequest.opened_at.desc(), PrivacyRequest.id.desc())
    )
    return [
        HistoryEntry(
            row.opened_at,
            HistoryKind.REQUEST,
            {
                "what": str(row.kind),
                "state": str(row.state),
                "asked_by": row.asked_by,
                "is_for_child": "yes" if row.subject_id != mine else "",
            },
        )
        for row in rows
    ]


def _disclosures(session: Session, learner: Learner) -> list[HistoryEntry]:
    rows = session.scalars(
        select(Disclosure)
        .where(Disclosure.learner_id == learner.id)
        .order_by(Disclosure.at.desc(), Disclosure.id.desc())
    )
    return [
        HistoryEntry(
            row.at,
            HistoryKind.DISCLOSURE,
            {
                "recipient": row.recipient,
                "ground": str(row.ground),
                "items": ", ".join(str(item) for item in row.items),
            },
        )
        for row in rows
    ]
