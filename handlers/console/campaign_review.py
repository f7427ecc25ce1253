"""The dry run and the approval: everything that somebody answers for, on one page."""

from datetime import datetime

from flask import Response, abort, flash, redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import campaign_files
from bot.services.campaigns.reporting import exports, progress
from bot.services.campaigns.reporting.progress import Decision
from bot.services.campaigns.sending.batches import LATE
from bot.services.campaigns.workflow import alerts, campaigns, schedules, series
from bot.services.campaigns.workflow import cost as campaign_cost
from bot.services.campaigns.workflow.cost import Cost
from bot.services.staff.permissions import Permission
from bot.texts import translator
from handlers.console.campaign_acts import carry_out, note
from handlers.console.campaign_view import CampaignView, campaign_page, is_mail_missing, load
from handlers.console.guard import allow, member
from handlers.console.routes import console
from handlers.web import language, pages
from handlers.web.parts import the_bot
from models.campaign import OVER, Campaign, CampaignState
from models.learner import Learner, LearnerState

SHORT = 12  # digits of the fingerprint that people compare


@console.get("/campaigns/<campaign_id>/review")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_review(campaign_id: str) -> AnyResponse:
    """Who gets it by what, what it costs, who does not get it and why; and the decision."""
    view, bot = load(campaign_id), the_bot()
    if "review" not in view.tabs:
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    if view.row.digest is None:
        return _counting(view)
    now = bot.clock()

    def read(session: Session) -> tuple[Cost, Campaign | None, list[Decision]]:
        return (
            campaign_cost.of(session, view.row, bot.settings, now),
            series.pattern_of(session, view.row),
            progress.decisions(session, campaign_id),
        )

    cost, pattern, events = bot.database.read(read)
    rule = view.row.rule
    return campaign_page(
        "review",
        view,
        cost=cost,
        pattern=pattern,
        events=events,
        digest=view.row.digest[:SHORT],
        times_a_month=schedules.times_within(rule, now, view.row.rule_until) if rule else 0,
        next_times=_next_times(view.row, now),
        is_too_often=rule is not None
        and schedules.is_too_often(rule, now, bot.settings.news_per_month),
        is_waiting=view.row.state is CampaignState.IN_REVIEW,
        is_for_nobody=campaigns.is_for_nobody(view.row),
        is_mail_missing=is_mail_missing(view),
        is_past=campaigns.is_past(view.row, now),
        late_until=_late_until(view.row, now),
        translator=translator,
        may_take_list=exports.may_take(member()),
    )


@console.post("/campaigns/<campaign_id>/approve")
@allow(Permission.APPROVE_CAMPAIGN)
def approve_campaign(campaign_id: str) -> AnyResponse:
    """Allow exactly what was seen; only with the word that it was read."""
    bot, t = the_bot(), language.translate()
    seen = request.form.get("seen", "")
    if request.form.get("read") != "yes":
        flash(t("Please tick that you have read all of it. Nothing is approved yet."), "warning")
        return redirect(url_for("console.campaign_review", campaign_id=campaign_id), 303)

    def act(session: Session, campaign: Campaign, mine: str, now: datetime) -> None:
        campaigns.approve(session, campaign, mine, seen, bot.settings, now)
        alerts.tell_author(session, campaign, bot.settings, now)

    return carry_out(campaign_id, act, t("Approved. It can still be stopped."))


@console.post("/campaigns/<campaign_id>/send-back")
@allow(Permission.APPROVE_CAMPAIGN)
def send_back_campaign(campaign_id: str) -> AnyResponse:
    """Back to its author, with a word on why."""
    bot, t, said = the_bot(), language.translate(), note()
    if not said:
        flash(t("Please write what is to be changed, so that the author knows."), "warning")
        return redirect(url_for("console.campaign_review", campaign_id=campaign_id), 303)

    def act(session: Session, campaign: Campaign, mine: str, now: datetime) -> None:
        campaigns.send_back(session, campaign, mine, said, now)
        alerts.tell_author(session, campaign, bot.settings, now)

    return carry_out(campaign_id, act, t("Sent back to its author."))


@console.post("/campaigns/<campaign_id>/list.csv")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_people_file(campaign_id: str) -> Response:
    """The frozen list under pseudonyms; that it was taken is audited."""
    view, bot, mine, now = load(campaign_id), the_bot(), member(), the_bot().clock()
    if not exports.may_take(mine):
        abort(403)
    bot.database.write(lambda session: exports.record(session, view.row, mine.id, now))
    lines = campaign_files.people(bot.database, campaign_id, language.translate())
    return pages.download(lines, f"list-{campaign_id}.csv")


def _next_times(row: Campaign, now: datetime) -> list[datetime]:
    """When a series comes next, as long as it may still come."""
    if row.rule is None or row.state in OVER:
        return []
    return schedules.next_times(row.rule, now, 3, row.rule_until)


def _late_until(row: Campaign, now: datetime) -> datetime | None:
    """Until when it may be approved although its time has come; None before that."""
    return row.send_at + LATE if row.send_at is not None and row.send_at <= now else None


def _counting(view: CampaignView) -> Response:
    """How far the count has come; the page asks again by itself."""
    everybody = the_bot().database.read(
        lambda session: session.scalar(
            select(func.count()).select_from(Learner).where(Learner.state == LearnerState.ACTIVE)
        )
    )
    done = view.row.counts.get("looked_at", 0)
    return campaign_page("counting", view, done=done, all=max(everybody or 0, done))
