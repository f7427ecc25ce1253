"""Members of staff with their LINE accounts linked, and announcements that they write there."""

from collections.abc import Callable
from typing import Any

from bot.runtime import Bot, campaign_calendar, campaigning
from bot.runtime.engine import Engine
from bot.services.shared import codes
from bot.services.staff import chats
from models.campaign import Campaign
from models.conversation import Language
from models.staff import Role
from simulator.platform import Platform
from tests.chat import Chat, words
from tests.factories import make_staff


class Member(Chat):
    """A member of staff with a phone; `id` is their id on the team."""

    id = ""


def hire(bot: Bot, *roles: Role, name: str = "ครูใจดี", language: str = "th") -> str:
    """A member of the team, without a linked LINE account."""
    return bot.database.write(
        lambda session: (
            make_staff(session, bot.clock(), roles=roles, name=name, language=Language(language)).id
        )
    )


def code_of(bot: Bot, staff_id: str) -> str:
    """What the console tells a member to send."""
    now = bot.clock()
    code = bot.database.write(lambda session: chats.issue(session, staff_id, now))
    return codes.STAFF.message(code)


def linked(
    bot: Bot, line: Platform, *roles: Role, name: str = "ครูใจดี", language: str = "th"
) -> Member:
    """A member of the team who has linked the chat."""
    chat = Member(line, name, language)
    chat.id = hire(bot, *roles, name=name, language=language)
    chat.adds_the_account()
    assert name in words(chat.says(code_of(bot, chat.id)))
    return chat


def writes(chat: Chat, thai: str = "เปิดหลักสูตรใหม่แล้ว", english: str | None = "A new course") -> str:
    """Write an announcement up to the look at it; what is shown."""
    chat.says(f"ประกาศ {thai}")
    chat.taps("ข่าวคอร์ส")
    return words(chat.says(english) if english else chat.taps("ไม่ใส่"))


def asks(chat: Chat, bot: Bot, engine: Engine) -> None:
    """Write one, ask for approval, and have it counted and told."""
    writes(chat)
    assert "กำลังนับผู้รับ" in words(chat.taps("นับผู้รับและขออนุมัติ"))
    settle(bot, engine)


def settle(bot: Bot, engine: Engine) -> None:
    """The ticks that count, tell and push."""
    campaigning.count(bot)
    campaign_calendar.tick(bot)
    while engine.drain_pushes():
        pass


def only(rows: Callable[..., list[Any]]) -> Campaign:
    """The one announcement that there is."""
    (campaign,) = rows(Campaign)
    assert isinstance(campaign, Campaign)
    return campaign
