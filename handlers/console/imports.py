"""Import: bring a file, say which column is what, look at every line, confirm, take back."""

from collections.abc import Sequence

import segno
from flask import abort, flash, redirect, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.learners import import_rest, invitations, spreadsheets
from bot.services.learners import imports as csv_imports
from bot.services.learners.cell_dates import DateOrder
from bot.services.learners.import_words import (
    COLUMNS,
    CONSENT,
    NEEDED,
    Column,
    doubtful,
    missing_of,
)
from bot.services.privacy import undone_imports
from bot.services.staff import staff
from bot.services.staff.permissions import Permission
from bot.texts import Translator, translator
from handlers.console import import_samples, import_view, import_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language, pages
from handlers.web.headers import content_policy
from handlers.web.parts import the_bot
from models.imports_exports import Import, ImportState

IMPORT = Permission.IMPORT_LEARNERS
MAX_NUMBER_LENGTH = 6  # digits of a column's, a line's or a page's
MAX_FORM_BYTES = spreadsheets.MAX_BYTES + 64 * 1024  # with the form around it


@console.get("/imports")
@allow(IMPORT)
def imports() -> AnyResponse:
    """Bring a file, and what became of the last ones."""
    return _imports(200, {})


@console.post("/imports")
@allow(IMPORT, largest=MAX_FORM_BYTES)
def bring_import() -> AnyResponse:
    """Keep the file for a day."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    given = request.files.get("file")
    content, now = given.read() if given else b"", bot.clock()
    try:
        name = (given.filename or "") if given else ""
        row = bot.database.write(lambda s: csv_imports.bring(s, content, member_id, now, name))
    except InputError as error:
        return _imports(422, {"file": import_words.problem(t, error.code, error.suggestion)})
    return redirect(url_for("console.import_columns", import_id=row.id), 303)


@console.get("/imports/invitation")
@allow(IMPORT)
def import_invitation() -> AnyResponse:
    """A sheet to print for people of whom we may keep nothing yet; it names nobody."""
    t = language.translate()
    address = invitations.friend_address(the_bot().basic_id)
    return page(
        "import_invitation",
        title=t("Invitation to print"),
        ours=translator(t.language),
        address=address,
        qr=_qr(address) if address else None,
    )


@console.get("/imports/sample")
@allow(IMPORT)
def import_sample() -> AnyResponse:
    """A file as it should be, with people who do not exist."""
    content = import_samples.made(language.translate(), the_bot().clock())
    return pages.download(content, "learners-sample.csv")


@console.get("/imports/<import_id>/columns")
@allow(IMPORT)
def import_columns(import_id: str) -> AnyResponse:
    """Which column is what."""
    return _columns(import_id, 200, {})


@console.post("/imports/<import_id>/columns")
@allow(IMPORT)
def assign_columns(import_id: str) -> AnyResponse:
    """Remember it, and go on to the dry run."""
    typed = {field: request.form.get(field, "") for field in COLUMNS}
    chosen = {
        field: number for field, said in typed.items() if (number := _number(said)) is not None
    }
    t = language.translate()
    try:
        row = the_bot().database.write(lambda s: csv_imports.assign(s, import_id, chosen))
    except InputError as error:
        said = import_words.problem(t, error.code, error.suggestion)
        return _columns(import_id, 422, {error.suggestion or "": said}, chosen)
    if row is None:
        return redirect(url_for("console.imports"), 303)
    return redirect(url_for("console.import_check", import_id=import_id), 303)


@console.get("/imports/<import_id>")
@allow(IMPORT)
def import_check(import_id: str) -> AnyResponse:
    """Before: the dry run. After: what became of it."""
    bot, t, who = the_bot(), language.translate(), member()
    now = bot.clock()

    def read(session: Session) -> tuple[Import | None, csv_imports.DryRun | None]:
        row = session.get(Import, import_id)
        if row is None or row.state is not ImportState.UPLOADED:
            return row, None
        is_ready = not missing_of(csv_imports.columns_of(row))
        return row, csv_imports.dry_run(session, row, now) if is_ready else None

    row, dry = bot.database.read(read)
    if row is None:
        abort(404)
    if row.state is not ImportState.UPLOADED:
        return _went(row)
    if dry is None:
        return redirect(url_for("console.import_columns", import_id=import_id), 303)
    shown = import_view.dry_run(
        t, dry, _number(request.args.get("page", "")) or 1, in_full=row.member_id == who.id
    )
    return page(
        "import_check",
        title=t("Import"),
        row=row,
        name=_name(row),
        seen=csv_imports.fingerprint(row),
        ticked=csv_imports.accepted(row),
        **shown,
    )


@console.get("/imports/<import_id>/progress")
@allow(IMPORT)
def import_progress(import_id: str) -> AnyResponse:
    """The moving part of that page alone, for its script."""
    row = the_bot().database.read(lambda session: session.get(Import, import_id))
    if row is None:
        abort(404)
    return page("import_progress", row=row, state=_state(row))


@console.post("/imports/<import_id>/lines")
@allow(IMPORT)
def accept_lines(import_id: str) -> AnyResponse:
    """Remember which unusual lines are meant as they stand."""
    shown, ticked, t = _numbers("shown"), _numbers("line"), language.translate()
    the_bot().database.write(lambda s: csv_imports.accept(s, import_id, shown, ticked))
    number = _number(request.form.get("page", "")) or 1
    flash(t("The ticks are saved."), "success")
    return redirect(url_for("console.import_check", import_id=import_id, page=number), 303)


@console.post("/imports/<import_id>/dates")
@allow(IMPORT)
def say_order(import_id: str) -> AnyResponse:
    """Remember what comes first in the file's dates."""
    said = request.form.get("order", "")
    if said in set(DateOrder):
        order = DateOrder(said)
        the_bot().database.write(lambda s: csv_imports.say_order(s, import_id, order))
    return redirect(url_for("console.import_check", import_id=import_id), 303)


@console.post("/imports/<import_id>/confirm")
@allow(IMPORT)
def confirm_import(import_id: str) -> AnyResponse:
    """Begin; the job goes through it."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now, seen = bot.clock(), request.form.get("seen", "")
    try:
        begins = bot.database.write(
            lambda s: csv_imports.confirm(s, import_id, member_id, seen, now)
        )
    except InputError as error:
        flash(import_words.problem(t, error.code), "warning")
        return redirect(url_for("console.import_check", import_id=import_id), 303)
    if begins:
        flash(t("The import has begun."), "success")
    else:
        flash(t("This import was begun before, or its day is over."), "warning")
    return redirect(url_for("console.import_check", import_id=import_id), 303)


@console.post("/imports/<import_id>/cancel")
@allow(IMPORT)
def cancel_import(import_id: str) -> AnyResponse:
    """Forget the file."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    if bot.database.write(lambda s: csv_imports.cancel(s, import_id, member_id, now)):
        flash(t("The file is forgotten."), "success")
    return redirect(url_for("console.imports"), 303)


@console.post("/imports/<import_id>/rest")
@allow(IMPORT)
def take_rest(import_id: str) -> AnyResponse:
    """The lines that did not go in, with why; who takes them is written down."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()

    def take(session: Session) -> bytes | None:
        row = session.get(Import, import_id)
        if row is None:
            return None
        columns, how = csv_imports.columns_of(row), csv_imports.rest_reading(row)
        return import_rest.take(
            session,
            row,
            columns,
            how,
            t("Reason"),
            lambda line, reason: import_words.stayed(t, line, reason),
            member_id,
            now,
        )

    content = bot.database.write(take)
    if content is None:
        flash(t("These lines are forgotten: their day is over."), "warning")
        return redirect(url_for("console.import_check", import_id=import_id), 303)
    return pages.download(content, "learners-not-imported.csv")


@console.post("/imports/<import_id>/undo")
@allow(IMPORT)
def undo_import(import_id: str) -> AnyResponse:
    """Take the import back; the job goes through it."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    if request.form.get("sure") != "yes":
        flash(t("Please tick that you are sure."), "warning")
    elif bot.database.write(lambda s: undone_imports.begin(s, import_id, member_id, now)):
        flash(t("The import is being taken back."), "success")
    else:
        flash(t("It cannot be taken back any more: its day is over."), "warning")
    return redirect(url_for("console.import_check", import_id=import_id), 303)


def _went(row: Import) -> AnyResponse:
    """What became of an import, and what can still be done with it."""
    bot, t = the_bot(), language.translate()
    now = bot.clock()
    may_undo = undone_imports.is_open(row, now)
    unused = bot.database.read(lambda s: undone_imports.unused(s, row)) if may_undo else 0
    response = page(
        "import_went",
        title=t("Import"),
        row=row,
        name=_name(row),
        state=_state(row),
        unused=unused,
        has_rest=row.rest_sealed is not None and now < row.expires_at,
    )
    response.headers["Content-Security-Policy"] = content_policy(connect_src="'self'")
    return response


def _name(row: Import) -> str:
    return the_bot().database.read(lambda session: session.get_one(Import, row.id).name or "")


def _state(row: Import) -> str:
    return language.translate()(import_words.STATES[row.state])


def _number(said: str) -> int | None:
    is_one = said.isascii() and said.isdecimal() and len(said) <= MAX_NUMBER_LENGTH
    return int(said) if is_one else None


def _numbers(field: str) -> Sequence[int]:
    found = (_number(said) for said in request.form.getlist(field)[: import_view.PAGE])
    return [number for number in found if number is not None]


def _imports(status: int, problems: dict[str, str]) -> AnyResponse:
    t = language.translate()

    def read(session: Session) -> list[tuple[Import, str, str, str]]:
        names = {one.id: one.name for one in staff.team(session)}
        return [
            (row, t(import_words.STATES[row.state]), row.name or "", names.get(row.member_id, "–"))
            for row in csv_imports.recent(session)
        ]

    return page(
        "imports",
        status,
        title=t("Import"),
        rows=the_bot().database.read(read),
        problems=problems,
        fields=_fields(t),
    )


def _fields(t: Translator) -> list[tuple[Column, str, bool, bool]]:
    """Every detail with its name, and whether it is needed, or needed as a proof."""
    return [
        (field, t(said), field in NEEDED, field in CONSENT)
        for field, said in import_words.FIELDS.items()
    ]


def _columns(
    import_id: str, status: int, problems: dict[str, str], chosen: dict[Column, int] | None = None
) -> AnyResponse:
    t, who = language.translate(), member()

    def read(session: Session) -> tuple[Import, spreadsheets.CsvTable] | None:
        row = session.get(Import, import_id)
        if row is None or row.state is not ImportState.UPLOADED:
            return None
        return row, csv_imports.table_of(row.content or "")

    found = the_bot().database.read(read)
    if found is None:
        abort(404)
    row, table = found
    if chosen is None:
        chosen = csv_imports.columns_of(row)
    asked = {
        field: t("Several columns may be meant here. Please choose one.")
        for field in doubtful(table.header)
        if field not in chosen
    }
    return page(
        "import_columns",
        status,
        title=t("Which column is what?"),
        row=row,
        name=_name(row),
        columns=import_view.columns(t, table, in_full=row.member_id == who.id),
        is_garbled=import_view.is_garbled(table),
        chosen=chosen,
        fields=_fields(t),
        problems=asked | problems,
    )


def _qr(text: str) -> Markup:
    """A QR code as SVG within the page; it is made of our own address alone."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=6, border=4, dark="#000", light="#fff"))  # noqa: S704
