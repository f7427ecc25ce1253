"""Export: ask for a file with a reason, have it approved, take it once."""

from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.learners import exports as csv_exports
from bot.services.learners import tags
from bot.services.learners.exports import ALONE, CHOICES, MAX_ROWS, Choice, Chosen, Column
from bot.services.people.fields import FIELDS
from bot.services.staff import staff
from bot.services.staff.permissions import Permission
from bot.texts import Translator
from bot.texts import marked as _
from bot.texts.dates import shown_span
from handlers.console import learner_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language, pages
from handlers.web.parts import the_bot
from models.conversation import Language
from models.imports_exports import ExportRequest, ExportState
from models.learner import LearnerState

COLUMNS: dict[Choice, str] = {
    **{item: field.label for item, field in FIELDS.items()},
    Column.USERNAME: _("Username"),
    Column.STATE: _("State"),
    Column.ACCOUNT: _("Account"),
    Column.AGE_BAND: _("Age group"),
    Column.LANGUAGE: _("Language"),
    Column.REGISTERED: _("Registered on"),
    Column.LAST_USED: _("Last used on"),
    Column.TAGS: _("Groups"),
}
STATES: dict[ExportState, str] = {
    ExportState.WAITING: _("waits for approval"),
    ExportState.APPROVED: _("can be downloaded"),
    ExportState.REFUSED: _("not approved"),
    ExportState.TAKEN: _("downloaded"),
}
_PROBLEMS: dict[str, tuple[str, str]] = {
    "no_columns": ("columns", _("Please choose at least one column.")),
    "no_rows": ("", _("Nobody is chosen by this.")),
}


@console.get("/exports")
@allow(Permission.EXPORT_LEARNERS)
def exports() -> AnyResponse:
    """Ask, and the wishes of the last days."""
    return _exports(200, {})


@console.post("/exports")
@allow(Permission.EXPORT_LEARNERS)
def ask_export() -> AnyResponse:
    """Note the wish."""
    bot, who, form, t = the_bot(), member(), request.form, language.translate()
    columns = [column for column in CHOICES if column in form.getlist("column")]
    in_full = form.get("details") == "full" and who.may(Permission.UNMASK_LEARNER)
    # Read here: a unit of work runs in the writer's thread, which knows no request.
    chosen, reason, now = _chosen(), form.get("reason", ""), bot.clock()
    try:
        row = bot.database.write(
            lambda session: csv_exports.request_export(
                session,
                columns,
                chosen,
                reason,
                in_full=in_full,
                member_id=who.id,
                now=now,
            )
        )
    except InputError as error:
        return _exports(422, _problem(t, error), form)
    if row.state is ExportState.APPROVED:
        flash(
            t(
                "The file is ready: it can be downloaded once, within {span}.",
                span=shown_span(t, csv_exports.LIFE),
            ),
            "success",
        )
    else:
        flash(
            t(
                "Somebody else has to approve this file. It waits for {span}.",
                span=shown_span(t, csv_exports.LIFE),
            ),
            "warning",
        )
    return redirect(url_for("console.exports"), 303)


@console.post("/exports/<export_id>/approve")
@allow(Permission.APPROVE_EXPORT)
def approve_export(export_id: str) -> AnyResponse:
    """Somebody else's yes."""
    return _decide(export_id, is_yes=True)


@console.post("/exports/<export_id>/refuse")
@allow(Permission.APPROVE_EXPORT)
def refuse_export(export_id: str) -> AnyResponse:
    """Somebody else's no."""
    return _decide(export_id, is_yes=False)


@console.post("/exports/<export_id>/take")
@allow(Permission.EXPORT_LEARNERS)
def take_export(export_id: str) -> AnyResponse:
    """The file, this once; it stands nowhere."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    say = learner_words.words()

    def called(value: str) -> str:
        return t(COLUMNS[value]) if isinstance(value, Choice) else say(value)

    try:
        row = bot.database.write(lambda s: csv_exports.take(s, export_id, member_id, now))
        if row is None:
            flash(t("This file cannot be downloaded, or was downloaded before."), "warning")
            return redirect(url_for("console.exports"), 303)
        content = bot.database.read(lambda session: csv_exports.made(session, row, called))
    except InputError:
        flash(t("It would hold other people than you asked for. Please ask again."), "warning")
        return redirect(url_for("console.exports"), 303)
    return pages.download(content, f"learners-{row.id[-8:]}.csv")


def _decide(export_id: str, *, is_yes: bool) -> AnyResponse:
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    done = bot.database.write(
        lambda s: csv_exports.decide(s, export_id, member_id, now, is_yes=is_yes)
    )
    if done:
        flash(t("Approved.") if is_yes else t("Not approved."), "success")
    else:
        flash(t("Nobody decides about their own wish, nor twice, nor after its day."), "danger")
    return redirect(url_for("console.exports"), 303)


def _chosen() -> Chosen:
    form = request.form
    state, spoken = form.get("state", ""), form.get("language", "")
    return Chosen(
        LearnerState(state) if state in set(LearnerState) else LearnerState.ACTIVE,
        Language(spoken) if spoken in set(Language) else None,
        form.get("tag") or None,
    )


def _problem(t: Translator, error: InputError) -> dict[str, str]:
    if error.code == "rows_many":
        return {
            "": t("A file holds at most {most} rows. Please choose fewer.", most=f"{MAX_ROWS:,}")
        }
    if error.code in _PROBLEMS:
        field, said = _PROBLEMS[error.code]
        return {field: t(said)}
    return {"reason": learner_words.problem(error.code, t)}


def _exports(status: int, problems: dict[str, str], form: Any = None) -> AnyResponse:
    bot, t, who = the_bot(), language.translate(), member()
    now = bot.clock()
    may_approve = who.may(Permission.APPROVE_EXPORT)

    def read(
        session: Session,
    ) -> tuple[list[tuple[ExportRequest, str | None]], dict[str, str], Any]:
        rows = csv_exports.listed(session)
        # What somebody wrote as a reason is for whoever decides about it, and for themselves.
        told = [
            (row, row.reason if may_approve or row.member_id == who.id else None) for row in rows
        ]
        names = {one.id: one.name for one in staff.team(session)}
        return told, names, tags.catalogue(session)

    rows, names, words = bot.database.read(read)
    return page(
        "exports",
        status,
        title=t("Export"),
        rows=[
            {
                "row": row,
                "reason": reason,
                "by": names.get(row.member_id, ""),
                "state": t(STATES[row.state]) if now < row.expires_at else t("over"),
                "columns": ", ".join(t(COLUMNS[csv_exports.choice(name)]) for name in row.columns),
                "is_mine": row.member_id == who.id,
                "is_open": now < row.expires_at,
            }
            for row, reason in rows
        ],
        columns={column.value: t(said) for column, said in COLUMNS.items()},
        states=list(LearnerState),
        languages=list(Language),
        words=words,
        problems=problems,
        form=form or {},
        ticked=form.getlist("column") if form else ["name", "username", "state"],
        alone=ALONE,
        may_approve=may_approve,
        may_unmask=who.may(Permission.UNMASK_LEARNER),
        say=learner_words.words(),
    )
