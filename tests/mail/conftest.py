"""Mails in the queue, and a person who wants news."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.mail.imap import BounceMailbox
from bot.mail_settings import ImapServer
from bot.runtime import Bot, mailing
from bot.services.delivery import mails
from bot.services.delivery.gate import News
from models.base import new_id
from models.consent import ConsentState, Purpose
from models.database import Database
from models.learner import Learner
from models.mail import Mail
from models.subscription import Channel, Subscription
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.factories import make_consent_event, make_learner
from tests.mail.coming_back import ADDRESS, own_address
from tests.mail.imap_server import PASSWORD, USER, ImapBox, serve_imap
from tests.scenarios.conftest import all_words

__all__ = ["ADDRESS", "all_words"]
TOPIC = "courses"


def news_of(subject_id: str | None, campaign_id: str | None = None) -> News:
    """What a piece of news to somebody says of itself."""
    return News(subject_id or "", Purpose.EMAIL_NEWS, TOPIC, campaign_id)


@pytest.fixture
def queue(database: Database, clock: FakeClock) -> Callable[..., str]:
    """Queues a mail and returns its id; a notice about an account unless told otherwise."""

    def put(to: str = ADDRESS, template: str = "changed_name", **more: Any) -> str:
        said = {name: more.pop(name) for name in {"values", "written"} & more.keys()}
        text = mails.MailText(template, more.pop("language", "th"), **said)
        more.setdefault("cause", f"test:{new_id()}")
        made = database.write(lambda s: mails.queue(s, text, to=to, now=clock(), **more))
        assert made is not None
        return made

    return put


@pytest.fixture
def queue_news(queue: Callable[..., str], reader: Learner) -> Callable[..., str]:
    """Queues a piece of news to the reader."""

    def put(**more: Any) -> str:
        return queue(news=news_of(reader.conversation_id), **more)

    return put


@pytest.fixture
def make_reader(database: Database, clock: FakeClock) -> Callable[[str], Learner]:
    """Makes learners who confirmed their address and chose course news by e-mail."""

    def make(session: Any, address: str) -> Learner:
        learner = make_learner(session, clock(), email_verified_at=clock(), email=address)
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

    return lambda address: database.write(lambda session: make(session, address))


@pytest.fixture
def reader(make_reader: Callable[[str], Learner]) -> Learner:
    """A learner who confirmed the address and chose course news by e-mail."""
    return make_reader(ADDRESS)


@pytest.fixture
def news_to(
    queue: Callable[..., str], make_reader: Callable[[str], Learner]
) -> Callable[[str], str]:
    """Queues a piece of news to a reader of its own."""

    def put(address: str) -> str:
        return queue(to=address, news=news_of(make_reader(address).conversation_id))

    return put


@pytest.fixture
def mail_of(database: Database) -> Callable[[str], Mail]:
    """The row of a mail as it is now."""

    def read(mail_id: str) -> Mail:
        return database.read(
            lambda session: session.scalars(select(Mail).where(Mail.id == mail_id)).one()
        )

    return read


@pytest.fixture
def returns(bot: Bot) -> Iterator[ImapBox]:
    """The mailbox that whatever comes back is delivered to."""
    box = ImapBox()
    with serve_imap(box) as server:
        where = ImapServer("127.0.0.1", server.port, "plain", USER, PASSWORD)
        bot.bounce_mailbox = BounceMailbox(where, patience=5)
        bot.settings = replace(bot.settings, mail_bounce_domain="bounce.school.example")
        yield box
    assert box.complaints == []


@pytest.fixture
def send_news(bot: Bot, mailbox: Mailbox, queue_news: Callable[..., str]) -> Callable[[], str]:
    """Sends one piece of news to the reader and returns its id."""

    def send() -> str:
        mail_id = queue_news()
        mailing.drain(bot)
        assert mailbox.mails[-1].sender == own_address(mail_id)
        return mail_id

    return send
