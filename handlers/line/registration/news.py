"""News by choice: two questions, neither ticked, and a no costs nothing."""

from bot.dispatch import Context, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.services.consent.consents import ConsentStatement
from handlers.line.news_texts import news_card, seen_news
from handlers.line.registration.flow import Step, flow, keep_button, kept, onward, placed
from handlers.line.shared import main_menu, nudge, record_choice
from models.consent import Purpose


@flow.prompt(Step.LINE_NEWS)
def ask_line_news(ctx: Context) -> list[Message]:
    return _ask(ctx, Step.LINE_NEWS, Purpose.LINE_NEWS)


@flow.prompt(Step.EMAIL_NEWS)
def ask_email_news(ctx: Context) -> list[Message]:
    return _ask(ctx, Step.EMAIL_NEWS, Purpose.EMAIL_NEWS)


@flow.step(Step.LINE_NEWS)
def line_news_chosen(event: Event, ctx: Context) -> HandlerResult:
    return _chosen(event, ctx, Step.LINE_NEWS, Purpose.LINE_NEWS)


@flow.step(Step.EMAIL_NEWS)
def email_news_chosen(event: Event, ctx: Context) -> HandlerResult:
    return _chosen(event, ctx, Step.EMAIL_NEWS, Purpose.EMAIL_NEWS)


def _ask(ctx: Context, step: Step, purpose: Purpose) -> list[Message]:
    card = news_card(ctx.t, purpose, flow.mark(step))
    keep = keep_button(ctx, step)
    if keep:
        return [line.quick(card, [*keep, *main_menu(ctx)])]
    return [placed(ctx, step, card)]


def _chosen(event: Event, ctx: Context, step: Step, purpose: Purpose) -> HandlerResult:
    t = ctx.t
    if (as_it_was := kept(event, ctx, step)) is not None:
        return as_it_was
    chosen = event.choice(flow.mark(step))
    if chosen not in {"yes", "no"}:
        please = t("Please tap one of the two buttons; either answer is fine.")
        return flow.say(nudge(ctx, flow.mark(step), please))
    seen = seen_news(purpose, event.postback.get("c"))
    if seen is None:
        changed = t("The text has changed since that card. Please read the new one.")
        return flow.say(changed, *_ask(ctx, step, purpose))
    said = ConsentStatement(*seen, webhook_event_id=event.id)
    record_choice(ctx, ctx.conversation, purpose, chosen, said)
    ctx.draft[step] = chosen
    return onward(ctx)
