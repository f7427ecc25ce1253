"""The four details: asked one by one, checked kindly, corrected where a slip is likely."""

from bot.dispatch import Context, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import input_words, words
from bot.presentation.words import Heard
from bot.services.people import answers, fields, inputs
from bot.services.people.fields import FIELDS, Item
from handlers.line.registration.flow import MAX_TRIES, Step, flow, keep_button, kept, onward, placed
from handlers.line.shared import (
    answered,
    came_in,
    did_you_mean,
    forget,
    human_offer,
    main_menu,
    name_question,
    question_offer,
    source_of,
)

MAY_BE_MEANT = {"name_single", "name_polite"}
SLIP = ("typed_email", "meant_email")
TAKES = {Item.PHONE: Heard.VALUE, Item.EMAIL: Heard.VALUE}  # a LINE ID may be any word


def _declare(item: Item) -> None:
    """Make the step of one field: its question and its answer."""

    @flow.prompt(Step(item))
    def ask(ctx: Context) -> list[Message]:
        return _ask(ctx, item)

    @flow.step(Step(item), takes=TAKES.get(item, Heard.NAME))
    def given(event: Event, ctx: Context) -> HandlerResult:
        return _given(event, ctx, item)


for _item in Item:
    _declare(_item)


def _ask(ctx: Context, item: Item) -> list[Message]:
    step = Step(item)
    none = line.choice(ctx.t("I have none"), flow.mark(step), "none")
    buttons = [
        *keep_button(ctx, step),
        *([] if FIELDS[item].is_needed else [none]),
        *main_menu(ctx),
    ]
    return [placed(ctx, step, line.quick(input_words.question(ctx.t, item), buttons))]


def _given(event: Event, ctx: Context, item: Item) -> HandlerResult:
    step = Step(item)
    tapped_none = event.choice(flow.mark(step)) == "none"
    if not FIELDS[item].is_needed and (tapped_none or answers.means_none(event.plain)):
        ctx.draft[step] = ""
        return onward(ctx)
    return kept(event, ctx, step) or _take(event, ctx, item)


@flow.prompt(Step.EMAIL_SLIP)
def offer_correction(ctx: Context) -> list[Message]:
    return did_you_mean(ctx, flow.mark(Step.EMAIL_SLIP)) or _ask(ctx, Item.EMAIL)


@flow.step(Step.EMAIL_SLIP, takes=Heard.VALUE)
def correction_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.EMAIL_SLIP)) or words.yes_or_no(
        event.plain, yes="meant", no="typed"
    )
    if chosen not in {"meant", "typed"}:
        if "@" in event.plain or "typed_email" not in ctx.draft:  # another address instead of a tap
            return _given(event, ctx, Item.EMAIL)
        return flow.say(*offer_correction(ctx))
    address = ctx.draft.get(f"{chosen}_email")
    source = ctx.draft.get("sources", {}).get("typed_email")
    forget(ctx, *SLIP)
    if address:
        ctx.draft[Step.EMAIL] = address
        if source:
            ctx.draft.setdefault("sources", {})[Step.EMAIL] = source
    return onward(ctx)


def _take(event: Event, ctx: Context, item: Item) -> HandlerResult:
    """Check an answer and go on, or say what is wrong with an example, and after three a human."""
    step = Step(item)
    try:
        # Some people have one name only: the same single name a second time is meant.
        ctx.draft[step] = answered(event, item, flow.mark(step), ctx.draft.get("single_name"))
    except InputError as error:
        return _wrong(event, ctx, step, error)
    ctx.draft.get("tries", {}).pop(step, None)
    came_in(ctx, source_of(event, ctx, "single_name") or event.message_id, step)
    forget(ctx, "single_name", *SLIP)
    return onward(ctx)


def _wrong(event: Event, ctx: Context, step: Step, error: InputError) -> HandlerResult:
    if error.code == "email_slip":
        ctx.draft["typed_email"] = fields.read_answer(Item.EMAIL, event.plain, insists=True)
        ctx.draft["meant_email"] = error.suggestion
        came_in(ctx, event.message_id, *SLIP)
        return flow.to(ctx, Step.EMAIL_SLIP)
    wrong = input_words.why(ctx.t, error.code)
    if error.code == "name_question":
        return flow.to(ctx, step, wrong, question_offer(ctx))
    if error.code in MAY_BE_MEANT:
        ctx.draft["single_name"] = inputs.tidy(event.plain)
        came_in(ctx, event.message_id, "single_name")
    if error.code == "name_polite":
        return flow.stay(ctx, name_question(ctx, flow.mark(step), error.suggestion or ""))
    tries = ctx.draft.setdefault("tries", {})
    tries[step] = tries.get(step, 0) + 1
    if tries[step] % MAX_TRIES == 0:
        return flow.to(ctx, step, wrong, human_offer(ctx, "registration"))
    return flow.to(ctx, step, wrong)
