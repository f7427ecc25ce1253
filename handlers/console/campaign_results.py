"""What became of an announcement: outcomes, what LINE counted, who left because of it."""

from typing import Any

from flask import Response, abort, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import campaign_files
from bot.services.campaigns.reporting import exports, insights, progress, results
from bot.services.campaigns.workflow import unknown_outcomes
from bot.services.staff.permissions import Permission
from handlers.console.campaign_acts import carry_out
from handlers.console.campaign_view import campaign_page, load
from handlers.console.guard import allow, member
from handlers.console.routes import console
from handlers.web import language, pages
from handlers.web.parts import the_bot

HIDDEN_BELOW = 20  # LINE says nothing of fewer people


@console.get("/campaigns/<campaign_id>/results", endpoint="campaign_results")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_results_page(campaign_id: str) -> AnyResponse:
    """The numbers up to now."""
    view, bot = load(campaign_id), the_bot()
    if "results" not in view.tabs:
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    now = bot.clock()

    def read(session: Session) -> dict[str, Any]:
        return {
            "progress": progress.of(session, view.row, now),
            "outcomes": results.outcomes(session, campaign_id),
            "caused": results.of(session, view.row),
            "mails": results.of_mails(session, campaign_id),
            "unknown": unknown_outcomes.waiting(session, campaign_id),
            "events": progress.decisions(session, campaign_id),
        }

    return campaign_page(
        "results",
        view,
        counted=view.row.results,
        days=insights.COUNTED.days,
        hours=int(results.CAUSED_WITHIN.total_seconds() // 3600),
        hidden=HIDDEN_BELOW,
        **bot.database.read(read),
    )


@console.post("/campaigns/<campaign_id>/results.csv")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_results_file(campaign_id: str) -> Response:
    """Every batch and its outcome; that it was taken is audited."""
    view, bot, mine, now = load(campaign_id), the_bot(), member(), the_bot().clock()
    bot.database.write(lambda session: exports.record(session, view.row, mine.id, now))
    lines = campaign_files.batches(bot.database, campaign_id, language.translate())
    return pages.download(lines, f"results-{campaign_id}.csv")


@console.post("/campaigns/<campaign_id>/batches/<int:number>")
@allow(Permission.STOP_CAMPAIGN)
def settle_batch(campaign_id: str, number: int) -> AnyResponse:
    """Decide on a batch of which nobody knows whether it arrived: again, or leave it."""
    bot, t = the_bot(), language.translate()
    if request.form.get("decision") == unknown_outcomes.AGAIN:
        if not member().may(Permission.APPROVE_CAMPAIGN):  # it costs what nobody approved yet
            abort(403)
        return carry_out(
            campaign_id,
            lambda session, campaign, mine, now: unknown_outcomes.send_again(
                session, campaign.id, number, mine, bot.settings, now
            ),
            t("It is sent once more."),
        )
    return carry_out(
        campaign_id,
        lambda session, campaign, mine, now: unknown_outcomes.leave(
            session, campaign.id, number, mine, now
        ),
        t("Left as it is."),
    )
