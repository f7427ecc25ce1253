"""The end of news by one POST (RFC 8058): at once, without cookie, and never said untruly."""

import re

import pytest

from bot.runtime import mailing
from bot.services.consent import consents
from bot.services.delivery import mails
from bot.services.subscriptions import subscriptions
from models.base import new_id
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.mail import Mail
from models.merges import Merge
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
@pytest.mark.parametrize("language", ["th", "en"])
def test_a_link_that_stops_nothing_says_how_to_stop(
    method, language, address, new_browser, database, bot
):
    """Cut short, altered or made up: never "no more news" where nothing has changed."""
    bot.basic_id = "@school"
    before = fingerprint(database)
    token = address.removeprefix("/s/stop/")
    cut = {f"cut by {left}": token[:-left] for left in (1, 2, 4, 60)}
    # The last letter has bits that say nothing.
    altered = {
        f"altered at {at}": token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        for at in range(0, len(token) - 1, 7)
    }
    lower = {"small letters": token.lower(), "broken in two": f"{token[:40]}%0D%0A{token[40:]}"}
    forged = {each: each for each in FORGED if "/" not in each} | {"nothing": ""}
    words = {
        "th": ("จึงยังไม่ได้หยุดรับข่าวค่ะ", "หยุดรับข่าว"),
        "en": ("it has stopped nothing", "“Stop news”"),
    }[language]

    def says_how(token):
        url = f"/s/stop/{token}?lang={language}"
        answer = new_browser().request(method, url)
        assert answer.status_code == {"GET": 200, "POST": 410}[method]
        for said in (*words, "/portal/news", "line.me"):
            assert said in answer.text
        assert "<form" not in answer.text
        assert "you get no more news" not in answer.text
        assert "จะไม่มีข่าวส่งถึงคุณ" not in answer.text

    every({**cut, **altered, **lower, **forged}, says_how)
    assert fingerprint(database) == before


# What mail and chat programs take for a part of the address.
AROUND = [".", ")", "”", "’", ">", ",", ";", "!", "ๆ", "ค่ะ", " ", "/", "./", "%2E", "%22", "%0D%0A"]
AROUND += ["%E0%B9%86", "*", "=", "\u200b", "]", "…", "%3E.", "%2522"]


@pytest.mark.parametrize("behind", AROUND)
def test_a_sentence_around_the_link_is_forgiven(
    behind, address, new_browser, reader, database, clock
):
    assert "<form" in new_browser().get(f"{address}{behind}").text
    answer = new_browser().post(f"{address}{behind}", ONE_CLICK)
    assert answer.status_code == 200
    assert not holds(database, reader, Purpose.EMAIL_NEWS, clock)


def test_a_mail_to_a_registration_that_was_merged_stops_the_news_of_the_kept_one(
    address, bot, platform, reader, new_browser, database, clock
):
    kept = Subscriber(bot, platform, Channel.EMAIL, name="มะลิวัลย์")

    def merge(session):
        session.add(
            Merge(
                id=new_id(),
                kept_id=kept.learner_id,
                closed_id=reader.learner_id,
                member_id=new_id(),
                merged_at=clock(),
                undo_until=clock(),
            )
        )

    database.write(merge)
    assert new_browser().post(address, ONE_CLICK).status_code == 200
    assert not holds(database, kept, Purpose.EMAIL_NEWS, clock)


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
