"""A claim takes as many rows as it was asked for, by whatever plan the database has for it."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.campaigns.sending import batches
from bot.services.delivery import outbox
from models.subscription import Channel
from tests.factories import make_campaign, make_learner

# What is left is a loop over the table with the claim's choice inside it: with few rows and old
# statistics PostgreSQL comes to that by itself, and would choose anew for every row.
WORST = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize", "indexscan",
         "bitmapscan", "indexonlyscan")  # fmt: skip


@pytest.fixture
def badly_planned(bot: Bot):
    """Has a unit of work run under the worst plan."""

    def run(work):
        def planned(session: Session):
            if not bot.database.is_sqlite:
                for way in WORST:
                    session.execute(text(f"SET LOCAL enable_{way} = off"))
            return work(session)

        return bot.database.write(planned)

    return run


def test_batches(bot: Bot, badly_planned) -> None:
    def make(session: Session) -> None:
        groups = [[make_learner(session, bot.clock(), line_user_id=f"U{n:032x}")] for n in range(9)]
        make_campaign(session, bot.clock(), groups, bot.settings)

    bot.database.write(make)
    claimed = [
        badly_planned(lambda session: batches.claim(session, "w", bot.clock(), Channel.LINE, 4))
        for _ in range(4)
    ]
    assert [len(each) for each in claimed] == [4, 4, 1, 0]


def test_pushes(bot: Bot, badly_planned) -> None:
    def queue(session: Session) -> None:
        for number in range(9):
            outbox.queue(
                session,
                cause=f"c{number}",
                person=f"{number:064x}",
                to=f"U{number:032x}",
                messages=[{"type": "text", "text": "x"}],
                now=bot.clock(),
            )

    bot.database.write(queue)
    later = bot.clock() + timedelta(seconds=1)
    claimed = [
        badly_planned(lambda session: outbox.claim(session, "w", later, 4)) for _ in range(4)
    ]
    assert [len(each) for each in claimed] == [4, 4, 1, 0]
