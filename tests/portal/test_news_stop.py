"""The end of news by one POST (RFC 8058): at once, without cookie, the same for everybody."""

import re

import pytest

from bot.runtime import mailing
from bot.services.consent import consents
from bot.services.delivery import mails
from bot.services.subscriptions import subscriptions
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.mail import Mail
from models.subscription import Channel, Subscription
from tests.news import URL, Subscriber
from tests.portal.snapshots import fingerprint
from tests.samples import every

pytestmark = pytest.mark.sql

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FORGED = [
    "x",
    "A" * 99,
    "../../etc/passwd",
    "ก" * 40,
    "=" * 40,
    "-_" * 60,
    "YWJj",
]


@pytest.fixture
def reader(bot, platform):
    return Subscriber(bot, platform, Channel.EMAIL, Channel.LINE)


@pytest.fixture
def address(reader, bot):
    """Where a mail provider would POST to."""
    url = subscriptions.unsubscribe_url(
        bot.keyring, bot.settings, reader.subject_id, Purpose.EMAIL_NEWS
    )
    assert url.startswith("https://bot.example.test/s/stop/")
    return url.removeprefix("https://bot.example.test")


def holds(database, reader, purpose, clock):
    return database.read(
        lambda session: consents.holds(session, reader.subject_id, purpose, clock())
    )


@pytest.mark.parametrize("how", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_one_post_stops_at_once(how, address, reader, new_browser, database, clock):
    answer = new_browser().post(
        address,
        ONE_CLICK,
        content_type=how,
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"},
    )

    assert answer.status_code == 200
    assert answer.location is None
    assert not answer.headers.getlist("Set-Cookie")
    assert not holds(database, reader, Purpose.EMAIL_NEWS, clock)
    assert holds(database, reader, Purpose.LINE_NEWS, clock)

    def read(session):
        event = consents.latest(session, reader.subject_id, Purpose.EMAIL_NEWS)
        return event.state, event.channel, {row.channel for row in session.query(Subscription)}

    assert database.read(read) == (ConsentState.WITHDRAWN, "email", {Channel.LINE})


def test_again_and_again_is_one_withdrawal(address, new_browser, database):
    answers = {new_browser().post(address, ONE_CLICK).status_code for _ in range(3)}

    assert answers == {200}
    states = database.read(
        lambda s: [e.state for e in s.query(ConsentEvent) if e.purpose is Purpose.EMAIL_NEWS]
    )
    assert sorted(states) == [ConsentState.GIVEN, ConsentState.WITHDRAWN]


def test_a_get_only_shows_a_button(address, new_browser, database):
    before = fingerprint(database)
    browser = new_browser()
    page = browser.get(f"{address}?lang=en")

    assert page.status_code == 200
    assert re.search(r'<form method="post">\s*<button>Stop news by e-mail</button>', page.text)
    for header, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }.items():
        assert page.headers[header] == value
    assert fingerprint(database) == before
    assert "no more news" in browser.post(f"{address}?lang=en").text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_token_is_answered_like_a_good_one(method, address, new_browser, database):
    def is_answered_like_a_good_one(token):
        browser = new_browser()
        good = browser.request(method, address, headers={"Accept-Language": "th"})
        before = fingerprint(database)
        forged = browser.request(method, f"/s/stop/{token}", headers={"Accept-Language": "th"})

        if token != "../../etc/passwd":
            assert forged.status_code == good.status_code == 200
            assert forged.text == good.text
            assert dict(forged.headers) == dict(good.headers)
        assert fingerprint(database) == before

    every({token: token for token in FORGED}, is_answered_like_a_good_one)


def test_a_token_is_bound_to_its_person_and_channel(address, bot, platform, new_browser, database):
    token = address.removeprefix("/s/stop/")
    before = fingerprint(database)
    for index in range(0, len(token) - 1, 7):  # the last letter has bits that say nothing
        changed = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
        assert new_browser().post(f"/s/stop/{changed}", ONE_CLICK).status_code == 200

    assert fingerprint(database) == before


def test_two_tokens_of_one_person_do_not_look_alike(reader, bot):
    made = {
        subscriptions.unsubscribe_url(
            bot.keyring, bot.settings, reader.subject_id, Purpose.EMAIL_NEWS
        )
        for _ in range(10)
    }
    assert len(made) == 10
    assert not [url for url in made if reader.subject_id in url]


def test_somebody_who_is_gone_is_answered_alike(bot, new_browser):
    url = subscriptions.unsubscribe_url(bot.keyring, bot.settings, "0" * 32, Purpose.EMAIL_NEWS)
    answer = new_browser().post(url.removeprefix("https://bot.example.test"), ONE_CLICK)

    assert answer.status_code == 200


def test_the_header_of_a_mail_stops_the_next_one(
    reader, new_browser, database, bot, clock, mailbox
):
    """Ending the news never stops a notice about one's own account."""
    reader.is_sent("c1", channel=Channel.EMAIL)
    mailing.drain(bot)
    (first,) = mailbox.mails
    stop = first.headers["List-Unsubscribe"].strip("<>")
    assert first.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop in first.text
    assert stop in first.html
    assert "เลือกรับ “ข่าวคอร์ส”" in first.text
    assert URL in first.html
    reader.is_sent("c2", channel=Channel.EMAIL)
    database.write(
        lambda session: mails.queue_to(
            session,
            session.get_one(Learner, reader.learner_id),
            cause="their own",
            template="changed_name",
            now=clock(),
        )
    )
    new_browser().post(stop.removeprefix("https://bot.example.test"), ONE_CLICK)
    mailing.drain(bot)

    assert len(mailbox.mails) == 2
    assert "List-Unsubscribe" not in mailbox.mails[1].headers
    left = database.read(lambda s: {m.cause[:7]: m.reason for m in s.query(Mail) if m.topic})
    assert left == {"news:c1": None, "news:c2": "no consent"}


def test_no_news_by_mail_before_the_address_is_confirmed(bot, platform, database, clock, mailbox):
    reader = Subscriber(bot, platform, Channel.EMAIL, is_confirmed=False)
    reader.is_sent("c1", channel=Channel.EMAIL)
    mailing.drain(bot)
    reader.becomes(email_verified_at=clock())
    reader.is_sent("c2", channel=Channel.EMAIL)
    mailing.drain(bot)

    left = database.read(lambda s: {m.cause[:7]: m.reason for m in s.query(Mail)})
    assert left == {"news:c1": "address not confirmed", "news:c2": None}
    assert len(mailbox.mails) == 1


def test_news_that_waits_is_not_sent_to_an_address_that_was_left(reader, database, bot, mailbox):
    reader.is_sent("c1", channel=Channel.EMAIL)
    reader.becomes(email="new@example.test")
    mailing.drain(bot)

    assert mailbox.mails == []
    assert database.read(lambda s: [m.reason for m in s.query(Mail)]) == ["address changed"]


def test_a_conversation_keeps_its_other_consents(address, new_browser, reader, database, clock):
    new_browser().post(address, ONE_CLICK)

    person = database.read(lambda s: s.get(Conversation, reader.subject_id))
    assert person is not None
    assert holds(database, reader, Purpose.LINE_NEWS, clock)
