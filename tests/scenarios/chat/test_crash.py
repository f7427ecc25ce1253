"""kill -9 at every point of a registration's last tap: one account, one answer, a working link."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from simulator.platform import Platform
from tests.chat import words
from tests.crash import crash_app
from tests.samples import sampled
from tests.servers import SOMCHAI, LiveChat, Product, eventually, path_of, product

POINTS = ("stored", "handling", "made", "replying", "replied")
DEATHS = [(kind, point) for kind in ("sqlite", "postgres") for point in POINTS]
# On PostgreSQL another worker takes over: once before the answer is made and once after it.
OFTEN = [*DEATHS[: len(POINTS)], ("postgres", "handling"), ("postgres", "replying")]


@dataclass
class Stage:
    """A product that can be made to die, and the LINE beside it."""

    product: Product
    platform: Platform
    marker: Path

    @property
    def is_sqlite(self) -> bool:
        return self.product.database_url.startswith("sqlite")

    def start(self) -> None:
        self.product.start(worker=not self.is_sqlite)

    def restart(self) -> None:
        """Start what died; on PostgreSQL the worker has lived on."""
        self.product.start()

    def dies_at(self, point: str) -> None:
        self.marker.write_text(point, encoding="utf-8")

    def rows(self, query: str, **values: Any) -> list[Any]:
        engine = create_engine(self.product.database_url, poolclass=NullPool)
        with engine.connect() as connection:
            return list(connection.execute(text(query), values))

    def count(self, table: str, condition: str = "1 = 1") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])

    def is_quiet(self) -> bool:
        """Whether nothing is left to handle, to answer or to push."""
        open_events = self.count("webhook_event", "state IN ('received', 'answering')")
        return not open_events and not self.count("push", "state = 'queued'")


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Callable[..., Any]:
    """Makes the stage; scope "process" kills the serving process alone, not its supervisor."""

    @contextmanager
    def make(scope: str = "group") -> Iterator[Stage]:
        marker = tmp_path / "die-here"
        with product(
            database_url,
            tmp_path,
            module="tests.crash.crash_app",
            CRASH_MARKER=str(marker),
            CRASH_SCOPE=scope,
        ) as (made, platform):
            yield Stage(made, platform, marker)

    return make


def confirm(stage: Stage, chat: LiveChat) -> dict[str, Any]:
    """Tap "confirm"; comes back when LINE's call has ended, however it ended."""
    event = stage.platform.tap(chat.user_id, chat.button(chat.t("Confirm and register")))
    assert isinstance(event, dict)
    return event


def way_in(stage: Stage, chat: LiveChat) -> str:
    """The one-time link's path: from the reply, or behind the button that a push has instead."""
    show, get = chat.t("Show my password"), chat.t("Get my link")
    eventually(lambda: chat.has_button(show) or chat.has_button(get), "an answer with a way in")
    if not chat.has_button(show):
        chat.platform.tap(chat.user_id, chat.button(get))
    eventually(lambda: stage.is_quiet() and chat.has_button(show), "a link, and an end of all work")
    return path_of(str(chat.button(show)["uri"]))


def assert_one_account_and_a_working_link(stage: Stage, chat: LiveChat) -> None:
    path = way_in(stage, chat)
    visitor = stage.product.visitor()
    assert visitor.get(path).status == 200
    opened = visitor.post(path)
    assert opened.status == 200
    assert 'id="password"' in opened.text
    assert visitor.post(path).status == 410
    assert stage.count("learner") == 1
    assert stage.count("account") == 1
    assert stage.count("portal_account") == 1
    assert stage.rows("SELECT state, username FROM account") == [
        ("active", stage.rows("SELECT username FROM portal_account")[0][0])
    ]


def assert_undisturbed(stage: Stage, other: LiveChat, said_before: list[str]) -> None:
    """Somebody else keeps what they were told, hears nothing new, and is answered as ever."""
    assert [words([bubble]) for bubble in other.bubbles()] == said_before
    other.says("เมนู")
    assert other.t("Register") in other.labels()


def enact(stage: Stage, point: str) -> tuple[LiveChat, LiveChat, list[str], dict[str, Any]]:
    """Somebody greets, somebody registers, and the product dies on the registration."""
    stage.start()
    other = LiveChat(stage.platform, "Somsri")
    other.adds_the_account()
    before = [words([bubble]) for bubble in other.bubbles()]
    chat = LiveChat(stage.platform, "มะลิ")
    chat.fills_in(SOMCHAI)
    # LINE shows an answer before we know that it took it: the death must not meet that one.
    eventually(stage.is_quiet, "a moment of rest")
    stage.dies_at(point)
    return other, chat, before, confirm(stage, chat)


def assert_the_death_is_where_it_is_said_to_be(
    stage: Stage, point: str, event: dict[str, Any]
) -> None:
    """The test bites: what is in the database at the moment of the death differs by the point."""
    state = stage.rows("SELECT state FROM webhook_event WHERE id = :id", id=event["webhookEventId"])
    found = (
        state[0][0],
        stage.count("learner"),
        stage.count("account", "state = 'active'"),
        stage.count("portal_account"),
    )
    assert (
        found
        == {
            crash_app.STORED: ("received", 0, 0, 0),
            crash_app.HANDLING: ("received", 0, 0, 0),
            crash_app.MADE: ("answering", 1, 0, 1),
            crash_app.REPLYING: ("answering", 1, 1, 1),
            crash_app.REPLIED: ("answering", 1, 1, 1),
        }[point]
    )


@pytest.mark.parametrize(
    ("database_url", "point"), sampled(DEATHS, OFTEN), indirect=["database_url"]
)
def test_a_registration_survives(stage: Any, point: str) -> None:
    with stage() as here:
        other, chat, before, event = enact(here, point)
        here.product.web.wait_until_dead()
        assert not here.marker.exists()
        if here.is_sqlite:  # the worker of PostgreSQL takes over at once; the file keeps still
            assert_the_death_is_where_it_is_said_to_be(here, point, event)
        here.restart()
        assert_one_account_and_a_working_link(here, chat)
        assert_undisturbed(here, other, before)


def test_line_delivers_again_what_it_got_no_answer_for(stage: Any) -> None:
    """Dead before the 200: LINE redelivers after we have answered already; nothing doubles."""
    with stage() as here:
        other, chat, before, event = enact(here, crash_app.STORED)
        here.product.web.wait_until_dead()
        assert not here.platform.deliveries[-1].accepted
        here.restart()
        assert here.platform.redeliver(event).accepted
        assert_one_account_and_a_working_link(here, chat)
        thanks = chat.t("Thank you. Your registration is complete.")
        assert words(chat.bubbles()).count(thanks) == 1
        assert_undisturbed(here, other, before)


def test_a_dead_serving_process_is_replaced_by_itself(stage: Any) -> None:
    """Only the process that serves dies; its supervisor starts another one, nobody does a thing."""
    with stage("process") as here:
        other, chat, before, _event = enact(here, crash_app.REPLYING)
        eventually(lambda: not here.marker.exists(), "the death")
        here.product.wait_until_ready()
        assert_one_account_and_a_working_link(here, chat)
        assert_undisturbed(here, other, before)
