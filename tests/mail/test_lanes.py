"""Several connections at once: as many as there is work for, each mail over one of them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from app import create_app
from bot.runtime import Bot, mailing
from bot.settings import Settings
from models.mail import Mail, MailState
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.mail.test_news_sending import sending_to

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]


class Meeting(Mailbox):
    """Takes its first mails only once so many of them are being handed in at the same moment."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted, self.present = wanted, 0
        self.all_here = asyncio.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.present += 1
        if self.present >= self.wanted:
            self.all_here.set()
        await asyncio.wait_for(self.all_here.wait(), timeout=20)
        return await super().handle_DATA(server, session, envelope)


class OneGuest(Mailbox):
    """Speaks to whoever greets first and sends the others away."""

    guest: Session | None = None

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.guest = self.guest or session
        if session is not self.guest:
            return ["421 4.7.0 too many connections"]
        session.host_name = hostname
        return responses

    async def handle_HELO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        return "421 4.7.0 too many connections"


def addresses(count: int) -> list[str]:
    return [f"learner{number}@{number % 8}.example.test" for number in range(count)]


def test_many_mails_go_over_several_connections_at_once(bot: Bot, queue: Queue) -> None:
    for address in addresses(120):
        queue(to=address)
    box = Meeting(4)
    with sending_to(bot, box, patience=20):
        assert mailing.drain(bot) == 120
    assert Counter(mail.to for mail in box.mails) == Counter(addresses(120))
    assert box.connections == 4


def test_a_few_mails_need_no_second_connection(bot: Bot, mailbox: Mailbox, queue: Queue) -> None:
    for address in addresses(19):
        queue(to=address)
    assert mailing.drain(bot) == 19
    assert mailbox.connections == 1


def test_a_server_that_takes_one_connection_gets_one(
    bot: Bot, queue: Queue, mail_of: MailOf
) -> None:
    """The helpers go home; no mail was tried in vain."""
    ids = [queue(to=address) for address in addresses(60)]
    box = OneGuest()
    with sending_to(bot, box):
        assert mailing.drain(bot) == 60
    assert {(mail_of(each).state, mail_of(each).attempts) for each in ids} == {(MailState.SENT, 1)}
    assert box.connections == 2


def test_two_processes_send_each_mail_once(
    bot: Bot, mailbox: Mailbox, queue: Queue, settings: Settings, clock: FakeClock
) -> None:
    for address in addresses(160):
        queue(to=address)
    other: Bot = create_app(settings, clock=clock).extensions["bot"]
    other.mailer = bot.mailer
    with ThreadPoolExecutor(2) as pool:
        seen: list[Any] = list(pool.map(mailing.drain, (bot, other)))
    other.close()
    assert sum(seen) == 160
    assert Counter(mail.to for mail in mailbox.mails) == Counter(addresses(160))


def test_one_connection_is_a_setting(bot: Bot, mailbox: Mailbox, queue: Queue) -> None:
    bot.settings = replace(bot.settings, mail_connections=1)
    for address in addresses(60):
        queue(to=address)
    assert mailing.drain(bot) == 60
    assert mailbox.connections == 1


def test_while_the_server_is_away_no_lane_tries_in_vain(
    bot: Bot, queue: Queue, mail_of: MailOf
) -> None:
    ids = [queue(to=address) for address in addresses(60)]
    with sending_to(bot, Mailbox()):
        pass  # and gone it is
    assert mailing.drain(bot) == 20
    assert Counter(mail_of(each).attempts for each in ids) == {0: 40, 1: 20}
