"""One reading of the contact mailbox in a process of its own, which kills itself at a named point.

The archive is wrapped and not replaced: up to its death the product does what it always does.
"""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app import create_app
from bot.runtime import archive_reading
from bot.services.delivery import archived_fields, mail_archive
from bot.settings import Settings
from tests.clock import FakeClock

# In the middle of the n-th letter: fetched and not kept; kept and not committed; a large one
# begun; kept with its cursor, and not read.
POINTS = {
    "fetched": (mail_archive, "is_own_copy"),
    "kept": (mail_archive, "finish"),
    "sliced": (mail_archive, "add"),
    "unread": (archived_fields, "waiting"),
}


def deadly(inner: Callable[..., Any], at: int) -> Callable[..., Any]:
    """A function that ends the process after its n-th call, before anybody hears of it."""
    calls = 0

    def run(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        found = inner(*args, **more)
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return run


def main() -> None:
    """Read once, by the clock and to the death that the environment names."""
    clock = FakeClock(datetime.fromisoformat(os.environ["CRASH_CLOCK"]))
    bot = create_app(Settings.from_env(), clock=clock).extensions["bot"]
    module, name = POINTS[os.environ["CRASH_POINT"]]
    setattr(module, name, deadly(getattr(module, name), int(os.environ["CRASH_AT"])))
    archive_reading.read(bot)


if __name__ == "__main__":
    main()
