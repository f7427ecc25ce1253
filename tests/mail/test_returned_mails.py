"""Complaints, repeats, what is forged and what is nobody's business of ours."""

from collections.abc import Callable
from typing import Any

from bot.mail.imap import PROCESSED
from bot.runtime import Bot, bounce_reading, mailing
from bot.services.consent import consents
from bot.services.people.subjects import Subject
from bot.services.privacy import erasure
from models.base import new_id
from models.consent import ConsentState, Purpose
from models.database import Database
from models.learner import Learner
from models.mail import Mail, MailState
from models.subscription import Subscription
from tests.clock import FakeClock
from tests.mail.coming_back import acts, ask_again, message_id, now_of, own_address, reason_of
from tests.mail.imap_server import ImapBox
from tests.mail.returned import bounce, by_a_person, complaint, holiday

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]


def test_a_complaint_is_a_withdrawal_of_news_by_mail(
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
    clock.advance(minutes=1)
    returns.put(complaint(message_id=message_id(mail_id)))
    bounce_reading.read(bot)
    assert (mail_of(mail_id).bounce_code, reason_of(database)) == ("abuse", "complaint")

    def stands(session: Any) -> tuple[Any, ...]:
        event = consents.latest(session, reader.conversation_id, Purpose.EMAIL_NEWS)
        chosen = session.query(Subscription).filter_by(subject_id=reader.conversation_id).count()
        return event.state, event.channel, event.actor, event.text, chosen

    assert database.read(stands) == (
        ConsentState.WITHDRAWN,
        "complaint",
        "self",
        "คุณแจ้งว่าอีเมลฉบับหนึ่งของเราเป็นสแปม",
        0,
    )
    queued = queue_news()
    mailing.drain(bot)
    assert mail_of(queued).state is MailState.DROPPED
    # The address lives: it stays confirmed, and one wish of the person starts the news again.
    assert now_of(database, reader).email_verified_at is not None
    clock.advance(minutes=1)
    ask_again(bot, reader)
    again = queue_news()
    mailing.drain(bot)
    assert mail_of(again).reason in {None, "topic not chosen"}
    assert reason_of(database) is None


def test_a_report_that_is_read_twice_changes_nothing_the_second_time(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database, clock: FakeClock
) -> None:
    mail_id = send_news()
    for raw in (bounce(to=own_address(mail_id)), complaint(message_id=message_id(mail_id))):
        returns.put(raw)
    clock.advance(minutes=1)
    bounce_reading.read(bot)
    entries = len(acts(database, "email:bounce", "email:suppress", "consent:record"))
    for letter in returns.folders.pop(PROCESSED):
        returns.put(letter.raw)
    clock.advance(minutes=1)
    assert bounce_reading.read(bot) == 2
    assert len(acts(database, "email:bounce", "email:suppress", "consent:record")) == entries


def test_of_a_person_who_was_erased_nothing_is_written_again(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    mail_of: MailOf,
    database: Database,
    reader: Learner,
) -> None:
    mail_id = send_news()
    subject = Subject(reader.conversation_id, reader.id)
    database.write(lambda session: erasure.erase(session, subject, bot.clock()))
    letter = returns.put(bounce(to=own_address(mail_id)))
    bounce_reading.read(bot)
    assert reason_of(database) is None
    assert mail_of(mail_id).bounced_at is None
    assert returns.numbers(PROCESSED) == [letter]


def test_what_is_not_ours_or_forged_changes_nothing_and_is_left_for_a_person(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    queue: Queue,
    mail_of: MailOf,
    database: Database,
    reader: Learner,
) -> None:
    mail_id, other_id = send_news(), send_news()
    bot.mailer = None
    waiting = queue()
    forged = [
        bounce(to=own_address(new_id())),  # never was a mail of ours
        bounce(to=f"b-{mail_id}@elsewhere.test"),
        bounce(to="office@school.example", message_id="<somebody@elsewhere.test>"),
        # Two mails at once; and one of ours under the address of another.
        bounce(to=f"{own_address(mail_id)}, {own_address(other_id)}"),
        bounce(to=own_address(mail_id), message_id=message_id(other_id)),
        # Ours, but about somebody else's mail to somebody else.
        bounce(to=own_address(mail_id), message_id="<x@y.test>", recipient="x@y.test"),
        bounce(to=own_address(waiting)),  # has never left
        bounce(to=own_address(mail_id), status="550 no such user"),
        by_a_person(own_address(mail_id)),
        complaint(kind="not-spam", message_id=message_id(mail_id)),
        complaint(message_id="<x@y.test>"),
        b"\x00\xff" * 500,
        b"",
    ]
    ids = [returns.put(raw) for raw in forged]
    assert bounce_reading.read(bot) == len(forged)
    assert returns.numbers() == ids
    assert all(not returns.letter(uid).flags for uid in ids), "unread, as they came"
    assert {mail_of(each).bounced_at for each in (mail_id, other_id, waiting)} == {None}
    assert reason_of(database) is None
    assert now_of(database, reader).email_verified_at is not None
    assert bounce_reading.read(bot) == 0, "each is looked at once"


def test_a_new_id_that_a_server_gave_the_mail_does_not_hide_the_bounce(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database
) -> None:
    returns.put(bounce(to=own_address(send_news()), message_id="<0100-x@relay.test>"))
    bounce_reading.read(bot)
    assert reason_of(database) == "hard bounce"


def test_holiday_notes_are_put_away(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], mail_of: MailOf
) -> None:
    mail_id = send_news()
    letter = returns.put(holiday(own_address(mail_id)))
    bounce_reading.read(bot)
    assert mail_of(mail_id).bounced_at is None
    assert returns.numbers(PROCESSED) == [letter]
