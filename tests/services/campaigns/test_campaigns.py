"""A campaign's life up to its sending: who may allow what, and what an approval is bound to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.content.bodies import Bodies, ChangedError
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft, MoveError, StaleError
from bot.settings import Settings
from models.base import new_id
from models.campaign import MOVES, Campaign, CampaignState, RolloutStage
from models.recipient import Recipient
from models.subscription import Channel
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.factories import make_learner
from tests.news import Subscriber
from tests.samples import every, numbered

AUTHOR, APPROVER = "a" * 32, "b" * 32
CONTENT = {
    "th": {"title": "เปิดคอร์สใหม่", "parts": [{"type": "text", "text": "เปิดแล้ววันนี้"}]},
    "en": {"title": "A new course", "parts": [{"type": "text", "text": "It opens today"}]},
}
DRAFT = Draft("คอร์สใหม่", "courses", CONTENT, Audience())


@pytest.fixture
def act(bot: Bot) -> Callable[[Callable[..., Any]], Any]:
    """Runs one unit of work and gives back its result."""
    return lambda work: bot.database.write(work)


@pytest.fixture
def campaign_id(bot: Bot, line: Platform, clock: FakeClock) -> str:
    """A draft for three people, with enough messages left in the month."""
    for name in ("มะลิ", "ฟ้า"):
        Subscriber(bot, line, Channel.LINE, name=name)
    Subscriber(bot, line, Channel.EMAIL, name="Ben", language="en")
    bot.database.write(lambda session: quota.record(session, 1000, 0, clock()))
    return bot.database.write(
        lambda session: campaigns.create(session, DRAFT, AUTHOR, bot.settings, clock()).id
    )


def test_a_draft_is_kept_as_it_is_checked_previewed_and_sent(
    bot: Bot, line: Platform, clock: FakeClock
) -> None:
    card = {"type": "card", "title": "\u200bใบ\ufeff", "text": "ดู https://a.example/ก",
            "buttons": [{"label": "ไป", "url": "https://a.example/ก"}]}  # fmt: skip
    content = {"th": {"title": "เรื่อง\u3164", "parts": [card]}}
    draft = replace(DRAFT, name="\u200bข่าว\u00a0", content=content)

    def kept(session: Session) -> tuple[str, Any, list[Any]]:
        row = campaigns.create(session, draft, AUTHOR, bot.settings, clock())
        return row.name, row.content, campaigns.problems(row, bot.settings, clock())

    name, stored, problems = bot.database.write(kept)
    there = "https://a.example/%E0%B8%81"
    assert (name, stored["th"]["title"], problems) == ("ข่าว", "เรื่อง", [])
    assert stored["th"]["parts"][0]["text"] == f"ดู {there}"
    assert stored["th"]["parts"][0]["buttons"][0]["url"] == there


def asked(bot: Bot, campaign_id: str) -> str:
    """Ask for approval and count the list; returns the digest that an approver sees."""

    def ask(session: Session) -> None:
        campaign = campaigns.locked(session, campaign_id)
        campaigns.request_approval(session, campaign, AUTHOR, bot.settings, bot.clock())

    bot.database.write(ask)
    while bot.database.write(
        lambda session: recipient_snapshot.advance(session, campaign_id, bot.settings, bot.clock())
    ):
        pass

    def price(session: Session) -> str:
        campaign = campaigns.locked(session, campaign_id)
        campaigns.price(session, campaign, bot.settings, bot.clock())
        return campaign.digest or ""

    return bot.database.write(price)


def approved(bot: Bot, campaign_id: str, seen: str, by: str = APPROVER) -> None:
    bot.database.write(
        lambda session: campaigns.approve(
            session,
            campaigns.locked(session, campaign_id),
            by,
            seen,
            bot.settings,
            bot.clock(),
        )
    )


def is_as_approved(bot: Bot, campaign: Campaign, settings: Settings) -> bool:
    return bot.database.read(lambda s: campaigns.is_as_approved(s, campaign, settings))


def found(bot: Bot, campaign_id: str) -> Campaign:
    return bot.database.read(lambda session: session.get_one(Campaign, campaign_id))


def test_the_list_is_frozen_with_its_cost_before_anybody_approves(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    seen = asked(bot, campaign_id)
    campaign = found(bot, campaign_id)
    assert campaign.counts["looked_at"] == 3
    assert (campaign.counts["line"], campaign.counts["email"]) == (2, 1)
    assert campaign.counts["email.en"] == 1
    assert campaign.cost_messages == 2
    approved(bot, campaign_id, seen)
    campaign = found(bot, campaign_id)
    assert campaign.state is CampaignState.APPROVED
    assert campaign.due_at == clock() + timedelta(minutes=bot.settings.hold_back_minutes)
    assert is_as_approved(bot, campaign, bot.settings)


@pytest.mark.parametrize(
    "change",
    [
        lambda campaign: campaign.content["th"]["parts"][0].update(text="เปิดแล้ววันนี!"),
        lambda campaign: campaign.audience.update(language="th"),
        lambda campaign: campaign.counts.update(line=1),
        lambda campaign: setattr(campaign, "cost_messages", 1),
        lambda campaign: setattr(campaign, "list_digest", "0" * 64),
        lambda campaign: setattr(campaign, "topic", "videos"),
        lambda campaign: setattr(campaign, "send_at", campaign.created_at),
    ],
)
def test_one_character_after_the_approval_and_it_is_another_campaign(
    bot: Bot, campaign_id: str, change: Callable[[Campaign], Any]
) -> None:
    approved(bot, campaign_id, asked(bot, campaign_id))
    campaign = found(bot, campaign_id)
    assert is_as_approved(bot, campaign, bot.settings)
    change(campaign)
    assert not is_as_approved(bot, campaign, bot.settings)


def test_the_words_around_it_are_approved_too(bot: Bot, campaign_id: str, tmp_path: Path) -> None:
    """A topic's title stands in the last message, the school's name in the mail."""
    approved(bot, campaign_id, asked(bot, campaign_id))
    campaign = found(bot, campaign_id)
    renamed = replace(bot.settings, school=replace(bot.settings.school, controller="โรงเรียนอื่น"))
    assert not is_as_approved(bot, campaign, renamed)
    news = copytree(bot.settings.news_dir, tmp_path / "news")
    moved = replace(bot.settings, news_dir=news)
    assert is_as_approved(bot, campaign, moved)
    for file in news.glob("*.toml"):
        said = file.read_text(encoding="utf-8")
        file.write_text(said.replace('th = "', 'th = "ใหม่ '), encoding="utf-8")
    retitled = replace(bot.settings, news_dir=copytree(news, tmp_path / "retitled"))
    assert not is_as_approved(bot, campaign, retitled)
    with pytest.raises(ChangedError):
        bot.database.read(
            lambda session: Bodies(retitled).messages(
                session, campaign_id, campaign.approved_digest, "th"
            )
        )


def test_what_was_not_seen_is_not_approved(bot: Bot, campaign_id: str) -> None:
    asked(bot, campaign_id)
    with pytest.raises(StaleError):
        approved(bot, campaign_id, "0" * 64)
    assert found(bot, campaign_id).state is CampaignState.IN_REVIEW


def test_nobody_approves_their_own(bot: Bot, campaign_id: str) -> None:
    seen = asked(bot, campaign_id)
    with pytest.raises(CampaignError) as refused:
        approved(bot, campaign_id, seen, by=AUTHOR)
    assert [(each.where, each.code) for each in refused.value.problems] == [("approver", "own")]
    bot.settings = replace(bot.settings, approve_own=True)
    approved(bot, campaign_id, seen, by=AUTHOR)
    assert found(bot, campaign_id).state is CampaignState.APPROVED


def test_whoever_wrote_a_word_does_not_approve_whoever_asks(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    """Somebody else pressed a button of the form, which saves, and asked."""
    bot.database.write(
        lambda session: campaigns.edit(
            session, campaign_id, DRAFT, 0, "c" * 32, bot.settings, clock()
        )
    )
    seen = asked(bot, campaign_id)
    with pytest.raises(CampaignError):
        approved(bot, campaign_id, seen, by=AUTHOR)
    approved(bot, campaign_id, seen, by=APPROVER)


def test_an_old_list_is_counted_again(bot: Bot, campaign_id: str, clock: FakeClock) -> None:
    seen = asked(bot, campaign_id)
    clock.advance(days=8)
    bot.database.write(lambda session: quota.record(session, 1000, 0, clock()))
    with pytest.raises(CampaignError) as refused:
        approved(bot, campaign_id, seen)
    assert [(each.where, each.code) for each in refused.value.problems] == [("list", "old")]


def test_whoever_edits_last_is_the_author(bot: Bot, campaign_id: str, clock: FakeClock) -> None:
    bot.database.write(
        lambda session: campaigns.edit(
            session, campaign_id, DRAFT, 0, APPROVER, bot.settings, clock()
        )
    )
    seen = asked(bot, campaign_id)
    with pytest.raises(CampaignError):
        approved(bot, campaign_id, seen, by=APPROVER)


def test_of_two_who_edit_the_second_is_told(bot: Bot, campaign_id: str, clock: FakeClock) -> None:
    def edit() -> None:
        bot.database.write(
            lambda session: campaigns.edit(
                session, campaign_id, DRAFT, 0, AUTHOR, bot.settings, clock()
            )
        )

    edit()
    with pytest.raises(StaleError):
        edit()


@pytest.mark.parametrize(("limit", "fits"), [(102, True), (101, False)])
def test_a_quota_that_is_short_by_one_is_refused(
    bot: Bot, campaign_id: str, clock: FakeClock, limit: int, fits: bool
) -> None:
    bot.settings = replace(bot.settings, quota_reserve=100)
    bot.database.write(lambda session: quota.record(session, limit, 0, clock()))
    seen = asked(bot, campaign_id)
    if fits:
        approved(bot, campaign_id, seen)
        return
    with pytest.raises(CampaignError) as refused:
        approved(bot, campaign_id, seen)
    problem = refused.value.problems[0]
    assert (problem.where, problem.code, problem.most) == ("quota", "short", 1)


def test_two_campaigns_do_not_spend_the_same_messages(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    bot.settings = replace(bot.settings, quota_reserve=0)
    bot.database.write(lambda session: quota.record(session, 3, 0, clock()))
    second = bot.database.write(
        lambda session: campaigns.create(session, DRAFT, AUTHOR, bot.settings, clock()).id
    )
    first_seen, second_seen = asked(bot, campaign_id), asked(bot, second)
    approved(bot, campaign_id, first_seen)
    with pytest.raises(CampaignError):
        approved(bot, second, second_seen)


@pytest.mark.parametrize(("learners", "wave"), [(99, RolloutStage.REST), (100, RolloutStage.FIRST)])
def test_a_first_percent_begins_with_a_hundred_learners(
    bot: Bot, line: Platform, campaign_id: str, clock: FakeClock, learners: int, wave: RolloutStage
) -> None:
    start = int(campaign_id[-4:], 16) % (65536 - recipient_snapshot.FIRST_SHARE)
    in_it = f"{new_id()[:28]}{start:04x}"
    past_it = f"{new_id()[:28]}{start + recipient_snapshot.FIRST_SHARE:04x}"
    for name, subject_id in (("ดาว", in_it), ("เดือน", past_it)):
        Subscriber(bot, line, Channel.LINE, name=name, subject_id=subject_id)

    def fill(session: Session) -> None:
        for _ in range(learners - 5):
            make_learner(session, clock())

    bot.database.write(fill)
    asked(bot, campaign_id)
    waves = [
        bot.database.read(
            lambda session, who=who: session.get_one(Recipient, (campaign_id, who)).wave
        )
        for who in (in_it, past_it)
    ]
    assert waves == [wave, RolloutStage.REST]


def test_an_edit_goes_back_to_the_draft_and_voids_the_approval(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    approved(bot, campaign_id, asked(bot, campaign_id))
    with pytest.raises(MoveError):
        bot.database.write(
            lambda session: campaigns.edit(
                session, campaign_id, DRAFT, 0, AUTHOR, bot.settings, clock()
            )
        )
    bot.database.write(
        lambda session: campaigns.send_back(
            session, campaigns.locked(session, campaign_id), AUTHOR, "แก้คำผิด", clock()
        )
    )
    campaign = found(bot, campaign_id)
    assert campaign.state is CampaignState.DRAFT
    assert campaign.approved_digest is None
    assert not is_as_approved(bot, campaign, bot.settings)


def test_a_second_list_is_counted_from_nothing(bot: Bot, line: Platform, campaign_id: str) -> None:
    asked(bot, campaign_id)
    bot.database.write(
        lambda session: campaigns.send_back(
            session, campaigns.locked(session, campaign_id), AUTHOR, "", bot.clock()
        )
    )
    Subscriber(bot, line, Channel.LINE, name="นุ่น")
    asked(bot, campaign_id)
    campaign = found(bot, campaign_id)
    assert (campaign.counts["looked_at"], campaign.counts["line"]) == (4, 3)


def test_after_nine_in_the_evening_it_waits_for_the_morning(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    clock.time = clock().replace(hour=13, minute=57)  # 20:57 in Bangkok
    bot.database.write(lambda session: quota.record(session, 1000, 0, clock()))
    approved(bot, campaign_id, asked(bot, campaign_id))
    due = found(bot, campaign_id).due_at
    assert due == (clock() + timedelta(days=1)).replace(hour=1, minute=0)


def test_only_the_moves_of_the_table_are_made() -> None:
    def tries(move: tuple[CampaignState, CampaignState]) -> None:
        state, to = move
        campaign = Campaign(state=state)
        if to in MOVES[state]:
            campaigns.move(campaign, to)
            assert campaign.state is to
            return
        with pytest.raises(MoveError):
            campaigns.move(campaign, to)
        assert campaign.state is state

    every(numbered(product(CampaignState, CampaignState)), tries)
