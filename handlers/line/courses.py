"""Courses in chat: what there is for everybody, the way in for learners.

A learner's card carries a one-time link into the lessons: in the reply, never stored or queued.
"""

from typing import Any

from bot.dispatch import Context, Flow, HandlerResult, PostCommitReply, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.runtime import Bot
from bot.services.accounts import accounts
from bot.services.auth import lesson_links, secret_links
from bot.services.courses import courses
from bot.settings import Settings
from bot.texts import Translator
from handlers.line.shared import has_left
from models.secret_link import LinkPurpose

flow = Flow("courses")

MAX_COURSES = 6  # courses on one card


@flow.entry("courses")
def courses_wanted(event: Event, ctx: Context) -> HandlerResult:
    """What there is; a learner who is asked something else meanwhile gets a button, not a link."""
    t, asked = ctx.t, ctx.asked()
    if has_left(ctx):
        way_in = [line.entry(t("Ask our staff"), "human", topic="registration")]
    elif ctx.learner is None:
        way_in = [line.entry(t("Register"), "register")]
    elif accounts.is_frozen(ctx.session, ctx.learner):
        way_in = [line.entry(t("Ask our staff"), "human", topic="account")]
    elif asked:
        way_in = _without_link(t)
    else:
        return _with_link(ctx)
    return flow.say(courses_card(t, ctx.settings, way_in), *asked)


@flow.entry("lessons")
def lessons_wanted(event: Event, ctx: Context) -> HandlerResult:
    """The card with its link, from wherever the person stands."""
    is_in = ctx.learner is not None and not has_left(ctx)
    if ctx.learner is None or not is_in or accounts.is_frozen(ctx.session, ctx.learner):
        return courses_wanted(event, ctx)
    return _with_link(ctx)


def _with_link(ctx: Context) -> HandlerResult:
    account = ctx.learner and accounts.account_of(ctx.session, ctx.learner, ctx.provider)
    if account is None:
        return flow.say(courses_card(ctx.t, ctx.settings, _without_link(ctx.t)))
    wish = {"account": account.id, "person": ctx.conversation.person}
    return flow.say().then(PostCommitTask("lessons", wish))


@flow.after("lessons")
def hand_over(bot: Bot, arguments: dict[str, str], t: Translator) -> PostCommitReply:
    """The card with a one-time link; of another system, with the address of its sign-in page."""
    new_link = line.entry(t("New sign-in link"), "link")
    if not bot.settings.system.is_embedded:
        address = f"{bot.provider.sign_in_url(bot.settings.public_url)}?lang={t.language}"
        there = [line.link(t("Go to E-Learning"), address), new_link]
        said = [courses_card(t, bot.settings, there)]
        return PostCommitReply(said, said)
    token = bot.database.write(
        lambda session: lesson_links.give(
            session, arguments["account"], arguments["person"], bot.clock()
        )
    )
    if token is None:  # not made yet, or lost meanwhile: the other button knows
        said = [courses_card(t, bot.settings, [new_link])]
        return PostCommitReply(said, said)
    url = secret_links.url(bot.settings.public_url, token, t.language, LinkPurpose.LESSONS)
    way_in = [line.link(t("Go to E-Learning"), url), new_link]
    later = courses_card(t, bot.settings, _without_link(t))
    return PostCommitReply([courses_card(t, bot.settings, way_in)], [later])


def _without_link(t: Translator) -> list[Action]:
    """What stands where no link may: a push waits in a queue, and a question is open."""
    return [
        line.entry(t("Go to my lessons"), "lessons"),
        line.entry(t("New sign-in link"), "link"),
    ]


def courses_card(t: Translator, settings: Settings, way_in: list[Action]) -> Message:
    """The owner's courses, with the buttons that lead in."""
    blocks: list[dict[str, Any]] = []
    for course in courses.load(settings.courses_dir)[:MAX_COURSES]:
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
    return line.card(t("Our courses"), blocks, way_in)
