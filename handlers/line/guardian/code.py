"""The code in the guardian's own chat: sent by the prefilled message, or typed when asked."""

from datetime import timedelta

from bot.dispatch import Context, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation.words import Heard
from bot.services.guardians import guardians
from bot.services.shared import codes, throttles
from handlers.line.guardian.flow import READING, Step, dead, flow, held_request, too_young
from handlers.line.shared import human_offer
from models.learner import AgeBand

MAX_CODES = 3  # after which a person is offered instead of the question


@flow.entry("guardian")
def guardian_speaks(event: Event, ctx: Context) -> HandlerResult:
    """By the message with the code, or by a word or button without one."""
    t, standing = ctx.t, ctx.conversation.flow
    if standing is not None and standing != flow.name:  # a light one has been left by now
        first = t("Please finish or cancel this first, then send the code again.")
        return flow.say(first, *ctx.asked())
    code = codes.read_guardian(event.plain) or codes.find_guardian(event.plain)
    if code is not None:
        return _open(ctx, code)
    if standing == flow.name:
        return flow.say(*ctx.asked())
    ctx.draft = {}
    return flow.to(ctx, Step.CODE)


@flow.prompt(Step.CODE)
def ask_code(ctx: Context) -> list[Message]:
    question = ctx.t(
        "Please send the code that your child was given in their chat. It looks like this: "
        "ABCD-EFG2"
    )
    return [line.quick(question, [line.entry(ctx.t("Cancel"), "cancel")])]


@flow.step(Step.CODE, takes=Heard.VALUE)
def code_given(event: Event, ctx: Context) -> HandlerResult:
    said = event.plain
    code = codes.read_guardian(said) or codes.read_guardian(f"{codes.GUARDIAN.word} {said}")
    code = code or codes.find_guardian(said)
    if code is not None:
        return _open(ctx, code)
    wrong = ctx.t(
        "That is not a code. It has {length} letters and digits.", length=codes.GUARDIAN.length
    )
    return _missed(ctx, wrong)


def _missed(ctx: Context, why: str) -> HandlerResult:
    """Ask for the code again, but not for ever: one slip is no reason to begin anew."""
    ctx.draft["missed"] = int(ctx.draft.get("missed", 0)) + 1
    if ctx.draft["missed"] >= MAX_CODES:
        return flow.end(why, human_offer(ctx, "registration"))
    return flow.to(ctx, Step.CODE, why)


def _open(ctx: Context, code: str) -> HandlerResult:
    """Unknown, run out, replaced and taken codes are answered alike; guesses are counted."""
    t, session, mine = ctx.t, ctx.session, ctx.conversation
    if guardians.is_own_code(session, mine, code):
        own = t(
            "This code is for your parent or guardian: please forward it to them. They send it "
            "in their own chat with us."
        )
        return _leave(ctx, line.text(own))
    wait = throttles.take(session, [(guardians.GUESSES, mine.person)], ctx.now)
    if wait > timedelta():
        minutes = -int(-wait.total_seconds() // 60)
        later = t("Too many codes in a row. Please try again in {minutes} min.", minutes=minutes)
        return _leave(ctx, line.text(later))
    row = guardians.open_by(session, mine, code, ctx.now)
    if row is None:
        return _not_opened(ctx)
    throttles.refund(session, guardians.GUESSES, mine.person, ctx.now)
    before = ctx.draft.get("request")
    if before and before != row.id and (held := held_request(ctx, READING)) is not None:
        guardians.release(held[0])
    if _is_under_20(ctx):
        guardians.release(row)
        return _leave(ctx, line.text(too_young(ctx)))
    ctx.draft = {"request": row.id}
    return flow.to(ctx, Step.RELATION)


def _not_opened(ctx: Context) -> HandlerResult:
    """A code that opens nothing is asked for again; whoever reads another request stays there."""
    if ctx.conversation.flow == flow.name and ctx.conversation.step != Step.CODE:
        return flow.say(dead(ctx), *ctx.asked())
    return _missed(ctx, dead(ctx))


def _leave(ctx: Context, *messages: Message) -> HandlerResult:
    """Say it, and leave the question about the code where that is where we are."""
    if ctx.conversation.flow == flow.name and ctx.conversation.step == Step.CODE:
        return flow.end(*messages)
    return flow.say(*messages)


def _is_under_20(ctx: Context) -> bool:
    """Whether this chat itself told us so: as a learner, or in a registration this week."""
    if ctx.learner is not None:
        return ctx.learner.age_band is not AgeBand.FROM_20
    return guardians.band_on_record(ctx.session, ctx.conversation, ctx.now) is not None
