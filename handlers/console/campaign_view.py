"""One announcement as its pages show it: the row, the people behind it, what this member may do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort

from bot.presentation import campaign_words, formatting, schedule_words
from bot.services.campaigns.content.content import languages
from bot.services.campaigns.reporting import listing
from bot.services.campaigns.workflow import campaigns
from bot.services.staff.permissions import Permission
from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import Topic
from bot.texts import LANGUAGES
from handlers.console.guard import member
from handlers.console.pages import page
from handlers.web import language
from handlers.web.headers import content_policy
from handlers.web.parts import the_bot
from models.campaign import GOES_OUT, NOT_BEGUN, OVER, TO_START, Campaign, CampaignState

BEGUN = (CampaignState.SENDING, CampaignState.PAUSED, CampaignState.DONE, CampaignState.FAILED)
COLOURS: dict[str, str] = {
    CampaignState.DRAFT: "secondary",
    CampaignState.IN_REVIEW: "info",
    CampaignState.APPROVED: "primary",
    CampaignState.SCHEDULED: "primary",
    CampaignState.SENDING: "success",
    CampaignState.PAUSED: "warning",
    CampaignState.STOPPED: "dark",
    CampaignState.DONE: "success",
    CampaignState.FAILED: "danger",
    listing.SENT_BACK: "warning",
    listing.DISCARDED: "secondary",
    listing.NOBODY: "warning",
}


@dataclass(frozen=True)
class CampaignView:
    """A campaign with what the templates ask of it."""

    row: Campaign
    names: dict[str, str]
    topic: Topic | None
    standing: str

    @property
    def is_own(self) -> bool:
        """Whether this member wrote it or asked for it, and must leave its approval to others."""
        mine = campaigns.is_own(self.row, member().id)
        return mine and not the_bot().settings.approve_own

    @property
    def may_write(self) -> bool:
        return member().may(Permission.WRITE_CAMPAIGN)

    @property
    def may_approve(self) -> bool:
        return member().may(Permission.APPROVE_CAMPAIGN)

    @property
    def may_stop(self) -> bool:
        return member().may(Permission.STOP_CAMPAIGN)

    @property
    def can_be_edited(self) -> bool:
        """Whether it can go back to the draft: nothing of it has gone out."""
        return self.row.state in NOT_BEGUN and self.row.started_at is None

    @property
    def can_be_stopped(self) -> bool:
        return self.row.state not in OVER

    @property
    def can_be_paused(self) -> bool:
        return self.row.state in GOES_OUT

    @property
    def is_to_start(self) -> bool:
        """Whether it is approved and has not begun."""
        return self.row.state in TO_START

    @property
    def missing_languages(self) -> list[str]:
        """In which languages nothing is said."""
        return [each for each in LANGUAGES if each not in self.row.content]

    @property
    def said_languages(self) -> tuple[str, ...]:
        return languages(self.row.content)

    @property
    def tabs(self) -> list[str]:
        """Which pages it has, in the order in which it goes through them."""
        state = self.row.state
        if state is CampaignState.DRAFT:
            return ["form", "preview"] if self.may_write else ["preview"]
        found = ["preview"]
        if self.row.digest is not None or state is CampaignState.IN_REVIEW:
            found.append("review")
        if state in (*TO_START, *BEGUN):
            found.append("progress")
        if state in (*BEGUN, CampaignState.STOPPED):
            found.append("results")
        return found

    def name_of(self, staff_id: str | None) -> str:
        return self.names.get(staff_id or "", "–")


def load(campaign_id: str) -> CampaignView:
    """A campaign by its id; 404 where there is none."""
    bot = the_bot()

    def read(session: Any) -> tuple[Campaign, dict[str, str], str] | None:
        found = session.get(Campaign, campaign_id)
        if found is None:
            return None
        staff = (found.author_id, found.asked_by, found.approved_by)
        standing = listing.standings(session, [found])[campaign_id]
        return found, listing.names(session, staff), standing

    found = bot.database.read(read)
    if found is None:
        abort(404)
    row, names, standing = found
    return CampaignView(row, names, topics.find(bot.settings.news_dir, row.topic), standing)


def campaign_page(
    template: str, view: CampaignView, status: int = 200, *, is_live: bool = False, **values: Any
) -> Response:
    """A page about one campaign; is_live lets its script ask for news of itself."""
    response = page(f"campaign_{template}", status, **shared(), view=view, **values)
    if is_live:
        response.headers["Content-Security-Policy"] = content_policy(connect_src="'self'")
    return response


def is_mail_missing(view: CampaignView) -> bool:
    """Some are to get it by e-mail, and nobody named a mail server."""
    return the_bot().mailer is None and view.row.counts.get("email", 0) > 0


def shared() -> dict[str, Any]:
    """What every template about campaigns asks for."""
    t = language.translate()
    settings = the_bot().settings
    return {
        "words": campaign_words,
        "lines": formatting,
        "rule_words": schedule_words.words,
        "colours": COLOURS,
        "settings": settings,
        "now": the_bot().clock(),
        "topic_title": {
            topic.id: topic.title[t.language] for topic in topics.load(settings.news_dir)
        },
        "number": lambda value: f"{value:,}",
        "moment": datetime.fromisoformat,
        "baht": lambda satang: f"{satang / 100:,.2f}",
    }
