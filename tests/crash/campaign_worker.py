"""Workers that send a campaign's batches and kill themselves, hard, at a named point.

One process loads everything and starts no thread; for each worker it forks a child, which is the
product as it always is, up to its death: its parts are wrapped and not replaced. It reads jobs
from its input, a line each: `[{"clock": ..., "point": ..., "nth": ...}, ...]` are workers at the
same time; it answers with how each of them ended.
"""

import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy.orm import Session

from app import create_app
from bot.runtime import Bot
from bot.runtime.campaign_sending import CampaignSending
from bot.services.consent.consents import ConsentStatement
from bot.services.subscriptions import subscriptions
from bot.settings import Settings
from models.consent import Purpose
from models.conversation import Conversation
from tests.clock import FakeClock

STORED = "stored"  # the batches are committed; nobody has touched them
CLAIMED = "claimed"  # a lease is committed
HALF = "half"  # half of the request has left us: it is never carried out
GONE = "gone"  # the whole request has left us; LINE may not have read it yet
TAKEN = "taken"  # LINE has accepted it; its answer has not been read
ANSWERED = "answered"  # we have the answer; nothing is marked
MARKING = "marking"  # in the transaction that marks it, before its commit
WITHDRAWING = "withdrawing"  # somebody's no: in its transaction
POINTS = (STORED, CLAIMED, HALF, GONE, TAKEN, ANSWERED, MARKING)
SENDERS = 3


class Doom:
    """Dies at the n-th time that one point is reached; never, where the point is None."""

    def __init__(self, point: str | None, nth: int) -> None:
        self._point, self._left = point, nth
        self._lock = threading.Lock()

    def is_at(self, point: str) -> bool:
        """Whether this time is the last one."""
        if point != self._point:
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0

    def at(self, point: str) -> None:
        if self.is_at(point):
            die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingDatabase:
    """A database whose writes end the process: after a claim, or inside of a marking."""

    def __init__(self, inner: Any, doom: Doom) -> None:
        self._inner, self._doom = inner, doom
        self.has_called = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, work: Callable[[Session], Any]) -> Any:
        is_marking = getattr(self.has_called, "it", False)
        self.has_called.it = False
        is_last = is_marking and self._doom.is_at(MARKING)

        def dying(session: Session) -> Any:
            done = work(session)
            session.flush()
            if is_last:
                die()
            return done

        result = self._inner.write(dying)
        if "_claim" in getattr(work, "__qualname__", "") and result:
            self._doom.at(CLAIMED)
        return result


class DyingGateway:
    """A gateway whose multicasts end the process on their way; without keys it forgets them."""

    def __init__(self, bot: Bot, doom: Doom, database: Any, *, has_keys: bool) -> None:
        self._inner, self._settings, self._doom = bot.gateway, bot.settings, doom
        self._database, self._has_keys = database, has_keys

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def multicast(self, body: bytes, retry_key: str) -> Any:
        key = retry_key if self._has_keys else str(uuid4())
        if self._doom.is_at(HALF):
            self._leave(body, key, len(body) // 2, waits=False)
        if self._doom.is_at(GONE):
            self._leave(body, key, len(body), waits=False)
        if self._doom.is_at(TAKEN):
            self._leave(body, key, len(body), waits=True)
        try:
            return self._inner.multicast(body, key)
        finally:
            self._doom.at(ANSWERED)
            self._database.has_called.it = True

    def _leave(self, body: bytes, key: str, length: int, *, waits: bool) -> None:
        """Put some of a request on the wire by hand, and die over it."""
        url = urlsplit(self._settings.line_api_url)
        head = (
            f"POST /v2/bot/message/multicast HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Authorization: Bearer {self._settings.access_token}\r\n"
            f"Content-Type: application/json\r\nX-Line-Retry-Key: {key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((url.hostname or "", url.port or 80)) as line:
            line.sendall(head.encode() + body[:length])
            if waits:
                select.select([line], [], [], 30)
            die()


def work(bot: Bot, job: dict[str, Any]) -> None:
    """Send what is due until nothing is, or until death."""
    doom = Doom(job.get("point"), job.get("nth", 1))
    doom.at(STORED)
    database: Any = DyingDatabase(bot.database, doom)
    gateway: Any = DyingGateway(bot, doom, database, has_keys=job.get("keys", True))
    bot.database, bot.gateway = database, gateway
    CampaignSending(bot, senders=SENDERS).drain()


def withdraw(bot: Bot, job: dict[str, Any]) -> None:
    """Somebody says no, and we die in the middle of it, or just after it."""

    def stop(session: Session) -> None:
        conversation = session.get_one(Conversation, job["subject"], with_for_update=True)
        said = ConsentStatement("หยุด")
        purpose, now = Purpose.LINE_NEWS, bot.clock()
        subscriptions.stop(session, conversation, purpose, said, bot.settings.school, now)
        session.flush()
        if job["nth"] == 1:
            die()

    bot.database.write(stop)
    die()


def run(settings: Settings, job: dict[str, Any]) -> None:
    bot = create_app(settings, clock=FakeClock(datetime.fromisoformat(job["clock"]))).extensions[
        "bot"
    ]
    act = withdraw if job.get("point") == WITHDRAWING else work
    act(bot, job)


def main() -> None:
    settings = Settings.from_env()
    for line in sys.stdin:
        children = []
        for job in json.loads(line):
            child = os.fork()
            if child == 0:
                os.dup2(2, 1)  # what is logged is no answer
                try:
                    run(settings, job)
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
                os._exit(0)
            children.append(child)
        ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(ends), flush=True)


if __name__ == "__main__":
    main()
