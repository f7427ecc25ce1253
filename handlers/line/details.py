"""Changing one of the four details: pick it, write it, see old and new, save."""

from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.presentation import input_words, words
from bot.presentation.words import Heard
from bot.services.accounts import details
from bot.services.auth import resets
from bot.services.delivery import mails
from bot.services.people import answers, fields, inputs
from bot.services.people.fields import FIELDS, Item
from bot.texts.dates import shown_span
from handlers.line.account_card import account_card
from handlers.line.shared import (
    answered,
    came_in,
    corrected_on_card,
    did_you_mean,
    forget,
    greeting,
    human_offer,
    left_as_it_is,
    name_question,
    not_registered,
    nudge,
    question_offer,
    source_of,
)
from models.learner import Learner, LearnerState
from models.mail import MailState

MAX_TRIES = 3
TYPED = ("value", "typed_email", "meant_email", "single_name")


class Step(StrEnum):
    ITEM = "item"
    PROOF = "proof"  # of the old number, before a new one
    VALUE = "value"
    SLIP = "slip"
    CONFIRM = "confirm"


flow = Flow("details", Step)
flow.cancel(left_as_it_is)


@flow.entry("change")
def change_wanted(event: Event, ctx: Context) -> HandlerResult:
    learner = ctx.learner
    if learner is None:
        return not_registered(ctx)
    item = event.postback.get("item") or words.detail_named(event.text or "")
    is_name = item in {None, Item.NAME} and event.text is not None
    if is_name and (on_card := corrected_on_card(ctx)) is not None:
        return on_card
    if not details.may_change(ctx.session, learner):
        return _not_now(ctx, learner)
    ctx.draft = {}
    if item in set(Item):
        return _to_item(ctx, Item(item))
    return flow.to(ctx, Step.ITEM)


def _not_now(ctx: Context, learner: Learner) -> HandlerResult:
    if learner.state is not LearnerState.ACTIVE:
        return flow.end(account_card(ctx))
    frozen = ctx.t("Your account is frozen, so nothing can be changed in it now.")
    return flow.end(frozen, human_offer(ctx, "account"))


def _to_item(ctx: Context, item: Item) -> HandlerResult:
    ctx.draft = {"item": str(item)}
    return flow.to(ctx, Step.PROOF if item is Item.PHONE else Step.VALUE)


@flow.prompt(Step.ITEM)
def ask_item(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.ITEM)
    buttons = [line.choice(input_words.item_name(t, item), step, item) for item in Item]
    buttons.append(line.entry(t("Cancel"), "cancel"))
    blocks = [line.paragraph(t("We show you old and new before anything is saved."), small=True)]
    return [line.card(t("What would you like to change?"), blocks, buttons, even=True)]


@flow.step(Step.ITEM)
def item_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.ITEM))
    if chosen not in set(Item):
        return flow.say(nudge(ctx, flow.mark(Step.ITEM), ctx.t("Please tap one of the buttons.")))
    return _to_item(ctx, Item(chosen))


@flow.prompt(Step.PROOF)
def ask_proof(ctx: Context) -> list[Message]:
    t = ctx.t
    question = t(
        "First a short check: what are the last {digits} digits of the phone number that "
        "we have of you now?",
        digits=resets.DIGITS,
    )
    return [line.quick(question, [line.entry(t("Cancel"), "cancel")])]


@flow.step(Step.PROOF, takes=Heard.VALUE)
def proof_given(event: Event, ctx: Context) -> HandlerResult:
    """The number's last digits open a password reset, so whoever changes it must know them."""
    t, learner = ctx.t, ctx.learner
    if learner is None or not details.may_change(ctx.session, learner):
        return flow.end(greeting(ctx))
    if not any(map(str.isdecimal, event.text or "")):
        return flow.to(ctx, Step.PROOF)  # "ใช่ค่ะ" is no try
    knows = details.knows_phone(ctx.session, learner, event.text or "", ctx.now)
    if knows is None:
        many = t("There were too many tries. Please try again tomorrow.")
        return flow.end(many, human_offer(ctx, "account"))
    if not knows:
        return flow.to(ctx, Step.PROOF, t("Those are not the digits that we have."))
    return flow.to(ctx, Step.VALUE)


@flow.prompt(Step.VALUE)
def ask_value(ctx: Context) -> list[Message]:
    t, item = ctx.t, _item(ctx)
    buttons = [line.entry(t("Cancel"), "cancel")]
    is_kept = ctx.learner is not None and fields.value_of(ctx.learner, item)
    if is_kept and not FIELDS[item].is_needed:
        buttons.insert(0, line.choice(t("Remove it"), flow.mark(Step.VALUE), "none"))
    return [line.quick(input_words.question(t, item), buttons)]


@flow.step(Step.VALUE, takes=Heard.NAME)
def value_given(event: Event, ctx: Context) -> HandlerResult:
    item = _item(ctx)
    tapped_none = event.choice(flow.mark(Step.VALUE)) == "none"
    if not FIELDS[item].is_needed and (tapped_none or answers.means_none(event.plain)):
        return _onward(event, ctx, "")
    try:
        # Some people have one name only: the same single name a second time is meant.
        mark, refused = flow.mark(Step.VALUE), ctx.draft.get("single_name")
        return _onward(event, ctx, answered(event, item, mark, refused))
    except InputError as error:
        return _wrong(event, ctx, error)


def _wrong(event: Event, ctx: Context, error: InputError) -> HandlerResult:
    if error.code == "email_slip":
        typed = fields.read_answer(Item.EMAIL, event.plain, insists=True)
        _keep(event, ctx, typed_email=typed, meant_email=error.suggestion or "")
        return flow.to(ctx, Step.SLIP)
    wrong = [line.text(input_words.why(ctx.t, error.code))]
    if error.code == "name_question":
        return flow.to(ctx, Step.VALUE, *wrong, question_offer(ctx))
    if error.code in {"name_single", "name_polite"}:
        _keep(event, ctx, single_name=inputs.tidy(event.plain))
    if error.code == "name_polite":
        return flow.stay(ctx, name_question(ctx, flow.mark(Step.VALUE), error.suggestion or ""))
    ctx.draft["tries"] = ctx.draft.get("tries", 0) + 1
    if ctx.draft["tries"] % MAX_TRIES == 0:
        wrong.append(human_offer(ctx, "account"))
    return flow.to(ctx, Step.VALUE, *wrong)


@flow.prompt(Step.SLIP)
def offer_correction(ctx: Context) -> list[Message]:
    return did_you_mean(ctx, flow.mark(Step.SLIP)) or ask_value(ctx)


@flow.step(Step.SLIP, takes=Heard.VALUE)
def correction_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.SLIP)) or words.yes_or_no(
        event.plain, yes="meant", no="typed"
    )
    address = ctx.draft.get(f"{chosen}_email")
    if address:
        return _onward(event, ctx, address)
    if "@" in event.plain or "typed_email" not in ctx.draft:
        return value_given(event, ctx)  # another address instead of a tap
    return flow.say(*offer_correction(ctx))


@flow.prompt(Step.CONFIRM)
def show_change(ctx: Context) -> list[Message]:
    t, item, step, learner = ctx.t, _item(ctx), flow.mark(Step.CONFIRM), ctx.learner
    if "value" not in ctx.draft or learner is None:  # the message that held it was taken back
        return ask_value(ctx)
    new = ctx.draft["value"]
    old = fields.masked(item, fields.value_of(learner, item))
    blocks = [
        line.paragraph(input_words.item_name(t, item), strong=True),
        line.fact(t("Until now"), old or t("I have none")),
        line.fact(t("New"), fields.shown(item, new) if new else t("I have none")),
    ]
    if item is Item.EMAIL:
        first = t("We send a link to the new address; until it is used, the old one stays.")
        blocks.append(line.paragraph(first, small=True))
    buttons = [
        line.choice(t("Save"), step, "save"),
        line.choice(t("Write it again"), step, "again"),
        line.entry(t("Cancel"), "cancel"),
    ]
    return [line.card(t("Save this change?"), blocks, buttons)]


@flow.step(Step.CONFIRM)
def change_confirmed(event: Event, ctx: Context) -> HandlerResult:
    t, item, learner, step = ctx.t, _item(ctx), ctx.learner, flow.mark(Step.CONFIRM)
    chosen = event.choice(step) or words.yes_or_no(event.plain, yes="save", no="again")
    if learner is None or not details.may_change(ctx.session, learner):
        return flow.end(greeting(ctx))
    if chosen == "again" or "value" not in ctx.draft:
        forget(ctx, *TYPED)
        return flow.to(ctx, Step.VALUE)
    if chosen != "save":
        return flow.say(nudge(ctx, step, t("Please tap one of the buttons.")))
    value = ctx.draft["value"] or None
    is_same = value == fields.value_of(learner, item)
    if item is Item.EMAIL and not (is_same and learner.email_verified_at):
        return _ask_to_confirm(ctx, learner, value or "")
    if is_same:
        return flow.end(t("That is what we have already."), account_card(ctx))
    details.change(ctx.session, learner, item, value, "learner", ctx.now)
    return flow.end(t("Saved. This is what we have now:"), account_card(ctx))


def _ask_to_confirm(ctx: Context, learner: Learner, address: str) -> HandlerResult:
    t = ctx.t
    if not details.ask_to_change_email(ctx.session, learner, address, ctx.now, ctx.settings):
        return flow.end(too_many_mails(ctx))
    sent = t(
        "We have sent a mail to {address}. Please open it and press the button on the page "
        "within {span}; until then the address that we have stays.",
        address=address,
        span=shown_span(t, mails.LINK_USEFUL),
    )
    return flow.end(sent)


@flow.entry("confirm_email")
def confirming_wanted(event: Event, ctx: Context) -> HandlerResult:
    """The mail with the link once more, where it went, and what to do if it does not come."""
    t, learner = ctx.t, ctx.learner
    if learner is None:
        return not_registered(ctx)
    if not details.may_change(ctx.session, learner):
        return _not_now(ctx, learner)
    address = details.unconfirmed_email(ctx.session, learner, ctx.now)
    if address is None:
        return flow.say(t("Your e-mail address is confirmed"), *ctx.asked())
    is_sent = details.ask_to_confirm_email(ctx.session, learner, ctx.now, ctx.settings)
    told = too_many_mails(ctx)
    if is_sent:
        told = t(
            "We have sent a mail to {masked}. Please open it and press the button on the page "
            "within {span}.",
            masked=fields.masked(Item.EMAIL, address),
            span=shown_span(t, mails.LINK_USEFUL),
        )
    nothing_came = t(
        "Does nothing come within a few minutes? Please look among the spam, and whether the "
        "address is right."
    )
    card = line.card(
        t("Confirm your e-mail address"),
        [told, line.paragraph(nothing_came, small=True)],
        [
            *([line.entry(t("Send again"), "confirm_email")] if is_sent else []),
            line.entry(t("Change the address"), "change", item=Item.EMAIL),
            line.entry(t("Ask our staff"), "human", topic="account"),
        ],
    )
    return flow.say(card, *ctx.asked())


@flow.entry("mail_missing")
def mail_missed(event: Event, ctx: Context) -> HandlerResult:
    """Somebody says that our mail does not come: what we know of it, and what can be done."""
    t, learner = ctx.t, ctx.learner
    if learner is None:
        return flow.say(_mail_of_a_stranger(ctx), *ctx.asked())
    if not details.may_change(ctx.session, learner):
        return _not_now(ctx, learner)
    if lost := told_of_mail(ctx):
        ctx.conversation.undelivered = None
        return flow.say(*lost, *ctx.asked())
    if details.unconfirmed_email(ctx.session, learner, ctx.now) is not None:
        return confirming_wanted(event, ctx)
    arrived = t(
        "As far as we know, our mails reach {masked}. Please look among the spam too, and whether "
        "the address is right.",
        masked=fields.masked(Item.EMAIL, learner.email),
    )
    buttons = [_change_of_address(ctx), line.entry(t("Ask our staff"), "human", topic="account")]
    return flow.say(line.card(t("Our mail does not come?"), [arrived], buttons), *ctx.asked())


def _mail_of_a_stranger(ctx: Context) -> Message:
    t = ctx.t
    known = t(
        "No account is registered in this chat yet. If you have asked us for a mail, it may take a "
        "few minutes. Please look among the spam too, and whether the address is right."
    )
    buttons = [
        line.entry(t("Move my account here"), "relink"),
        line.entry(t("Ask our staff"), "human", topic="account"),
    ]
    return line.card(t("Our mail does not come?"), [known], buttons)


def told_of_mail(ctx: Context) -> list[Message]:
    """That the newest mail did not arrive; [] where it did, or another one has since."""
    t, learner = ctx.t, ctx.learner
    if learner is None or not details.may_change(ctx.session, learner):
        return []
    mail = details.undelivered(ctx.session, learner, ctx.now)
    if mail is None:
        return []
    masked = fields.masked(Item.EMAIL, mail.to)
    why = t("Our mail to {masked} could not be delivered. Is the address right?", masked=masked)
    if mail.state is MailState.UNKNOWN:
        why = t(
            "We do not know whether our mail to {masked} arrived. Please look for it, also among "
            "the spam.",
            masked=masked,
        )
    buttons = [
        line.entry(t("Send again"), "mail_again"),
        _change_of_address(ctx),
        line.entry(t("Ask our staff"), "human", topic="account"),
    ]
    return [line.card(t("A mail may not have reached you"), [why], buttons)]


def _change_of_address(ctx: Context) -> Action:
    return line.entry(ctx.t("Change the address"), "change", item=Item.EMAIL)


@flow.entry("mail_again")
def mail_wanted_again(event: Event, ctx: Context) -> HandlerResult:
    """What did not arrive, once more."""
    t, learner = ctx.t, ctx.learner
    if learner is None:
        return not_registered(ctx)
    if not details.may_change(ctx.session, learner):
        return _not_now(ctx, learner)
    address = details.unconfirmed_email(ctx.session, learner, ctx.now) or learner.email
    is_sent = details.send_again(ctx.session, learner, ctx.now, ctx.settings)
    told = t("That could not be sent again now. Please ask for it anew, or try again later.")
    if is_sent:
        told = t("The mail is on its way to {masked}.", masked=fields.masked(Item.EMAIL, address))
    return flow.say(told, *ctx.asked())


def too_many_mails(ctx: Context) -> str:
    """Three mails within an hour are enough: the link is probably among the spam."""
    return ctx.t(
        "We have sent you {mails} mails within {span}. Please look for them, also among "
        "the spam, or try again in {span}.",
        mails=details.MAX_CONFIRMATIONS,
        span=shown_span(ctx.t, details.SPAN),
    )


def _item(ctx: Context) -> Item:
    return Item(ctx.draft["item"])


def _onward(event: Event, ctx: Context, value: str) -> HandlerResult:
    source = source_of(event, ctx, "typed_email") or source_of(event, ctx, "single_name")
    forget(ctx, *TYPED)
    ctx.draft["value"] = value
    came_in(ctx, source or event.message_id, "value")
    return flow.to(ctx, Step.CONFIRM)


def _keep(event: Event, ctx: Context, **values: str) -> None:
    """Remember values with the message that they came from: taking it back takes them back."""
    ctx.draft.update(values)
    came_in(ctx, event.message_id, *values)
