"""The flow itself: its steps, and which of them is next."""

from enum import StrEnum

from bot.dispatch import Context, Draft, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.services.guardians import guardians
from bot.services.people.fields import Item
from models.consent import Purpose
from models.learner import AgeBand


class Step(StrEnum):
    CONSENT = "consent"
    AGE = "age"
    NICKNAME = "nickname"  # under 20: what the guardian knows them by
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    EMAIL_SLIP = "email_slip"
    LINE_ID = "line_id"
    LINE_NEWS = "line_news"
    EMAIL_NEWS = "email_news"
    SUMMARY = "summary"


# What is collected, in the order in which it is asked; the draft's keys are the steps' names.
ITEMS = (
    Step.AGE,
    *(Step(item) for item in Item),
    Step.LINE_NEWS,
    Step.EMAIL_NEWS,
)

COURSE = "course"  # the draft's key of the course that somebody named before they registered
NEWS = {Step.LINE_NEWS: Purpose.LINE_NEWS, Step.EMAIL_NEWS: Purpose.EMAIL_NEWS}
BY_GUARDIAN = "guardian"  # the child is not asked about news: too young, or the guardian said no

MAX_TRIES = 3  # answers that are none, before a person is offered

flow = Flow("registration", Step)


def missing(draft: Draft) -> Step | None:
    """The first item that has not been given: skipped by nobody, taken back, or being changed."""
    return next((item for item in ITEMS if str(item) not in draft), None)


def placed(ctx: Context, step: Step, message: Message) -> Message:
    """A question with its place among those of this registration; a change has none."""
    if str(step) in ctx.draft.get("aside", {}):
        return message
    asked = [item for item in ITEMS if item not in NEWS or ctx.draft.get(item) != BY_GUARDIAN]
    return line.headed(message, f"{asked.index(step) + 1}/{len(asked)}")


def put_aside(ctx: Context, item: str) -> None:
    """Ask for an item again, and keep what it was in case nothing better comes."""
    aside = ctx.draft.setdefault("aside", {})
    aside[item] = [ctx.draft.pop(item, None), ctx.draft.get("sources", {}).pop(item, None)]


def keep_button(ctx: Context, step: Step) -> list[Action]:
    """The way back from a change: a button for leaving the item as it was."""
    if str(step) not in ctx.draft.get("aside", {}):
        return []
    return [line.choice(ctx.t("Keep it as it was"), flow.mark(step), "keep")]


def kept(event: Event, ctx: Context, step: Step) -> HandlerResult | None:
    """The summary again with the item as it was; None where that was not what was tapped."""
    aside = ctx.draft.get("aside", {})
    if event.choice(flow.mark(step)) != "keep" or str(step) not in aside:
        return None
    value, source = aside.pop(str(step))
    ctx.draft[step] = value
    if source:
        ctx.draft.setdefault("sources", {})[step] = source
    return onward(ctx)


def onward(ctx: Context, *messages: Message) -> HandlerResult:
    """Ask for what is still missing, or show the summary.

    From 11 years news needs both: what the guardian refused, the child is not asked about.
    """
    for item in [item for item in ctx.draft.get("aside", {}) if item in ctx.draft]:
        del ctx.draft["aside"][item]
    if ctx.draft.get(Step.AGE) == AgeBand.FROM_11_TO_19:
        for step, purpose in NEWS.items():
            if step not in ctx.draft and guardians.has_refused(
                ctx.session, ctx.conversation, purpose
            ):
                ctx.draft[step] = BY_GUARDIAN
    return flow.to(ctx, missing(ctx.draft) or Step.SUMMARY, *messages)
