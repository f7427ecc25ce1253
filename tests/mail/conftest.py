"""Mails in the queue, and a person who wants news."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.services import mails
from models.base import new_id
from models.consent import ConsentState, Purpose
from models.database import Database
from models.learner import Learner
from models.mail import Mail, Stream
from models.subscription import Channel, Subscription
from tests.clock import FakeClock
from tests.factories import make_consent_event, make_learner
from tests.scenarios.conftest import all_words

__all__ = ["all_words"]
ADDRESS = "somying@example.test"
TOPIC = "courses"
NEWS = {"stream": Stream.NEWS, "purpose": Purpose.EMAIL_NEWS, "topic": TOPIC}


@pytest.fixture
def queue(database: Database, clock: FakeClock) -> Callable[..., str]:
    """Queues a mail and returns its id; a notice about an account unless told otherwise."""

    def put(to: str = ADDRESS, **more: Any) -> str:
        values = {"template": "changed_name", "language": "th", "values": {}, **more}
        values.setdefault("cause", f"test:{new_id()}")
        made = database.write(lambda session: mails.queue(session, to=to, now=clock(), **values))
        assert made is not None
        return made

    return put


@pytest.fixture
def queue_news(queue: Callable[..., str], reader: Learner) -> Callable[..., str]:
    """Queues a piece of news to the reader."""

    def put(**more: Any) -> str:
        return queue(subject_id=reader.conversation_id, **NEWS, **more)

    return put


@pytest.fixture
def reader(database: Database, clock: FakeClock) -> Learner:
    """A learner who confirmed the address and chose course news by e-mail."""

    def make(session: Any) -> Learner:
        learner = make_learner(session, clock(), email_verified_at=clock(), email=ADDRESS)
        make_consent_event(
            session,
            clock(),
            subject_id=learner.conversation_id,
            purpose=Purpose.EMAIL_NEWS,
            state=ConsentState.GIVEN,
            valid_until=clock() + timedelta(days=730),
        )
        session.add(
            Subscription(
                subject_id=learner.conversation_id,
                channel=Channel.EMAIL,
                topic=TOPIC,
                chosen_at=clock(),
            )
        )
        return learner

    return database.write(make)


@pytest.fixture
def mail_of(database: Database) -> Callable[[str], Mail]:
    """The row of a mail as it is now."""

    def read(mail_id: str) -> Mail:
        return database.read(
            lambda session: session.scalars(select(Mail).where(Mail.id == mail_id)).one()
        )

    return read
