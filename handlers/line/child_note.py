"""Having something about a child corrected: one note, sealed, for the staff."""

from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation.words import Heard
from bot.services.guardians import guardians
from bot.services.privacy import requests, rights
from bot.services.privacy.requests import Asked
from bot.unicode import trimmed
from handlers.line.shared import left_as_it_is, request_arrived
from models.guardianship import GuardianshipState


class Step(StrEnum):
    NOTE = "note"


# Not light: what is typed here is a note, and words in it are no commands.
flow = Flow("child_note", Step)
flow.cancel(left_as_it_is)


def _asked(event: Event, ctx: Context, wanted: str | None) -> Asked | None:
    states = (GuardianshipState.AGREED,)
    held = guardians.held_by(ctx.session, ctx.conversation, wanted, states, ctx.now)
    if held is None:
        return None
    return requests.for_child(
        ctx.conversation, held[1], webhook_event_id=event.id, message_id=event.message_id
    )


@flow.entry("child_correct")
def correction_wanted(event: Event, ctx: Context) -> HandlerResult:
    if ctx.conversation.flow is not None:
        return flow.say(ctx.t("Please finish or cancel this first."), *ctx.asked())
    wanted = event.postback.get("g")
    if _asked(event, ctx, wanted) is None:
        return flow.say(ctx.t("This agreement has ended."))
    ctx.draft = {"g": wanted}
    return flow.to(ctx, Step.NOTE)


@flow.prompt(Step.NOTE)
def ask_what_is_wrong(ctx: Context) -> list[Message]:
    question = ctx.t(
        "What is wrong in the child’s data, and what is right? Write it in one message, up to "
        "{most} characters. Never write a password.",
        most=requests.MAX_DETAIL,
    )
    return [line.quick(question, [line.entry(ctx.t("Cancel"), "cancel")])]


@flow.step(Step.NOTE, takes=Heard.TEXT)
def note_written(event: Event, ctx: Context) -> HandlerResult:
    t, note = ctx.t, trimmed(event.text or "")
    asked = _asked(event, ctx, ctx.draft.get("g"))
    if asked is None:
        return flow.end(ctx.t("This agreement has ended."))
    if not note or len(note) > requests.MAX_DETAIL:
        return flow.stay(ctx, *ask_what_is_wrong(ctx))
    request = rights.correct(ctx.session, asked, note, ctx.now)
    buttons = [line.entry(t("My requests"), "requests"), line.entry(t("My children"), "children")]
    return flow.end(request_arrived(ctx, request, *buttons))
