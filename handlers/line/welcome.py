"""Coming and going: adding the account, blocking it, taking a message back."""

from bot.dispatch import Context, Flow, Standing, Turn
from bot.line import messages as line
from bot.line.events import Event
from handlers.line.shared import greeting

flow = Flow("welcome")


@flow.entry("follow")
def account_added(event: Event, ctx: Context) -> Turn:
    ctx.conversation.blocked_at = None
    t = ctx.t
    if not event.is_unblocked:
        return flow.say(greeting(ctx))
    again = ctx.asked()
    hello = line.text(t("Welcome back! It is good to see you again."))
    return flow.say(hello, *(again or [greeting(ctx)]))


@flow.entry("unfollow")
def account_blocked(event: Event, ctx: Context) -> Turn:
    ctx.conversation.blocked_at = ctx.now
    return flow.say()


@flow.entry("unsend")
def message_taken_back(event: Event, ctx: Context) -> Turn:
    """Erase what a draft holds of the message; LINE asks for it, and gives no reply token."""
    sources: dict[str, str] = ctx.draft.get("sources", {})
    taken = [item for item, message_id in sources.items() if message_id == event.message_id]
    if not taken:
        return flow.say()
    for item in taken:
        del sources[item]
        ctx.draft.pop(item, None)
    conversation = ctx.conversation
    return Turn(state=Standing(conversation.flow, conversation.step, ctx.draft))
