"""My account: what we keep of somebody, and closing the account."""

from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult, PostCommitReply, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import closing_words
from bot.runtime import Bot
from bot.services.accounts import provisioning
from bot.services.consent import consents
from bot.services.learners import closing
from bot.texts import Translator
from handlers.line.account_card import account_card
from handlers.line.shared import human_offer, left_as_it_is, not_registered, once_more, while_frozen
from models.learner import CHILD_UP_TO, LearnerState


class Step(StrEnum):
    CLOSING = "closing"


flow = Flow("account", Step, is_light=True)
flow.cancel(left_as_it_is)


@flow.entry("account")
def account_wanted(event: Event, ctx: Context) -> HandlerResult:
    if ctx.learner is None:
        return not_registered(ctx)
    return flow.say(account_card(ctx), *ctx.asked())


@flow.entry("close")
def closing_wanted(event: Event, ctx: Context) -> HandlerResult:
    if ctx.learner is None:
        return not_registered(ctx)
    if ctx.learner.state is not LearnerState.ACTIVE:
        return flow.say(account_card(ctx))
    if closing.is_for_guardian(ctx.learner):
        theirs = ctx.t(
            "Up to {age} years of age, a parent or guardian closes the account.", age=CHILD_UP_TO
        )
        return flow.say(theirs, human_offer(ctx, "account"))
    if frozen := while_frozen(ctx):
        return flow.say(*frozen)
    ctx.draft = {}
    return flow.to(ctx, Step.CLOSING)


@flow.prompt(Step.CLOSING)
def tell_what_closing_means(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.CLOSING)
    what_closes, what_stays = closing_words.meaning(t)
    blocks = [line.paragraph(what_closes), line.paragraph(what_stays, small=True)]
    yes, no = t("Close account"), t("Go on with my account")
    return [line.even_choice(t("Close your account?"), blocks, step, yes=yes, no=no)]


@flow.step(Step.CLOSING)
def closing_chosen(event: Event, ctx: Context) -> HandlerResult:
    t, learner = ctx.t, ctx.learner
    chosen = event.choice(flow.mark(Step.CLOSING))
    if chosen not in {"yes", "no"} or learner is None:
        return once_more(flow, ctx)
    if chosen == "no":
        return flow.end(t("Your account stays as it is."))
    if frozen := while_frozen(ctx):
        return flow.end(*frozen)
    text = "\n".join(closing_words.meaning(t))
    said = consents.ConsentStatement(text, t.language, webhook_event_id=event.id)
    account = closing.close(ctx.session, learner, ctx.provider, said, ctx.settings.school, ctx.now)
    goodbye = t("Your account is closed, and all news has stopped. Thank you.")
    done = flow.end(goodbye, account_card(ctx))
    return done.then(PostCommitTask("close_account", {"account": account.id})) if account else done


@flow.after("close_account")
def close_account(bot: Bot, arguments: dict[str, str], t: Translator) -> PostCommitReply:
    """Tell the e-learning system; where it cannot be reached now, a job goes on trying."""
    provisioning.close(bot.database, bot.provider, arguments["account"], bot.clock)
    return PostCommitReply([], [])
