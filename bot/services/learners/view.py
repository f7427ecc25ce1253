"""Everything about one learner that staff see at a glance: masked, and no more than they need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from bot.services.accounts import details, holds
from bot.services.consent import consents
from bot.services.courses import progress
from bot.services.learners import invitations, merging, search, tags
from bot.services.learners.search import LearnerRow
from bot.services.subscriptions import subscriptions
from models.account import Account
from models.consent import ConsentEvent, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.inquiry import Inquiry
from models.learner import AgeBand, Learner
from models.mail import Mail
from models.merges import Merge
from models.privacy import LegalHold, PrivacyRequest, RequestKind

LATEST = 5  # of requests and wishes


@dataclass(frozen=True)
class Consent:
    """One purpose: whether it holds, and what was said to it last."""

    purpose: Purpose
    holds: bool
    last: ConsentEvent | None
    topics: tuple[str, ...]


@dataclass(frozen=True)
class LearnerView:
    """One learner's page."""

    row: LearnerRow
    language: str
    has_joined: bool
    blocked_at: datetime | None
    email_verified_at: datetime | None
    undelivered: Mail | None  # the newest mail to them, where it may not have arrived
    paused_until: datetime | None
    objected_at: datetime | None
    restricted_at: datetime | None
    closed_at: datetime | None
    used_at: datetime | None
    accounts: Sequence[Account]
    courses: int  # in which a lesson was finished, as far as the embedded system knows
    consents: tuple[Consent, ...]
    requests: Sequence[PrivacyRequest]
    inquiries: Sequence[Inquiry]
    hold: LegalHold | None
    guardian: Guardianship | None
    merge: Merge | None
    tags: list[str]

    @property
    def is_minor(self) -> bool:
        """Whether a guardian stands beside them (PDPA s.20)."""
        return self.row.age_band is not AgeBand.FROM_20


def of(
    session: Session, learner_id: str, now: datetime, *, knows_orders: bool = False
) -> LearnerView | None:
    """A learner's page; None where there is no such learner.

    knows_orders: for whoever answers for privacy. Everybody else sees neither a silent hold nor
    requests to erase: only an order leaves one open beside an active learner.
    """
    learner = session.get(Learner, learner_id)
    if learner is None:
        return None
    subject = learner.conversation_id
    chat = session.get_one(Conversation, subject)
    accounts = select(Account).where(Account.learner_id == learner.id)
    found = session.scalars(accounts.order_by(Account.created_at)).all()
    requests = (
        select(PrivacyRequest)
        .where(
            PrivacyRequest.subject_id == subject,
            true() if knows_orders else PrivacyRequest.kind != RequestKind.ERASE,
        )
        .order_by(PrivacyRequest.opened_at.desc())
        .limit(LATEST)
    )
    wishes = (
        select(Inquiry)
        .where(Inquiry.conversation_id == subject)
        .order_by(Inquiry.created_at.desc())
        .limit(LATEST)
    )
    return LearnerView(
        row=search.row(learner, found),
        language=learner.language,
        has_joined=invitations.has_joined(chat),
        blocked_at=chat.blocked_at,
        email_verified_at=learner.email_verified_at,
        undelivered=details.undelivered(session, learner, now),
        paused_until=learner.news_paused_until,
        objected_at=learner.objected_at,
        restricted_at=learner.restricted_at,
        closed_at=learner.closed_at,
        used_at=learner.used_at,
        accounts=found,
        courses=progress.courses_begun(session, [account.id for account in found]),
        consents=tuple(_consent(session, subject, purpose, now) for purpose in Purpose),
        requests=session.scalars(requests).all(),
        inquiries=session.scalars(wishes).all(),
        hold=holds.told(session, learner.id)
        or (holds.standing(session, learner.id) if knows_orders else None),
        guardian=_guardian(session, subject),
        merge=merging.unsettled(session, learner.id),
        tags=tags.of(session, learner.id),
    )


def _consent(session: Session, subject: str, purpose: Purpose, now: datetime) -> Consent:
    channel = subscriptions.CHANNEL_OF.get(purpose)
    topics = subscriptions.chosen(session, subject, channel) if channel else frozenset()
    return Consent(
        purpose,
        consents.holds(session, subject, purpose, now),
        consents.latest(session, subject, purpose),
        tuple(sorted(topics)),
    )


def _guardian(session: Session, subject: str) -> Guardianship | None:
    query = (
        select(Guardianship)
        .where(Guardianship.child_id == subject, Guardianship.state == GuardianshipState.AGREED)
        .order_by(Guardianship.decided_at.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()
