"""A worker that counts the list of a campaign, or sends what is due, and says what that took.

`python -m benchmarks.campaign_worker count` or `send`. It is the product with one difference: its
clock stands in the daytime of Thailand, for at night nothing goes out.
"""

import cProfile
import json
import os
import pstats
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import create_app
from bot.runtime import Bot, campaigning
from bot.runtime.campaign_sending import CampaignSending
from bot.services.shared import quiet_hours
from bot.settings import Settings


def main() -> None:
    bot: Bot = create_app(Settings.from_env()).extensions["bot"]
    ahead = quiet_hours.next_open(datetime.now(UTC)) - datetime.now(UTC)
    ahead = ahead + timedelta(hours=1) if ahead else ahead
    bot.clock = lambda: datetime.now(UTC) + ahead
    bot.database.read(lambda session: session.connection())
    began, cpu = time.monotonic(), time.process_time()
    profile = cProfile.Profile() if os.environ.get("PROFILE") else None
    if profile:
        profile.enable()
    done = campaigning.count(bot) if sys.argv[1] == "count" else _send(bot)
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    figures = {
        "done": done,
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - cpu,
        "max_rss_mb": _most_memory(),
    }
    print(json.dumps(figures))
    bot.close()


def _most_memory() -> float:
    """The most that was ever resident; what getrusage says is our parent's where that was more."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _send(bot: Bot) -> int:
    """As the scheduler's ticks do: again, until a tick finds nothing."""
    sending, calls = CampaignSending(bot), 0
    while sent := sending.drain():
        calls += sent
    return calls


if __name__ == "__main__":
    main()
