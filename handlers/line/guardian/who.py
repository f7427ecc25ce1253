"""Who the guardian is: the relation, 20 or older, and the full name."""

from bot.dispatch import Context, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import input_words, words
from bot.presentation.labels import label
from bot.presentation.words import Heard
from bot.services.guardians import guardians
from bot.services.people import answers, inputs
from bot.services.people.fields import Item
from handlers.line.guardian.flow import READING, Step, dead, flow, held_request, too_young
from handlers.line.shared import (
    answered,
    came_in,
    forget,
    name_question,
    nudge,
    question_offer,
    source_of,
)
from models.guardianship import Relation
from models.learner import ADULT_FROM, AgeBand


@flow.prompt(Step.RELATION)
def ask_relation(ctx: Context) -> list[Message]:
    t, mark = ctx.t, flow.mark(Step.RELATION)
    held = held_request(ctx, READING)
    if held is None:
        return [line.text(dead(ctx))]
    row = held[0]
    title = t("A child needs your agreement")
    who = t(
        "{nickname} ({group}) would like to learn with English Planet. Under {age}, the "
        "law asks for the agreement of a parent or legal guardian.",
        nickname=row.nickname or "",
        group=label(row.age_band, t),
        age=ADULT_FROM,
    )
    kept = t(
        "If you agree we keep your name, your relation to the child and your LINE account, to "
        "show who agreed. We erase them when the agreement ends; the record of what was agreed "
        "has no name on it."
    )
    buttons = [
        line.choice(t("I am the parent"), mark, Relation.PARENT),
        line.choice(t("I am the legal guardian"), mark, Relation.GUARDIAN),
        line.choice(t("Neither"), mark, Relation.OTHER),
    ]
    blocks = [
        line.paragraph(who),
        line.paragraph(t("Who are you to the child?"), strong=True),
        line.paragraph(kept, small=True),
    ]
    return [line.card(title, blocks, buttons, alt=f"{title}: {row.nickname}", even=True)]


@flow.step(Step.RELATION)
def relation_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.RELATION))
    held = held_request(ctx, READING)
    if held is None:
        return flow.end(dead(ctx))
    if chosen not in set(Relation):
        please = ctx.t("Please tap one of the buttons.")
        return flow.stay(ctx, nudge(ctx, flow.mark(Step.RELATION), please))
    if Relation(chosen) not in guardians.MAY_CONSENT:
        guardians.release(held[0])
        return flow.end(too_young(ctx))
    ctx.draft["relation"] = chosen
    return flow.to(ctx, Step.GROWN_UP)


@flow.prompt(Step.GROWN_UP)
def ask_grown_up(ctx: Context) -> list[Message]:
    t, mark = ctx.t, flow.mark(Step.GROWN_UP)
    buttons = [
        line.choice(t("Yes, {age} or older", age=ADULT_FROM), mark, "yes"),
        line.choice(t("No, younger"), mark, "no"),
        line.entry(t("Cancel"), "cancel"),
    ]
    return [line.quick(t("Are you {age} years or older?", age=ADULT_FROM), buttons)]


@flow.step(Step.GROWN_UP)
def grown_up_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.GROWN_UP)) or _is_grown_up(event.plain)
    held = held_request(ctx, READING)
    if held is None:
        return flow.end(dead(ctx))
    if chosen not in {"yes", "no"}:
        return flow.to(ctx, Step.GROWN_UP, ctx.t("Please tap one of the buttons."))
    if chosen == "no":
        guardians.release(held[0])
        return flow.end(too_young(ctx))
    return flow.to(ctx, Step.CALLED)


def _is_grown_up(said: str) -> str | None:
    """A typed yes, or a typed age that is one; whoever may not agree has to tap it."""
    try:
        band = answers.age_band(said)
    except InputError:
        return None
    is_grown_up = band is AgeBand.FROM_20 or words.yes_or_no(said, yes="yes", no="") == "yes"
    return "yes" if is_grown_up else None


@flow.prompt(Step.CALLED)
def ask_called(ctx: Context) -> list[Message]:
    t = ctx.t
    buttons = [line.entry(t("Cancel"), "cancel"), line.entry(t("Help"), "help")]
    return [line.quick(input_words.question(t, "name"), buttons)]


@flow.step(Step.CALLED, takes=Heard.NAME)
def called_given(event: Event, ctx: Context) -> HandlerResult:
    try:
        # Some people have one name only: the same single name a second time is meant.
        mark, refused = flow.mark(Step.CALLED), ctx.draft.get("single")
        ctx.draft["called"] = answered(event, Item.NAME, mark, refused)
    except InputError as error:
        if error.code in {"name_single", "name_polite"}:
            ctx.draft["single"] = inputs.tidy(event.plain)
            came_in(ctx, event.message_id, "single")
        if error.code == "name_polite":
            return flow.stay(ctx, name_question(ctx, mark, error.suggestion or ""))
        offer = [question_offer(ctx)] if error.code == "name_question" else []
        return flow.to(ctx, Step.CALLED, input_words.why(ctx.t, error.code), *offer)
    came_in(ctx, source_of(event, ctx, "single") or event.message_id, "called")
    forget(ctx, "single")
    return flow.to(ctx, Step.ENROLMENT)
