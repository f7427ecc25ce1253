"""Learners: the newest, and search by one exact detail or words of a name; masked."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.learners import search, tags
from bot.services.learners.search import WAYS
from bot.services.staff.permissions import Permission
from handlers.console import learner_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot


@console.get("/learners")
@allow(Permission.SEARCH_LEARNERS)
def learners() -> AnyResponse:
    """The newest, a page at a time; an address holds ids only."""
    before = request.args.get("before", "")[:32] or None
    rows, after = the_bot().database.read(lambda session: search.newest(session, before))
    return _list(200, rows=rows, before=before, after=after)


@console.post("/learners/search")
@allow(Permission.SEARCH_LEARNERS)
def search_learners() -> AnyResponse:
    """Everybody with this detail; a POST, so that it stands in no address and no log."""
    typed, by = request.form.get("typed", ""), request.form.get("by", "")
    chosen = next((way for way in WAYS if way == by), WAYS[0])
    bot, actor = the_bot(), member().actor
    if not typed.strip():
        return _list(422, by=chosen, problems={"typed": learner_words.problem("nothing_typed")})
    now = bot.clock()
    try:
        rows = bot.database.write(
            lambda s: search.search(s, chosen, typed[:200], actor=actor, now=now)
        )
    except InputError as error:
        why = {"typed": learner_words.problem(error.code)}
        return _list(422, by=chosen, typed=typed[:200], problems=why)
    if len(rows) == 1:  # a page that the browser can go back to; its address holds the id only
        return redirect(url_for("console.learner", learner_id=rows[0].id), 303)
    return _list(200, rows=rows, by=chosen, is_search=True)


@console.get("/learners/tags")
@allow(Permission.CHANGE_LEARNER)
def learner_tags() -> AnyResponse:
    """The words that learners can be grouped by."""
    return _tags(200, {})


@console.post("/learners/tags")
@allow(Permission.CHANGE_LEARNER)
def make_tag() -> AnyResponse:
    """A new word."""
    bot, member_id, typed = the_bot(), member().id, request.form.get("word", "")
    t = language.translate()
    now = bot.clock()

    def add(session: Session) -> tuple[str, bool]:
        known = tags.catalogue(session)
        word = tags.make(session, typed[:100], member_id, now)
        return word, word not in known

    try:
        word, is_new = bot.database.write(add)
    except InputError as error:
        return _tags(422, {"word": learner_words.problem(error.code)}, typed[:100])
    if is_new:
        flash(t("The group “{word}” was added.", word=word), "success")
    else:
        flash(t("There was the group “{word}” already.", word=word), "info")
    return redirect(url_for("console.learner_tags"), 303)


@console.post("/learners/tags/rename")
@allow(Permission.CHANGE_LEARNER)
def rename_tag() -> AnyResponse:
    """Another name for a group, with everybody who is in it."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    word, typed, now = request.form.get("old", "")[:100], request.form.get("new", ""), bot.clock()
    try:
        new = bot.database.write(lambda s: tags.rename(s, word, typed[:100], member_id, now))
    except InputError as error:
        return _tags(422, {f"new:{word}": learner_words.problem(error.code)}, typed[:100])
    flash(t("The group is called “{word}” now.", word=new), "success")
    return redirect(url_for("console.learner_tags"), 303)


@console.post("/learners/tags/remove")
@allow(Permission.CHANGE_LEARNER)
def remove_tag() -> AnyResponse:
    """A group goes, its people stay."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    word, now = request.form.get("old", "")[:100], bot.clock()
    is_sure = "sure" in request.form
    try:
        count = bot.database.write(lambda s: tags.remove(s, word, member_id, now, is_sure=is_sure))
    except InputError as error:
        return _tags(422, {f"new:{word}": learner_words.problem(error.code)}, word)
    said = t("The group “{word}” is deleted; {count} learners were in it.", word=word, count=count)
    flash(said, "success")
    return redirect(url_for("console.learner_tags"), 303)


@console.post("/learners/tags/people")
@allow(Permission.CHANGE_LEARNER)
def put_into_tag() -> AnyResponse:
    """Several learners into a group; the lines that mean nobody come back to be corrected."""
    bot, mine, t = the_bot(), member(), language.translate()
    word, typed = request.form.get("tag", "")[:100], request.form.get("people", "")
    lines = [line.strip()[:200] for line in typed.splitlines() if line.strip()]
    now = bot.clock()

    def write(session: Session) -> tuple[int, list[str]]:
        ids, unknown = search.identify(session, lines, actor=mine.actor, now=now)
        return tags.put_on_many(session, ids, word, mine.id, now), unknown

    try:
        if not lines or len(lines) > search.MAX_PEOPLE:
            raise InputError("many_lines" if lines else "no_lines")
        count, unknown = bot.database.write(write)
    except InputError as error:
        return _tags(422, {"people": learner_words.problem(error.code)}, people=lines, tag=word)
    flash(t("{count} learners were put into “{word}”.", count=count, word=word), "success")
    if not unknown:
        return redirect(url_for("console.learner_tags"), 303)
    said = t("{count} lines mean nobody, or more than one person.", count=len(unknown))
    return _tags(422, {"people": said}, people=unknown, tag=word)


def _list(status: int, **values: Any) -> AnyResponse:
    t = language.translate()
    defaults: dict[str, Any] = {
        "rows": [],
        "by": WAYS[0],
        "typed": "",
        "problems": {},
        "before": None,
        "after": None,
        "is_search": False,
        "most": search.MAX_FOUND,
    }
    return page(
        "learners",
        status,
        title=t("Learners"),
        ways={by.value: t(said) for by, said in learner_words.BY.items()},
        say=learner_words.words(),
        **{**defaults, **values},
    )


def _tags(
    status: int,
    problems: dict[str, str],
    typed: str = "",
    *,
    people: Sequence[str] = (),
    tag: str = "",
) -> AnyResponse:
    t = language.translate()
    sizes = the_bot().database.read(tags.sizes)
    return page(
        "learner_tags",
        status,
        title=t("Groups"),
        sizes=sizes,
        problems=problems,
        typed=typed,
        people="\n".join(people),
        chosen=tag,
    )
