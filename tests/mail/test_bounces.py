"""Dead addresses and full ones: who gets no news any more, and how that ends."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.mail.imap import PROCESSED
from bot.runtime import Bot, bounce_reading, mailing
from models.database import Database
from models.learner import Learner
from models.mail import Mail, MailState
from tests.clock import FakeClock
from tests.mail.coming_back import (
    acts,
    ask_again,
    confirm,
    message_id,
    now_of,
    own_address,
    reason_of,
)
from tests.mail.imap_server import ImapBox
from tests.mail.returned import bounce

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]


@pytest.mark.parametrize("by", ["own address", "message id", "both"])
def test_a_dead_address_gets_no_news_and_has_to_be_confirmed_again(
    by: str,
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    queue_news: Queue,
    mail_of: MailOf,
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    mail_id = send_news()
    to = own_address(mail_id) if by != "message id" else "office@school.example"
    named = message_id(mail_id) if by != "own address" else None
    returns.put(bounce(to=to, message_id=named))
    clock.advance(minutes=5)
    assert bounce_reading.read(bot) == 1
    row = mail_of(mail_id)
    assert (row.state, row.bounce_code, row.bounced_at) == (MailState.SENT, "5.1.1", clock())
    assert reason_of(database) == "hard bounce"
    assert now_of(database, reader).email_verified_at is None
    [bounced, suppressed] = acts(database, "email:bounce", "email:suppress")[::-1]
    assert bounced.data == {"mail_id": mail_id, "code": "5.1.1", "is_unconfirmed": 1}
    assert suppressed.data == {"mail_id": mail_id, "reason": "hard bounce"}
    later = queue_news()
    mailing.drain(bot)
    assert mail_of(later).state is MailState.DROPPED
    # Its owner proves that it lives.
    database.write(lambda session: confirm(session, reader, clock))
    again = queue_news()
    mailing.drain(bot)
    assert mail_of(again).state is MailState.SENT


def test_a_notice_still_goes_to_a_dead_address(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], queue: Queue, mail_of: MailOf
) -> None:
    returns.put(bounce(to=own_address(send_news())))
    bounce_reading.read(bot)
    notice = queue()
    mailing.drain(bot)
    assert mail_of(notice).state is MailState.SENT


def test_three_soft_bounces_in_a_row_are_as_good_as_dead_however_far_apart(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    def full() -> str | None:
        mail_id = send_news()
        returns.put(bounce(to=own_address(mail_id), status="5.2.2"))
        returns.put(bounce(to=own_address(mail_id), status="4.2.2"))  # the same mail counts once
        bounce_reading.read(bot)
        clock.advance(days=40)
        return reason_of(database)

    clock.advance(minutes=1)
    assert [full(), full()] == [None, None]
    send_news()  # it arrives
    clock.advance(days=40)
    assert [full(), full(), full()] == [None, None, "soft bounces"]
    assert now_of(database, reader).email_verified_at is not None
    # Whoever asks for the news again gets another try.
    ask_again(bot, reader)
    assert reason_of(database) is None


def test_the_order_in_which_soft_bounces_come_back_does_not_matter(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    clock: FakeClock,
) -> None:
    """What was sent between two is taken for arrived only until its own report is there."""
    sent, found = [], []
    for _ in range(3):
        clock.advance(minutes=1)
        sent.append(send_news())
    for mail_id in (sent[2], sent[0], sent[1]):
        returns.put(bounce(to=own_address(mail_id), status="5.2.2"))
        bounce_reading.read(bot)
        found.append(reason_of(database))
    assert found == [None, None, "soft bounces"]


def test_a_refusal_of_us_between_two_soft_bounces_is_no_success(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    clock: FakeClock,
) -> None:
    found = []
    for status in ("5.2.2", "5.7.1", "4.4.1", "5.6.1", "5.3.4"):
        clock.advance(days=10)
        returns.put(bounce(to=own_address(send_news()), status=status))
        bounce_reading.read(bot)
        found.append(reason_of(database))
    assert found == [None, None, None, None, "soft bounces"]


def test_who_asks_again_does_not_revive_a_dead_address(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database, reader: Learner
) -> None:
    returns.put(bounce(to=own_address(send_news())))
    bounce_reading.read(bot)
    ask_again(bot, reader)
    assert reason_of(database) == "hard bounce"


@pytest.mark.parametrize("code", ["5.7.1", "5.6.1", "5.5.2", "4.7.0"])
def test_a_refusal_of_us_is_noted_and_says_nothing_of_the_address(
    code: str,
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    mail_of: MailOf,
    database: Database,
) -> None:
    for _ in range(4):
        mail_id = send_news()
        returns.put(bounce(to=own_address(mail_id), status=code))
    bounce_reading.read(bot)
    assert mail_of(mail_id).bounce_code == code
    assert reason_of(database) is None


def test_a_delay_is_no_bounce(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], mail_of: MailOf
) -> None:
    mail_id = send_news()
    letter = returns.put(bounce(to=own_address(mail_id), action="delayed", status="4.4.1"))
    bounce_reading.read(bot)
    assert mail_of(mail_id).bounced_at is None
    assert returns.numbers(PROCESSED) == [letter]


def test_a_dead_address_behind_ours_is_a_soft_bounce(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database, reader: Learner
) -> None:
    """The reader has mail passed on, and that address died; theirs did not."""
    mail_id = send_news()
    returns.put(
        bounce(to=own_address(mail_id), message_id=message_id(mail_id), recipient="old@other.test")
    )
    bounce_reading.read(bot)
    assert reason_of(database) is None
    assert now_of(database, reader).email_verified_at is not None


def test_whose_address_changed_meanwhile_keeps_the_new_one_confirmed(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database, reader: Learner
) -> None:
    mail_id = send_news()

    def move(session: Any) -> None:
        session.get_one(Learner, reader.id).email = "new@example.test"

    database.write(move)
    returns.put(bounce(to=own_address(mail_id)))
    bounce_reading.read(bot)
    assert reason_of(database) == "hard bounce"
    assert reason_of(database, "new@example.test") is None
    assert now_of(database, reader).email_verified_at is not None


def test_soft_bounces_before_the_address_was_confirmed_do_not_count(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    for _ in range(2):
        clock.advance(minutes=1)
        returns.put(bounce(to=own_address(send_news()), status="4.2.2"))
        bounce_reading.read(bot)
    clock.advance(minutes=1)
    database.write(lambda session: confirm(session, reader, clock))
    clock.advance(minutes=1)
    returns.put(bounce(to=own_address(send_news()), status="4.2.2"))
    bounce_reading.read(bot)
    assert reason_of(database) is None
