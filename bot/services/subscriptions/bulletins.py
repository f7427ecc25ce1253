"""One piece of news for one person on one channel: a push or a mail, with why and how to stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.delivery import (
    mails,
    outbox,
)
from bot.services.subscriptions import (
    subscriptions,
    topics,
)
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from bot.texts import Translator, translator
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.mail import Stream
from models.subscription import Channel


@dataclass(frozen=True)
class Content:
    """What is told, in both languages: a headline, a text, and a page to read on (or none)."""

    title: Mapping[str, str]
    body: Mapping[str, str]
    url: str | None = None


@dataclass(frozen=True)
class Batch:
    """What one unit of work queued, and where the next goes on; None after the last."""

    queued: int
    after: str | None


def queue(
    session: Session,
    learner: Learner,
    channel: Channel,
    topic_id: str,
    content: Content,
    *,
    cause: str,
    settings: Settings,
    now: datetime,
) -> bool:
    """Queue one piece of news; False for an unknown topic or where this cause had one already.

    cause names the campaign, in at most 32 characters. Whether it may go out is asked when it
    is sent (`news.may_send`).
    """
    topic = topics.find(settings.news_dir, topic_id)
    conversation = session.get(Conversation, learner.conversation_id)
    if topic is None or conversation is None:
        return False
    t = translator(conversation.language)
    cause = f"news:{cause}:{conversation.id}:{channel}"
    if channel is Channel.LINE:
        return outbox.queue(
            session,
            cause=cause,
            person=conversation.person,
            to=learner.line_user_id or "",
            messages=[message(t, topic, content)],
            now=now,
            purpose=Purpose.LINE_NEWS,
            topic=topic.id,
            subject_id=conversation.id,
        )
    queued = mails.queue(
        session,
        cause=cause,
        template="news_page" if content.url else "news",
        language=t.language,
        to=learner.email or "",
        values={
            "title": content.title[t.language],
            "body": content.body[t.language],
            **({"page": content.url} if content.url else {}),
            "topic": topic.title[t.language],
            "choices": f"{settings.public_url}/portal/news?lang={t.language}",
            "sender": settings.school.controller or "English Planet",
        },
        now=now,
        subject_id=conversation.id,
        stream=Stream.NEWS,
        purpose=Purpose.EMAIL_NEWS,
        topic=topic.id,
    )
    return queued is not None


def queue_all(
    session: Session,
    channel: Channel,
    topic_id: str,
    content: Content,
    *,
    cause: str,
    settings: Settings,
    now: datetime,
    after: str = "",
    most: int = 500,
) -> Batch:
    """Queue a piece of news for the next people who chose its topic.

    Call it in one unit of work after another: each is short, and a repeat adds nothing.
    """
    subjects = subscriptions.audience(session, channel, topic_id, after, most)
    learners = session.scalars(select(Learner).where(Learner.conversation_id.in_(subjects)))
    queued = sum(
        queue(
            session,
            learner,
            channel,
            topic_id,
            content,
            cause=cause,
            settings=settings,
            now=now,
        )
        for learner in learners
    )
    return Batch(queued, subjects[-1] if len(subjects) == most else None)


def message(t: Translator, topic: Topic, content: Content) -> Message:
    """News as a card: headline, text, why it came, and the button that stops all of it at once."""
    title = content.title[t.language]
    why = t("You get this because you chose “{topic}” on LINE.", topic=topic.title[t.language])
    buttons = [line.link(t("Read on"), content.url)] if content.url else []
    return line.card(
        title,
        title,
        [
            line.paragraph(content.body[t.language]),
            line.separator(),
            line.paragraph(why, small=True),
        ],
        [
            *buttons,
            line.entry(t("Choose my news"), "news"),
            line.entry(t("Stop news on LINE"), "news_off", p=Purpose.LINE_NEWS),
        ],
        even=not buttons,
    )
