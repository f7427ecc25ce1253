"""Opens pages of the console in one process, as a member of staff, and says how long each took.

`python -m benchmarks.console_worker CAMPAIGN_ID TIMES`. The milliseconds are those of the whole
request inside the server, without a network; the queries are counted where the driver gets them.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import event, select
from werkzeug.test import TestResponse

from app import create_app
from bot.runtime import Bot
from bot.services.staff import sessions, staff
from bot.settings import Settings
from handlers.console import cookies
from models.learner import Learner
from models.staff import Role, Stage

TOKEN = re.compile(r'name="token" value="([^"]+)"')


def main() -> None:
    campaign_id, times = sys.argv[1], int(sys.argv[2])
    app = create_app(Settings.from_env())
    bot: Bot = app.extensions["bot"]
    client = app.test_client()
    origin = bot.settings.public_url
    client.set_cookie(
        cookies.SESSION.name, _ticket(bot), domain=origin.partition("//")[2], secure=True
    )
    queries = [0]

    @event.listens_for(bot.database.engine, "before_cursor_execute")
    def _count(*_: object) -> None:
        queries[0] += 1

    def get(path: str) -> TestResponse:
        return client.get(path, base_url=origin)

    learner_id = bot.database.read(
        lambda session: session.scalars(select(Learner.id).limit(1)).one()
    )
    token = TOKEN.search(get("/console/learners").text)
    if token is None:
        raise RuntimeError("nobody is signed in")
    found = {"token": token[1], "by": "username", "typed": "u4321"}
    campaign = f"/console/campaigns/{campaign_id}"
    pages: dict[str, Callable[[], TestResponse]] = {
        "overview": lambda: get("/console/overview"),
        "learners": lambda: get("/console/learners"),
        "learner search": lambda: client.post(
            "/console/learners/search", data=found, base_url=origin
        ),
        "one learner": lambda: get(f"/console/learners/{learner_id}"),
        "double registrations": lambda: get("/console/duplicates"),
        "audit": lambda: get("/console/audit?action=staff:add"),
        "announcements": lambda: get("/console/campaigns"),
        "announcement, count": lambda: get(f"{campaign}/review"),
        "announcement, batches": lambda: get(f"{campaign}/batches"),
    }
    figures = {}
    for name, opened in pages.items():
        took = []
        for _ in range(times):
            queries[0], began = 0, time.perf_counter()
            answer = opened()
            took.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{name} answered {answer.status}")
        figures[name] = {"p50": median(took), "worst": max(took), "queries": queries[0]}
    print(json.dumps(figures))
    bot.close()


def _ticket(bot: Bot) -> str:
    """The cookie of somebody with every role, who is signed in."""
    now = datetime.now(UTC)
    name = f"bench{int(now.timestamp())}"

    def work(session):  # type: ignore[no-untyped-def]
        member_id, _ = staff.add(session, "Bench", name, Role, staff.OPERATOR, now)
        return sessions.open_session(session, member_id, Stage.IN, now)

    return str(bot.database.write(work).seal(bot.cookie_keys, cookies.PLACE))


if __name__ == "__main__":
    main()
