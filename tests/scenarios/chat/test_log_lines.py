"""The log says where an error happened, and how long a webhook, an answer and a job took."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot import logs
from bot.dispatch import Flow
from bot.errors import DeliveryError
from handlers import jobs
from handlers.jobs import Job
from handlers.line.registration.flow import Step
from tests.scenarios.doubles import add_flow
from tests.scenarios.story import reach

SECRET = "ความลับ 081-234-5678"
HERE = r"tests/scenarios/chat/test_log_lines\.py:\d+ \S+"


@pytest.fixture
def logged(capsys):
    """The lines of one kind since the last look."""

    def read(event):
        said = capsys.readouterr()
        written = said.out + said.err
        assert "0812345678" not in written
        assert SECRET not in written
        assert "\\u0e" not in written
        found = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    return read


@pytest.fixture
def tick(bot, engine):
    """Let a job that does something come round once."""

    def pass_by(run):
        jobs.guarded(bot, engine, Job("errand", timedelta(seconds=1), run))()

    return pass_by


def test_a_job_that_fails_says_what_where_and_how_long(tick, logged):
    def breaks(engine):
        try:
            engine.bot.database.read(lambda session: session.execute(text(f"SELECT '{SECRET}")))
        except Exception as error:
            raise ValueError(SECRET, "0812345678") from error

    tick(breaks)

    (line,) = logged("job.failed")
    assert (line["job"], line["error"], line["level"]) == ("errand", "ValueError", "error")
    assert re.fullmatch(HERE, line["where"])
    assert line["where"].endswith("<locals>.breaks")
    assert line["causes"].split(", ")[0] in {"OperationalError", "ProgrammingError"}
    assert isinstance(line["ms"], int)
    assert set(line) == {
        "event", "job", "ms", "error", "where", "causes", "level", "timestamp"
    }  # fmt: skip


def test_the_place_is_ours_where_a_library_raised(tick, logged):
    tick(lambda engine: engine.bot.database.read(lambda session: session.execute(text("nonsense"))))

    (line,) = logged("job.failed")
    assert re.fullmatch(HERE, line["where"])


def test_the_place_is_a_librarys_where_nothing_of_ours_was_on_the_way():
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    error = caught.value.with_traceback(caught.tb.tb_next)
    assert re.fullmatch(r"decoder\.py:\d+ \S+", logs.failure(error)["where"])
    assert logs.failure(ValueError(SECRET)) == {"error": "ValueError", "where": ""}


def test_what_was_hidden_on_purpose_is_no_cause():
    def hides():
        try:
            raise KeyError(SECRET)
        except KeyError:
            raise DeliveryError("timeout") from None

    with pytest.raises(DeliveryError) as caught:
        hides()
    assert "causes" not in logs.failure(caught.value)


def test_a_job_that_did_something_is_told_and_one_that_did_not_is_none(tick, logged, monkeypatch):
    tick(lambda engine: 3)
    (line,) = logged("job.done")
    assert (line["job"], line["level"]) == ("errand", "info")
    assert isinstance(line["ms"], int)

    tick(lambda engine: 0)
    tick(lambda engine: None)
    assert logged("job.done") == []

    monkeypatch.setattr(jobs, "SLOW", 0)
    tick(lambda engine: 0)
    assert len(logged("job.done")) == 1


def test_a_webhook_says_how_long_it_took(someone, post, line, logged):
    chat = someone("มะลิ")
    logged("webhook.received")
    events = [line.text(chat.user_id, SECRET, deliver_now=False) for _ in range(2)]
    assert post(*events) == 200

    (found,) = logged("webhook.received")
    assert (found["events"], found["level"]) == (2, "info")
    assert isinstance(found["ms"], int)
    assert set(found) == {"event", "ms", "events", "level", "timestamp"}


def test_a_webhook_that_is_not_stored_says_where(bot, line, client, logged, someone):
    chat = someone("มะลิ")
    bot.database.write(lambda session: session.execute(text("DROP TABLE webhook_event")))
    event = line.text(chat.user_id, SECRET, deliver_now=False)
    body = json.dumps({"destination": line.bot_user_id, "events": [event]}).encode()
    answer = client.post("/line/webhook", data=body, headers=line.webhooks.headers(body))
    assert answer.status_code == 503

    (found,) = logged("webhook.not_stored")
    assert re.fullmatch(r"models/\w+\.py:\d+ \S+", found["where"])
    assert found["causes"] in {"OperationalError", "UndefinedTable"}
    assert isinstance(found["ms"], int)


def test_an_answer_says_how_long_it_took_and_how_it_ended(someone, platform, clock, logged):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    logged("answer.done")
    chat.says(SECRET)
    (found,) = logged("answer.done")
    assert (found["way"], found["level"], found["waited_ms"]) == ("said", "info", 0)
    assert isinstance(found["ms"], int)
    assert set(found) == {
        "event", "event_id", "ms", "waited_ms", "way", "level", "timestamp"
    }  # fmt: skip

    platform.faults.add("reply", "token_expired")
    chat.says(SECRET)
    (found,) = logged("answer.done")
    assert found["way"] == "push"

    platform.faults.add("reply", "500")
    chat.says(SECRET)
    (found,) = logged("answer.done")
    assert found["way"] == "later"


def test_an_answer_that_breaks_says_where(someone, bot, logged):
    flow = Flow("errand")

    @flow.entry("breaks")
    def breaks(event, ctx):
        raise ValueError(SECRET)

    add_flow(bot, flow)
    someone("มะลิ").posts("a=breaks")

    (line,) = logged("event.handler_failed")
    assert line["error"] == "ValueError"
    assert re.fullmatch(HERE, line["where"])
