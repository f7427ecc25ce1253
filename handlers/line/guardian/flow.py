"""The flow itself: its steps, and the request that a guardian is reading."""

from enum import StrEnum

from bot.dispatch import Context, Flow
from bot.services.guardians import guardians
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import ADULT_FROM


class Step(StrEnum):
    CODE = "code"
    RELATION = "relation"
    GROWN_UP = "grown_up"
    CALLED = "called"
    ENROLMENT = "enrolment"
    LINE_NEWS = "line_news"
    EMAIL_NEWS = "email_news"


flow = Flow("guardian", Step)

READING = (GuardianshipState.OPENED,)
AGREED = (GuardianshipState.AGREED,)


def held_request(
    ctx: Context, states: tuple[GuardianshipState, ...]
) -> tuple[Guardianship, Conversation] | None:
    """The request that this conversation is about, with the child's chat, both locked."""
    return guardians.held_by(
        ctx.session, ctx.conversation, ctx.draft.get("request"), states, ctx.now
    )


def dead(ctx: Context) -> str:
    """The same words for a code that is unknown, run out, replaced or taken."""
    return ctx.t(
        "This code does not work, or not any more. Please ask your child for a new one: they "
        "type “register” in their chat."
    )


def too_young(ctx: Context) -> str:
    """For whoever may not agree; the code has been given back."""
    return ctx.t(
        "Thank you for your help. Only a parent or guardian of {age} or older may agree, "
        "so please pass the code on: it still works.",
        age=ADULT_FROM,
    )
