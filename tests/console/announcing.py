"""An announcement on its way through the console, for tests of its pages."""

import re
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.people import people
from models.campaign import Campaign, CampaignState, RolloutStage
from models.recipient import Batch, BatchState
from models.staff_chat import StaffChat
from models.subscription import Channel
from simulator.platform import Platform
from tests.chat import Chat
from tests.news import Subscriber

TEXT = {
    "th": {"title": "เปิดคอร์สใหม่", "parts": [{"type": "text", "text": "เปิดแล้ววันนี้"}]},
    "en": {"title": "A new course", "parts": [{"type": "text", "text": "It opens today"}]},
}
FORM = {
    "do": "save",
    "revision": "0",
    "name": "คอร์สใหม่",
    "topic": "courses",
    "th.title": "เปิดคอร์สใหม่",
    "th.parts.0.type": "text",
    "th.parts.0.text": "เปิดแล้ววันนี้",
    "channels": ["line", "email"],
    "send": "now",
}


class Fields(HTMLParser):
    """The fields of a page as a browser would send them back."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, Any] = {}
        self._area: str | None = None
        self._select: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value") or ""
        if tag == "input" and name and given.get("type") != "file":
            if given.get("type") not in {"checkbox", "radio"}:
                self.found[name] = value
            elif "checked" in given:
                self.found.setdefault(name, []).append(value)
        elif tag == "textarea" and name:
            self._area = name
            self.found[name] = ""
        elif tag == "select" and name:
            self._select = name
            self.found[name] = ""
        elif tag == "option" and self._select and "selected" in given:
            self.found[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            # A browser drops the line end right after the tag, and sends CRLF.
            text = self.found[self._area].removeprefix("\n")
            self.found[self._area] = text.replace("\n", "\r\n")
            self._area = None
        elif tag == "select":
            self._select = None


def fields(page: str) -> dict[str, Any]:
    """What the form on a page would send without any change."""
    found = re.search(r'<form [^>]*id="campaign".*?</form>', page, re.DOTALL)
    assert found, "no form"
    return Fields(found[0]).found


def subscribers(bot: Bot, line: Platform) -> list[Subscriber]:
    """Two on LINE, one by mail, and enough messages left in the month."""
    found = [
        Subscriber(bot, line, Channel.LINE, name="มะลิ"),
        Subscriber(bot, line, Channel.LINE, name="ฟ้า"),
        Subscriber(bot, line, Channel.EMAIL, name="Ben", language="en"),
    ]
    bot.database.write(lambda session: quota.record(session, 1000, 0, bot.clock()))
    return found


def draft(bot: Bot, author: str, content: dict[str, Any] | None = None, **more: Any) -> str:
    """A draft as its author left it."""
    values: dict[str, Any] = {"name": "คอร์สใหม่", "topic": "courses", "audience": Audience()}
    made = Draft(content=TEXT if content is None else content, **values | more)
    return bot.database.write(
        lambda session: campaigns.create(session, made, author, bot.settings, bot.clock()).id
    )


def asked(bot: Bot, campaign_id: str, author: str, *, is_counted: bool = True) -> str:
    """Asked for approval and, unless told otherwise, counted; returns its digest."""

    def ask(session: Session) -> None:
        campaign = campaigns.locked(session, campaign_id)
        campaigns.request_approval(session, campaign, author, bot.settings, bot.clock())

    bot.database.write(ask)
    if is_counted:
        count(bot, campaign_id)
    return row(bot, campaign_id).digest or ""


def count(bot: Bot, campaign_id: str) -> None:
    """What the job does: freeze the list and price it."""
    while bot.database.write(
        lambda session: recipient_snapshot.advance(session, campaign_id, bot.settings, bot.clock())
    ):
        pass

    def price(session: Session) -> None:
        campaign = campaigns.locked(session, campaign_id)
        campaigns.price(session, campaign, bot.settings, bot.clock())

    bot.database.write(price)


def approved(bot: Bot, campaign_id: str, author: str, approver: str) -> None:
    """Written, counted and approved: held back from here on."""
    digest = asked(bot, campaign_id, author)

    def approve(session: Session) -> None:
        campaign = campaigns.locked(session, campaign_id)
        campaigns.approve(session, campaign, approver, digest, bot.settings, bot.clock())

    bot.database.write(approve)


def row(bot: Bot, campaign_id: str) -> Campaign:
    """The campaign as it stands."""
    return bot.database.read(lambda session: session.get_one(Campaign, campaign_id))


def begin(bot: Bot, campaign_id: str, wave: RolloutStage = RolloutStage.REST) -> None:
    """Going out, in one of its waves."""

    def work(session: Session) -> None:
        campaign = session.get_one(Campaign, campaign_id)
        campaigns.move(campaign, CampaignState.SENDING)
        campaign.started_at = campaign.wave_due_at = campaign.alive_at = bot.clock()
        campaign.wave = wave

    bot.database.write(work)


def settle(bot: Bot, campaign_id: str, channel: str, state: BatchState, reason: str = "") -> None:
    """All batches of a channel have come to this."""
    bot.database.write(
        lambda session: session.execute(
            update(Batch)
            .where(Batch.campaign_id == campaign_id, Batch.channel == channel)
            .values(
                state=state,
                reached=Batch.size,
                settled_at=bot.clock(),
                reason=reason or None,
            )
        )
    )


def link(bot: Bot, line: Platform, member_id: str, name: str) -> str:
    """A member’s LINE account is linked: their pseudonym."""
    chat = Chat(line, name, "th")
    line.person(chat.user_id).friend = True

    def rows(session: Session) -> None:
        link = StaffChat(id=member_id, staff_id=member_id, linked_at=bot.clock())
        with session.no_autoflush:
            session.add(link)
            link.user_id = chat.user_id

    bot.database.write(rows)
    return people.pseudonym(bot.keyring, chat.user_id)
