"""News consents that ran out: ended in the ledger, asked for again exactly once, then silence."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails, outbox
from bot.services.delivery.gate import News
from bot.services.delivery.presenter import Notice
from bot.services.subscriptions.subscriptions import CHANNEL_OF, NEWS
from bot.settings import Settings
from bot.texts import translator
from bot.texts.dates import shown_span
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner, LearnerState
from models.subscription import Channel

BATCH = 100


@dataclass(frozen=True)
class ConsentRanOut(Notice):
    """The 24 months of a consent to news on LINE are over: it is asked for once more."""

    purpose: Purpose


def run_out(session: Session, settings: Settings, now: datetime) -> int:
    """End the next consents whose 24 months are over, and ask once more; returns how many ended.

    A pause is waited for: nothing flows meanwhile either way. Call it until it returns 0; a unit
    that was lost is found again, and one that is repeated ends and asks nothing twice.
    """
    ended = 0
    for subject_id, purpose in _due(session, now):
        conversation = session.get(Conversation, subject_id, with_for_update=True)
        given = _run_out_event(session, subject_id, purpose, now)
        if conversation is None or given is None:
            continue  # somebody else was faster
        t = translator(conversation.language)
        said = ConsentStatement(
            t("The {span} of this consent are over.", span=shown_span(t, consents.NEWS_VALIDITY)),
            channel="system",
            actor="system",
        )
        consents.record(
            session, conversation, purpose, ConsentState.EXPIRED, said, settings.school, now
        )
        session.flush()
        learner = session.scalars(
            select(Learner).where(Learner.conversation_id == subject_id)
        ).one()
        if _may_be_asked(learner, conversation, purpose):
            _ask(session, learner, conversation, purpose, f"again:{given.id}", settings, now)
        ended += 1
    return ended


def _due(session: Session, now: datetime) -> list[tuple[str, Purpose]]:
    given, later = aliased(ConsentEvent), aliased(ConsentEvent)
    is_overtaken = exists().where(
        later.subject_id == given.subject_id,
        later.purpose == given.purpose,
        tuple_(later.at, later.id) > tuple_(given.at, given.id),
        or_(later.actor == given.actor, later.actor.not_in(consents.VOICES)),
    )
    query = (
        select(given.subject_id, given.purpose)
        .join(Learner, Learner.conversation_id == given.subject_id)
        .where(
            given.purpose.in_(NEWS),
            given.state == ConsentState.GIVEN,
            given.valid_until <= now,
            ~is_overtaken,
            or_(Learner.news_paused_until.is_(None), Learner.news_paused_until <= now),
        )
        .order_by(given.valid_until, given.id)
        .limit(BATCH)
    )
    # Both voices of a child may have run out: one end for both.
    return list(dict.fromkeys((row.subject_id, row.purpose) for row in session.execute(query)))


def _run_out_event(
    session: Session, subject_id: str, purpose: Purpose, now: datetime
) -> ConsentEvent | None:
    """The yes that has run out, where nothing newer stands in its place."""
    newest_system = None
    for event in reversed(consents.history(session, subject_id)):
        if event.purpose is not purpose:
            continue
        if event.actor not in consents.VOICES:
            newest_system = event
            break
    for voice in consents.VOICES:
        own = consents.latest(session, subject_id, purpose, voice)
        if own is None or own.state is not ConsentState.GIVEN or consents.is_living(own, now):
            continue
        if newest_system is None or (own.at, own.id) > (newest_system.at, newest_system.id):
            return own
    return None


def _may_be_asked(learner: Learner, conversation: Conversation, purpose: Purpose) -> bool:
    """Nobody is asked who left, objected, or for whom only the guardian decides."""
    if learner.state is not LearnerState.ACTIVE or learner.age_band is AgeBand.UP_TO_10:
        return False
    if learner.objected_at is not None or learner.restricted_at is not None:
        return False
    if CHANNEL_OF[purpose] is Channel.LINE:
        return conversation.blocked_at is None
    return learner.email_verified_at is not None


def _ask(
    session: Session,
    learner: Learner,
    conversation: Conversation,
    purpose: Purpose,
    cause: str,
    settings: Settings,
    now: datetime,
) -> None:
    """One question on the channel that it is about; without a topic, so it is no news."""
    language, news = conversation.language, News(conversation.id, purpose)
    if CHANNEL_OF[purpose] is Channel.LINE:
        outbox.tell(
            session,
            ConsentRanOut(purpose),
            language,
            cause=cause,
            person=conversation.person,
            to=learner.line_user_id or "",
            now=now,
            news=news,
        )
        return
    values = {
        "choices": f"{settings.public_url}/portal/news?lang={language}",
        "sender": settings.school.controller or "English Planet",
        "span": shown_span(translator(language), consents.NEWS_VALIDITY),
    }
    text = mails.MailText("news_again", language, values)
    mails.queue(session, text, cause=cause, to=learner.email or "", now=now, news=news)
