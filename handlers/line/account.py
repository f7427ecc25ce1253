"""My account: what we keep, news on and off with one tap, and withdrawing altogether."""

from enum import StrEnum

from bot.dispatch import After, Context, Flow, Said, Turn
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.runtime import Bot
from bot.services import accounts, consents, provisioning
from bot.texts import Translator
from handlers.line.account_card import account_card
from handlers.line.news_texts import news_card, seen_news
from handlers.line.receipts import receipt
from handlers.line.shared import greeting
from models.consent import ConsentEvent, ConsentState, Purpose
from models.learner import LearnerState


class Step(StrEnum):
    NEWS = "news"
    WITHDRAWING = "withdrawing"


flow = Flow("account", Step, is_light=True)

NEWS = {str(purpose): purpose for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)}


def _stranger(ctx: Context) -> Turn:
    t = ctx.t
    return flow.say(
        line.text(t("You have no account here yet. Registering takes about three minutes.")),
        *(ctx.asked() or [greeting(ctx)]),
    )


@flow.entry("account")
def account_wanted(event: Event, ctx: Context) -> Turn:
    if ctx.learner is None:
        return _stranger(ctx)
    return flow.say(account_card(ctx), *ctx.asked())


@flow.entry("news_off")
def news_stopped(event: Event, ctx: Context) -> Turn:
    """One tap, at once: withdrawing is never harder than giving (PDPA s.19)."""
    purpose = NEWS.get(event.postback.get("p", ""))
    if ctx.learner is None or purpose is None:
        return _stranger(ctx)
    if not consents.holds(ctx.session, ctx.conversation.id, purpose, ctx.now):
        return flow.say(account_card(ctx))
    given = _record(event, ctx, purpose, ConsentState.WITHDRAWN, ctx.t("Stop"))
    return flow.say(line.text(ctx.t("Done: you get no more of this news.")), receipt(ctx, given))


@flow.entry("news_on")
def news_asked_for(event: Event, ctx: Context) -> Turn:
    purpose = NEWS.get(event.postback.get("p", ""))
    if ctx.learner is None or purpose is None:
        return _stranger(ctx)
    if ctx.learner.state is LearnerState.WITHDRAWN:
        return flow.say(account_card(ctx))
    ctx.draft = {"purpose": purpose}
    return flow.to(ctx, Step.NEWS)


@flow.prompt(Step.NEWS)
def ask_news(ctx: Context) -> list[Message]:
    return [news_card(ctx.t, Purpose(ctx.draft["purpose"]), flow.mark(Step.NEWS))]


@flow.step(Step.NEWS)
def news_chosen(event: Event, ctx: Context) -> Turn:
    t = ctx.t
    chosen = event.choice(flow.mark(Step.NEWS))
    if chosen not in {"yes", "no"}:
        please = line.text(t("Please tap one of the two buttons; either answer is fine."))
        return _once_more(ctx, please, *ask_news(ctx))
    purpose = Purpose(ctx.draft["purpose"])
    seen = seen_news(purpose, event.postback.get("c"))
    if seen is None:
        changed = line.text(t("The text has changed since that card. Please read the new one."))
        return flow.say(changed, *ask_news(ctx))
    state = ConsentState.GIVEN if chosen == "yes" else ConsentState.REFUSED
    given = _record(event, ctx, purpose, state, *seen)
    return flow.end(receipt(ctx, given))


def _record(
    event: Event,
    ctx: Context,
    purpose: Purpose,
    state: ConsentState,
    text: str,
    language: str | None = None,
) -> ConsentEvent:
    said = consents.Said(text, language, webhook_event_id=event.id)
    return consents.record(
        ctx.session, ctx.conversation, purpose, state, said, ctx.settings.school, ctx.now
    )


def _once_more(ctx: Context, *asked: Message) -> Turn:
    """Ask again, but not for ever: the second thing that is no answer leaves the question."""
    if ctx.draft.get("missed"):
        return flow.end(line.text(ctx.t("Nothing has changed.")), greeting(ctx))
    ctx.draft["missed"] = True
    return flow.stay(ctx, *asked)


@flow.cancel
def left_as_it_is(event: Event, ctx: Context) -> Turn:
    return flow.end(line.text(ctx.t("Nothing has changed.")))


@flow.entry("withdraw")
def withdrawal_asked_for(event: Event, ctx: Context) -> Turn:
    if ctx.learner is None:
        return _stranger(ctx)
    if ctx.learner.state is LearnerState.WITHDRAWN:
        return flow.say(line.text(ctx.t("You have withdrawn already; your account is closed.")))
    ctx.draft = {}
    return flow.to(ctx, Step.WITHDRAWING)


def consequence(t: Translator) -> str:
    """What withdrawing means, told before it is confirmed (PDPA s.19, sixth paragraph)."""
    return t(
        "If you withdraw your consent, your E-Learning account is closed at once, you cannot get "
        "into your lessons any more, and all news stops. Our staff then erase your details as the "
        "privacy notice says."
    )


@flow.prompt(Step.WITHDRAWING)
def tell_consequence(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.WITHDRAWING)
    title = t("Withdraw and close my account?")
    buttons = [
        line.choice(t("Withdraw"), step, "yes"),
        line.choice(t("Keep my account"), step, "no"),
    ]
    return [line.card(title, title, [line.paragraph(consequence(t))], buttons, even=True)]


@flow.step(Step.WITHDRAWING)
def withdrawal_chosen(event: Event, ctx: Context) -> Turn:
    t, learner = ctx.t, ctx.learner
    chosen = event.choice(flow.mark(Step.WITHDRAWING))
    if chosen not in {"yes", "no"} or learner is None:
        please = line.text(t("Please tap one of the two buttons."))
        return _once_more(ctx, please, *tell_consequence(ctx))
    if chosen == "no":
        return flow.end(line.text(t("Your account stays as it is.")))
    given = _record(event, ctx, Purpose.ENROLMENT, ConsentState.WITHDRAWN, consequence(t))
    for purpose in NEWS.values():
        if consents.holds(ctx.session, ctx.conversation.id, purpose, ctx.now):
            _record(event, ctx, purpose, ConsentState.WITHDRAWN, consequence(t))
    account = accounts.withdraw(ctx.session, ctx.conversation, learner, ctx.provider, ctx.now)
    done = flow.end(
        line.text(t("You have withdrawn, and your account is closed.")), receipt(ctx, given)
    )
    return done.then(After("close_account", {"account": account.id})) if account else done


@flow.after("close_account")
def close_account(bot: Bot, arguments: dict[str, str], t: Translator) -> Said:
    """Tell the e-learning system; where it cannot be reached now, a job goes on trying."""
    provisioning.close(bot.database, bot.provider, arguments["account"], bot.clock)
    return Said([], [])
