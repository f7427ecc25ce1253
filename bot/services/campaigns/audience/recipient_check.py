"""One named learner before a campaign: in which language and on which channel they would get it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth.sign_in import normal_username
from bot.services.campaigns.audience import eligibility, filters
from bot.services.shared.keyset import KeyRange
from bot.services.subscriptions import frequency_cap
from bot.settings import Settings
from models.account import Account
from models.campaign import Campaign
from models.conversation import Conversation, Language
from models.learner import Learner
from models.recipient import ExclusionReason
from models.subscription import Channel


@dataclass(frozen=True)
class Reader:
    """channel None: left out, by the reason; both None: the filters leave them out."""

    language: Language
    channel: Channel | None
    left_out: ExclusionReason | None


@dataclass(frozen=True)
class _One(KeyRange):
    """A range of one person."""

    def holds(self, column: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column == self.to
        return found


def find(
    session: Session,
    campaign: Campaign,
    username: str,
    settings: Settings,
    *,
    actor: str,
    now: datetime,
) -> Reader | None:
    """The learner with this very username; None where there is none. That it was asked is audited.

    Addresses whose mail came back are only looked at when the list is counted.
    """
    query = (
        select(Learner)
        .join(Account, Account.learner_id == Learner.id)
        .where(Account.username == normal_username(username))
    )
    learner = session.scalars(query).first()
    audit.record(
        session,
        Action.LEARNERS_SEARCHED,
        actor=actor,
        subject=None,
        now=now,
        kind="username",
        found=1 if learner else 0,
    )
    return None if learner is None else _as_read(session, campaign, learner, settings, now)


def of_person(
    session: Session, campaign: Campaign, person: str, settings: Settings, now: datetime
) -> Reader | None:
    """How the holder of a pseudonym would get it, who asks it about themselves.

    None where they are no learner.
    """
    of_chat = Learner.conversation_id == Conversation.id
    query = select(Learner).join(Conversation, of_chat).where(Conversation.person == person)
    learner = session.scalars(query).one_or_none()
    return None if learner is None else _as_read(session, campaign, learner, settings, now)


def _as_read(
    session: Session, campaign: Campaign, learner: Learner, settings: Settings, now: datetime
) -> Reader:
    one = _One("", learner.conversation_id)
    when = max(campaign.send_at or now, now)
    near = frequency_cap.campaigns_near(session, when, but=campaign.id)
    counted = frequency_cap.lately(one, near, when)
    row = session.execute(
        eligibility.rows(
            one,
            filters.read(campaign.audience),
            campaign.topic,
            counted,
            settings.news_per_month,
            now,
            is_embedded=settings.system.is_embedded,
        )
    ).one_or_none()
    if row is None:
        return Reader(learner.language, None, None)
    left_out = ExclusionReason(row.left_out) if row.left_out else None
    channel = Channel(row.way) if row.way and left_out is None else None
    return Reader(Language(row.language), channel, left_out)
