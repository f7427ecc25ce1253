"""The flow itself: its steps, and which of them is next."""

from enum import StrEnum

from bot.dispatch import Context, Draft, Flow, Turn
from bot.line.messages import Message


class Step(StrEnum):
    CONSENT = "consent"
    AGE = "age"
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
    Step.NAME,
    Step.PHONE,
    Step.EMAIL,
    Step.LINE_ID,
    Step.LINE_NEWS,
    Step.EMAIL_NEWS,
)

flow = Flow("registration", Step)


def missing(draft: Draft) -> Step | None:
    """The first item that has not been given: skipped by nobody, taken back, or being changed."""
    return next((item for item in ITEMS if str(item) not in draft), None)


def onward(ctx: Context, *messages: Message) -> Turn:
    """Ask for what is still missing, or show the summary."""
    return flow.to(ctx, missing(ctx.draft) or Step.SUMMARY, *messages)
