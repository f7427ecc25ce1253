"""A real mail server on loopback that the product under test sends to.

`mailbox.mails` is what arrived (`.to .subject .text .html .headers .raw`), `mailbox.of(address)`
what one address got. Nothing is sent until a test says so: `mailing.drain(bot)`.
"""

from collections.abc import Iterator

import pytest

from bot.mail.mime import Letterhead
from bot.mail.smtp import Mailer
from bot.mail_settings import MailServer
from bot.runtime import Bot
from simulator.mailbox import Mailbox, serve_mailbox

LETTERHEAD = Letterhead(
    sender="อิงลิชแพลเน็ต <hello@school.example>",
    news_sender="ข่าวอิงลิชแพลเน็ต <news@news.school.example>",
    reply_to="office@school.example",
    bounce_domain="bounce.school.example",
)


@pytest.fixture
def mailbox(bot: Bot) -> Iterator[Mailbox]:
    """The mailbox that every mail of the product lands in."""
    with serve_mailbox(Mailbox()) as server:
        bot.mailer = Mailer(MailServer("127.0.0.1", server.port, "plain"), LETTERHEAD)
        yield server.mailbox
