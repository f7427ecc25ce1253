"""What members do to an announcement besides writing it: stop, pause, go on, throw away, copy."""

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import campaign_words
from bot.services.campaigns.audience import filters
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft, MoveError, StaleError
from bot.services.staff import permission_recheck
from bot.services.staff.permission_recheck import PermissionRevokedError
from bot.services.staff.permissions import Permission
from bot.unicode import trimmed
from handlers.console.campaign_view import load
from handlers.console.guard import allow, member, rule_of
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.campaign import Campaign

MAX_NOTE_LENGTH = 400
Act = Callable[[Session, Campaign, str, datetime], None]


def carry_out(campaign_id: str, act: Act, done: str) -> AnyResponse:
    """Do it in one unit, say what happened, and go to the page that fits now."""
    bot, mine, t, now = the_bot(), member(), language.translate(), the_bot().clock()
    rule = rule_of(request.endpoint)
    load(campaign_id)

    def write(session: Session) -> None:
        campaign = campaigns.locked(session, campaign_id)
        if rule is not None and rule.permission is not None:
            permission_recheck.confirm(session, mine.id, rule.permission)
        act(session, campaign, mine.id, now)

    try:
        bot.database.write(write)
        flash(done, "success")
    except CampaignError as error:
        for problem in error.problems:
            flash(campaign_words.said(t, problem), "danger")
    except PermissionRevokedError:
        flash(t("Your role may not do that. Please ask an administrator."), "danger")
    except StaleError:
        flash(
            t("It is not what you saw any more. Nothing was done; please read it once more."),
            "danger",
        )
    except MoveError:
        flash(t("It has moved on meanwhile. Please look at where it stands now."), "warning")
    return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)


@console.post("/campaigns/<campaign_id>/stop")
@allow(Permission.STOP_CAMPAIGN)
def stop_campaign(campaign_id: str) -> AnyResponse:
    """One press: nothing more of it goes out."""
    t = language.translate()
    return carry_out(campaign_id, campaigns.stop, t("Stopped. Nothing more of it goes out."))


@console.post("/campaigns/<campaign_id>/pause")
@allow(Permission.STOP_CAMPAIGN)
def pause_campaign(campaign_id: str) -> AnyResponse:
    """Hold it until somebody lets it go on."""
    t = language.translate()
    return carry_out(
        campaign_id,
        lambda session, campaign, mine, now: campaigns.pause(
            session, campaign, mine, campaigns.BY_PERSON, now
        ),
        t("Paused. It goes on when somebody lets it."),
    )


@console.post("/campaigns/<campaign_id>/go-on")
@allow(Permission.STOP_CAMPAIGN)
def go_on_with_campaign(campaign_id: str) -> AnyResponse:
    """Go on after a pause, if it is still what was approved and still fits."""
    bot, t, may_approve = the_bot(), language.translate(), member().may(Permission.APPROVE_CAMPAIGN)

    def act(session: Session, campaign: Campaign, mine: str, now: datetime) -> None:
        campaigns.resume(session, campaign, mine, bot.settings, now, may_approve=may_approve)

    return carry_out(campaign_id, act, t("It goes on."))


@console.post("/campaigns/<campaign_id>/edit-again")
@allow(Permission.WRITE_CAMPAIGN)
def edit_again(campaign_id: str) -> AnyResponse:
    """Back to the draft to change it; an approval is void by that."""
    t = language.translate()
    return carry_out(
        campaign_id,
        lambda session, campaign, mine, now: campaigns.send_back(session, campaign, mine, "", now),
        t("It is a draft again. An earlier approval does not count any more."),
    )


@console.post("/campaigns/<campaign_id>/discard")
@allow(Permission.WRITE_CAMPAIGN)
def discard_campaign(campaign_id: str) -> AnyResponse:
    """Throw a draft away; it stays in the list of what is over."""
    t = language.translate()
    return carry_out(campaign_id, campaigns.discard, t("Thrown away. Nothing of it was sent."))


@console.post("/campaigns/<campaign_id>/copy")
@allow(Permission.WRITE_CAMPAIGN)
def copy_campaign(campaign_id: str) -> AnyResponse:
    """A new draft with the same words, audience and topic; it has the same writers too."""
    bot, mine, t, now = the_bot(), member(), language.translate(), the_bot().clock()
    row = load(campaign_id).row
    name = t("{name} (copy)", name=row.name)[: campaigns.MAX_NAME_LENGTH]
    draft = Draft(name, row.topic, row.content, filters.read(row.audience))

    def write(session: Session) -> str:
        made = campaigns.create(session, draft, mine.id, bot.settings, now, writers=row.writers)
        return made.id

    try:
        new = bot.database.write(write)
    except CampaignError as error:
        for problem in error.problems:
            flash(campaign_words.named(t, problem), "danger")
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    flash(t("This is a new draft with the same words."), "success")
    return redirect(url_for("console.campaign_form", campaign_id=new), 303)


def note() -> str:
    """What an approver wrote, in one piece."""
    return trimmed(request.form.get("note", "").replace("\0", ""))[:MAX_NOTE_LENGTH]
