"""What a lost answer and an ill-timed tick do to a registration: one link that works, no push."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.texts import translator
from simulator.platform import Platform
from tests.chat import Chat
from tests.clock import FakeClock
from tests.servers import SOMCHAI, path_of

t = translator("th")


def to_the_summary(chat: Chat) -> None:
    chat.adds_the_account()
    chat.taps(t("Register"))
    chat.taps(t("I agree"))
    chat.taps(t("20 years and over"))
    for typed in (SOMCHAI.name, SOMCHAI.phone, SOMCHAI.email, SOMCHAI.line_id):
        chat.says(typed)
    chat.taps(t("Yes, please"))
    chat.taps(t("No, thank you"))


def has_button(chat: Chat, label: str) -> bool:
    try:
        chat.button(label)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("fault", ["lost_response", "500_after_accept", "500"])
def test_the_link_works_where_the_outcome_of_the_reply_was_unknown(
    someone: Callable[..., Chat],
    platform: Platform,
    engine: Engine,
    clock: FakeClock,
    client: Any,
    fault: str,
) -> None:
    """The newest link that the person holds opens, or there is a newer message with a button."""
    chat = someone("มะลิ")
    to_the_summary(chat)
    platform.faults.add("reply", fault)
    chat.taps(t("Confirm and register"))
    for _ in range(3):  # the sweep takes up what has no outcome
        clock.advance(seconds=8)
        engine.sweep()
        engine.drain_pushes()
    newest = chat.bubbles()[-1].message
    if t("Get my link") in str(newest):
        chat.taps(t("Get my link"))
    path = path_of(chat.opens(t("Show my password")))
    assert client.post(path, base_url="https://bot.example.test").status_code == 200


class Interrupted:
    """The provider, while the clock ticks in the middle of its work."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.tick: Callable[[], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create(self, account: Any, now: Any) -> None:
        tick, self.tick = self.tick, None
        if tick is not None:
            tick()
        self._inner.create(account, now)


def test_a_tick_in_the_middle_of_a_registration_costs_no_push(
    someone: Callable[..., Chat], platform: Platform, engine: Engine, bot: Bot
) -> None:
    """The person is being answered by a free reply; "your account is ready" would be paid for."""
    chat = someone("มะลิ")
    to_the_summary(chat)
    bot.provider = interrupted = Interrupted(bot.provider)
    interrupted.tick = engine.drain_accounts
    chat.taps(t("Confirm and register"))
    assert has_button(chat, t("Show my password"))
    engine.drain_pushes()
    assert platform.paid == 0


def test_a_first_reply_that_is_refused_is_not_taken_for_a_second(
    someone: Callable[..., Chat],
    platform: Platform,
    engine: Engine,
    clock: FakeClock,
    app: Any,
) -> None:
    """Swept after a crash, but never replied to: "Invalid reply token" means that nothing came."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    door, heard = app.test_client(), len(chat.bubbles())

    def store_and_die(body: bytes, headers: dict[str, str]) -> int:
        return int(door.post("/line/webhook", data=body, headers=headers).status_code)

    platform.deliver = store_and_die
    platform.text(chat.user_id, "เมนู")
    clock.advance(seconds=6)
    platform.faults.add("reply", "token_expired")
    engine.sweep()
    engine.drain_pushes()
    assert len(chat.bubbles()) > heard, "nobody answered"
