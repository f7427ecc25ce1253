"""A yes or no to each purpose, and the way out."""

from bot.dispatch import Context, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation.questions import seen_by_guardian
from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN, ConsentStatement
from bot.services.guardians import ends, guardians
from bot.services.subscriptions import opt_in
from bot.texts import translator
from bot.texts.dates import shown_time
from handlers.line.guardian.flow import AGREED, READING, Step, dead, flow, held_request
from handlers.line.guardian_texts import agreed_card, guardian_card, guardian_receipt, refused_card
from handlers.line.shared import greeting
from models.consent import ConsentState, Purpose
from models.guardianship import Relation


@flow.prompt(Step.ENROLMENT)
def ask_enrolment(ctx: Context) -> list[Message]:
    return [guardian_card(ctx, Purpose.ENROLMENT, flow.mark(Step.ENROLMENT))]


@flow.prompt(Step.LINE_NEWS)
def ask_line_news(ctx: Context) -> list[Message]:
    return [guardian_card(ctx, Purpose.LINE_NEWS, flow.mark(Step.LINE_NEWS))]


@flow.prompt(Step.EMAIL_NEWS)
def ask_email_news(ctx: Context) -> list[Message]:
    return [guardian_card(ctx, Purpose.EMAIL_NEWS, flow.mark(Step.EMAIL_NEWS))]


def _answer(
    event: Event, ctx: Context, step: Step, purpose: Purpose
) -> tuple[ConsentState, ConsentStatement] | HandlerResult:
    """What was tapped and under which words, or the question once more."""
    t = ctx.t
    chosen = event.choice(flow.mark(step))
    if chosen not in {"yes", "no"}:
        please = t("Please read the card and tap one of its buttons; typing is not enough.")
        return flow.to(ctx, step, please)
    years = ctx.settings.school.account_years
    seen = seen_by_guardian(purpose, event.postback.get("c"), years)
    if seen is None:
        changed = t("The text has changed since that card. Please read the new one.")
        return flow.to(ctx, step, changed)
    state = ConsentState.GIVEN if chosen == "yes" else ConsentState.REFUSED
    text, language = seen
    return state, ConsentStatement(text, language, actor=GUARDIAN, webhook_event_id=event.id)


@flow.step(Step.ENROLMENT)
def enrolment_chosen(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    held = held_request(ctx, READING)
    if held is None:
        return flow.end(dead(ctx))
    answer = _answer(event, ctx, Step.ENROLMENT, Purpose.ENROLMENT)
    if isinstance(answer, HandlerResult):
        return answer
    row, child = held
    state, said = answer
    session, school, now = ctx.session, ctx.settings.school, ctx.now
    theirs = translator(child.language)
    if state is ConsentState.REFUSED:
        ends.tell_child(session, row, child, "refused", [refused_card(theirs)], now)
        ends.refuse(session, row, child, said, school, now)
        return flow.end(t("Thank you. We keep nothing of the child’s details, and tell them so."))
    if not ctx.draft.get("called") or ctx.draft.get("relation") not in set(guardians.MAY_CONSENT):
        return flow.to(ctx, Step.CALLED)  # the message with the name was taken back
    given = consents.record(session, child, Purpose.ENROLMENT, state, said, school, now)
    guardians.agree(
        session, row, Relation(ctx.draft["relation"]), ctx.draft["called"], ctx.user_id, now
    )
    ends.tell_child(session, row, child, "agreed", [agreed_card(theirs, row)], now)
    ctx.draft = {"request": row.id}
    return flow.to(ctx, Step.LINE_NEWS, guardian_receipt(ctx, given))


@flow.step(Step.LINE_NEWS)
def line_news_chosen(event: Event, ctx: Context) -> HandlerResult:
    return _news_chosen(event, ctx, Step.LINE_NEWS, Purpose.LINE_NEWS)


@flow.step(Step.EMAIL_NEWS)
def email_news_chosen(event: Event, ctx: Context) -> HandlerResult:
    return _news_chosen(event, ctx, Step.EMAIL_NEWS, Purpose.EMAIL_NEWS)


def _news_chosen(event: Event, ctx: Context, step: Step, purpose: Purpose) -> HandlerResult:
    held = held_request(ctx, AGREED)
    if held is None:
        return flow.end(ctx.t("This registration has ended meanwhile."))
    answer = _answer(event, ctx, step, purpose)
    if isinstance(answer, HandlerResult):
        return answer
    state, said = answer
    if state is ConsentState.GIVEN:
        opt_in.take(ctx.session, held[1], purpose, said, ctx.settings, ctx.now)
    else:
        school = ctx.settings.school
        consents.record(ctx.session, held[1], purpose, state, said, school, ctx.now)
    if step is Step.LINE_NEWS:
        return flow.to(ctx, Step.EMAIL_NEWS)
    return flow.end(_thanks(ctx))


def _thanks(ctx: Context) -> Message:
    t = ctx.t
    told = t(
        "We have told the child. Under “My children” you see what you agreed to, and can change "
        "or withdraw it at any time."
    )
    mine = [line.entry(t("My children"), "children")]
    return line.card(t("Thank you for your answers"), [told], mine)


@flow.cancel
def guardian_leaves(event: Event, ctx: Context) -> HandlerResult:
    """Before the answer the code works again; after it the answer stands, and no news is news."""
    t = ctx.t
    held = held_request(ctx, READING)
    if held is None:
        is_agreed = held_request(ctx, AGREED) is not None
        return flow.end(_thanks(ctx) if is_agreed else greeting(ctx))
    guardians.release(held[0])
    until = shown_time(held[0].expires_at, t.language)
    left = t(
        "Nothing has been agreed, and we keep nothing about you. The code works until {when}.",
        when=until,
    )
    return flow.end(left)
