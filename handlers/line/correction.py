"""Having something corrected that one cannot change oneself: one note, sealed, for the staff."""

from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation.words import Heard
from bot.services.people import subjects
from bot.services.privacy import requests, rights
from bot.services.privacy.requests import Asked
from bot.unicode import trimmed
from handlers.line.shared import left_as_it_is, not_registered, request_arrived


class Step(StrEnum):
    NOTE = "note"


# Not light: what is typed here is a note, and words in it are no commands.
flow = Flow("correction", Step)
flow.cancel(left_as_it_is)


@flow.entry("rights_correct")
def correction_wanted(event: Event, ctx: Context) -> HandlerResult:
    if ctx.learner is None:
        return not_registered(ctx)
    ctx.draft = {}
    return flow.to(ctx, Step.NOTE)


@flow.prompt(Step.NOTE)
def ask_what_is_wrong(ctx: Context) -> list[Message]:
    t = ctx.t
    card = line.card(
        t("Correct my data"),
        [
            t("Name, phone, e-mail and LINE ID you can change yourself; it counts at once."),
            t(
                "Is something else wrong? Write it here in one message, up to {most} "
                "characters. Never write a password.",
                most=requests.MAX_DETAIL,
            ),
        ],
        [line.entry(t("Change it myself"), "change")],
    )
    return [line.quick(card, [line.entry(t("Cancel"), "cancel")])]


@flow.step(Step.NOTE, takes=Heard.TEXT)
def note_written(event: Event, ctx: Context) -> HandlerResult:
    t, note = ctx.t, trimmed(event.text or "")
    if not note or ctx.learner is None:
        return flow.stay(ctx, *ask_what_is_wrong(ctx))
    if len(note) > requests.MAX_DETAIL:
        long = t(
            "That is {length} characters; please say it in {most}.",
            length=len(note),
            most=requests.MAX_DETAIL,
        )
        return flow.stay(ctx, long, *ask_what_is_wrong(ctx))
    subject = subjects.subject_of(ctx.session, ctx.conversation)
    asked = Asked(subject, webhook_event_id=event.id, message_id=event.message_id)
    request = rights.correct(ctx.session, asked, note, ctx.now)
    mine = line.entry(t("My requests"), "requests")
    return flow.end(request_arrived(ctx, request, mine))
