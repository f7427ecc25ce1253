"""People who get news, without the way there, for tests of what is sent to them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.runtime import Bot
from bot.services.consent.consents import ConsentStatement
from bot.services.people import people
from bot.services.subscriptions import (
    bulletins,
    subscriptions,
)
from bot.services.subscriptions.bulletins import Content
from bot.services.subscriptions.subscriptions import PURPOSE_OF
from models.base import new_id
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner
from models.outbox import Push
from models.subscription import Channel
from simulator.platform import Platform
from tests.chat import Chat
from tests.factories import make_conversation, make_guardianship, make_learner

CONTENT = Content(
    {"th": "คอร์สใหม่", "en": "A new course"},
    {"th": "เปิดแล้ววันนี้", "en": "It opens today"},
    "https://school.example.test/new",
)


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
        """Queue one piece of news."""
        return self.bot.database.write(
            lambda session: bulletins.queue(
                session,
                session.get_one(Learner, self.learner_id),
                channel,
                topic,
                CONTENT,
                cause=cause,
                settings=self.bot.settings,
                now=self.bot.clock(),
            )
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


def allow_many(bot: Bot, most: int = 10_000) -> None:
    """Lift the frequency cap, for tests that are about something else."""
    bot.settings = replace(bot.settings, news_per_month=most)


def states(rows: Any) -> list[tuple[Any, str | None]]:
    """How each push stands, in the order of their causes."""
    return [(push.state, push.reason) for push in sorted(rows(Push), key=lambda push: push.cause)]
