"""The four details: asked one by one, checked kindly, corrected where a slip is likely."""

from collections.abc import Callable

from bot.dispatch import (
    Context,
    HandlerResult,
)
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import input_words, words
from bot.services.people import inputs
from handlers.line.registration.flow import MAX_TRIES, Step, flow, keep_button, kept, onward
from handlers.line.shared import human_offer, main_menu

SLIP = ("typed_email", "meant_email")


@flow.prompt(Step.NAME)
def ask_name(ctx: Context) -> list[Message]:
    return _ask(ctx, Step.NAME, input_words.question(ctx.t, Step.NAME))


@flow.prompt(Step.PHONE)
def ask_phone(ctx: Context) -> list[Message]:
    return _ask(ctx, Step.PHONE, input_words.question(ctx.t, Step.PHONE))


@flow.prompt(Step.EMAIL)
def ask_email(ctx: Context) -> list[Message]:
    return _ask(ctx, Step.EMAIL, input_words.question(ctx.t, Step.EMAIL))


@flow.prompt(Step.LINE_ID)
def ask_line_id(ctx: Context) -> list[Message]:
    none = line.choice(ctx.t("I have none"), flow.mark(Step.LINE_ID), "none")
    return _ask(ctx, Step.LINE_ID, input_words.question(ctx.t, Step.LINE_ID), none)


def _ask(ctx: Context, step: Step, question: str, *more: line.Action) -> list[Message]:
    return [line.quick(line.text(question), [*keep_button(ctx, step), *more, *main_menu(ctx)])]


@flow.step(Step.NAME)
def name_given(event: Event, ctx: Context) -> HandlerResult:
    def read(text: str) -> str:
        # Some people have one name only: the same single name a second time is meant.
        repeated = ctx.draft.get("single_name") == inputs.tidy(text)
        try:
            return inputs.full_name(text, accept_single=repeated)
        except InputError as error:
            if error.code == "name_single":
                ctx.draft["single_name"] = inputs.tidy(text)
                _remember_source(event, ctx, "single_name")
            raise

    return kept(event, ctx, Step.NAME) or _take(event, ctx, Step.NAME, read)


@flow.step(Step.PHONE)
def phone_given(event: Event, ctx: Context) -> HandlerResult:
    return kept(event, ctx, Step.PHONE) or _take(event, ctx, Step.PHONE, inputs.phone)


@flow.step(Step.EMAIL)
def email_given(event: Event, ctx: Context) -> HandlerResult:
    try:
        return kept(event, ctx, Step.EMAIL) or _take(event, ctx, Step.EMAIL, inputs.email)
    except InputError as error:
        ctx.draft["typed_email"] = inputs.kept_email(event.text or "")
        ctx.draft["meant_email"] = error.suggestion
        for key in SLIP:
            _remember_source(event, ctx, key)
        return flow.to(ctx, Step.EMAIL_SLIP)


@flow.prompt(Step.EMAIL_SLIP)
def offer_correction(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.EMAIL_SLIP)
    typed, meant = ctx.draft.get("typed_email"), ctx.draft.get("meant_email")
    if not typed or not meant:  # the message that held them was taken back
        return ask_email(ctx)
    question = t("Did you mean {meant}? You wrote {typed}.", meant=meant, typed=typed)
    return [
        line.quick(
            line.text(question),
            [
                line.choice(t("Yes, correct it"), step, "meant"),
                line.choice(t("No, mine is right"), step, "typed"),
                line.entry(t("Cancel"), "cancel"),
            ],
        )
    ]


@flow.step(Step.EMAIL_SLIP)
def correction_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.EMAIL_SLIP)) or words.yes_or_no(
        event.text or "", yes="meant", no="typed"
    )
    if chosen not in {"meant", "typed"}:
        if (
            "@" in (event.text or "") or "typed_email" not in ctx.draft
        ):  # another address instead of a tap
            return email_given(event, ctx)
        return flow.say(*offer_correction(ctx))
    address = ctx.draft.get(f"{chosen}_email")
    source = ctx.draft.get("sources", {}).get("typed_email")
    _forget(ctx, *SLIP)
    if address:
        ctx.draft[Step.EMAIL] = address
        if source:
            ctx.draft.setdefault("sources", {})[Step.EMAIL] = source
    return onward(ctx)


@flow.step(Step.LINE_ID)
def line_id_given(event: Event, ctx: Context) -> HandlerResult:
    tapped_none = event.choice(flow.mark(Step.LINE_ID)) == "none"
    if tapped_none or inputs.means_none(event.text or ""):
        ctx.draft[Step.LINE_ID] = ""
        return onward(ctx)
    return kept(event, ctx, Step.LINE_ID) or _take(event, ctx, Step.LINE_ID, inputs.line_id)


def _take(event: Event, ctx: Context, item: Step, read: Callable[[str], str]) -> HandlerResult:
    """Check an answer and go on, or say what is wrong with an example, and after three a human."""
    try:
        ctx.draft[item] = read(event.text or "")
    except InputError as error:
        if error.code == "email_slip":
            raise
        tries = ctx.draft.setdefault("tries", {})
        tries[item] = tries.get(item, 0) + 1
        wrong = line.text(input_words.why(ctx.t, error.code))
        if tries[item] % MAX_TRIES == 0:
            return flow.to(ctx, item, wrong, human_offer(ctx, "registration"))
        return flow.to(ctx, item, wrong)
    ctx.draft.get("tries", {}).pop(item, None)
    _forget(ctx, "single_name", *SLIP)
    _remember_source(event, ctx, item)
    return onward(ctx)


def _forget(ctx: Context, *keys: str) -> None:
    for key in keys:
        ctx.draft.pop(key, None)
        ctx.draft.get("sources", {}).pop(key, None)


def _remember_source(event: Event, ctx: Context, item: str) -> None:
    """Which message an item came from: taking the message back takes the item back."""
    if event.message_id:
        ctx.draft.setdefault("sources", {})[item] = event.message_id
