"""An announcement on its way, for tests of what becomes of it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.runtime import Bot, campaigning, mailing
from bot.runtime.campaign_sending import CampaignSending
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from models.campaign import Campaign, CampaignEvent, CampaignState
from models.recipient import Batch, Recipient
from simulator.platform import Platform
from simulator.routes import Call
from tests.chat import Chat

AUTHOR, APPROVER = "a" * 32, "b" * 32
resumed = partial(campaigns.resume, may_approve=True)
CONTENT = {
    "th": {"title": "เปิดคอร์สใหม่", "parts": [{"type": "text", "text": "เปิดแล้ววันนี้"}]},
    "en": {"title": "A new course", "parts": [{"type": "text", "text": "It opens today"}]},
}
DRAFT = Draft("คอร์สใหม่", "courses", CONTENT, Audience())


class Announcement:
    """One campaign, written by one member of staff and approved by another."""

    def __init__(self, bot: Bot, platform: Platform, **of_draft: Any) -> None:
        self.bot, self.platform = bot, platform
        self.sending = CampaignSending(bot, senders=2)
        draft = replace(DRAFT, **of_draft)
        self.id = bot.database.write(
            lambda session: campaigns.create(session, draft, AUTHOR, bot.settings, bot.clock()).id
        )

    @property
    def row(self) -> Campaign:
        return self.bot.database.read(lambda session: session.get_one(Campaign, self.id))

    @property
    def state(self) -> CampaignState:
        return self.row.state

    @property
    def batches(self) -> list[Batch]:
        query = select(Batch).where(Batch.campaign_id == self.id).order_by(Batch.number)
        return self.bot.database.read(lambda session: list(session.scalars(query)))

    @property
    def notes(self) -> list[str | None]:
        query = (
            select(CampaignEvent.note)
            .where(CampaignEvent.campaign_id == self.id)
            .order_by(CampaignEvent.id)
        )
        return self.bot.database.read(lambda session: list(session.scalars(query)))

    def recipient(self, subject_id: str) -> Recipient:
        key = (self.id, subject_id)
        return self.bot.database.read(lambda session: session.get_one(Recipient, key))

    def does(self, act: Any, *args: Any) -> None:
        """One act of a member of staff: `does(campaigns.pause, APPROVER, "a mistake")`."""

        def work(session: Session) -> None:
            act(session, campaigns.locked(session, self.id), *args)

        self.bot.database.write(work)

    def is_asked_for(self) -> None:
        """Ask for approval and count the list: too short a one for a first percent."""
        self.does(campaigns.request_approval, AUTHOR, self.bot.settings, self.bot.clock())
        campaigning.count(self.bot)

    def is_approved(self) -> None:
        seen = self.row.digest or ""
        self.does(campaigns.approve, APPROVER, seen, self.bot.settings, self.bot.clock())

    def is_due(self) -> "Announcement":
        """Asked for, approved, and the hold-back minutes over."""
        self.is_asked_for()
        self.is_approved()
        self.advance(minutes=self.bot.settings.hold_back_minutes)
        return self

    def advance(self, **span: float) -> None:
        self.bot.clock.advance(**span)  # type: ignore[attr-defined]

    def tick_only_waves(self) -> None:
        """Half of a tick: the next step, and nothing is sent."""
        campaigning.move_on(self.bot)

    def tick(self) -> None:
        """What the clock calls, once."""
        self.tick_only_waves()
        self.sending.drain_mails()
        self.sending.drain()

    def runs(self, minutes: int = 12) -> CampaignState:
        """Tick once a minute until it is over, held, or the minutes are up."""
        for _ in range(minutes):
            self.tick()
            mailing.drain(self.bot)
            if self.state is not CampaignState.SENDING:
                break
            self.advance(minutes=1)
        return self.state

    def pauses_of_waves(self) -> timedelta:
        row = self.row
        assert row.ended_at is not None
        assert row.started_at is not None
        return row.ended_at - row.started_at

    @property
    def calls(self) -> list[Call]:
        """Every multicast that LINE saw."""
        return [call for call in self.platform.calls if call.endpoint == "multicast"]


def news_of(chat: Chat) -> int:
    """How often the announcement stands in somebody's chat."""
    texts = [bubble.message.get("text") for bubble in chat.bubbles()]
    return sum(text in {"เปิดแล้ววันนี้", "It opens today"} for text in texts)
