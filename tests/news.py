"""People who get news, without the way there, for tests of what is sent to them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.presentation import campaign_messages
from bot.runtime import Bot
from bot.services.campaigns.content import mail
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails, outbox
from bot.services.delivery.gate import News
from bot.services.people import people
from bot.services.subscriptions import subscriptions, topics
from bot.services.subscriptions.subscriptions import PURPOSE_OF
from bot.services.subscriptions.topics import Topic
from models.base import new_id
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner
from models.outbox import Push
from models.subscription import Channel
from simulator.platform import Platform
from tests.chat import Chat
from tests.factories import make_conversation, make_guardianship, make_learner

TITLE = {"th": "คอร์สใหม่", "en": "A new course"}
BODY = {"th": "เปิดแล้ววันนี้", "en": "It opens today"}
READ_ON = {"th": "อ่านต่อ", "en": "Read on"}
URL = "https://school.example.test/new"
CONTENT = {
    language: {
        "title": title,
        "parts": [
            {
                "type": "card",
                "title": title,
                "text": BODY[language],
                "buttons": [{"label": READ_ON[language], "url": URL}],
            }
        ],
    }
    for language, title in TITLE.items()
}


class Subscriber:
    """A learner with a phone who said yes to some channels."""

    def __init__(
        self,
        bot: Bot,
        platform: Platform,
        *channels: Channel,
        name: str = "มะลิ",
        language: str = "th",
        is_confirmed: bool = True,
        subject_id: str | None = None,
        **of_learner: Any,
    ) -> None:
        self.bot = bot
        self.chat = Chat(platform, name, language)
        person = platform.person(self.chat.user_id)
        person.friend = True

        def make(session: Any) -> tuple[str, str]:
            conversation = make_conversation(
                session,
                bot.clock(),
                id=subject_id or new_id(),
                person=people.pseudonym(bot.keyring, person.user_id),
                language=language,
            )
            learner = make_learner(
                session,
                bot.clock(),
                conversation_id=conversation.id,
                line_user_id=person.user_id,
                email_verified_at=bot.clock() if is_confirmed else None,
                **of_learner,
            )
            conversation.learner_id = learner.id
            if learner.age_band is not AgeBand.FROM_20:
                make_guardianship(
                    session,
                    bot.clock(),
                    child_id=conversation.id,
                    decided_at=bot.clock() - timedelta(days=3650),
                )
            for channel in channels:
                subscriptions.start(
                    session,
                    conversation,
                    PURPOSE_OF[channel],
                    ConsentStatement("ยินยอม"),
                    bot.settings,
                    bot.clock(),
                )
                session.flush()
            return conversation.id, learner.id

        self.subject_id, self.learner_id = bot.database.write(make)

    def is_sent(self, cause: str, topic: str = "courses", channel: Channel = Channel.LINE) -> bool:
        """Queue one piece of news by itself, as it waits before it is sent."""
        queue = queue_mail if channel is Channel.EMAIL else queue_push
        return self.bot.database.write(
            lambda session: queue(self.bot, session, self.learner_id, cause, topic)
        )

    def says_no(self) -> None:
        """Withdraw from news on LINE."""
        self.bot.database.write(
            lambda session: subscriptions.stop(
                session,
                session.get_one(Conversation, self.subject_id),
                Purpose.LINE_NEWS,
                ConsentStatement("หยุด"),
                self.bot.settings.school,
                self.bot.clock(),
            )
        )

    def becomes(self, **values: Any) -> None:
        """Change columns of the learner's row."""

        def change(session: Any) -> None:
            learner = session.get_one(Learner, self.learner_id)
            for name, value in values.items():
                setattr(learner, name, value)

        self.bot.database.write(change)


def queue_push(bot: Bot, session: Session, learner_id: str, cause: str, topic: str) -> bool:
    """One push of news; False where this cause had one already."""
    learner = session.get_one(Learner, learner_id)
    conversation = session.get_one(Conversation, learner.conversation_id)
    topic_said = about(bot, topic)
    told = campaign_messages.messages(CONTENT, conversation.language, topic_said, bot.settings)
    cards = {"type": "carousel", "contents": [each["contents"] for each in told]}
    return outbox.queue(
        session,
        cause=f"news:{cause}:{conversation.id}:{Channel.LINE}",
        person=conversation.person,
        to=learner.line_user_id or "",
        messages=[{**told[0], "contents": cards}],
        now=bot.clock(),
        news=News(conversation.id, Purpose.LINE_NEWS, topic),
    )


def queue_mail(bot: Bot, session: Session, learner_id: str, cause: str, topic: str) -> bool:
    """One mail of news; False where this cause had one already."""
    learner = session.get_one(Learner, learner_id)
    conversation = session.get_one(Conversation, learner.conversation_id)
    letter = mail.letter(CONTENT, conversation.language, about(bot, topic), bot.settings)
    queued = mails.queue(
        session,
        mails.MailText(mail.TEMPLATE, conversation.language, written=letter),
        cause=f"news:{cause}:{conversation.id}:{Channel.EMAIL}",
        to=learner.email or "",
        now=bot.clock(),
        news=News(conversation.id, Purpose.EMAIL_NEWS, topic),
    )
    return queued is not None


def about(bot: Bot, topic: str) -> Topic:
    """A topic, with words even where nobody has heard of it."""
    return topics.find(bot.settings.news_dir, topic) or topics.load(bot.settings.news_dir)[0]


def allow_many(bot: Bot, most: int = 10_000) -> None:
    """Lift the frequency cap, for tests that are about something else."""
    bot.settings = replace(bot.settings, news_per_month=most)


def states(rows: Any) -> list[tuple[Any, str | None]]:
    """How each push stands, in the order of their causes."""
    return [(push.state, push.reason) for push in sorted(rows(Push), key=lambda push: push.cause)]
