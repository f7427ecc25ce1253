"""Learners: the newest, and search by one exact detail or words of a name; masked."""

from typing import Any

from flask import flash, redirect, request, url_for
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
    try:
        word = bot.database.write(lambda s: tags.make(s, typed[:100], member_id, now))
    except InputError as error:
        return _tags(422, {"word": learner_words.problem(error.code)}, typed[:100])
    flash(t("The group “{word}” is there.", word=word), "success")
    return redirect(url_for("console.learner_tags"), 303)


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


def _tags(status: int, problems: dict[str, str], typed: str = "") -> AnyResponse:
    t = language.translate()
    words = the_bot().database.read(tags.catalogue)
    return page(
        "learner_tags", status, title=t("Groups"), words=words, problems=problems, typed=typed
    )
