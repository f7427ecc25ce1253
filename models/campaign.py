"""Announcements: what is to be said to whom and when, and who allowed it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, primary_key


class CampaignState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"  # its list is frozen (or being counted) and waits for an approver
    APPROVED = "approved"  # goes out when the hold-back minutes are over
    SCHEDULED = "scheduled"  # approved for a later time
    SENDING = "sending"
    PAUSED = "paused"  # by a person or by itself; `pause_reason` says why
    STOPPED = "stopped"  # for good; what had gone out is known by batch
    DONE = "done"
    FAILED = "failed"  # nobody could be reached: every batch was refused or is unknown


# Only these steps are ever taken (bot/services/campaigns/workflow/campaigns.py, `move`).
MOVES: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.IN_REVIEW, CampaignState.STOPPED}),
    CampaignState.IN_REVIEW: frozenset(
        {
            CampaignState.DRAFT,
            CampaignState.APPROVED,
            CampaignState.SCHEDULED,
            CampaignState.STOPPED,
        }
    ),
    CampaignState.APPROVED: frozenset(
        {
            CampaignState.DRAFT,
            CampaignState.SENDING,
            CampaignState.PAUSED,
            CampaignState.STOPPED,
        }
    ),
    CampaignState.SCHEDULED: frozenset(
        {
            CampaignState.DRAFT,
            CampaignState.SENDING,
            CampaignState.PAUSED,
            CampaignState.STOPPED,
            CampaignState.DONE,  # a pattern whose last time has come
        }
    ),
    CampaignState.SENDING: frozenset(
        {
            CampaignState.PAUSED,
            CampaignState.STOPPED,
            CampaignState.DONE,
            CampaignState.FAILED,
        }
    ),
    CampaignState.PAUSED: frozenset(
        {
            CampaignState.APPROVED,
            CampaignState.SCHEDULED,
            CampaignState.SENDING,
            CampaignState.STOPPED,
            CampaignState.DRAFT,
        }
    ),
    CampaignState.STOPPED: frozenset(),
    # Where nobody knows whether a batch arrived, a person may have it sent again.
    CampaignState.DONE: frozenset({CampaignState.SENDING}),
    CampaignState.FAILED: frozenset({CampaignState.SENDING}),
}


TO_START = frozenset({CampaignState.APPROVED, CampaignState.SCHEDULED})
GOES_OUT = TO_START | {CampaignState.SENDING}  # may be paused
ON_THE_WAY = GOES_OUT | {CampaignState.PAUSED}  # may be stopped
WAITS = frozenset({CampaignState.IN_REVIEW, CampaignState.PAUSED})  # for a person
NOT_BEGUN = TO_START | WAITS  # while started_at is None
OVER = frozenset({CampaignState.STOPPED, CampaignState.DONE, CampaignState.FAILED})


class RolloutStage(StrEnum):
    """Who gets it first: a mistake should meet colleagues, then few, before it meets everybody."""

    STAFF = "staff"
    FIRST = "first"  # one percent
    REST = "rest"


# GOES_OUT in the words of the index.
IS_OPEN = text("state IN ('approved', 'scheduled', 'sending')")
IS_NOT_STOPPED = text("state <> 'stopped'")


class Campaign(Base):
    """One announcement.

    `content` is {language: {"title": ..., "parts": [...]}} (campaigns/content in the services),
    `audience` narrows who may get it (campaigns/audience), `counts` is what the frozen list
    came to. `digest` covers content, audience, plan, counts and cost; `approved_digest` is what
    the approver saw. With a `rule` the campaign is the pattern of a series, whose members name it
    as their `series_id` and are made when their time has come.
    """

    __tablename__ = "campaign"

    id: Mapped[str] = primary_key()
    name: Mapped[str] = mapped_column(String(120))  # for staff, never sent
    kind: Mapped[str] = mapped_column(String(16))  # news, article, video, course_info
    topic: Mapped[str] = mapped_column(String(40))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    audience: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[CampaignState] = mapped_column(
        ByValue(CampaignState), default=CampaignState.DRAFT
    )
    revision: Mapped[int] = mapped_column(default=0)  # moves with every edit, against lost updates
    author_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    # When: None is "as soon as it is approved"; a rule is a cron line in Bangkok's time.
    send_at: Mapped[datetime | None]
    rule: Mapped[str | None] = mapped_column(String(80))
    rule_until: Mapped[datetime | None]
    series_id: Mapped[str | None] = mapped_column(String(32), index=True)
    # The frozen list.
    asked_at: Mapped[datetime | None]
    asked_by: Mapped[str | None] = mapped_column(String(32))
    writers: Mapped[list[Any]] = mapped_column(JSON, default=list)  # everybody who changed a word
    counted_to: Mapped[str | None] = mapped_column(String(32))  # how far the count has come
    chunks: Mapped[int] = mapped_column(default=0)
    frozen_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    cost_messages: Mapped[int | None]
    cost_satang: Mapped[int | None]  # hundredths of a baht, beyond what the plan includes
    list_digest: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
    # The approval.
    approved_digest: Mapped[str | None] = mapped_column(String(64))
    approved_by: Mapped[str | None] = mapped_column(String(32))
    approved_at: Mapped[datetime | None]
    # The sending.
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    alive_at: Mapped[datetime | None]  # when it was last looked after: nothing goes out unwatched
    wave: Mapped[RolloutStage | None] = mapped_column(ByValue(RolloutStage))
    wave_due_at: Mapped[datetime | None]  # when the next wave may begin
    pause_reason: Mapped[str | None] = mapped_column(String(80))
    unit: Mapped[str] = mapped_column(String(30), unique=True)  # LINE's name for its statistics
    results: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # opens, clicks, when read

    __table_args__ = (
        Index("ix_campaign_state", "state", "created_at"),
        Index("ix_campaign_due", "due_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        # A tick that comes twice makes one member of a series, not two.
        Index(
            "uq_campaign_series",
            "series_id",
            "send_at",
            unique=True,
            sqlite_where=IS_NOT_STOPPED,
            postgresql_where=IS_NOT_STOPPED,
        ),
    )


class CampaignAction(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    PAUSED = "paused"
    WENT_ON = "went_on"
    STOPPED = "stopped"


class CampaignEvent(Base):
    """What somebody decided about a campaign, with the digest that they had before them."""

    __tablename__ = "campaign_event"

    id: Mapped[str] = primary_key()
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), index=True)
    at: Mapped[datetime]
    staff_id: Mapped[str | None] = mapped_column(String(32))  # None: it did so by itself
    verdict: Mapped[CampaignAction] = mapped_column(ByValue(CampaignAction))
    digest: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(String(400))
    # LINE's id of the message that is the note, which can be taken back.
    note_source: Mapped[str | None] = mapped_column(String(64))
