"""A new LINE account for an old learner: moved by proof, never by knowing a phone number."""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.presentation import input_words
from bot.presentation.words import Heard
from bot.services.accounts import accounts
from bot.services.delivery import mails
from bot.services.learners import relinking
from bot.services.people import fields
from bot.services.people.fields import Item
from bot.services.shared import codes
from bot.texts.dates import shown_span, shown_time
from handlers.line.account_card import account_card
from handlers.line.shared import (
    came_in,
    has_left,
    human_offer,
    left_as_it_is,
    main_menu,
    nudge,
    while_frozen,
)
from models.learner import ADULT_FROM, Learner

MAX_WRONG = 5
TWICE = timedelta(minutes=1)  # a second tap means the code that is on its way


class Step(StrEnum):
    CHOOSING = "choosing"
    CODE = "code"
    ADDRESS = "address"
    DIGITS = "digits"


flow = Flow("relink", Step)
flow.cancel(left_as_it_is)


@flow.entry("relink")
def move_wanted(event: Event, ctx: Context) -> HandlerResult:
    """Offered to whoever has no account in this chat; a typed code is tried at once."""
    if ctx.learner is not None:
        return _settled_here(ctx)
    ctx.draft = {}
    code = codes.read_move(event.plain)
    return _try_code(ctx, code) if code else flow.to(ctx, Step.CHOOSING)


def _settled_here(ctx: Context) -> HandlerResult:
    t = ctx.t
    if has_left(ctx):
        return flow.say(account_card(ctx), *ctx.asked())
    if frozen := while_frozen(ctx):
        return flow.say(*frozen, *ctx.asked())
    how = t(
        "To move it to another LINE account: sign in to E-Learning, open “Move to "
        "another LINE account”, and type the code there in the new chat."
    )
    if not ctx.settings.system.is_embedded:
        how = t(
            "To move it to another LINE account: write to us from there. I send a code to the "
            "e-mail address that you confirmed."
        )
    ahead = []
    if ctx.learner is not None and ctx.learner.email_verified_at is None:
        ahead.append(line.entry(t("Confirm my e-mail"), "confirm_email"))
    twice = t("If you registered twice and want one account, our staff help you.")
    card = line.card(
        t("Your account is in this chat"),
        [how, line.paragraph(twice, small=True)],
        [*_to_the_code(ctx), *ahead, line.entry(t("Ask our staff"), "human", topic="account")],
    )
    return flow.say(card, *ctx.asked())


@flow.prompt(Step.CHOOSING)
def offer_two_ways(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.CHOOSING)
    ways = [
        t(
            "With your password: sign in to E-Learning, open “Move to another LINE "
            "account” and type the code here."
        ),
        t(
            "Or with your e-mail: I send {digits} digits to the address you confirmed.",
            digits=mails.CODE_DIGITS,
        ),
    ]
    buttons = [
        *_to_the_code(ctx),
        line.choice(t("I have the code"), step, "code"),
        line.choice(t("Code by e-mail"), step, "mail"),
        line.entry(t("Ask our staff"), "human", topic="account"),
    ]
    if not ctx.settings.system.is_embedded:
        ways = [
            t(
                "With your e-mail: I send {digits} digits to the address you confirmed.",
                digits=mails.CODE_DIGITS,
            )
        ]
        buttons = buttons[1:]  # the code stands in our portal
    return [line.card(t("Move your account here"), [line.paragraph(way) for way in ways], buttons)]


def _to_the_code(ctx: Context) -> list[Action]:
    """The way to the code, where it is there: our portal shows it to whoever signs in there."""
    if not ctx.settings.system.is_embedded:
        return []
    return [line.link(ctx.t("Get the code"), ctx.page("/portal/relink"))]


@flow.step(Step.CHOOSING, takes=Heard.VALUE)
def way_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.CHOOSING))
    if chosen == "code":
        return flow.to(ctx, Step.CODE)
    if chosen == "mail":
        return flow.to(ctx, Step.ADDRESS)
    if _is_address(event):
        return address_typed(event, ctx)
    code = codes.read_move(event.plain)
    if code is not None:
        return _try_code(ctx, code)
    please = ctx.t("Please choose one of the two ways.")
    return flow.stay(ctx, nudge(ctx, flow.mark(Step.CHOOSING), please))


@flow.prompt(Step.CODE)
def ask_code(ctx: Context) -> list[Message]:
    return _ask(ctx, ctx.t("Please type the code from E-Learning, for example ABCD-EFGH-JK."))


@flow.step(Step.CODE, takes=Heard.VALUE)
def code_typed(event: Event, ctx: Context) -> HandlerResult:
    code = codes.read_move(event.plain)
    if code is not None:
        return _try_code(ctx, code)
    return _missed(ctx, ctx.t("A code has {length} letters and digits.", length=codes.MOVE.length))


def _try_code(ctx: Context, code: str) -> HandlerResult:
    wait = relinking.guess(ctx.session, ctx.conversation, ctx.now)
    if wait:
        return _too_often(ctx, wait)
    learner = relinking.by_code(ctx.session, code, ctx.now)
    if learner is not None:
        return _move(ctx, learner, "portal")
    if ctx.conversation.step == Step.CODE and ctx.conversation.flow == flow.name:
        return _missed(ctx, _wrong(ctx))
    return flow.to(ctx, Step.CODE, _wrong(ctx))


@flow.prompt(Step.ADDRESS)
def ask_address(ctx: Context) -> list[Message]:
    return _ask(ctx, ctx.t("Which e-mail address did you give and confirm?"))


@flow.step(Step.ADDRESS, takes=Heard.VALUE)
def address_typed(event: Event, ctx: Context) -> HandlerResult:
    try:
        address = fields.read_answer(Item.EMAIL, event.plain, insists=True)
    except InputError as error:
        return _missed(ctx, input_words.why(ctx.t, error.code))
    if address != ctx.draft.get("address"):
        ctx.draft.pop("sent_at", None)
    _keep(event, ctx, "address", address)
    return _send(ctx)


def _is_address(event: Event) -> bool:
    return "@" in (event.text or "")


def _send(ctx: Context) -> HandlerResult:
    """The same words, whether or not an account is known by that address."""
    sent = ctx.draft.get("sent_at")
    if sent and ctx.now - datetime.fromisoformat(sent) < TWICE:
        return flow.to(ctx, Step.DIGITS)
    wait = relinking.send_code(ctx.session, ctx.conversation, ctx.draft.get("address", ""), ctx.now)
    if wait:
        return _too_often(ctx, wait)
    ctx.draft["sent_at"] = ctx.now.isoformat()
    return flow.to(ctx, Step.DIGITS)


@flow.prompt(Step.DIGITS)
def ask_digits(ctx: Context) -> list[Message]:
    t = ctx.t
    on_its_way = t(
        "If this address was confirmed for an account, {digits} digits are on their way to it. "
        "Please type them here within {span}.",
        digits=mails.CODE_DIGITS,
        span=shown_span(t, mails.CODE_USEFUL),
    )
    nothing_came = t(
        "Nothing there? Please look among the spam too. An address that was never confirmed gets "
        "no code; then our staff help you."
    )
    asked = f"{on_its_way}\n{nothing_came}"
    again = line.choice(t("Send a new code"), flow.mark(Step.DIGITS), "again")
    staff = line.entry(t("Ask our staff"), "human", topic="account")
    return [line.quick(asked, [again, staff, *main_menu(ctx)])]


@flow.step(Step.DIGITS, takes=Heard.VALUE)
def digits_typed(event: Event, ctx: Context) -> HandlerResult:
    if event.choice(flow.mark(Step.DIGITS)) == "again":
        return _send(ctx)
    if _is_address(event):  # another one, or the same without a slip
        return address_typed(event, ctx)
    digits = codes.read_digits(event.plain)
    if digits is None:
        return _missed(
            ctx, ctx.t("The code in the mail has {digits} digits.", digits=mails.CODE_DIGITS)
        )
    wait = relinking.guess(ctx.session, ctx.conversation, ctx.now)
    if wait:
        return _too_often(ctx, wait)
    learner = relinking.by_mail(
        ctx.session,
        ctx.conversation,
        ctx.draft.get("address", ""),
        digits,
        ctx.now,
    )
    return _missed(ctx, _wrong(ctx)) if learner is None else _move(ctx, learner, "email")


def _move(ctx: Context, learner: Learner, proof: str) -> HandlerResult:
    if ctx.learner is not None:
        return _settled_here(ctx)
    if relinking.guards_here(ctx.session, learner, ctx.conversation):
        theirs = ctx.t(
            "This chat belongs to a parent or guardian, so an account of somebody under {age} "
            "cannot move here. Please use a LINE account of your own.",
            age=ADULT_FROM,
        )
        return flow.end(theirs, human_offer(ctx, "account"))
    moved = relinking.move(
        ctx.session, learner, ctx.conversation, ctx.user_id, proof, ctx.settings, ctx.now
    )
    ctx.become(moved)
    t = ctx.t
    account = accounts.account_of(ctx.session, learner, ctx.provider)
    facts = [line.fact(t("Username"), account.username)] if account else []
    card = line.card(
        t("Your account is here now"),
        [
            *facts,
            t(
                "The old LINE account is cut off and was told so, and E-Learning is logged "
                "out everywhere. Your lessons and your choices are as they were."
            ),
        ],
        [
            line.entry(t("My account"), "account"),
            line.entry(t("I forgot my password"), "reset"),
        ],
    )
    return flow.end(card)


def _ask(ctx: Context, question: str) -> list[Message]:
    return [line.quick(question, main_menu(ctx))]


def _wrong(ctx: Context) -> str:
    return ctx.t(
        "That code does not fit, or it is older than {span}.",
        span=shown_span(ctx.t, mails.CODE_USEFUL),
    )


def _missed(ctx: Context, why: str) -> HandlerResult:
    """Ask again, but not for ever."""
    ctx.draft["missed"] = ctx.draft.get("missed", 0) + 1
    if ctx.draft["missed"] >= MAX_WRONG:
        gone = ctx.t("Let us stop here; nothing has changed. Our staff can help.")
        return flow.end(why, gone, human_offer(ctx, "account"))
    return flow.stay(ctx, why, *ctx.asked())


def _too_often(ctx: Context, wait: timedelta) -> HandlerResult:
    when = (ctx.now + wait + timedelta(seconds=59)).replace(second=0, microsecond=0)
    words = ctx.t(
        "That was tried often. Please try again from {when}.", when=shown_time(when, ctx.t.language)
    )
    return flow.end(words, human_offer(ctx, "account"))


def _keep(event: Event, ctx: Context, item: str, typed: str) -> None:
    """Remember an answer and the message that it came in, which may be taken back."""
    ctx.draft[item] = typed
    came_in(ctx, event.message_id, item)
