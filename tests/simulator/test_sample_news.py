"""The demo's news lever: an announcement by the real way, to everybody who chose the topic."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from bot.runtime import campaigning
from bot.services.shared import quiet_hours
from bot.services.subscriptions.topics import NewsKind
from bot.settings import Settings
from models.campaign import Campaign, CampaignState
from models.mail import Mail
from models.staff import Staff
from models.subscription import Channel
from simulator.platform import Platform
from simulator.sample_news import SAMPLES
from tests.chat import words
from tests.news import Subscriber, allow_many
from tests.simulator.conftest import TOKEN, StandingClock


@pytest.fixture
def demo(settings: Settings, clock: StandingClock) -> Iterator[Flask]:
    """The demo's product, which calls the LINE of the tests."""
    made = create_app(replace(settings, simulator=True, access_token=TOKEN), clock=clock)
    yield made
    made.extensions["bot"].close()


def pull(demo: Flask, lever: str) -> Any:
    return demo.test_client().post("/simulator/api/lever", json={"lever": lever, "person": "x"})


def ticks(demo: Flask) -> None:
    """The clock's ticks, to the end of what is on its way."""
    bot, engine = demo.extensions["bot"], demo.extensions["engine"]
    for _ in range(3):
        campaigning.move_on(bot)
        engine.campaigns.drain_mails()
        engine.campaigns.drain()


def mailed(demo: Flask) -> list[tuple[str, str]]:
    query = select(Mail.subject_id, Mail.topic).order_by(Mail.id)
    found: list[tuple[str, str]] = demo.extensions["bot"].database.read(
        lambda session: [tuple(row) for row in session.execute(query)]
    )
    return found


def campaigns_of(demo: Flask) -> list[Campaign]:
    found: list[Campaign] = demo.extensions["bot"].database.read(
        lambda session: list(session.scalars(select(Campaign).order_by(Campaign.created_at)))
    )
    return found


@pytest.mark.parametrize("is_night", [False, True], ids=["day", "night"])
def test_it_goes_to_those_who_chose_the_topic(
    is_night: bool, demo: Flask, platform: Platform, clock: StandingClock
) -> None:
    bot = demo.extensions["bot"]
    if is_night:
        clock.advance(seconds=12 * 3600)
        assert quiet_hours.is_quiet(clock())
    on_line = Subscriber(bot, platform, Channel.LINE, name="ก")
    by_mail = Subscriber(bot, platform, Channel.EMAIL, name="ข", email="kho@example.test")
    nothing = Subscriber(bot, platform, name="ค", email="kho2@example.test")

    assert pull(demo, "news-course_info").status_code == 200
    ticks(demo)
    (heard,) = on_line.chat.heard()[:1]
    assert SAMPLES[NewsKind.COURSE_INFO].title["th"] in words([heard])
    assert mailed(demo) == [(by_mail.subject_id, "courses")]
    assert not by_mail.chat.heard()
    assert not nothing.chat.heard()
    assert pull(demo, "news-course_info").status_code == 200
    ticks(demo)
    assert len(mailed(demo)) == 2, "each pull is news of its own"


def test_one_of_the_staff_wrote_it_and_another_approved_it(demo: Flask, platform: Platform) -> None:
    bot = demo.extensions["bot"]
    Subscriber(bot, platform, Channel.LINE, name="ก")
    pull(demo, "news-article")
    ticks(demo)

    (campaign,) = campaigns_of(demo)
    assert campaign.state is CampaignState.DONE
    staff = bot.database.read(
        lambda session: {row.id: row.username for row in session.scalars(select(Staff))}
    )
    assert staff[campaign.author_id] == "demo.author"
    assert staff[campaign.approved_by] == "demo.approver"


def test_nobody_there_is_said(demo: Flask, platform: Platform) -> None:
    Subscriber(demo.extensions["bot"], platform, Channel.LINE, name="ก")
    answer = pull(demo, "news-news")
    ticks(demo)

    assert answer.status_code == 409
    assert "nobody has chosen" in answer.get_json()["error"]
    assert [campaign.state for campaign in campaigns_of(demo)] == [CampaignState.STOPPED]
    assert not [call for call in platform.calls if call.endpoint == "multicast"]


def test_what_does_not_fit_into_the_month_is_said(demo: Flask, platform: Platform) -> None:
    bot = demo.extensions["bot"]
    allow_many(bot)
    Subscriber(bot, platform, Channel.LINE, name="ก")
    platform.usage.quota = 0
    answer = pull(demo, "news-video")

    assert answer.status_code == 409
    assert "quota" in answer.get_json()["error"]
    assert [campaign.state for campaign in campaigns_of(demo)] == [CampaignState.STOPPED]


def test_every_lever_stands_on_the_page(demo: Flask) -> None:
    page = demo.test_client().get("/simulator").text

    for kind in ("course_info", "article", "video", "news"):
        assert f'data-lever="news-{kind}"' in page
