"""Courses in chat: what there is for everybody, the way in for learners."""

from typing import Any

from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.presentation import words
from bot.services.accounts import accounts
from bot.services.courses import courses
from handlers.line.shared import has_left

flow = Flow("courses")

MAX_COURSES = 6  # courses on one card


@flow.entry("courses")
def courses_wanted(event: Event, ctx: Context) -> HandlerResult:
    """All of them, or the one that is named; its button remembers it for the registration."""
    t = ctx.t
    blocks: list[dict[str, Any]] = []
    offered = courses.load(ctx.settings.courses_dir)
    named = words.course_named(event.text or "", offered)
    for course in (named,) if named else offered[:MAX_COURSES]:
        if blocks:
            blocks.append(line.separator())
        blocks.append(line.paragraph(course.title[t.language], strong=True))
        about = t(
            "Level {level} · {lessons} lessons · {minutes} minutes",
            level=course.level,
            lessons=len(course.lessons),
            minutes=course.minutes,
        )
        blocks.append(line.paragraph(f"{course.summary[t.language]}\n{about}", small=True))
    if not blocks:
        blocks = [line.paragraph(t("New courses are being prepared."))]
    if has_left(ctx):
        way_in = [line.entry(t("Ask our staff"), "human", topic="registration")]
    elif ctx.learner is not None and accounts.is_frozen(ctx.session, ctx.learner):
        way_in = [line.entry(t("Ask our staff"), "human", topic="account")]
    elif ctx.learner is not None:
        way_in = [
            line.link(t("Go to E-Learning"), ctx.page("/portal")),
            line.entry(t("New sign-in link"), "link"),
        ]
    else:
        remembered = {"course": named.id} if named else {}
        way_in = [line.entry(t("Register"), "register", **remembered)]
    return flow.say(line.card(t("Our courses"), blocks, way_in), *ctx.asked())
