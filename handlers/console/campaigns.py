"""Announcements: the list, what waits for the one who looks, and the way to each one's page."""

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.services.campaigns.reporting import listing
from bot.services.campaigns.reporting.listing import CampaignRow
from bot.services.staff.permissions import Permission
from handlers.console.campaign_view import load, shared
from handlers.console.guard import allow, member
from handlers.console.pages import page
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.campaign import OVER, TO_START, CampaignState


@console.get("/campaigns")
@allow(Permission.SEE_CAMPAIGNS)
def campaigns() -> Response:
    """Newest first, by group of states; on its first page, what waits for this member."""
    bot, t = the_bot(), language.translate()
    group = request.args.get("group", "")
    group = group if group in listing.GROUPS else ""
    before = request.args.get("before", "")[:32]
    mine = member()

    def read(session: Session) -> tuple[list[CampaignRow], list[CampaignRow], str | None]:
        waiting = [] if before else listing.waiting(session, mine, bot.settings)
        return waiting, *listing.page(session, group, before or None)

    waiting, rows, further = bot.database.read(read)
    return page(
        "campaigns",
        title=t("Announcements"),
        waiting=waiting,
        rows=rows,
        further=further,
        group=group,
        to_start=TO_START,
        over=OVER,
        groups=(
            ("", t("All")),
            ("drafts", t("Drafts")),
            ("review", t("In review")),
            ("going", t("On their way")),
            ("over", t("Over")),
        ),
        may_write=mine.may(Permission.WRITE_CAMPAIGN),
        **shared(),
    )


@console.get("/campaigns/<campaign_id>")
@allow(Permission.SEE_CAMPAIGNS)
def campaign(campaign_id: str) -> AnyResponse:
    """The page that fits where the announcement stands."""
    view = load(campaign_id)
    state = view.row.state
    if state is CampaignState.DRAFT:
        place = "campaign_form" if view.may_write else "campaign_preview"
    elif state is CampaignState.IN_REVIEW:
        place = "campaign_review"
    elif state in OVER:
        place = "campaign_results"
    else:
        place = "campaign_progress"
    return redirect(url_for(f"console.{place}", campaign_id=campaign_id), 303)
