"""Duplicates: flagged pairs side by side; merge, undo for a day, or not the same."""

from flask import abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.services.learners import duplicates as pairs
from bot.services.learners import merging, view
from bot.services.learners.duplicates import MergeVerdict, Pair
from bot.services.learners.view import LearnerView
from bot.services.staff.permissions import Permission
from bot.services.subscriptions import topics
from bot.texts.dates import shown_span
from handlers.console import learner_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.merges import Merge


@console.get("/duplicates")
@allow(Permission.MERGE_LEARNERS)
def duplicates() -> AnyResponse:
    """The newest pairs, and the merges that can still be undone."""
    bot, t = the_bot(), language.translate()
    before, now = request.args.get("before", "")[:32] or None, bot.clock()

    def read(session: Session) -> tuple[list[Pair], str | None, list[Merge], dict[str, str]]:
        found, after = pairs.newest(session, before)
        merges = list(pairs.undoable(session, now))
        return found, after, merges, pairs.usernames(session, merges)

    found, after, merges, usernames = bot.database.read(read)
    return page(
        "duplicates",
        title=t("Duplicates"),
        pairs=found,
        after=after,
        before=before,
        merges=merges,
        usernames=usernames,
        say=learner_words.words(),
    )


@console.get("/duplicates/<one_id>/<other_id>")
@allow(Permission.MERGE_LEARNERS)
def duplicate(one_id: str, other_id: str) -> AnyResponse:
    """Both sides, and what a merge would do."""
    bot, t = the_bot(), language.translate()
    now = bot.clock()

    def read(session: Session) -> tuple[MergeVerdict | None, dict[str, LearnerView | None]]:
        both = {each: view.of(session, each, now) for each in (one_id, other_id)}
        return pairs.pair(session, one_id, other_id), both

    verdict, views = bot.database.read(read)
    if verdict is None:
        abort(404)
    return page(
        "duplicate",
        title=t("Is it the same person?"),
        verdict=verdict,
        views=views,
        tells_use=bot.settings.system.is_embedded,
        named={each.id: each.title[t.language] for each in topics.load(bot.settings.news_dir)},
        say=learner_words.words(),
        why=learner_words.problem,
    )


@console.post("/duplicates/<kept_id>/<closed_id>/merge")
@allow(Permission.MERGE_LEARNERS)
def merge_duplicate(kept_id: str, closed_id: str) -> AnyResponse:
    """Keep the first, close the second; only with the word that both were looked at."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    if request.form.get("sure") != "yes":
        flash(t("Please tick that it is the same person. Nothing was merged."), "warning")
        return redirect(url_for("console.duplicate", one_id=kept_id, other_id=closed_id), 303)

    def work(session: Session) -> Merge | tuple[str, ...] | None:
        # Only what somebody flagged and looked at; not any two ids.
        if pairs.pair(session, kept_id, closed_id) is None:
            return None
        return merging.merge(session, kept_id, closed_id, bot.settings, member_id, now)

    came_to = bot.database.write(work)
    if came_to is None:
        abort(404)
    if isinstance(came_to, Merge):
        flash(
            t("The two are one now. You can undo it for {span}.", span=shown_span(t, merging.UNDO)),
            "success",
        )
        return redirect(url_for("console.duplicates"), 303)
    flash(" ".join(learner_words.problem(code, t) for code in came_to), "danger")
    return redirect(url_for("console.duplicate", one_id=kept_id, other_id=closed_id), 303)


@console.post("/duplicates/<one_id>/<other_id>/dismiss")
@allow(Permission.MERGE_LEARNERS)
def dismiss_duplicate(one_id: str, other_id: str) -> AnyResponse:
    """Not the same person."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    if bot.database.write(lambda s: merging.dismiss(s, one_id, other_id, member_id, now)):
        flash(t("The pair is off the list."), "success")
    return redirect(url_for("console.duplicates"), 303)


@console.post("/duplicates/merges/<merge_id>/undo")
@allow(Permission.MERGE_LEARNERS)
def undo_merge(merge_id: str) -> AnyResponse:
    """Part the two again."""
    bot, member_id, t = the_bot(), member().id, language.translate()
    now = bot.clock()
    done = bot.database.write(lambda s: merging.undo(s, merge_id, bot.settings, member_id, now))
    if done:
        flash(t("The merge is undone. The person asks in the chat for a new password."), "success")
    else:
        flash(t("This merge cannot be undone any more."), "warning")
    return redirect(url_for("console.duplicates"), 303)
