"""Whether a piece of news may go out now: asked again at the moment of each sending."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from bot.services.accounts import accounts
from bot.services.consent import consents
from bot.services.delivery.gate import News
from bot.services.subscriptions import frequency_cap, topics
from bot.services.subscriptions.subscriptions import CHANNEL_OF, is_chosen
from bot.settings import Settings
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner, LearnerState
from models.mail import Mail, MailState
from models.outbox import Push, PushState
from models.recipient import ExclusionReason
from models.subscription import Channel


def may_send(
    session: Session,
    news: News,
    now: datetime,
    settings: Settings,
    row_id: str | None = None,
    address: str | None = None,
    *,
    is_counted: bool = False,
) -> ExclusionReason | None:
    """None where it may go out, else the reason why not (PDPA s.19, s.32; policy S18).

    row_id is the push or mail that asks, so that its own earlier tries are not counted against it,
    and address is where it would go: whoever moved meanwhile has left that place to others.
    is_counted: a campaign, whose frozen list was held against the frequency cap. The person's row
    is locked: a "stop" that was committed is seen, and two senders count in turn.
    """
    conversation = session.get(Conversation, news.subject_id, with_for_update=True)
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == news.subject_id)
    ).one_or_none()
    if conversation is None or learner is None:
        return ExclusionReason.GONE
    if learner.state is not LearnerState.ACTIVE or accounts.is_frozen(session, learner):
        return ExclusionReason.CLOSED
    if address is not None and address != _address(learner, news.purpose):
        return ExclusionReason.MOVED
    why_not = _stopped(learner, conversation, news.purpose, now)
    if why_not is not None:
        return why_not
    if news.topic is None:
        newest = consents.latest(session, news.subject_id, news.purpose)
        has_run_out = newest is not None and newest.state is ConsentState.EXPIRED
        return None if has_run_out else ExclusionReason.ANSWERED
    why_not = _unwanted(session, learner, conversation, news.purpose, news.topic, now, settings)
    if why_not is not None or is_counted:
        return why_not
    if count_lately(session, news.subject_id, now, row_id) >= settings.news_per_month:
        return ExclusionReason.ENOUGH
    return None


def _stopped(
    learner: Learner, conversation: Conversation, purpose: Purpose, now: datetime
) -> ExclusionReason | None:
    """What the person has done against all news, whatever they are about."""
    if learner.objected_at is not None:
        return ExclusionReason.OBJECTED
    if learner.restricted_at is not None:
        return ExclusionReason.RESTRICTED
    if purpose is Purpose.LINE_NEWS and conversation.blocked_at is not None:
        return ExclusionReason.BLOCKED
    if learner.news_paused_until is not None and now < learner.news_paused_until:
        return ExclusionReason.PAUSED
    return None


def _unwanted(
    session: Session,
    learner: Learner,
    conversation: Conversation,
    purpose: Purpose,
    topic: str,
    now: datetime,
    settings: Settings,
) -> ExclusionReason | None:
    """Why news of a topic were not asked for, or not any more."""
    if not consents.holds(session, conversation.id, purpose, now):
        return ExclusionReason.NO_CONSENT
    if purpose is Purpose.EMAIL_NEWS and learner.email_verified_at is None:
        return ExclusionReason.NO_ADDRESS
    if topics.find(settings.news_dir, topic) is None:
        return ExclusionReason.TOPIC_GONE
    is_wanted = _is_wanted(session, conversation, purpose, topic)
    return None if is_wanted else ExclusionReason.NOT_CHOSEN


def count_lately(
    session: Session, subject_id: str, now: datetime, row_id: str | None = None
) -> int:
    """How much news a person got in the last 30 days, over both channels.

    For a sender (row_id) what is on its way counts too, and what may have arrived: better one
    piece of news too few.
    """

    def tally(model: type[Push] | type[Mail], sent: str, others: ColumnElement[bool]) -> int:
        arrived = (model.state == sent) & (model.sent_at > now - frequency_cap.WINDOW)
        counted = or_(arrived, others) if row_id is not None else arrived
        query = (
            select(func.count())
            .select_from(model)
            .where(model.subject_id == subject_id, model.topic.is_not(None), counted)
            .where(model.id != (row_id or ""))
        )
        if model is Mail:  # a campaign's are counted by its list
            query = query.where(Mail.campaign_id.is_(None))
        return session.scalar(query) or 0

    def on_its_way(model: type[Push] | type[Mail], *states: str) -> ColumnElement[bool]:
        return model.state.in_(states) & (model.first_tried_at > now - frequency_cap.WINDOW)

    pushes = on_its_way(Push, PushState.QUEUED, PushState.UNKNOWN)
    mails = on_its_way(Mail, MailState.QUEUED, MailState.UNKNOWN)
    single = tally(Push, PushState.SENT, pushes) + tally(Mail, MailState.SENT, mails)
    return single + frequency_cap.of_one(session, subject_id, now)


def _is_wanted(session: Session, conversation: Conversation, purpose: Purpose, topic: str) -> bool:
    """Chosen on this channel; or chosen on LINE, which cannot reach them, and mail is allowed."""
    if is_chosen(session, conversation.id, CHANNEL_OF[purpose], topic):
        return True
    return (
        purpose is Purpose.EMAIL_NEWS
        and conversation.blocked_at is not None
        and is_chosen(session, conversation.id, Channel.LINE, topic)
    )


def _address(learner: Learner, purpose: Purpose) -> str | None:
    return learner.line_user_id if purpose is Purpose.LINE_NEWS else learner.email
