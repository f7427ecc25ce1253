"""A mail server that refuses everybody is our trouble: no address of the school is lost by it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.runtime import Bot, bounce_reading, mailing
from models.database import Database
from models.learner import Learner
from models.mail import Mail, MailState, Suppression
from tests.clock import FakeClock
from tests.mail.coming_back import ask_again, now_of, own_address, reason_of
from tests.mail.imap_server import ImapBox
from tests.mail.returned import bounce
from tests.mail.servers import Wilful
from tests.mail.test_news_sending import sending_to

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]
PEOPLE = 30


@pytest.mark.parametrize(
    "answer",
    [
        "550 relay not permitted",
        "550 blocked using zen.spamhaus.org",
        "553 sender is not allowed to relay",
        "553 5.1.7 bad sender",
        "550 5.1.8 sender address rejected: domain not found",
        "550 5.7.1 blocked",
        "554 5.7.1 relay access denied",
    ],
)
def test_everybody_keeps_the_address(
    answer: str,
    bot: Bot,
    news_to: Callable[[str], str],
    mail_of: MailOf,
    database: Database,
) -> None:
    sent = [news_to(f"{number}@domain{number}.test") for number in range(PEOPLE)]
    with sending_to(bot, Wilful(rcpt=answer)):
        assert mailing.drain(bot) == PEOPLE
    assert {mail_of(each).state for each in sent} == {MailState.FAILED}
    assert database.read(lambda session: list(session.scalars(select(Suppression)))) == []
    confirmed = database.read(lambda session: list(session.scalars(select(Learner))))
    assert len(confirmed) == PEOPLE
    assert all(learner.email_verified_at for learner in confirmed)


def test_three_refusals_without_a_reason_end_the_news_until_asked_for(
    bot: Bot,
    queue_news: Queue,
    mail_of: MailOf,
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    """Servers without enhanced codes know dead addresses too: as with any soft bounce."""
    box, found = Wilful(rcpt="550 go away"), []
    with sending_to(bot, box):
        for _ in range(3):
            clock.advance(days=1)
            mail_id = queue_news()
            mailing.drain(bot)
            found.append(reason_of(database))
    assert mail_of(mail_id).bounce_code == "550"
    assert found == [None, None, "soft bounces"]
    assert now_of(database, reader).email_verified_at is not None
    ask_again(bot, reader)
    assert reason_of(database) is None


def test_three_refusals_of_us_end_nothing(
    bot: Bot, queue_news: Queue, database: Database, reader: Learner, clock: FakeClock
) -> None:
    with sending_to(bot, Wilful(rcpt="550 5.1.8 sender address rejected")):
        for _ in range(4):
            clock.advance(days=1)
            queue_news()
            mailing.drain(bot)
    assert reason_of(database) is None


@pytest.mark.parametrize(
    ("code", "reasons"),
    [
        ("5.1.2", ["hard bounce"] * 3),
        ("5.1.10", ["hard bounce"] * 3),
        ("5.0.0", [None, None, "soft bounces"]),
        ("5.1.0", [None, None, "soft bounces"]),
        ("5.2.0", [None, None, "soft bounces"]),
        ("5.4.1", [None, None, "soft bounces"]),
        ("5.4.4", [None, None, "soft bounces"]),
        ("5.1.7", [None] * 3),
        ("5.1.8", [None] * 3),
    ],
)
def test_a_report_ends_the_news_at_once_only_where_nobody_is_there(
    code: str,
    reasons: list[str | None],
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    found = []
    sent = [send_news() for _ in reasons]
    for mail_id in sent:
        clock.advance(minutes=5)
        returns.put(bounce(to=own_address(mail_id), status=code))
        bounce_reading.read(bot)
        found.append(reason_of(database))
    assert found == reasons
    is_confirmed = now_of(database, reader).email_verified_at is not None
    assert is_confirmed is (reasons[0] is None)
