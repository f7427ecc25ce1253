"""Which news a person chose: topics by channel, a pause, and the stop that works from anywhere."""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from bot.crypto import Keyring
from bot.errors import SealError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN, SELF, ConsentStatement
from bot.services.delivery import mails
from bot.services.subscriptions import frequency_cap, topics
from bot.services.subscriptions.topics import Topic
from bot.settings import School, Settings
from models.base import new_id
from models.consent import SAID_NO, ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.inserts import insert_if_new
from models.learner import AgeBand, Learner
from models.merges import Merge
from models.subscription import Channel, Subscription

PURPOSE_OF = {Channel.LINE: Purpose.LINE_NEWS, Channel.EMAIL: Purpose.EMAIL_NEWS}
CHANNEL_OF = {purpose: channel for channel, purpose in PURPOSE_OF.items()}
NEWS = tuple(CHANNEL_OF)
PAUSE = timedelta(days=30)
JUST_NOW = timedelta(days=1)  # so long "stop" is about the news that came last
_PLACE = "stop"


def start(
    session: Session,
    conversation: Conversation,
    purpose: Purpose,
    said: ConsentStatement,
    settings: Settings,
    now: datetime,
) -> ConsentEvent:
    """Record a yes to a channel and choose its usual topics; a wish of one's own ends an objection.

    Whether news may flow is still folded from the ledger: under 20 the guardian's yes counts too.
    """
    event = consents.record(
        session, conversation, purpose, ConsentState.GIVEN, said, settings.school, now
    )
    choose_usual(session, conversation.id, CHANNEL_OF[purpose], settings, now)
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == conversation.id)
    ).one_or_none()
    if learner is not None and said.actor == _voice_of(learner):
        learner.objected_at = None
    if learner is not None and learner.email and purpose is Purpose.EMAIL_NEWS:
        mails.give_another_try(session, learner.email)
    return event


def stop(
    session: Session,
    conversation: Conversation,
    purpose: Purpose,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> ConsentEvent | None:
    """Record a no and end every topic of the channel; None where this voice had stopped already."""
    newest = consents.latest(session, conversation.id, purpose)
    own = consents.latest(session, conversation.id, purpose, said.actor)
    is_new = newest is not None and not (
        own is not None and own.id == newest.id and own.state in SAID_NO
    )
    event = None
    if is_new:
        event = consents.record(
            session, conversation, purpose, ConsentState.WITHDRAWN, said, school, now
        )
    end_topics(session, conversation.id, purpose)
    return event


def end_topics(session: Session, subject_id: str, purpose: Purpose) -> None:
    """Leave every topic of a channel; what is said about it stands in the ledger."""
    session.execute(
        delete(Subscription).where(
            Subscription.subject_id == subject_id, Subscription.channel == CHANNEL_OF[purpose]
        )
    )


def _voice_of(learner: Learner) -> str:
    """Who speaks for a learner: up to ten years of age the guardian does, alone (PDPA s.20)."""
    return GUARDIAN if learner.age_band is AgeBand.UP_TO_10 else SELF


def choose_usual(
    session: Session, subject_id: str, channel: Channel, settings: Settings, now: datetime
) -> None:
    """Choose the topics that the school proposes, unless the person has chosen before."""
    if chosen(session, subject_id, channel):
        return
    usual = [topic.id for topic in topics.load(settings.news_dir) if topic.is_default]
    _insert(session, subject_id, channel, usual, now)


def enrolled(
    session: Session, conversation: Conversation, settings: Settings, now: datetime
) -> None:
    """Choose the usual topics of every channel that was agreed to on the way to the account."""
    for channel, purpose in PURPOSE_OF.items():
        if any(
            consents.is_agreed_by(session, conversation.id, purpose, voice, now)
            for voice in (SELF, GUARDIAN)
        ):
            choose_usual(session, conversation.id, channel, settings, now)


def chosen(session: Session, subject_id: str, channel: Channel) -> frozenset[str]:
    """The ids of the topics that a person chose on a channel."""
    query = select(Subscription.topic).where(
        Subscription.subject_id == subject_id, Subscription.channel == channel
    )
    return frozenset(session.scalars(query))


def is_chosen(session: Session, subject_id: str, channel: Channel, topic: str) -> bool:
    """Whether a person chose a topic on a channel; no row is a no."""
    return topic in chosen(session, subject_id, channel)


def choose(
    session: Session,
    subject_id: str,
    channel: Channel,
    topic: str,
    now: datetime,
    *,
    is_on: bool,
    settings: Settings,
) -> bool:
    """Take or leave a topic; False for one that is not in the file."""
    if topics.find(settings.news_dir, topic) is None:
        return False
    if is_on == is_chosen(session, subject_id, channel, topic):
        return True
    if is_on:
        _insert(session, subject_id, channel, [topic], now)
    else:
        session.execute(
            delete(Subscription).where(
                Subscription.subject_id == subject_id,
                Subscription.channel == channel,
                Subscription.topic == topic,
            )
        )
    audit.record(
        session,
        Action.NEWS_CHOSEN,
        actor="learner",
        subject=subject_id,
        now=now,
        channel=channel.value,
        topic=topic,
        is_on=int(is_on),
    )
    return True


def last_sent(
    session: Session,
    subject_id: str,
    settings: Settings,
    now: datetime,
    since: datetime | None = None,
) -> Topic | None:
    """The topic of the news that came last on LINE, within a day, where it is still chosen."""
    begin = max(now - JUST_NOW, since or now - JUST_NOW)
    topic = frequency_cap.last_topic(session, subject_id, begin, now)
    if topic is None or not is_chosen(session, subject_id, Channel.LINE, topic):
        return None
    return topics.find(settings.news_dir, topic)


def pause(session: Session, learner: Learner, now: datetime) -> datetime:
    """No news for 30 days; it ends by itself. Returns until when."""
    until = learner.news_paused_until = now + PAUSE
    _paused(session, learner, until.isoformat(), now)
    return until


def resume(session: Session, learner: Learner, now: datetime) -> None:
    """End a pause before its time."""
    if learner.news_paused_until is None:
        return
    learner.news_paused_until = None
    _paused(session, learner, "", now)


def is_paused(learner: Learner, now: datetime) -> bool:
    """Whether a pause is running."""
    return learner.news_paused_until is not None and now < learner.news_paused_until


def unsubscribe_url(keyring: Keyring, settings: Settings, subject_id: str, purpose: Purpose) -> str:
    """The address that ends a channel with one POST (RFC 8058); it can be made again at any time.

    The token is sealed, so it says nothing of whom it is about and cannot be forged. It works as
    long as its key stands in DATA_KEYS.
    """
    sealed = keyring.seal(f"{subject_id}|{purpose}".encode(), _PLACE)
    token = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return f"{settings.public_url}/s/stop/{token}"


def is_stop_token(keyring: Keyring, token: str) -> bool:
    """Whether we made a token; it says nothing of whom it is about, or whether they are here."""
    return _stopped_by(keyring, token) is not None


def stop_by_token(
    session: Session,
    keyring: Keyring,
    token: str,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> bool:
    """End the channel that a token names; False, and nothing changed, for one that is not ours.

    Somebody who is gone gets no news either, so that is True.
    """
    named = _stopped_by(keyring, token)
    if named is None:
        return False
    subject_id, purpose = named
    for each in (subject_id, *_merged_into(session, subject_id)):
        conversation = session.get(Conversation, each, with_for_update=True)
        if conversation is not None:
            stop(session, conversation, purpose, said, school, now)
    return True


def _stopped_by(keyring: Keyring, token: str) -> tuple[str, Purpose] | None:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
        subject_id, _, purpose = keyring.open(sealed, _PLACE).decode().partition("|")
        return subject_id, Purpose(purpose)
    except (SealError, ValueError, binascii.Error):
        return None


def _merged_into(session: Session, subject_id: str) -> list[str]:
    """The chat in which somebody's registration goes on, whose older mails name the other one."""
    kept, closed = aliased(Learner), aliased(Learner)
    query = (
        select(kept.conversation_id)
        .join(Merge, Merge.kept_id == kept.id)
        .join(closed, Merge.closed_id == closed.id)
        .where(closed.conversation_id == subject_id, Merge.undone_at.is_(None))
    )
    return list(session.scalars(query))


def _insert(
    session: Session, subject_id: str, channel: Channel, chosen: Iterable[str], now: datetime
) -> None:
    for topic in chosen:
        row = {
            "id": new_id(),
            "subject_id": subject_id,
            "channel": channel,
            "topic": topic,
            "chosen_at": now,
        }
        insert_if_new(session, Subscription, row)


def _paused(session: Session, learner: Learner, until: str, now: datetime) -> None:
    audit.record(
        session,
        Action.NEWS_PAUSED,
        actor="learner",
        subject=learner.conversation_id,
        now=now,
        until=until,
    )
