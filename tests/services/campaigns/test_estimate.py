"""The estimate that the form shows: near the truth, cheap, and not asked twice a minute."""

from typing import Any

from bot.runtime import Bot
from bot.services.campaigns.audience import estimate
from bot.services.campaigns.audience.estimate import Estimates
from bot.services.campaigns.audience.filters import Audience
from models.conversation import Conversation, Language
from models.recipient import ExclusionReason
from models.subscription import Channel
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.console.announcing import asked, draft, row
from tests.news import Subscriber


def test_it_is_what_the_dry_run_counts(bot: Bot, line: Platform) -> None:
    people = [
        Subscriber(bot, line, *channels, name=f"p{number}", language=language, is_confirmed=sure)
        for number, (channels, language, sure) in enumerate(
            [
                ((Channel.LINE,), "th", True),
                ((Channel.LINE, Channel.EMAIL), "en", True),
                ((Channel.EMAIL,), "en", True),
                ((Channel.EMAIL,), "th", False),
                ((), "th", True),
            ]
        )
    ]

    def block(session: Any) -> None:
        session.get_one(Conversation, people[1].subject_id).blocked_at = bot.clock()

    bot.database.write(block)
    for audience in (
        Audience(),
        Audience(language=Language.ENGLISH),
        Audience(channels=frozenset({Channel.LINE})),
    ):
        found = bot.database.read(
            lambda session, a=audience: estimate.count(session, a, "courses", bot.clock())
        )
        campaign_id = draft(bot, "a" * 32, audience=audience)
        asked(bot, campaign_id, "a" * 32)
        counts = row(bot, campaign_id).counts
        assert found.line == counts.get("line", 0)
        assert found.email == counts.get("email", 0)
        assert found.looked_at == counts.get("looked_at", 0)
        assert found.left_out == {
            reason: counts[f"left_out.{reason}"]
            for reason in ExclusionReason
            if f"left_out.{reason}" in counts
        }
        assert not found.is_sample


def test_of_many_people_a_share_is_looked_at(bot: Bot, line: Platform) -> None:
    for number in range(40):
        Subscriber(bot, line, Channel.LINE, name=f"p{number}")
    found = bot.database.read(
        lambda session: estimate.count(session, Audience(), "courses", bot.clock(), 20)
    )
    assert found.is_sample
    assert found.looked_at == found.line
    assert found.looked_at % 2 == 0, "everybody stands for two"


def test_it_is_kept_for_a_minute(bot: Bot, line: Platform, clock: FakeClock) -> None:
    kept = Estimates()
    Subscriber(bot, line, Channel.LINE, name="one")

    def total(audience: Audience) -> int:
        return kept.of(bot.database, audience, "courses", clock()).total

    assert total(Audience()) == 1
    Subscriber(bot, line, Channel.LINE, name="two")
    assert total(Audience()) == 1
    assert total(Audience(language=Language.THAI)) == 2
    clock.advance(minutes=1)
    assert total(Audience()) == 2
