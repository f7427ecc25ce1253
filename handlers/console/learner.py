"""One learner: what is known at a glance, the details for a reason, and what can be done."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.learners import correcting, invitations, suspending, tags, unmasking
from bot.services.learners import view as learner_view
from bot.services.learners.invitations import Sent
from bot.services.learners.suspending import Cause, Done
from bot.services.learners.unmasking import Unmasked
from bot.services.staff.permissions import Permission
from bot.services.subscriptions import topics
from handlers.console import learner_acts, learner_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.learner import Learner


@console.get("/learners/<learner_id>")
@allow(Permission.SEARCH_LEARNERS)
def learner(learner_id: str) -> AnyResponse:
    """Masked."""
    return _page(learner_id, 200)


@console.post("/learners/<learner_id>/unmask")
@allow(Permission.UNMASK_LEARNER)
def unmask_learner(learner_id: str) -> AnyResponse:
    """The details in full, in this one answer; the look is written down first."""
    bot, who = the_bot(), member()
    category, reason = request.form.get("category", ""), request.form.get("reason", "")
    now = bot.clock()

    def look(session: Session) -> Unmasked | unmasking.UnmaskingRefusal | None:
        found = session.get(Learner, learner_id)
        if found is None:
            return None
        return unmasking.unmask(
            session, found, category, reason, member_id=who.id, roles=who.roles, now=now
        )

    shown = bot.database.write(look)
    if shown is None:
        abort(404)
    if isinstance(shown, Unmasked):
        say = learner_words.words()
        return _page(learner_id, 200, shown={say(k): v for k, v in shown.values.items()})
    field = "category" if shown.code == "no_category" else "reason"
    why = {field: learner_words.problem(shown.code)}
    return _page(learner_id, 422, problems=why, category=category, reason=reason[:500])


@console.post("/learners/<learner_id>/tags")
@allow(Permission.CHANGE_LEARNER)
def tag_learner(learner_id: str) -> AnyResponse:
    """Exactly the ticked groups."""
    bot, wanted, member_id = the_bot(), request.form.getlist("tag"), member().id
    t = language.translate()
    now = bot.clock()

    def choose(session: Session) -> bool:
        if session.get(Learner, learner_id) is None:
            return False
        tags.choose(session, learner_id, wanted, member_id, now)
        return True

    try:
        if not bot.database.write(choose):
            abort(404)
    except InputError as error:
        return _page(learner_id, 422, problems={"tag": learner_words.problem(error.code)})
    flash(t("The groups were saved."), "success")
    return redirect(url_for("console.learner", learner_id=learner_id), 303)


@console.get("/learners/<learner_id>/acts/<act>")
@allow(Permission.CHANGE_LEARNER)
def confirm_learner_act(learner_id: str, act: str) -> AnyResponse:
    """What it means, before it is done."""
    return _confirm(learner_id, act, 200, {})


@console.post("/learners/<learner_id>/acts/<act>")
@allow(Permission.CHANGE_LEARNER)
def do_learner_act(learner_id: str, act: str) -> AnyResponse:
    """Do it, and say what it came to."""
    if act not in learner_acts.ACTS:
        abort(404)
    bot, actor, typed = the_bot(), member().actor, request.form.get("cause", "")
    what, now = learner_acts.ACTS[act], bot.clock()
    if what.needs_cause and typed not in set(Cause):
        return _confirm(learner_id, act, 422, {"cause": learner_words.problem("no_cause")})
    said = learner_acts.meaning(language.translate(), act)[0]

    def work(session: Session) -> Done | Sent | None:
        found = session.get(Learner, learner_id)
        if found is None:
            return None
        if act == "suspend":
            return suspending.suspend(session, found, Cause(typed), actor, now)
        if act == "resume":
            return suspending.resume(session, found, actor, now)
        if act == "close":
            school, provider = bot.settings.school, bot.provider.name
            return suspending.close(
                session, found, Cause(typed), provider, said, school, actor, now
            )
        return invitations.send(session, found, bot.settings, bot.basic_id, now, actor=actor)

    came_to = bot.database.write(work)
    if came_to is None:
        abort(404)
    text, kind = learner_acts.outcome(language.translate(), act, came_to)
    flash(text, kind)
    return redirect(url_for("console.learner", learner_id=learner_id), 303)


def _confirm(learner_id: str, act: str, status: int, problems: dict[str, str]) -> AnyResponse:
    bot, t = the_bot(), language.translate()
    view = bot.database.read(
        lambda s: learner_view.of(s, learner_id, bot.clock(), knows_orders=knows_orders())
    )
    if view is None or act not in learner_acts.ACTS:
        abort(404)
    return page(
        "learner_act",
        status,
        title=t(learner_acts.ACTS[act].title),
        view=view,
        act=act,
        what=learner_acts.ACTS[act],
        meaning=learner_acts.meaning(t, act, has_joined=view.has_joined),
        causes={cause.value: t(text) for cause, text in learner_words.CAUSES.items()},
        problems=problems,
    )


def knows_orders() -> bool:
    """Whether the member may know of legal orders that stay secret."""
    return member().may(Permission.ANSWER_REQUESTS)


def _page(learner_id: str, status: int, **values: Any) -> AnyResponse:
    bot, t, who = the_bot(), language.translate(), member()
    now = bot.clock()

    def read(session: Session) -> tuple[learner_view.LearnerView | None, list[str], int, bool]:
        found = session.get(Learner, learner_id)
        return (
            learner_view.of(session, learner_id, now, knows_orders=knows_orders()),
            tags.catalogue(session),
            unmasking.left(session, who.id, who.roles, now),
            found is not None and correcting.may_correct(session, found),
        )

    view, catalogue, left, may_correct = bot.database.read(read)
    if view is None:
        abort(404)
    named = {topic.id: topic.title[t.language] for topic in topics.load(bot.settings.news_dir)}
    defaults: dict[str, Any] = {"shown": None, "problems": {}, "category": "", "reason": ""}
    return page(
        "learner",
        status,
        title=view.row.name,
        view=view,
        tells_use=bot.settings.system.is_embedded,
        now=now,
        catalogue=catalogue,
        left=left,
        named=named,
        say=learner_words.words(),
        looks={look.value: t(text) for look, text in learner_words.LOOKS.items()},
        acts=learner_acts.possible(view) if who.may(Permission.CHANGE_LEARNER) else (),
        may_unmask=who.may(Permission.UNMASK_LEARNER),
        may_change=who.may(Permission.CHANGE_LEARNER),
        may_correct=may_correct and who.may(Permission.CHANGE_LEARNER),
        **{**defaults, **values},
    )
