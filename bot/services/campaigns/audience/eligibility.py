"""Everybody looked at for a campaign, a range of people at a time: the channel, or why not.

The rules are those of bot/services/subscriptions/news.py (`may_send`) and
bot/services/consent/consents.py (`fold`), written once more as set arithmetic, because a million
people asked one by one take an hour; a test holds both against each other.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import CTE

from bot.services.campaigns.audience import filters
from bot.services.campaigns.audience.filters import Audience
from bot.services.consent.consents import GUARDIAN, SELF
from bot.services.shared.keyset import KeyRange
from bot.services.subscriptions.subscriptions import NEWS
from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import AgeBand, Learner, LearnerState
from models.recipient import ExclusionReason
from models.subscription import Channel, Subscription


def rows(
    key_range: KeyRange,
    audience: Audience,
    topic: str,
    counted: CTE | None,
    cap: int,
    now: datetime,
    *,
    is_embedded: bool,
) -> Select[Any]:
    """subject_id, learner_id, language, channel, left_out, revision, until: one row a person.

    counted: subject_id and times, how much news each has had lately; cap: how much is enough.
    is_embedded: whether our tables know who uses E-Learning (bot.elearning.System).
    """
    line, email = (_consents(key_range, purpose, now) for purpose in NEWS)
    chosen = _chosen(key_range, topic)
    on_line, on_email = (func.coalesce(each, 0) == 1 for each in (chosen.c.line, chosen.c.email))
    may_line, may_email = _agreed(line), _agreed(email)
    blocked = Conversation.blocked_at.is_not(None)
    confirmed = Learner.email_verified_at.is_not(None)
    by_line = _if(Channel.LINE in audience.channels, and_(on_line, may_line, ~blocked))
    # Whoever chose it on LINE and cannot be reached there gets it by mail, if they allow mail.
    wants_mail = or_(on_email, and_(on_line, blocked))
    by_email = _if(Channel.EMAIL in audience.channels, and_(wants_mail, may_email, confirmed))
    enough = func.coalesce(counted.c.times, 0) >= cap if counted is not None else literal(cap <= 0)
    left_out = case(
        *_stopped(now),
        (and_(or_(by_line, by_email), enough), _said(ExclusionReason.ENOUGH)),
        (or_(by_line, by_email), null()),
        (~or_(on_line, on_email), _said(ExclusionReason.NOT_CHOSEN)),
        (and_(on_line, may_line, blocked), _said(ExclusionReason.BLOCKED)),
        (and_(on_email, may_email, ~confirmed), _said(ExclusionReason.NO_ADDRESS)),
        (and_(on_line, _own(line)) | and_(on_email, _own(email)), _said(ExclusionReason.GUARDIAN)),
        else_=_said(ExclusionReason.NO_CONSENT),
    )
    query = (
        select(
            Learner.conversation_id.label("subject_id"),
            Learner.id.label("learner_id"),
            Conversation.language.label("language"),
            case((by_line, _said(Channel.LINE)), (by_email, _said(Channel.EMAIL))).label("way"),
            left_out.label("left_out"),
            Learner.revision.label("revision"),
            case((by_line, _until(line)), else_=_until(email)).label("until"),
        )
        .join(Conversation, Conversation.id == Learner.conversation_id)
        .outerjoin(line, line.c.subject_id == Learner.conversation_id)
        .outerjoin(email, email.c.subject_id == Learner.conversation_id)
        .outerjoin(chosen, chosen.c.subject_id == Learner.conversation_id)
        .where(
            key_range.holds(Learner.conversation_id),
            key_range.holds(Conversation.id),  # said twice, or every range reads the whole table
            Learner.state == LearnerState.ACTIVE,
            *filters.conditions(audience, now, is_embedded=is_embedded),
        )
    )
    if counted is not None:
        query = query.outerjoin(counted, counted.c.subject_id == Learner.conversation_id)
    return query


def _stopped(now: datetime) -> list[tuple[ColumnElement[bool], ColumnElement[str]]]:
    """What a person, or the school, has done against all news, whatever they are about."""
    is_frozen = (
        select(Account.id)
        .where(Account.learner_id == Learner.id, Account.state == AccountState.FROZEN)
        .exists()
    )
    return [
        (is_frozen, _said(ExclusionReason.CLOSED)),
        (Learner.objected_at.is_not(None), _said(ExclusionReason.OBJECTED)),
        (Learner.restricted_at.is_not(None), _said(ExclusionReason.RESTRICTED)),
        (Learner.news_paused_until > now, _said(ExclusionReason.PAUSED)),
    ]


def _said(value: StrEnum) -> ColumnElement[str]:
    """A value of ours as SQL's plain text."""
    return literal(value.value, String)


def _if(is_open: bool, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition if is_open else literal(False)


def _by_voice(key_range: KeyRange, purpose: Purpose) -> CTE:
    """What was said to a purpose, by the voice that it counts for."""
    event = ConsentEvent
    # Each agreement of a guardian begins anew: an older yes of a guardian does not count.
    since = (
        select(Guardianship.child_id, func.max(Guardianship.decided_at).label("at"))
        .where(
            Guardianship.state == GuardianshipState.AGREED, key_range.holds(Guardianship.child_id)
        )
        .group_by(Guardianship.child_id)
        .cte(f"since_{purpose}")
    )
    columns = (event.subject_id, event.state, event.valid_until, event.at, event.id)
    mine = and_(event.purpose == purpose, key_range.holds(event.subject_id))
    own = select(*columns, literal(SELF).label("voice")).where(mine, event.actor != GUARDIAN)
    guardians = (
        select(*columns, literal(GUARDIAN).label("voice"))
        .outerjoin(since, since.c.child_id == event.subject_id)
        .where(
            mine,
            event.actor != SELF,
            or_(
                event.state != ConsentState.GIVEN,
                and_(event.actor == GUARDIAN, event.at >= since.c.at),
            ),
        )
    )
    return union_all(own, guardians).cte(f"said_{purpose}")


def _consents(key_range: KeyRange, purpose: Purpose, now: datetime) -> CTE:
    """What each voice said last to a purpose: one row a subject (see `consents.fold`)."""
    given, withdrawn = ConsentState.GIVEN, ConsentState.WITHDRAWN
    said = _by_voice(key_range, purpose)
    newest_first = (said.c.at.desc(), said.c.id.desc())
    of_voice = func.row_number().over(
        partition_by=(said.c.subject_id, said.c.voice), order_by=newest_first
    )
    of_all = func.row_number().over(partition_by=said.c.subject_id, order_by=newest_first)
    ranked = select(
        said.c.subject_id,
        said.c.state,
        said.c.valid_until,
        said.c.voice,
        of_voice.label("of_voice"),
        of_all.label("of_all"),
    ).cte(f"ranked_{purpose}")

    def flag(voice: str, *conditions: Any) -> Any:
        return func.max(case((and_(ranked.c.voice == voice, *conditions), 1), else_=0))

    def until(voice: str) -> Any:
        return func.min(case((ranked.c.voice == voice, ranked.c.valid_until)))

    living = and_(
        ranked.c.state == given, or_(ranked.c.valid_until.is_(None), ranked.c.valid_until > now)
    )
    return (
        select(
            ranked.c.subject_id,
            flag(SELF, living).label("own"),
            flag(SELF, ranked.c.state == withdrawn).label("own_no"),
            flag(GUARDIAN, living).label("guardian"),
            flag(GUARDIAN, ranked.c.of_all == 1).label("guardian_last"),
            until(SELF).label("own_until"),
            until(GUARDIAN).label("guardian_until"),
        )
        .where(ranked.c.of_voice == 1)
        .group_by(ranked.c.subject_id)
        .cte(f"agreed_{purpose}")
    )


def _agreed(consent: CTE) -> ColumnElement[bool]:
    """Whether everybody who must agree has: `consents.fold` by age band."""
    own = func.coalesce(consent.c.own, 0) == 1
    guardian = func.coalesce(consent.c.guardian, 0) == 1
    not_stopped = or_(
        func.coalesce(consent.c.own_no, 0) == 0, func.coalesce(consent.c.guardian_last, 0) == 1
    )
    return case(
        (Learner.age_band == AgeBand.FROM_20, own),
        (Learner.age_band == AgeBand.FROM_11_TO_19, and_(own, guardian)),
        else_=and_(guardian, not_stopped),
    )


def _own(consent: CTE) -> ColumnElement[bool]:
    """Whether only the guardian's yes is missing."""
    own = func.coalesce(consent.c.own, 0) == 1
    return and_(Learner.age_band != AgeBand.FROM_20, own)


def _until(consent: CTE) -> ColumnElement[Any]:
    """When the first of the consents that are counted on runs out."""
    own, guardian = consent.c.own_until, consent.c.guardian_until
    return case(
        (Learner.age_band == AgeBand.FROM_20, own),
        (Learner.age_band == AgeBand.UP_TO_10, guardian),
        (or_(own < guardian, guardian.is_(None)), own),
        else_=guardian,
    )


def _chosen(key_range: KeyRange, topic: str) -> CTE:
    def flag(channel: Channel) -> Any:
        return func.max(case((Subscription.channel == channel, 1), else_=0))

    return (
        select(
            Subscription.subject_id,
            flag(Channel.LINE).label("line"),
            flag(Channel.EMAIL).label("email"),
        )
        .where(Subscription.topic == topic, key_range.holds(Subscription.subject_id))
        .group_by(Subscription.subject_id)
        .cte("chosen")
    )
