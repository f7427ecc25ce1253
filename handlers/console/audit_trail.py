"""The audit trail: a form, and what it finds. Reading is an act, so it is asked for by POST."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.clock import BANGKOK
from bot.services.audit.audit import Action
from bot.services.shared import csv_writer
from bot.services.staff import audit_search
from bot.services.staff.audit_search import AuditLine, AuditQuery, Page
from bot.services.staff.permissions import Permission
from bot.texts import Translator
from bot.texts import marked as _
from bot.texts.dates import shown_day
from handlers.console import audit_details, audit_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language, pages
from handlers.web.parts import the_bot
from models.database import Database

ACTIONS = frozenset(Action)
GROUP = "group:"  # before the name of a group, where an act stands otherwise
BATCH = 500  # entries of a file that are read at once
REASONS = Permission.UNMASK_LEARNER  # what staff wrote before they saw details can repeat them
HEADS = (
    _("No."),
    _("Time (Bangkok)"),
    _("Act"),
    _("Act (code)"),
    _("Who did it"),
    _("Who did it (code)"),
    _("To whom or what"),
    _("To whom or what (id)"),
    _("Details"),
)
MAX_ID_LENGTH = 48  # characters of an id in the trail


@console.get("/audit")
@allow(Permission.SEE_AUDIT)
def audit_trail() -> AnyResponse:
    """The empty form: nothing has been read yet."""
    return _page(200, {}, None)


@console.post("/audit")
@allow(Permission.SEE_AUDIT)
def read_audit_trail() -> AnyResponse:
    """What the form looks for; who looked is written down with it."""
    bot, t = the_bot(), language.translate()
    wish, problems = _wish(t)
    if wish is None:
        return _page(422, problems, None)
    asked, reader, now = wish, member().actor, bot.clock()
    may_read = member().may(REASONS)
    found = bot.database.read(
        lambda session: audit_search.search(session, asked, with_reasons=may_read)
    )
    bot.database.write(
        lambda session: audit_search.note(session, asked, found, reader=reader, now=now)
    )
    return _page(200, {}, found)


@console.post("/audit/file")
@allow(Permission.SEE_AUDIT, fresh=True)
def export_audit_trail() -> AnyResponse:
    """The same as a file: without reasons, and that it was taken is written down first."""
    bot, t = the_bot(), language.translate()
    wish, problems = _wish(t)
    if wish is None:
        return _page(422, problems, None)
    reader, now = member().actor, bot.clock()

    def look(session: Session) -> tuple[AuditQuery, int]:
        # Up to what there is now: that the file is taken is no line of it.
        asked = replace(wish, after=(now, audit_search.newest(session) + 1))
        return asked, audit_search.count(session, asked)

    asked, rows = bot.database.read(look)
    if rows > audit_search.MOST:
        most = f"{audit_search.MOST:,}"
        return _page(
            422, {"": t("A file holds at most {most} rows. Please choose fewer.", most=most)}
        )
    bot.database.write(
        lambda session: audit_search.note_export(session, wish, rows, reader=reader, now=now)
    )
    return pages.download(
        _file(bot.database, t, asked), f"audit-{now.astimezone(BANGKOK):%Y-%m-%d}.csv"
    )


def _file(database: Database, t: Translator, wish: AuditQuery) -> Iterator[str]:
    """The lines of the file, read a batch of entries at a time."""
    yield csv_writer.MARK + csv_writer.text([[t(head) for head in HEADS]])
    rest: AuditQuery | None = wish
    while rest is not None:
        found = _batch(database, rest)
        yield csv_writer.text([_row(t, line) for line in found.lines], is_flat=True)
        rest = replace(wish, after=found.next) if found.next else None


def _batch(database: Database, wish: AuditQuery) -> Page:
    return database.read(lambda session: audit_search.search(session, wish, size=BATCH))


def _row(t: Translator, line: AuditLine) -> list[csv_writer.Cell]:
    details = audit_details.told(t, line.action, line.data)
    return [
        line.position,
        f"{line.at.astimezone(BANGKOK):%Y-%m-%d %H:%M:%S}",
        audit_words.act(t, line.action),
        line.action,
        audit_words.who(t, line.actor, line.actor_name),
        line.actor,
        line.subject_name,
        line.subject,
        "; ".join(f"{label}: {said}" for label, said in details),
    ]


def _searched(t: Translator, found: Page) -> list[tuple[str, str]]:
    """What was looked for, in words: of the act, of people the names that fitted."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    searched, said = found.searched, []
    if typed["action"]:
        act = typed["action"].removeprefix(GROUP)
        is_group = act != typed["action"]
        said.append((t("Act"), t(act) if is_group else audit_words.act(t, act)))
    for name, label, names in (
        ("actor", t("Who did it"), searched.actor_names),
        ("subject", t("To whom or what"), searched.subject_names),
    ):
        if names:
            said.append((label, ", ".join(names)))
        elif typed[name]:
            said.append((label, t("exactly “{typed}”", typed=typed[name])))
    for name, label in (("since", t("From")), ("until", t("Until"))):
        moment = _moment(typed[name])
        if moment is not None:
            said.append((label, _second(t, moment)))
    return said


def _page(status: int, problems: dict[str, str], found: Page | None = None) -> AnyResponse:
    t = language.translate()
    return page(
        "audit_trail",
        status,
        title=t("Audit trail"),
        problems=problems,
        found=found,
        lines=[_told(t, line) for line in found.lines] if found else [],
        after=audit_search.cursor(found.next) if found and found.next else "",
        asked={name: request.form.get(name, "")[:MAX_ID_LENGTH] for name in FIELDS},
        groups=[
            (f"{GROUP}{name}", t(name), [(one, audit_words.act(t, one)) for one in group])
            for name, group in audit_words.groups()
        ],
        searched=_searched(t, found) if found else [],
        anchor=the_bot().database.read(audit_search.last_anchor),
        second=lambda at: _second(t, at),
    )


def _second(t: Translator, at: datetime) -> str:
    """A moment to the second: what happened first can matter here."""
    local = at.astimezone(BANGKOK)
    return f"{shown_day(local, t.language)} {local:%H:%M:%S}"


def _told(t: Translator, line: AuditLine) -> dict[str, Any]:
    """One entry in words, its codes beside them."""
    is_look = line.action == Action.LEARNER_UNMASKED
    return {
        "line": line,
        "act": audit_words.act(t, line.action),
        "who": audit_words.who(t, line.actor, line.actor_name),
        "details": audit_details.told(t, line.action, line.data),
        "is_look": is_look,
        "is_hidden": is_look and not member().may(REASONS),
    }


FIELDS = ("action", "actor", "subject", "since", "until")


def _wish(t: Translator) -> tuple[AuditQuery | None, dict[str, str]]:
    """The form as a wish, or what is wrong with it, field by field."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    problems: dict[str, str] = {}
    acts = {f"{GROUP}{name}": tuple(group) for name, group in audit_words.groups()}
    if typed["action"] and typed["action"] not in {*ACTIONS, *acts}:
        problems["action"] = t("There is no such act. Please choose one of the list.")
    for name in ("actor", "subject"):
        if len(typed[name]) > MAX_ID_LENGTH or "\x00" in typed[name]:
            problems[name] = t("An id has at most {most} characters.", most=MAX_ID_LENGTH)
    moments: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            moments[name] = _moment(typed[name])
        except (ValueError, OverflowError):
            problems[name] = t("This is not a date and time. Please write 2026-11-23T08:30.")
    since, until = moments.get("since"), moments.get("until")
    if since and until and until <= since:
        problems["until"] = t("The end has to be later than the beginning.")
    if problems:
        return None, problems
    wish = AuditQuery(
        typed["action"],
        typed["actor"],
        typed["subject"],
        since,
        until,
        audit_search.parse_cursor(request.form.get("after", "")),
        audit_words.kinds(t, typed["actor"]),
        acts.get(typed["action"], ()),
    )
    return wish, {}


def _moment(text: str) -> datetime | None:
    """A moment in Bangkok, as a browser's field for date and time writes it."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=BANGKOK)
    if not 2000 <= moment.year < 2200:
        raise ValueError(text)
    return moment
