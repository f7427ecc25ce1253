"""The demo's news lever: the real way, to everybody who chose the topic, and to nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from bot.settings import Settings
from models.mail import Mail
from models.outbox import Push
from models.subscription import Channel
from tests.news import Subscriber


@pytest.fixture
def demo(settings: Settings, clock: Any) -> Iterator[Flask]:
    made = create_app(replace(settings, simulator=True), clock=clock)
    yield made
    made.extensions["bot"].close()


def pull(demo: Flask, lever: str) -> Any:
    return demo.test_client().post("/simulator/api/lever", json={"lever": lever, "person": "x"})


def queued(demo: Flask, model: type[Any]) -> list[tuple[str, str]]:
    query = select(model.subject_id, model.topic).order_by(model.id)
    found: list[tuple[str, str]] = demo.extensions["bot"].database.read(
        lambda session: [tuple(row) for row in session.execute(query)]
    )
    return found


def test_it_goes_to_those_who_chose_the_topic(demo: Flask) -> None:
    bot, platform = demo.extensions["bot"], demo.extensions["platform"]
    on_line = Subscriber(bot, platform, Channel.LINE, name="ก")
    by_mail = Subscriber(bot, platform, Channel.EMAIL, name="ข")
    Subscriber(bot, platform, name="ค")

    assert pull(demo, "news-course_info").status_code == 200
    assert queued(demo, Push) == [(on_line.subject_id, "courses")]
    assert queued(demo, Mail) == [(by_mail.subject_id, "courses")]
    assert pull(demo, "news-course_info").status_code == 200
    assert len(queued(demo, Push)) == 2, "each pull is news of its own"


def test_nobody_there_is_said(demo: Flask) -> None:
    Subscriber(demo.extensions["bot"], demo.extensions["platform"], Channel.LINE, name="ก")
    answer = pull(demo, "news-news")

    assert answer.status_code == 409
    assert "nobody has chosen" in answer.get_json()["error"]
    assert queued(demo, Push) == []


def test_every_lever_stands_on_the_page(demo: Flask) -> None:
    page = demo.test_client().get("/simulator").text

    for kind in ("course_info", "article", "video", "news"):
        assert f'data-lever="news-{kind}"' in page
