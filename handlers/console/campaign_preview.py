"""Looking at an announcement before anybody gets it: as LINE draws it, as a mail, on trial."""

import re

from flask import Response, abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import DeliveryError
from bot.presentation import campaign_messages, campaign_words
from bot.runtime import quota_reading
from bot.services.campaigns.audience import recipient_check
from bot.services.campaigns.audience.recipient_check import Reader
from bot.services.campaigns.content import mail
from bot.services.campaigns.content.problems import CampaignError, FieldProblem
from bot.services.campaigns.workflow import campaigns, test_sends
from bot.services.campaigns.workflow.campaigns import MoveError, StaleError
from bot.services.campaigns.workflow.test_sends import Trial
from bot.services.staff import permission_recheck
from bot.services.staff.permission_recheck import PermissionRevokedError
from bot.services.staff.permissions import Permission
from bot.texts import LANGUAGES, translator
from bot.texts.dates import shown_span
from bot.texts.letters import fill_kept
from handlers.console.campaign_view import CampaignView, campaign_page, load
from handlers.console.guard import allow, member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.headers import content_policy
from handlers.web.parts import the_bot
from models.campaign import CampaignState

# A mail is a page of its own kind: nothing runs, nothing is sent, only our pictures are loaded.
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src {origin}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
_MESSAGE = re.compile(r"messages(?:\[|/)(\d+)")


@console.get("/campaigns/<campaign_id>/preview")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_preview(campaign_id: str) -> Response:
    """Everything that is said, in every language in which it is."""
    return _preview(load(campaign_id))


@console.post("/campaigns/<campaign_id>/preview")
@allow(Permission.WRITE_CAMPAIGN)
def preview_for_learner(campaign_id: str) -> Response:
    """The same for a named learner: their language, their channel; by POST, as names are."""
    view, bot, mine = load(campaign_id), the_bot(), member()
    typed, now = request.form.get("username", "")[:64], bot.clock()
    if request.form.get("who") == "me":
        mine_too = bot.database.read(lambda session: _as_myself(session, view, mine.id))
        return _preview(view, reader=mine_too, is_me=True, status=200 if mine_too else 422)
    reader = bot.database.write(
        lambda session: recipient_check.find(
            session, view.row, typed, bot.settings, actor=mine.actor, now=now
        )
    )
    return _preview(view, typed=typed, reader=reader, status=200 if reader else 422)


def _as_myself(session: Session, view: CampaignView, member_id: str) -> Reader | None:
    """As the member's own LINE account gets it; None where it is not linked, or no learner's."""
    bot = the_bot()
    for one in test_sends.readers(session, member_id)[0]:
        return recipient_check.of_person(session, view.row, one.person, bot.settings, bot.clock())
    return None


@console.get("/campaigns/<campaign_id>/mail/<code>")
@allow(Permission.SEE_CAMPAIGNS)
def campaign_letter(campaign_id: str, code: str) -> Response:
    """The mail as it looks, for the frame on the preview."""
    view, settings = load(campaign_id), the_bot().settings
    if view.topic is None or code not in view.said_languages:
        abort(404)
    letter = mail.letter(view.row.content, code, view.topic, settings)
    html = fill_kept(letter.html, {"unsubscribe": f"{settings.public_url}/news/stop"}, is_html=True)
    # Pictures come from where the frame comes from, whatever our public name is.
    html = html.replace(f'src="{settings.public_url}/pictures/', 'src="/pictures/')
    response = Response(html)
    response.headers["Content-Security-Policy"] = MAIL_POLICY.format(
        origin=f"{request.host_url.rstrip('/')} {settings.public_url}"
    )
    return response


@console.post("/campaigns/<campaign_id>/test")
@allow(Permission.WRITE_CAMPAIGN)
def test_campaign(campaign_id: str) -> AnyResponse:
    """Send it to oneself or to the staff, marked as a test."""
    view, bot, mine, t = load(campaign_id), the_bot(), member(), language.translate()
    back = redirect(url_for("console.campaign_preview", campaign_id=campaign_id), 303)
    now = bot.clock()
    found = campaigns.problems(view.row, bot.settings, now)
    topic = view.topic
    if topic is None or any(problem.where.startswith(LANGUAGES) for problem in found):
        flash(t("Something is still missing, see below. Nothing was sent."), "warning")
        return back

    is_for_all = request.form.get("to") == "staff"

    def write(session: Session) -> Trial:
        own, everybody = test_sends.readers(session, mine.id)
        to = everybody if is_for_all else own
        if not to:
            return Trial(0, 0)
        return test_sends.send(session, view.row, topic, to, mine.id, bot.settings, now)

    quota_reading.read(bot)
    try:
        copies, had = bot.database.write(write)
    except CampaignError as error:
        for problem in error.problems:
            flash(campaign_words.said(t, problem), "danger")
        return back
    if had:
        flash(
            t(
                "{had} LINE accounts got these very words within {span}, and do not get them "
                "again. Each copy is a paid message.",
                had=had,
                span=shown_span(t, test_sends.AGAIN),
            ),
            "warning",
        )
    if copies:
        flash(t("On its way as a test to {copies} LINE accounts.", copies=copies), "success")
    elif not had:
        flash(t("Nobody to send it to: no LINE account is linked."), "warning")
    return back


@console.post("/campaigns/<campaign_id>/ask")
@allow(Permission.WRITE_CAMPAIGN)
def ask_for_approval(campaign_id: str) -> AnyResponse:
    """Have LINE look at it, then freeze it and count; nothing is lost where LINE says no."""
    view, bot, mine, t = load(campaign_id), the_bot(), member(), language.translate()
    seen = request.form.get("revision", "")
    now = bot.clock()
    if view.row.state is not CampaignState.DRAFT:
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    if seen != str(view.row.revision):
        flash(t("Somebody has changed it meanwhile. Please look at it once more."), "warning")
        return redirect(url_for("console.campaign_preview", campaign_id=campaign_id), 303)
    found = campaigns.problems(view.row, bot.settings, now)
    if found:
        return redirect(url_for("console.campaign_form", campaign_id=campaign_id, check=1), 303)
    complaint = _asked_of_line(view)
    if complaint is not None:
        return _preview(view, 422, complaint=complaint)

    def write(session: Session) -> None:
        campaign = campaigns.locked(session, campaign_id)
        if campaign.revision != view.row.revision:
            raise StaleError
        permission_recheck.confirm(session, mine.id, Permission.WRITE_CAMPAIGN)
        campaigns.request_approval(session, campaign, mine.id, bot.settings, now)

    try:
        bot.database.write(write)
    except CampaignError:
        return redirect(url_for("console.campaign_form", campaign_id=campaign_id, check=1), 303)
    except PermissionRevokedError:
        flash(t("Your role may not do that. Please ask an administrator."), "danger")
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    except (StaleError, MoveError):
        flash(t("Somebody has changed it meanwhile. Please look at it once more."), "warning")
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    return redirect(url_for("console.campaign_review", campaign_id=campaign_id), 303)


def _asked_of_line(view: CampaignView) -> str | None:
    """What LINE has against it, in words; None where it would take every message."""
    bot, t = the_bot(), language.translate()
    if view.topic is None:
        return campaign_words.said(t, FieldProblem("topic", "unknown"))
    for code in view.said_languages:
        said = campaign_messages.messages(view.row.content, code, view.topic, bot.settings)
        try:
            bot.gateway.validate("multicast", said)
        except DeliveryError as error:
            bot.log.warning("campaign.not_valid", status=error.status, reason=error.reason)
            if error.status != 400:
                return t(
                    "LINE cannot be asked right now whether it accepts this. "
                    "Everything is saved: please ask for approval again in a minute."
                )
            number = _MESSAGE.search(error.reason)
            parts = len(view.row.content[code]["parts"])
            is_ours = number is not None and int(number[1]) >= parts
            where = code if number is None or is_ours else f"{code}.parts.{number[1]}"
            return t(
                "LINE does not accept this as it is. {place}: {reason}",
                place=campaign_words.place(t, where),
                reason=error.reason,
            )
    return None


def _preview(
    view: CampaignView,
    status: int = 200,
    *,
    typed: str = "",
    reader: Reader | None = None,
    complaint: str | None = None,
    is_me: bool = False,
) -> Response:
    bot, mine, t = the_bot(), member(), language.translate()
    found = []
    if view.row.state is CampaignState.DRAFT:
        found = campaigns.problems(view.row, bot.settings, bot.clock())
    own, everybody = bot.database.read(lambda session: test_sends.readers(session, mine.id))
    said = view.said_languages
    chosen = request.args.get("in", "")
    if reader is not None:
        chosen = reader.language
    response = campaign_page(
        "preview",
        view,
        status,
        said=said,
        shown=(chosen,) if chosen in said else said,
        chosen=chosen if chosen in said else "",
        listed=[(each.where, campaign_words.named(t, each)) for each in found],
        complaint=complaint,
        typed=typed,
        reader=reader,
        may_see_why=is_me or mine.may(Permission.SEARCH_LEARNERS),
        is_me=is_me,
        may_search=mine.may(Permission.SEARCH_LEARNERS),
        own=len(own),
        staff=len(everybody),
        translator=translator,
    )
    response.headers["Content-Security-Policy"] = content_policy(frame_src="'self'")
    return response
