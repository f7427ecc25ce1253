"""Writing an announcement: a form that works without script and loses nothing that was typed."""

from flask import Response, current_app, flash, jsonify, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from bot.presentation import campaign_words
from bot.services.campaigns.audience import filters
from bot.services.campaigns.audience.estimate import Estimate, Estimates
from bot.services.campaigns.content import pictures
from bot.services.campaigns.content.content import MAX_BUTTONS, MAX_CARDS, MAX_LENGTH, MAX_PARTS
from bot.services.campaigns.content.pictures import Drawn, PictureError
from bot.services.campaigns.content.problems import CampaignError, FieldProblem
from bot.services.campaigns.reporting import listing, progress
from bot.services.campaigns.reporting.progress import Decision
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import MoveError, StaleError
from bot.services.courses import courses
from bot.services.learners import tags
from bot.services.staff.permissions import Permission
from bot.services.subscriptions import topics
from bot.texts.dates import shown_clock
from handlers.console import campaign_differences, campaign_fields, campaign_parts
from handlers.console.campaign_differences import Difference
from handlers.console.campaign_fields import Fields
from handlers.console.campaign_view import CampaignView, load, shared
from handlers.console.guard import allow, member
from handlers.console.pages import kept_form, page
from handlers.console.routes import console
from handlers.web import language
from handlers.web.headers import content_policy
from handlers.web.parts import the_bot
from models.campaign import CampaignState

WRITE = Permission.WRITE_CAMPAIGN
MAX_FORM_BYTES = 24 * 1024 * 1024  # a few pictures as they come out of a phone
UPLOAD = "upload:"
SAVE, PREVIEW, AUTOSAVE = "save", "preview", "autosave"
COUNT, PUT_IN, LANGUAGE = "count", "upload", "language"


@console.get("/campaigns/new")
@allow(WRITE)
def new_campaign() -> Response:
    """An empty form, or what was typed before the member had to sign in again."""
    return _form(_typed() or campaign_fields.empty(), None)


@console.post("/campaigns/new")
@allow(WRITE, largest=MAX_FORM_BYTES)
def write_campaign() -> AnyResponse:
    """Save a new draft, or do what another button of the form says."""
    return _handle(None)


@console.get("/campaigns/<campaign_id>/edit")
@allow(WRITE)
def campaign_form(campaign_id: str) -> AnyResponse:
    """A draft in its form; with ?check=1 and what is missing."""
    view = load(campaign_id)
    if view.row.state is not CampaignState.DRAFT:
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    bot = the_bot()
    found = []
    if request.args.get("check") == "1":
        found = campaigns.problems(view.row, bot.settings, bot.clock())
        found += _lost_pictures(view)
    return _form(_typed() or campaign_fields.of(view.row), view, found)


@console.post("/campaigns/<campaign_id>/edit")
@allow(WRITE, largest=MAX_FORM_BYTES)
def edit_campaign(campaign_id: str) -> AnyResponse:
    """Save a draft, or do what another button of the form says."""
    view = load(campaign_id)
    if view.row.state is not CampaignState.DRAFT:
        t = language.translate()
        flash(t("It is not a draft any more. Nothing was changed."), "warning")
        return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
    return _handle(view)


@console.post("/campaigns/count")
@allow(WRITE, largest=MAX_FORM_BYTES)
def count_audience() -> Response:
    """The estimate alone, for the form's script; changes nothing."""
    fields = campaign_fields.read(request.form)
    return page("campaign_count", **shared(), estimate=_estimate(fields), fields=fields)


def _typed() -> Fields | None:
    """Parts and buttons that were added are part of what was typed, so the whole form is made."""
    kept = kept_form()
    if kept is None or kept.path != request.path:
        return None
    return campaign_fields.read(MultiDict(kept.fields))


def _handle(view: CampaignView | None) -> AnyResponse:
    fields = campaign_fields.read(request.form)
    if request.form.get("do") == AUTOSAVE:
        return _autosaved(fields, view)
    found = _uploads(fields)
    wish = request.form.get("do", SAVE)
    is_changed = campaign_parts.change(fields.content, wish)
    verb, _, path = wish.partition(":")
    if verb == PUT_IN and path and not any(file.filename for file in request.files.values()):
        found.append(FieldProblem(path, "no_file"))
    if found or is_changed or verb in {COUNT, PUT_IN, LANGUAGE}:
        # A refused picture is said; everything else of the form is still there.
        estimate = _estimate(fields) if wish == COUNT else None
        return _form(fields, view, found, 422 if found else 200, estimate=estimate)
    try:
        campaign_id = _save(fields, view)
    except CampaignError as error:
        return _form(fields, view, error.problems, 422)
    except StaleError:
        return _meanwhile(fields, load(view.row.id) if view else None)
    except MoveError:
        return redirect(url_for("console.campaigns"), 303)
    if wish == PREVIEW:
        return redirect(url_for("console.campaign_preview", campaign_id=campaign_id), 303)
    flash(language.translate()("Saved."), "success")
    return redirect(url_for("console.campaign_form", campaign_id=campaign_id), 303)


def _autosaved(fields: Fields, view: CampaignView | None) -> AnyResponse:
    """Save what stands in the form without a word of its own, and say so to its script."""
    t, now = language.translate(), the_bot().clock()
    try:
        campaign_id = _save(fields, view, is_quiet=True)
    except CampaignError as error:
        missing = campaign_words.named(t, error.problems[0])
        return _told(t("Not saved yet: {problem}", problem=missing), 422)
    except StaleError:
        return _told(t("Not saved: somebody else saved it. Press Save draft to see both."), 409)
    except MoveError:
        return _told(t("It is not a draft any more. Nothing was changed."), 409)
    return _told(
        t("Saved at {time}", time=shown_clock(now, t.language)),
        200,
        address=url_for("console.edit_campaign", campaign_id=campaign_id),
        revision=load(campaign_id).row.revision,
    )


def _told(said: str, status: int, **more: str | int) -> AnyResponse:
    response = jsonify(said=said, **more)
    response.status_code = status
    return response


def _save(fields: Fields, view: CampaignView | None, *, is_quiet: bool = False) -> str:
    bot, mine = the_bot(), member()
    draft, now = campaign_fields.draft(fields), bot.clock()

    def write(session: Session) -> str:
        if view is None:
            return campaigns.create(session, draft, mine.id, bot.settings, now).id
        campaigns.edit(
            session,
            view.row.id,
            draft,
            fields.revision,
            mine.id,
            bot.settings,
            now,
            is_quiet=is_quiet,
        )
        return view.row.id

    return bot.database.write(write)


def _uploads(fields: Fields) -> list[FieldProblem]:
    """Keep what was uploaded with the form, and put each picture where it belongs."""
    found = []
    for name, file in request.files.items():
        path = name.removeprefix(UPLOAD)
        if path == name or not file.filename:
            continue
        try:
            drawn = pictures.draw(file.read(pictures.MAX_UPLOAD_BYTES + 1))
        except PictureError as error:
            found.append(FieldProblem(path, error.code))
            continue
        for oddity in drawn.oddities:
            flash(language.translate()(campaign_words.ODDITIES[oddity]), "warning")
        _keep(drawn)
        campaign_parts.put(fields.content, path, drawn.id)
    return found


def _keep(drawn: Drawn) -> None:
    bot, mine, now = the_bot(), member(), the_bot().clock()
    bot.database.write(lambda session: pictures.keep(session, drawn, mine.id, now))


def _meanwhile(fields: Fields, theirs: CampaignView | None) -> AnyResponse:
    """Somebody else saved it while this form was open: both are shown, nothing is lost."""
    if theirs is None or theirs.row.state is not CampaignState.DRAFT:
        return redirect(url_for("console.campaigns"), 303)
    differences = campaign_differences.between(
        language.translate(),
        campaign_fields.draft(fields),
        campaign_differences.of(theirs.row),
        the_bot().settings,
    )
    fields.revision = theirs.row.revision
    return _form(fields, theirs, status=409, differences=differences)


def _estimate(fields: Fields) -> Estimate | None:
    """About how many would get it; None while the topic or a filter is not yet right."""
    bot = the_bot()
    kept: Estimates = current_app.extensions.setdefault("audience_estimates", Estimates())
    try:
        audience = campaign_fields.audience(fields)
    except CampaignError:
        return None
    if filters.problems(audience, bot.settings):
        return None
    if topics.find(bot.settings.news_dir, fields.topic) is None:
        return None
    return kept.of(bot.database, audience, fields.topic, bot.clock())


def _lost_pictures(view: CampaignView) -> list[FieldProblem]:
    ids = campaign_parts.pictures(view.row.content)
    lost = the_bot().database.read(lambda session: pictures.missing(session, set(ids.values())))
    return [FieldProblem(path, "gone") for path, picture in ids.items() if picture in lost]


def _sent_back(view: CampaignView | None) -> Decision | None:
    """What an approver wrote about it, while that is the last word."""
    if view is None or view.standing != listing.SENT_BACK:
        return None
    row = view.row
    return the_bot().database.read(lambda session: progress.decisions(session, row.id))[0]


def _form(
    fields: Fields,
    view: CampaignView | None,
    problems: list[FieldProblem] | None = None,
    status: int = 200,
    *,
    estimate: Estimate | None = None,
    differences: list[Difference] | None = None,
) -> Response:
    t, bot = language.translate(), the_bot()
    found = problems or []
    action = (
        url_for("console.edit_campaign", campaign_id=view.row.id)
        if view
        else url_for("console.write_campaign")
    )
    response = page(
        "campaign_form",
        status,
        **shared(),
        title="" if view else t("New announcement"),
        view=view,
        fields=fields,
        action=action,
        problems={problem.where: campaign_words.said(t, problem) for problem in found},
        listed=[(problem.where, campaign_words.named(t, problem)) for problem in found],
        sent_back=_sent_back(view),
        differences=differences,
        estimate=estimate,
        is_counted=estimate is not None,
        empty={each: campaign_parts.is_empty(fields.content, each) for each in ("th", "en")},
        topics=topics.load(bot.settings.news_dir),
        courses=courses.load(bot.settings.courses_dir),
        tags=bot.database.read(tags.catalogue),
        longest=MAX_LENGTH,
        most={"parts": MAX_PARTS, "cards": MAX_CARDS, "buttons": MAX_BUTTONS},
    )
    response.headers["Content-Security-Policy"] = content_policy(connect_src="'self'")
    return response
