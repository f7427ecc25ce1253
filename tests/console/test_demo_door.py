"""The demo's way into the console, and that it exists in the demo alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from app import create_app
from bot.settings import Settings
from simulator.console_door import CAST
from tests.clock import FakeClock
from tests.console.conftest import Desk


@pytest.fixture
def demo(settings: Settings, clock: FakeClock) -> Iterator[Flask]:
    made = create_app(replace(settings, simulator=True), clock=clock)
    yield made
    made.extensions["bot"].close()


def test_a_newcomer_enters_as_anybody(demo: Flask) -> None:
    desk = Desk(demo.test_client())
    page = desk.get("/simulator/console").text
    for key in CAST:
        assert f"/simulator/console/{key}" in page
        for _ in range(2):
            assert desk.post(f"/simulator/console/{key}").location == "/console"
            assert desk.get("/console/me").status_code == 200
    assert desk.post("/simulator/console/nobody").status_code == 404
    foreign = {"Origin": "https://evil.example"}
    assert desk.post("/simulator/console/admin", headers=foreign).status_code == 403


def test_the_team_page_takes_them_for_members_in_use(demo: Flask) -> None:
    desk = Desk(demo.test_client())
    for key in CAST:
        desk.post(f"/simulator/console/{key}")
    page = desk.get("/console/team").text
    assert page.count(">ใช้งานอยู่<") == len(CAST)
    assert "ยังไม่เริ่มใช้" not in page


def test_it_is_not_there_in_earnest(app: Flask) -> None:
    assert Desk(app.test_client()).post("/simulator/console/admin").status_code == 404
