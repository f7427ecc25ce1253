"""The child's side under 20: a name for the guardian to know them by, a code, and waiting."""

from bot.dispatch import Context, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import input_words
from bot.presentation.labels import label
from bot.presentation.words import Heard
from bot.services.chat import drafts
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.guardians import ends, guardians
from bot.services.people import answers, names
from handlers.line.guardian_texts import code_card, waiting_card
from handlers.line.registration.flow import BY_GUARDIAN, NEWS, Step, flow, onward
from handlers.line.shared import human_offer, question_offer
from models.consent import ConsentState, Purpose
from models.guardianship import Guardianship, GuardianshipState
from models.learner import ADULT_FROM, CHILD_UP_TO, AgeBand


def where_it_stands(ctx: Context) -> HandlerResult | None:
    """What "register" leads to while a guardian is asked or has agreed; None without a request."""
    row = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if row is None:
        return None
    ctx.draft = {}
    if row.state is GuardianshipState.AGREED:
        return _go_on(ctx, row)
    if row.nickname is None:
        return flow.to(ctx, Step.NICKNAME)
    return flow.say(*waiting_card(ctx, row))


def _go_on(ctx: Context, row: Guardianship) -> HandlerResult:
    """The guardian has agreed: the details can be asked, and from 11 years news too."""
    agreed = line.text(ctx.t("Your parent or guardian has agreed, so let us go on."))
    ctx.draft = {Step.AGE: row.age_band}
    ctx.conversation.flow = flow.name  # its menu stands below the questions from now on
    if row.age_band is AgeBand.UP_TO_10:
        ctx.draft |= dict.fromkeys(NEWS, BY_GUARDIAN)
        return onward(ctx, agreed)
    own = consents.is_agreed_by(
        ctx.session, ctx.conversation.id, Purpose.ENROLMENT, consents.SELF, ctx.now
    )
    return onward(ctx, agreed) if own else flow.to(ctx, Step.CONSENT, agreed)


def remembered(ctx: Context, band: AgeBand) -> list[Message]:
    """What is said to somebody who is suddenly older than they told us this week."""
    t = ctx.t
    guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    held = guardians.band_on_record(ctx.session, ctx.conversation, ctx.now)
    order = list(AgeBand)
    if held is None or order.index(band) <= order.index(held):
        return []
    kept = t(
        "A few days ago you chose “{group}” here, so we keep to that for now. If it was a slip, "
        "our staff are glad to put it right.",
        group=label(held, t),
    )
    return [line.text(kept), human_offer(ctx, "registration")]


def guardian_needed(event: Event, ctx: Context, band: AgeBand) -> HandlerResult:
    """PDPA s.20: under 20 the guardian must consent; up to ten years only the guardian."""
    t = ctx.t
    if band is AgeBand.UP_TO_10:
        text = t(
            "Thank you for telling us. Up to the age of {age} a parent or guardian decides, so "
            "your consent above does not count. We ask them here on LINE; it takes two minutes.",
            age=CHILD_UP_TO,
        )
        drafts.end_unused_consents(
            ctx.session,
            ctx.conversation,
            ConsentState.INVALIDATED,
            ConsentStatement(text, actor="system", webhook_event_id=event.id),
            ctx.settings.school,
            ctx.now,
        )
    else:
        text = t(
            "Thank you for telling us. Up to the age of {age} a parent or guardian has to "
            "agree too, before you give us any details. We ask them here on LINE; it takes two "
            "minutes.",
            age=ADULT_FROM - 1,
        )
    guardians.begin(ctx.session, ctx.conversation, band, ctx.now)
    ctx.draft = {}
    return flow.to(ctx, Step.NICKNAME, text)


@flow.prompt(Step.NICKNAME)
def ask_nickname(ctx: Context) -> list[Message]:
    t = ctx.t
    question = t(
        "What is your first name or nickname? Your parent or guardian sees it and knows that it "
        "is you. One word is enough, for example: มะลิ or Mali"
    )
    return [
        line.quick(question, [line.entry(t("Cancel"), "cancel"), line.entry(t("Help"), "help")])
    ]


@flow.step(Step.NICKNAME, takes=Heard.NAME)
def nickname_given(event: Event, ctx: Context) -> HandlerResult:
    row = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if row is None:
        return flow.to(ctx, Step.CONSENT, ctx.t("Your request has run out."))
    try:
        nickname = _nickname(event)
    except InputError as error:
        offer = [question_offer(ctx)] if error.code == "name_question" else []
        return flow.to(ctx, Step.NICKNAME, _why(ctx, error.code), *offer)
    code = guardians.request_code(
        ctx.session,
        row,
        ctx.now,
        nickname=nickname,
        source=event.message_id,
        user_id=ctx.user_id,
    )
    return flow.end(*code_card(ctx, row, code))


def _nickname(event: Event) -> str:
    if event.emojis:
        raise InputError("name_emoji")
    return answers.nickname(event.plain)


def _why(ctx: Context, code: str) -> str:
    t = ctx.t
    if code in {"name_question", "name_emoji"}:
        return input_words.why(t, code)
    if code in {"name_long", "name_words", "name_sentence", "name_link"}:
        return t(
            "Please write your first name or nickname only: one word of up to {most} letters.",
            most=names.NICKNAME_LIMIT,
        )
    return t("Please write it in letters, without digits or symbols.")


@flow.entry("guardian_code")
def new_code_wanted(event: Event, ctx: Context) -> HandlerResult:
    """The old code dies with the new one, and so does the reading of whoever had opened it."""
    row = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if row is None or row.state is GuardianshipState.AGREED or row.nickname is None:
        return _nothing_waits(ctx)
    code = guardians.request_code(ctx.session, row, ctx.now)
    return flow.say(*code_card(ctx, row, code))


@flow.entry("guardian_stop")
def request_cancelled(event: Event, ctx: Context) -> HandlerResult:
    row = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if row is None or row.state is GuardianshipState.AGREED:
        return _nothing_waits(ctx)
    text = ctx.t("The request is cancelled, and what we kept for it is erased.")
    end_request(ctx, ConsentStatement(text, webhook_event_id=event.id))
    return left(ctx, text)


def left(ctx: Context, done: str) -> HandlerResult:
    """Say what is over, and leave the registration where it is what is open."""
    return flow.end(done) if ctx.conversation.flow == flow.name else flow.say(done)


def _nothing_waits(ctx: Context) -> HandlerResult:
    nothing = ctx.t("There is no request that waits for a parent or guardian.")
    return flow.say(nothing, *ctx.asked())


def give_up(ctx: Context, said: ConsentStatement) -> None:
    """Somebody does not want to register after all: every consent given for it ends."""
    end_request(ctx, said)
    drafts.end_unused_consents(
        ctx.session,
        ctx.conversation,
        ConsentState.WITHDRAWN,
        said,
        ctx.settings.school,
        ctx.now,
    )


def end_request(ctx: Context, said: ConsentStatement) -> None:
    """The child gives up: the request dies, with both voices' consents."""
    row = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if row is not None and ctx.conversation.learner_id is None:
        ends.cancel(ctx.session, row, ctx.conversation, said, ctx.settings.school, ctx.now)
