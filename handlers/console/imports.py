"""Import: bring a file, say which column is what, look at every line, confirm."""

from collections import Counter

import segno
from flask import abort, flash, redirect, request, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.learners import imports as csv_imports
from bot.services.learners import invitations, spreadsheets
from bot.services.learners.import_words import COLUMNS, CONSENT, NEEDED, Column
from bot.services.learners.imports import Looked, RowOutcome
from bot.services.staff.permissions import Permission
from handlers import figures
from handlers.console import import_samples, import_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language, pages
from handlers.web.parts import the_bot
from models.imports_exports import Import, ImportState

IMPORT = Permission.IMPORT_LEARNERS
PAGE = 200  # lines of a dry run on one page; what is wrong comes first
MAX_NUMBER_LENGTH = 4  # digits of a column's
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
        row = bot.database.write(lambda s: csv_imports.bring(s, content, member_id, now))
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
        field: int(number)
        for field, number in typed.items()
        if number.isdecimal() and len(number) <= MAX_NUMBER_LENGTH
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
    bot, t = the_bot(), language.translate()
    now = bot.clock()

    def read(session: Session) -> tuple[Import | None, list[Looked]]:
        row = session.get(Import, import_id)
        is_ready = row is not None and set(NEEDED) <= set(csv_imports.columns_of(row))
        if row is None or row.state is not ImportState.UPLOADED or not is_ready:
            return row, []
        return row, csv_imports.look(session, row, now)

    row, looked = bot.database.read(read)
    if row is None:
        abort(404)
    if row.state is ImportState.UPLOADED and not looked:
        return redirect(url_for("console.import_columns", import_id=import_id), 303)
    ordered = sorted(looked, key=lambda one: (one.fate is RowOutcome.ENROL, one.line.number))
    counts = Counter(one.fate for one in looked)
    return page(
        "import_check",
        title=t("Import"),
        row=row,
        seen=csv_imports.fingerprint(row),
        counts=[(figures.fill(t, said), counts[fate]) for fate, said in import_words.FATES.items()],
        enrolled=counts[RowOutcome.ENROL],
        invited=counts[RowOutcome.NO_CONSENT] + counts[RowOutcome.MINOR],
        lines=[
            {
                "number": one.line.number,
                "fate": figures.fill(t, import_words.FATES[one.fate]),
                "is_good": one.fate is RowOutcome.ENROL,
                "problems": import_words.problems(t, one.line.problems),
                "warnings": import_words.warnings(t, one.line.warnings),
            }
            for one in ordered[:PAGE]
        ],
        more=max(len(ordered) - PAGE, 0),
        state=t(import_words.STATES[row.state]),
    )


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
    except InputError:
        flash(t("Somebody has changed the columns. Please look at the lines again."), "warning")
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


def _imports(status: int, problems: dict[str, str]) -> AnyResponse:
    t = language.translate()
    rows = the_bot().database.read(lambda session: list(csv_imports.recent(session)))
    return page(
        "imports",
        status,
        title=t("Import"),
        rows=[(row, t(import_words.STATES[row.state])) for row in rows],
        problems=problems,
        fields=[
            (t(said), field in NEEDED, field in CONSENT)
            for field, said in import_words.FIELDS.items()
        ],
    )


def _columns(
    import_id: str, status: int, problems: dict[str, str], chosen: dict[Column, int] | None = None
) -> AnyResponse:
    t = language.translate()

    def read(session: Session) -> tuple[Import, tuple[str, ...]] | None:
        row = session.get(Import, import_id)
        if row is None or row.state is not ImportState.UPLOADED:
            return None
        return row, spreadsheets.read(row.content or "").header

    found = the_bot().database.read(read)
    if found is None:
        abort(404)
    row, header = found
    return page(
        "import_columns",
        status,
        title=t("Which column is what?"),
        row=row,
        header=header,
        chosen=csv_imports.columns_of(row) if chosen is None else chosen,
        fields=[
            (field, t(said), field in NEEDED, field in CONSENT)
            for field, said in import_words.FIELDS.items()
        ],
        problems=problems,
    )


def _qr(text: str) -> Markup:
    """A QR code as SVG within the page; it is made of our own address alone."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=6, border=4, dark="#000", light="#fff"))  # noqa: S704
