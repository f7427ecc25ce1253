"""Nobody learns from the time of an answer who has an account: known and unknown are one work.

What is compared is what is done until the answer is out: each statement to the database, and each
password that is hashed. How long that takes is measured by `python -m benchmarks.alike`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from bot.providers import hashes
from bot.runtime import Bot, errands
from bot.runtime.engine import Engine
from bot.services.chat import inbox
from bot.services.shared import codes
from bot.services.staff import sign_in as staff_sign_in
from simulator.platform import Platform
from tests.factories import make_staff
from tests.scenarios.story import EMAIL, PHONE, Step, reach, register
from tests.security.test_same_words import (
    World,
    language_of,
    registration,
    reset,
    said,
    sign_in,
    world,
)

__all__ = ["world"]

pytestmark = pytest.mark.usefixtures("by_chat")


@dataclass
class Work:
    """Counts statements while it is told to."""

    done: Counter[str] = field(default_factory=Counter)
    is_on: bool = False

    def note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self.is_on and not statement.startswith(("PRAGMA", "BEGIN", "SET", "SAVEPOINT")):
            self.done[statement] += 1

    @contextmanager
    def counted(self, is_on: bool = True) -> Iterator[None]:
        before, self.is_on = self.is_on, is_on
        yield
        self.is_on = before

    def take(self) -> Counter[str]:
        found, self.done = self.done, Counter()
        return found


class CountedHasher:
    """A hasher of passwords whose turns are part of the work."""

    def __init__(self, inner: Any, work: Work) -> None:
        self._inner, self._work = inner, work

    def __getattr__(self, name: str) -> Any:
        self._work.note(None, None, f"password: {name}")
        return getattr(self._inner, name)


@pytest.fixture
def work(
    app: Flask, bot: Bot, engine: Engine, line: Platform, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Work]:
    """What is done for the answers; errands come after them, as in a process that works."""
    work, door = Work(), app.test_client()
    monkeypatch.setattr(hashes, "_HASHER", CountedHasher(hashes._HASHER, work))
    engines = {bot.database.engine, bot.database._engine}
    for each in engines:
        event.listen(each, "before_cursor_execute", work.note)

    def deliver(body: bytes, headers: dict[str, str]) -> int:
        status = door.post("/line/webhook", data=body, headers=headers).status_code
        for person in bot.database.read(inbox.everyone_waiting):
            engine.answering.work(person)
        bot.database.write(lambda _: None)
        with work.counted(False):
            errands.drain(bot)
        return status

    line.deliver = deliver
    yield work
    for each in engines:
        event.remove(each, "before_cursor_execute", work.note)


def relinking_by_mail(world: World, is_known: bool) -> None:
    """The address, a wrong code after the right one went out, the address again, another wrong."""
    chat = world.stranger(is_known)
    chat.says("ย้ายบัญชี")
    chat.taps(language_of(chat)("Code by e-mail"))
    for typed in (EMAIL if is_known else "somchai.jx@gmail.com", "000000"):
        chat.says(typed)
    world.clock.advance(minutes=2)
    chat.taps(language_of(chat)("Send a new code"))
    chat.says("111111")


def change_of_phone(world: World, is_known: bool) -> None:
    """Somebody registered takes on the number of another one."""
    chat = world.someone("ฝน" if is_known else "ฟ้า")
    register(chat, phone=lambda c: c.says("089-111-2222" if is_known else "089-333-4444"))
    chat.says("แก้ไขเบอร์โทรศัพท์")
    chat.says("2222" if is_known else "4444")
    chat.says(PHONE if is_known else "089-555-6666")


def guardians_code(world: World, is_known: bool) -> None:
    """A code that was replaced by a newer one, and one that never was."""
    child = world.someone("น้องฟ้า" if is_known else "น้องฝน")
    t = language_of(child)
    reach(child, Step.AGE)
    child.taps(t("11 to 19 years"))
    child.says("ฟ้า")
    shown = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", said(child))
    assert shown
    child.says("สมัครเรียน")
    child.taps(t("Get a new code"))
    chat = world.stranger(is_known)
    chat.says(f"ผู้ปกครอง {shown[0] if is_known else codes.GUARDIAN.draw()}")


def staff_door(world: World, is_known: bool) -> None:
    name = world.bot.database.write(lambda s: make_staff(s, world.clock()).username)
    name = name if is_known else f"no{name}"
    staff_sign_in.attempt(world.bot.database, name, "not the right one", "10.0.0.9", world.clock())


DOORS: dict[str, Callable[[World, bool], Any]] = {
    "sign-in": sign_in,
    "sign-in of staff": staff_door,
    "registration": registration,
    "change of phone": change_of_phone,
    "reset in chat": reset,
    "re-linking by mail": relinking_by_mail,
    "guardian's code": guardians_code,
}


@pytest.mark.parametrize("door", DOORS)
def test_known_and_unknown_are_one_work(door: str, world: World, work: Work) -> None:
    ask, found = DOORS[door], {}
    for is_known in (True, False):
        work.take()
        with work.counted():
            ask(world, is_known)
        found[is_known] = work.take()
    assert found[True]
    if door.startswith("sign-in"):
        assert found[True]["password: verify"] == 1
    assert found[True] == found[False]
