"""Watching an announcement go out: the hold-back with its stop button, then wave by wave."""

from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.services.campaigns.reporting import progress as figures
from bot.services.campaigns.reporting.progress import Progress
from bot.services.campaigns.workflow import series
from bot.services.staff import chats
from bot.services.staff.permissions import Permission
from handlers.console.campaign_view import (
    CampaignView,
    campaign_page,
    is_mail_missing,
    load,
    shared,
)
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.routes import console
from handlers.web.parts import the_bot
from models.campaign import CampaignState, RolloutStage
from models.recipient import BatchState

MOVING = (CampaignState.APPROVED, CampaignState.SENDING)


@console.get("/campaigns/<campaign_id>/progress")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_progress(campaign_id: str) -> AnyResponse:
    """Where it stands; the page renews its figures by itself while they move."""
    view, bot = load(campaign_id), the_bot()
    if "progress" not in view.tabs:
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)

    def read(session: Session) -> dict[str, Any]:
        return {
            "events": figures.decisions(session, campaign_id),
            "pattern": series.pattern_of(session, view.row),
        }

    return campaign_page("progress", view, is_live=True, **_live(view), **bot.database.read(read))


@console.get("/campaigns/<campaign_id>/progress/live")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_live(campaign_id: str) -> Response:
    """The moving part of that page alone, for its script."""
    view = load(campaign_id)
    return page("campaign_live", **shared(), view=view, **_live(view))


@console.get("/campaigns/<campaign_id>/batches")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_batches(campaign_id: str) -> Response:
    """Every batch, a page at a time."""
    view, bot = load(campaign_id), the_bot()
    after, wish = request.args.get("after", ""), request.args.get("state", "")
    number = int(after) if after.isdecimal() and len(after) < 10 else -1
    state = BatchState(wish) if wish in set(BatchState) else None
    rows, further = bot.database.read(
        lambda session: figures.batches_after(session, campaign_id, number, state)
    )
    return campaign_page(
        "batches", view, rows=rows, further=further, state=state, states=list(BatchState)
    )


def _live(view: CampaignView) -> dict[str, Any]:
    bot = the_bot()
    now, row = bot.clock(), view.row
    is_ahead = row.started_at is None and row.rule is None

    def read(session: Session) -> tuple[Progress, tuple[int, int], bool]:
        copies = figures.staff_copies(session, row.id)
        colleagues = is_ahead and bool(chats.linked(session))
        return figures.of(session, row, now), copies, colleagues

    progress, copies, is_staff_first = bot.database.read(read)
    until = row.due_at if row.started_at is None else row.wave_due_at
    seconds = int((until - now).total_seconds()) if until is not None else 0
    return {
        "progress": progress,
        "copies": copies,
        "is_staff_first": is_staff_first,
        "is_one_wave": {line.wave for line in progress.lines} == {RolloutStage.REST},
        "is_moving": row.state in MOVING,
        "is_mail_missing": row.state in MOVING and is_mail_missing(view),
        "until": until,
        # Hours are told as a time, minutes as a countdown.
        "countdown": f"{seconds // 60}:{seconds % 60:02}" if 0 < seconds < 3600 else "",
        "percent": int(100 * progress.settled / progress.people) if progress.people else 0,
    }
