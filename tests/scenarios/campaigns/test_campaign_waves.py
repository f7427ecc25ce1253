"""First the staff, then one percent, then the rest; and from a pause before it had begun."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.rollout import WAVE_PAUSE
from bot.services.staff import chats
from models.base import new_id
from models.campaign import CampaignState, RolloutStage
from models.conversation import Language
from models.recipient import ExclusionReason
from models.staff_chat import StaffChat
from models.subscription import Channel
from simulator.mailbox import Mailbox
from simulator.platform import Platform
from tests.campaigns import APPROVER, Announcement, news_of, resumed
from tests.chat import Chat
from tests.factories import make_staff
from tests.news import Subscriber

pytestmark = pytest.mark.sql


@pytest.fixture
def reader(bot: Bot, line: Platform) -> Subscriber:
    """One person on LINE."""
    return Subscriber(bot, line, Channel.LINE)


@pytest.fixture
def colleague(bot: Bot, line: Platform) -> Chat:
    """A member of staff who reads English and linked their LINE account."""
    chat = Chat(line, "ครูแอน", "en")
    line.person(chat.user_id).friend = True
    link(bot, chat)
    return chat


def link(bot: Bot, chat: Chat) -> None:
    """Tie a LINE account to a member of staff who reads English."""

    def work(session: Session) -> None:
        staff = make_staff(session, bot.clock(), language=Language.ENGLISH)
        row = StaffChat(id=new_id(), staff_id=staff.id)
        with session.no_autoflush:
            session.add(row)
            row.user_id, row.linked_at = chat.user_id, bot.clock()
        session.flush()
        assert chats.linked(session)

    bot.database.write(work)


def test_the_staff_see_it_two_minutes_before_anybody_else(
    bot: Bot, line: Platform, engine: Engine, reader: Subscriber, colleague: Chat
) -> None:
    announcement = Announcement(bot, line).is_due()
    announcement.tick()
    engine.drain_pushes()
    assert (news_of(colleague), news_of(reader.chat)) == (1, 0)
    announcement.advance(seconds=(WAVE_PAUSE - timedelta(seconds=1)).total_seconds())
    announcement.tick()
    assert announcement.row.wave is RolloutStage.STAFF
    announcement.advance(seconds=1)
    assert announcement.runs() is CampaignState.DONE
    engine.drain_pushes()
    assert (news_of(colleague), news_of(reader.chat)) == (1, 1)


def test_a_member_who_learns_here_too_gets_it_once(
    bot: Bot, line: Platform, engine: Engine, reader: Subscriber
) -> None:
    link(bot, reader.chat)
    announcement = Announcement(bot, line).is_due()
    assert announcement.runs() is CampaignState.DONE
    engine.drain_pushes()
    assert news_of(reader.chat) == 1
    assert announcement.recipient(reader.subject_id).dropped is ExclusionReason.HAS_STAFF_COPY


def test_the_rest_waits_until_the_first_percent_of_the_mails_is_out(
    bot: Bot, line: Platform, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipient_snapshot, "FIRST_FROM", 2)
    announcement = Announcement(bot, line)
    start = int(announcement.id[-4:], 16) % (65536 - recipient_snapshot.FIRST_SHARE)
    for number, place in enumerate(
        (start, start + recipient_snapshot.FIRST_SHARE)
    ):  # first, and rest
        address, subject = f"n{number}@example.test", f"{new_id()[:28]}{place:04x}"
        Subscriber(bot, line, Channel.EMAIL, name=address, email=address, subject_id=subject)
    announcement.is_due()
    for _ in range(10):  # the mail server does not come
        announcement.tick()
        announcement.advance(minutes=1)
    assert announcement.row.wave is RolloutStage.FIRST
    assert announcement.runs() is CampaignState.DONE
    assert sorted(mail.to for mail in mailbox.mails) == ["n0@example.test", "n1@example.test"]


def test_mails_that_never_go_out_hold_up_the_rest_for_an_hour_only(
    bot: Bot, line: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipient_snapshot, "FIRST_FROM", 2)
    announcement = Announcement(bot, line)
    start = int(announcement.id[-4:], 16) % (65536 - recipient_snapshot.FIRST_SHARE)
    Subscriber(bot, line, Channel.EMAIL, name="ดาว", subject_id=f"{new_id()[:28]}{start:04x}")
    other = start + recipient_snapshot.FIRST_SHARE
    reader = Subscriber(bot, line, Channel.LINE, subject_id=f"{new_id()[:28]}{other:04x}")
    announcement.is_due()
    for _ in range(6):
        announcement.tick()
        announcement.advance(minutes=9)
    assert news_of(reader.chat) == 0
    for _ in range(4):
        announcement.tick()
        announcement.advance(minutes=9)
    assert news_of(reader.chat) == 1


def test_a_colleagues_copy_has_to_fit_too(
    bot: Bot, line: Platform, reader: Subscriber, colleague: Chat
) -> None:
    announcement = Announcement(bot, line).is_due()
    line.usage.quota = bot.settings.quota_reserve + 1
    announcement.tick()
    assert announcement.row.pause_reason == "quota"
    assert announcement.notes[-1] == "2 needed, 1 left"


def test_paused_in_the_hold_back_minutes_it_begins_when_it_goes_on(
    bot: Bot, line: Platform, reader: Subscriber, rows: Any
) -> None:
    announcement = Announcement(bot, line)
    announcement.is_asked_for()
    announcement.is_approved()
    announcement.does(campaigns.pause, APPROVER, "person", bot.clock())
    announcement.advance(minutes=50)
    assert announcement.runs() is CampaignState.PAUSED
    announcement.does(resumed, APPROVER, bot.settings, bot.clock())
    assert announcement.runs() is CampaignState.DONE
    assert news_of(reader.chat) == 1
