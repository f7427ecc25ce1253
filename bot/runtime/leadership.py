"""Which of the processes on one SQLite file answers: the one that holds the lock beside it."""

import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy.engine import make_url

from bot.logs import failure

ASK_AGAIN = 0.25  # seconds between two tries to take over

log = structlog.get_logger(__name__)


class Leadership:
    """A lock that the kernel frees when its process ends, however it ends, so that no lease has to
    run out before the next one leads. Whoever does not have it asks again and again.

    The order of a person's events depends on there being one process that answers.
    """

    def __init__(self, database_url: str) -> None:
        database = make_url(database_url).database or ""
        self._database = Path(database)
        self._path = Path(f"{database}.worker")
        self._known = _identity(self._database)
        self._held: IO[bytes] | None = None
        self._asking: threading.Thread | None = None
        self._is_over = threading.Event()

    def take(self) -> bool:
        """Lead from now on, if nobody else does; True where we lead."""
        if self._held is not None:
            return True
        # A restore puts another file in the database's place: ours is of yesterday then.
        if self._known not in {None, _identity(self._database)}:
            return False
        held = self._path.open("wb")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            return False
        if os.fstat(held.fileno()).st_ino != _identity(self._path):
            held.close()  # somebody removed the file that we locked; the next try locks the new one
            return False
        self._held = held
        return True

    def wait(self, then: Callable[[], None]) -> None:
        """Ask again until we lead, and call then; comes back at once."""
        self._asking = threading.Thread(target=self._ask, args=(then,), name="lead", daemon=True)
        self._asking.start()

    def is_somebodys(self) -> bool:
        """Whether any process leads at this moment."""
        if self._held is not None:
            return True
        try:
            with self._path.open("rb") as probe:
                fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def ask_no_more(self) -> None:
        """Stop waiting; whoever leads already goes on."""
        self._is_over.set()
        if self._asking is not None:
            self._asking.join()

    def release(self) -> None:
        """Let somebody else lead."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _ask(self, then: Callable[[], None]) -> None:
        while not self._is_over.wait(ASK_AGAIN):
            if not self.take():
                continue
            try:
                then()
            except Exception as error:  # the database may be busy; somebody has to lead
                log.error("leadership.failed", **failure(error))
                self.release()
            else:
                return


def _identity(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
