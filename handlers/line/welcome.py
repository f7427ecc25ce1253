"""Coming and going: adding the account, blocking it, taking a message back."""

from bot.dispatch import Context, Flow, FlowState, HandlerResult
from bot.line.events import Event
from bot.services.campaigns.workflow import decisions
from bot.services.chat import inbox
from bot.services.guardians import guardians
from bot.services.privacy import requests
from handlers.line.shared import greeting

flow = Flow("welcome")

MAX_UNSENT = 20


@flow.entry("follow")
def account_added(event: Event, ctx: Context) -> HandlerResult:
    """Greet, once for however many times LINE says at once that the account was added."""
    conversation = ctx.conversation
    if conversation.blocked_at is not None and event.happened_at < conversation.blocked_at:
        return flow.say()  # delivered late: they have gone since
    was_blocked, conversation.blocked_at = conversation.blocked_at is not None, None
    is_first = inbox.greets_person(ctx.session, conversation.person, ctx.now)
    if event.is_standby or not (is_first or was_blocked):
        return flow.say()
    again = ctx.asked()
    if not event.is_unblocked:
        return flow.say(greeting(ctx), *again)
    hello = ctx.t("Welcome back! It is good to see you again.")
    return flow.say(hello, *(again or [greeting(ctx)]))


@flow.entry("unfollow")
def account_blocked(event: Event, ctx: Context) -> HandlerResult:
    ctx.conversation.blocked_at = min(event.happened_at, ctx.now)
    return flow.say()


@flow.entry("unsend")
def message_taken_back(event: Event, ctx: Context) -> HandlerResult:
    """Erase what is kept of the message; LINE asks for it, and gives no reply token."""
    if event.message_id is not None:
        requests.forget_note(ctx.session, ctx.conversation.id, event.message_id)
        guardians.forget_nickname(ctx.session, ctx.conversation, event.message_id)
        if ctx.member is not None:
            decisions.forget_note(ctx.session, ctx.member.id, event.message_id)
    if ctx.conversation.flow is None or event.message_id is None:
        return flow.say()
    sources: dict[str, str] = ctx.draft.get("sources", {})
    for item in [item for item, source in sources.items() if source == event.message_id]:
        del sources[item]
        ctx.draft.pop(item, None)
    aside: dict[str, list[str | None]] = ctx.draft.get("aside", {})
    for item in [item for item, (_, source) in aside.items() if source == event.message_id]:
        del aside[item]
    # LINE may deliver the message once more, later than this: it must not count then.
    ctx.draft["unsent"] = [*ctx.draft.get("unsent", []), event.message_id][-MAX_UNSENT:]
    conversation = ctx.conversation
    return HandlerResult(state=FlowState(conversation.flow, conversation.step, ctx.draft))
