"""Correcting one detail of a learner: by the rules of registration, and the person is told."""

from flask import abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.accounts import details
from bot.services.learners import correcting
from bot.services.learners import view as learner_view
from bot.services.learners.correcting import Corrected
from bot.services.people.fields import FIELDS, Field, Item
from bot.services.staff.permissions import Permission
from bot.texts import Translator
from bot.texts.dates import shown_span
from handlers.console import import_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.learner import Learner

MAX_TYPED = 320  # characters: the longest address has as many (RFC 3696)


@console.get("/learners/<learner_id>/details/<item>")
@allow(Permission.CHANGE_LEARNER)
def learner_detail(learner_id: str, item: str) -> AnyResponse:
    """What is kept, masked, and a field for what it should be."""
    return _page(learner_id, item, 200, {})


@console.post("/learners/<learner_id>/details/<item>")
@allow(Permission.CHANGE_LEARNER)
def correct_learner_detail(learner_id: str, item: str) -> AnyResponse:
    """Store it, or ask once more about what is unusual."""
    bot, t, actor = the_bot(), language.translate(), member().actor
    field, now = _field(item), bot.clock()
    typed, insists = request.form.get("value", "")[: MAX_TYPED + 1], "sure" in request.form

    def work(session: Session) -> Corrected | None:
        learner = session.get(Learner, learner_id)
        if learner is None:
            return None
        return correcting.correct(
            session, learner, field.item, typed, bot.settings, now, insists=insists, actor=actor
        )

    try:
        came_to = bot.database.write(work)
    except InputError as error:
        may_insist = not insists and _is_only_unusual(field, typed)
        problems = {"value": import_words.problem(t, error.code, error.suggestion)}
        return _page(learner_id, item, 422, problems, typed=typed, may_insist=may_insist)
    if came_to is None:
        abort(404)
    flash(*_outcome(t, came_to))
    return redirect(url_for("console.learner", learner_id=learner_id), 303)


def _is_only_unusual(field: Field, typed: str) -> bool:
    if field.insisted is None:
        return False
    try:
        field.insisted(typed)
    except InputError:
        return False
    return True


def _outcome(t: Translator, came_to: Corrected) -> tuple[str, str]:
    return {
        Corrected.YES: (t("The detail is corrected, and the person is told by e-mail."), "success"),
        Corrected.ASKED: (
            t("A link went to the new address. It counts when the person has used the link."),
            "success",
        ),
        Corrected.SAME: (t("Nothing was changed: it stood so already."), "warning"),
        Corrected.BARRED: (
            t("Nothing was changed: the account is closed, locked or merged."),
            "warning",
        ),
        Corrected.OFTEN: (
            t(
                "{times} links were sent within {span}. Please try again later.",
                times=details.MAX_CONFIRMATIONS,
                span=shown_span(t, details.SPAN),
            ),
            "warning",
        ),
    }[came_to]


def _field(item: str) -> Field:
    if item not in set(Item):
        abort(404)
    return FIELDS[Item(item)]


def _page(
    learner_id: str,
    item: str,
    status: int,
    problems: dict[str, str],
    *,
    typed: str = "",
    may_insist: bool = False,
) -> AnyResponse:
    bot, t, field = the_bot(), language.translate(), _field(item)
    view = bot.database.read(lambda s: learner_view.of(s, learner_id, bot.clock()))
    if view is None:
        abort(404)
    return page(
        "learner_detail",
        status,
        title=t("Correct: {detail}", detail=t(field.label)),
        view=view,
        item=field.item,
        label=t(field.label),
        is_needed=field.is_needed,
        is_confirmed_first=field.changed_mail is None,
        typed=typed,
        most=MAX_TYPED,
        may_insist=may_insist,
        problems=problems,
    )
