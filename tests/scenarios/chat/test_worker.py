"""A web process that only stores, and the worker that answers in its place."""

from dataclasses import replace

import pytest

from app import create_app
from bot.services.chat import inbox

pytestmark = pytest.mark.sql


def test_a_worker_answers_what_a_storing_process_left(settings, clock, platform):
    made = create_app(replace(settings, inbox_handlers=0), clock=clock)
    engine = made.extensions["engine"]
    door = made.test_client()
    platform.deliver = lambda body, headers: (
        door.post("/line/webhook", data=body, headers=headers).status_code
    )
    person = platform.add_person("มะลิ", "th")
    platform.follow(person.user_id)
    assert platform.free == 0, "this process only stores"

    assert engine.start(), "the worker's own start does not depend on the web's threads"
    assert engine.lanes.are_running
    clock.advance(seconds=5)
    engine.sweep()
    engine.stop()

    assert platform.free == 1
    assert engine.bot.database.read(inbox.everyone_waiting) == []
    engine.bot.close()
