"""First the staff, then one percent, then the rest; and from a pause before it had begun."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.services import campaigns, staff_chats
from bot.services.campaign_waves import WAVE_PAUSE
from handlers.simulator.platform import Platform
from models.base import new_id
from models.campaign import CampaignState, Wave
from models.conversation import Language
from models.staff_chat import StaffChat
from models.subscription import Channel
from tests.campaigns import APPROVER, Announcement, news_of
from tests.chat import Chat
from tests.factories import make_staff
from tests.news import Subscriber


@pytest.fixture
def reader(bot: Bot, line: Platform) -> Subscriber:
    """One person on LINE."""
    return Subscriber(bot, line, Channel.LINE)


@pytest.fixture
def colleague(bot: Bot, line: Platform) -> Chat:
    """A member of staff who reads English and linked their LINE account."""
    chat = Chat(line, "ครูแอน", "en")
    line.person(chat.user_id).friend = True

    def link(session: Session) -> None:
        staff = make_staff(session, bot.clock(), language=Language.ENGLISH)
        row = StaffChat(id=new_id(), staff_id=staff.id)
        with session.no_autoflush:
            session.add(row)
            row.user_id, row.linked_at = chat.user_id, bot.clock()
        session.flush()
        assert staff_chats.linked(session)

    bot.database.write(link)
    return chat


def test_the_staff_see_it_two_minutes_before_anybody_else(
    bot: Bot, line: Platform, engine: Engine, reader: Subscriber, colleague: Chat
) -> None:
    announcement = Announcement(bot, line).is_due()
    announcement.tick()
    engine.drain_pushes()
    assert (news_of(colleague), news_of(reader.chat)) == (1, 0)
    announcement.advance(seconds=(WAVE_PAUSE - timedelta(seconds=1)).total_seconds())
    announcement.tick()
    assert announcement.row.wave is Wave.STAFF
    announcement.advance(seconds=1)
    assert announcement.runs() is CampaignState.DONE
    engine.drain_pushes()
    assert (news_of(colleague), news_of(reader.chat)) == (1, 1)


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
    announcement.does(campaigns.go_on, APPROVER, bot.settings, bot.clock())
    assert announcement.runs() is CampaignState.DONE
    assert news_of(reader.chat) == 1
