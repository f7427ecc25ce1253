"""When an announcement holds itself: late, changed, too dear, going wrong, or at night."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.runtime import Bot, quota_reading
from bot.runtime.engine import Engine
from bot.services.campaigns.content.problems import CampaignError
from bot.services.delivery import outbox
from models.campaign import Campaign, CampaignState
from models.conversation import Conversation
from models.database import Database
from models.mail import Mail
from models.outbox import Push, PushState
from models.recipient import Batch, BatchState
from models.subscription import Channel
from simulator.platform import Platform
from tests.campaigns import APPROVER, Announcement, news_of, resumed
from tests.clock import FakeClock
from tests.news import Subscriber

pytestmark = pytest.mark.sql

STATES = CampaignState


@pytest.fixture
def readers(bot: Bot, line: Platform) -> list[Subscriber]:
    """Three people on LINE."""
    return [
        Subscriber(bot, line, Channel.LINE, name="มะลิ"),
        Subscriber(bot, line, Channel.LINE, name="ฟ้า"),
        Subscriber(bot, line, Channel.LINE, name="Ben", language="en"),
    ]


@pytest.fixture
def due(bot: Bot, line: Platform, readers: list[Subscriber]) -> Announcement:
    """An announcement whose hold-back minutes are over."""
    return Announcement(bot, line).is_due()


def stands(announcement: Announcement) -> tuple[CampaignState, str | None]:
    row = announcement.row
    return row.state, row.pause_reason


@pytest.mark.parametrize(("hours", "is_held"), [(4, True), (0.5, False), (0.51, True)])
def test_four_hours_late_is_held(hours: float, is_held: bool, due: Announcement) -> None:
    due.advance(hours=hours)
    due.runs()
    assert stands(due) == ((STATES.PAUSED, "late") if is_held else (STATES.DONE, None))
    assert bool(due.calls) is not is_held


def test_four_hours_of_silence_in_the_middle_are_late_too(due: Announcement) -> None:
    due.tick()
    due.advance(hours=4)
    due.tick()
    assert stands(due) == (STATES.PAUSED, "late")
    quota_reading.read(due.bot)
    due.does(resumed, APPROVER, due.bot.settings, due.bot.clock())
    assert due.runs() is STATES.DONE


def test_nothing_goes_out_after_a_silence_before_somebody_looked(due: Announcement) -> None:
    """Whichever tick comes first after a restart."""
    due.tick()
    due.tick()
    due.bot.database.write(
        lambda session: (
            session.execute(
                update(Batch).where(Batch.campaign_id == due.id).values(state=BatchState.QUEUED)
            )
            and None
        )
    )
    calls = len(due.calls)
    due.advance(hours=4)
    due.sending.drain()
    assert len(due.calls) == calls
    due.tick()
    assert (due.state, due.row.pause_reason) == (CampaignState.PAUSED, "late")
    assert len(due.calls) == calls


def test_after_a_silence_the_senders_wait_for_whoever_looks_after_it(due: Announcement) -> None:
    """Whichever tick comes first after a restart, nothing goes out."""
    due.tick()
    due.advance(hours=4)
    assert due.sending.drain() == 0
    assert due.sending.drain_mails() == 0
    assert not due.calls


def test_somebody_is_told_when_it_holds(due: Announcement, bot: Bot, rows: Any) -> None:
    bot.settings = replace(bot.settings, owner_email="owner@school.example")
    due.advance(hours=4)
    due.tick()
    due.tick()
    assert [mail.template for mail in rows(Mail)] == ["campaign_alert"]


def test_an_hour_of_errors_at_line_is_not_late(
    due: Announcement, readers: list[Subscriber], line: Platform
) -> None:
    line.faults.add("multicast", "500", 12)
    assert due.runs(180) is STATES.DONE
    assert [news_of(reader.chat) for reader in readers] == [1, 1, 1]


@pytest.mark.parametrize("what", ["content", "audience", "send_at"])
def test_one_character_edited_after_the_approval_is_refused(
    what: str, due: Announcement, database: Database, clock: FakeClock
) -> None:
    def edit(session: Any) -> None:
        campaign = session.get_one(Campaign, due.id)
        if what == "content":
            content = {**campaign.content}
            content["en"] = {**content["en"], "title": content["en"]["title"] + "."}
            campaign.content = content
        elif what == "audience":
            campaign.audience = {**campaign.audience, "tags": ["ก"]}
        else:
            campaign.send_at = clock()

    database.write(edit)
    due.runs()
    assert stands(due) == (STATES.PAUSED, "changed")
    assert not due.calls


def test_a_topic_that_vanished_is_a_change(due: Announcement, bot: Bot, tmp_path: Any) -> None:
    text = (bot.settings.news_dir / "topics.toml").read_text("utf-8")
    (tmp_path / "topics.toml").write_text(text.replace('id = "courses"', 'id = "other"'), "utf-8")
    bot.settings = replace(bot.settings, news_dir=tmp_path)
    due.runs()
    assert stands(due) == (STATES.PAUSED, "changed")


def spend(line: Platform, left: int, clock: FakeClock) -> None:
    """Leave so many messages of this month."""
    assert line.usage.quota is not None
    line.usage.count_paid("push", line.usage.quota - line.usage.paid(clock()) - left, clock())


@pytest.mark.parametrize(("short", "is_held"), [(0, False), (1, True)])
def test_short_by_one_is_refused_before_the_first_call(
    short: int,
    is_held: bool,
    due: Announcement,
    line: Platform,
    bot: Bot,
    clock: FakeClock,
) -> None:
    spend(line, bot.settings.quota_reserve + 3 - short, clock)
    due.runs()
    assert stands(due) == ((STATES.PAUSED, "quota") if is_held else (STATES.DONE, None))
    if is_held:
        assert not due.calls
        assert due.notes[-1] == "3 needed, 2 left"
        with pytest.raises(CampaignError):
            due.does(resumed, APPROVER, bot.settings, clock())


def test_a_link_still_goes_out_when_campaigns_have_nothing_left(
    due: Announcement,
    readers: list[Subscriber],
    line: Platform,
    bot: Bot,
    engine: Engine,
    clock: FakeClock,
    rows: Any,
) -> None:
    spend(line, bot.settings.quota_reserve, clock)
    due.runs()
    assert stands(due) == (STATES.PAUSED, "quota")
    reader = readers[0]

    def link(session: Any) -> None:
        outbox.queue(
            session,
            cause="password link",
            person=session.get_one(Conversation, reader.subject_id).person,
            to=reader.chat.user_id,
            messages=[{"type": "text", "text": "https://bot.example.test/s/1"}],
            now=clock(),
        )

    bot.database.write(link)
    engine.drain_pushes()
    assert [push.state for push in rows(Push, Push.cause == "password link")] == [PushState.SENT]


def test_a_months_end_in_the_middle_pauses_and_tells(
    due: Announcement, line: Platform, readers: list[Subscriber], clock: FakeClock
) -> None:
    """LINE refuses although our figures said yes: somebody else sent meanwhile."""
    due.tick()
    spend(line, 2, clock)
    due.runs()
    assert stands(due) == (STATES.PAUSED, "quota")
    waiting = [batch for batch in due.batches if batch.state is BatchState.QUEUED]
    assert waiting
    assert line.usage.quota is not None
    line.usage.quota += 1000
    due.advance(minutes=2)
    quota_reading.read(due.bot)
    due.does(resumed, APPROVER, due.bot.settings, clock())
    assert due.runs() is STATES.DONE
    assert [news_of(reader.chat) for reader in readers] == [1, 1, 1]


def test_it_does_not_begin_at_night_and_is_not_late_for_that(
    bot: Bot, line: Platform, readers: list[Subscriber], clock: FakeClock
) -> None:
    clock.advance(hours=10, minutes=57)  # 20:57 in Bangkok: due at 21:02, in the quiet hours
    announcement = Announcement(bot, line).is_due()
    announcement.tick()
    assert announcement.state is STATES.APPROVED
    announcement.advance(hours=10, minutes=57)  # 07:59
    announcement.tick()
    assert announcement.state is STATES.APPROVED
    announcement.advance(minutes=1)
    assert announcement.runs() is STATES.DONE


def test_what_is_not_through_by_nine_in_the_evening_goes_on_in_the_morning(
    bot: Bot, line: Platform, readers: list[Subscriber], clock: FakeClock
) -> None:
    clock.advance(hours=10, minutes=54)  # 20:54
    announcement = Announcement(bot, line).is_due()
    line.faults.add("multicast", "500", 2)
    announcement.tick()
    announcement.tick()  # the first try of both, at 20:59
    announcement.advance(minutes=1)
    for _ in range(11 * 6):
        announcement.tick()
        announcement.advance(minutes=10)
        assert len(announcement.calls) == 2
    assert announcement.runs() is STATES.DONE
    assert [news_of(reader.chat) for reader in readers] == [1, 1, 1]


@pytest.fixture
def crowd(bot: Bot, line: Platform) -> list[Subscriber]:
    """Forty people on LINE: enough for a share to mean something."""
    return [Subscriber(bot, line, Channel.LINE, name=f"คน {n}") for n in range(40)]


def test_it_stops_by_itself_where_line_refuses_what_it_says(
    bot: Bot, line: Platform, crowd: list[Subscriber]
) -> None:
    line.faults.add("multicast", "400", 2)
    announcement = Announcement(bot, line).is_due()
    announcement.runs()
    assert stands(announcement) == (STATES.PAUSED, "errors")
    assert announcement.notes[-1] == "40 failed, 0 blocked, 0 accepted"
    announcement.does(resumed, APPROVER, bot.settings, bot.clock())
    assert announcement.runs() is STATES.FAILED


def test_it_stops_by_itself_where_line_knows_few(
    bot: Bot, line: Platform, crowd: list[Subscriber]
) -> None:
    for reader in crowd[:21]:
        reader.becomes(line_user_id="no-id")
    announcement = Announcement(bot, line).is_due()
    announcement.runs()
    assert stands(announcement) == (STATES.PAUSED, "errors")
    assert [news_of(reader.chat) for reader in crowd] == [0] * 21 + [1] * 19


@pytest.mark.parametrize(("blocks", "held"), [(5, "blocks"), (4, None)])
def test_it_stops_by_itself_where_many_leave(
    blocks: int, held: str | None, bot: Bot, line: Platform, crowd: list[Subscriber]
) -> None:
    late = Subscriber(bot, line, Channel.LINE, name="Ben", language="en")
    announcement = Announcement(bot, line).is_due()
    in_a_while = bot.clock() + timedelta(minutes=5)

    def later(session: Session) -> None:
        english = Batch.campaign_id == announcement.id, Batch.language == "en"
        session.execute(update(Batch).where(*english).values(due_at=in_a_while))

    def leave(session: Session) -> None:
        for reader in crowd[:blocks]:
            session.get_one(Conversation, reader.subject_id).blocked_at = bot.clock()

    bot.database.write(later)
    announcement.tick()
    announcement.tick()
    assert news_of(crowd[0].chat) == 1
    bot.database.write(leave)
    announcement.advance(minutes=1)
    announcement.runs()
    assert announcement.row.pause_reason == held
    if held:
        announcement.does(resumed, APPROVER, bot.settings, bot.clock())
        announcement.runs()
    assert announcement.state is STATES.DONE, "a person let it go on all the same"
    assert news_of(late.chat) == 1


def test_one_of_three_is_no_trend(due: Announcement, readers: list[Subscriber], bot: Bot) -> None:
    readers[2].becomes(line_user_id="no-id")
    assert due.runs() is STATES.DONE


def test_a_time_that_passed_before_the_night_is_not_moved_to_the_morning(
    bot: Bot, line: Platform, reader: Subscriber
) -> None:
    """20:45, and the machine was down until 21:05: somebody is asked."""
    at = bot.clock().replace(hour=13, minute=45)
    announcement = Announcement(bot, line, send_at=at)
    announcement.is_asked_for()
    announcement.is_approved()
    bot.clock.time = at + timedelta(minutes=20)  # type: ignore[attr-defined]
    quota_reading.read(bot)
    announcement.tick()
    assert (announcement.state, announcement.row.pause_reason) == (CampaignState.PAUSED, "late")
