"""News of one's choice on a page: the same wishes as in chat, at most as many presses to stop."""

import re
from datetime import timedelta

import pytest

from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner
from models.mail import Mail
from models.subscription import Channel, Subscription

PAGE = "/portal/news"
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN
EACH = pytest.mark.parametrize("purpose", [Purpose.LINE_NEWS, Purpose.EMAIL_NEWS])


def card(browser, purpose):
    """What binds the button to the words above it."""
    part = browser.get(PAGE).text.split(f'id="{purpose}"')[1]
    return re.search(r'name="card" value="([0-9a-f]+)"', part)[1]


def start(browser, purpose):
    return browser.submit(
        PAGE, PAGE, wish="start", purpose=str(purpose), card=card(browser, purpose)
    )


def states(database, purpose):
    return database.read(lambda s: [e.state for e in s.query(ConsentEvent) if e.purpose is purpose])


def chosen(database, channel):
    return database.read(
        lambda s: {row.topic for row in s.query(Subscription) if row.channel is channel}
    )


@pytest.fixture
def change(database, settled):
    """Change the learner's row."""

    def changed(**values):
        def work(session):
            learner = session.get(Learner, settled.learner_id)
            for name, value in values.items():
                setattr(learner, name, value)

        database.write(work)

    return changed


@EACH
def test_started_and_stopped_on_the_page(purpose, browser, settled, database):
    assert start(browser, purpose).location == f"{PAGE}?saved=1"
    assert states(database, purpose) == [GIVEN]
    event = database.read(lambda s: s.query(ConsentEvent).one())
    assert event.channel == "portal"
    assert "24" in event.text
    assert browser.submit(PAGE, PAGE, wish="stop", purpose=str(purpose)).status_code == 303

    assert sorted(states(database, purpose)) == [GIVEN, WITHDRAWN]
    assert database.read(lambda s: s.query(Subscription).count()) == 0


def test_mail_news_ask_for_the_address_first(browser, settled, database):
    start(browser, Purpose.EMAIL_NEWS)

    assert database.read(lambda s: [m.template for m in s.query(Mail)]) == ["email_confirm"]
    assert "opened the link" in browser.get(f"{PAGE}?lang=en").text


def test_topics_are_ticked(browser, settled, database):
    start(browser, Purpose.LINE_NEWS)
    assert chosen(database, Channel.LINE) == {"courses", "articles", "videos"}
    form = {"wish": "topics", "purpose": "line_news", "topic": ["videos", "promotions", "forged"]}
    assert browser.submit(PAGE, PAGE, **form).status_code == 303

    assert chosen(database, Channel.LINE) == {"videos", "promotions"}
    ticked = re.findall(r'name="topic" value="(\w+)" checked', browser.get(PAGE).text)
    assert ticked == ["videos", "promotions"]


def test_topics_of_a_channel_that_is_off_are_not_chosen(browser, settled, database):
    form = {"wish": "topics", "purpose": "line_news", "topic": "videos"}
    assert browser.submit(PAGE, PAGE, **form).location == PAGE

    assert chosen(database, Channel.LINE) == set()


def test_a_pause_and_its_end(browser, settled, database, clock):
    start(browser, Purpose.LINE_NEWS)
    browser.submit(PAGE, PAGE, wish="pause")
    learner = database.read(lambda s: s.query(Learner).one())
    assert learner.news_paused_until == clock() + timedelta(days=30)
    assert "Paused until 23 December 2026." in browser.get(f"{PAGE}?lang=en").text
    assert "23 ธันวาคม 2569" in browser.get(f"{PAGE}?lang=th").text
    browser.submit(PAGE, PAGE, wish="go_on")

    assert database.read(lambda s: s.query(Learner).one()).news_paused_until is None


def test_words_that_were_not_shown_are_no_consent(browser, settled, database):
    for wrong in ("", "0123456789abcdef", "x" * 500):
        form = {"wish": "start", "purpose": "line_news", "card": wrong}
        assert browser.submit(PAGE, PAGE, **form).location == PAGE

    assert states(database, Purpose.LINE_NEWS) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"wish": "erase"},
        {"wish": "start", "purpose": "enrolment"},
        {"wish": "stop", "purpose": ""},
    ],
)
def test_unknown_wishes_are_refused(form, browser, settled, database):
    assert browser.submit(PAGE, PAGE, **form).status_code == 400
    assert database.read(lambda s: s.query(ConsentEvent).count()) == 0


def test_a_form_needs_its_token(browser, settled, database):
    form = {"wish": "start", "purpose": "line_news", "card": card(browser, "line_news")}

    assert browser.post(PAGE, form).status_code == 403
    assert states(database, Purpose.LINE_NEWS) == []


def test_under_twenty_the_guardian_is_waited_for(browser, settled, database, change):
    change(age_band=AgeBand.FROM_11_TO_19)
    assert "guardian has to agree too" in browser.get(f"{PAGE}?lang=en").text
    start(browser, Purpose.LINE_NEWS)
    page = browser.get(f"{PAGE}?lang=en").text
    assert "guardian has to agree too" in page
    browser.submit(PAGE, PAGE, wish="stop", purpose="line_news")

    assert sorted(states(database, Purpose.LINE_NEWS)) == [GIVEN, WITHDRAWN]


def test_up_to_ten_years_only_the_guardian_starts(browser, settled, database, change):
    bound = card(browser, Purpose.LINE_NEWS)
    change(age_band=AgeBand.UP_TO_10)
    assert 'name="card"' not in browser.get(PAGE).text
    form = {"wish": "start", "purpose": "line_news", "card": bound}
    # There is no form with a token of its own on this page any more; take one from another.
    assert browser.submit("/portal/account", PAGE, **form).location == PAGE

    assert states(database, Purpose.LINE_NEWS) == []


def test_starting_oneself_ends_an_objection(browser, settled, database, change, clock):
    change(objected_at=clock())
    start(browser, Purpose.LINE_NEWS)

    assert database.read(lambda s: s.query(Learner).one()).objected_at is None


def test_a_learner_who_is_gone_has_no_news(browser, settled, change):
    change(state="withdrawn")
    assert browser.get(PAGE).status_code == 404
    assert browser.submit("/portal/account", PAGE, wish="pause").status_code == 404


def test_the_page_speaks_to_its_owner_only(browser, settled, database, new_browser):
    start(browser, Purpose.LINE_NEWS)

    assert new_browser().get(PAGE).location == "/portal/sign-in"
    assert database.read(lambda s: s.query(Conversation).count()) == 1
