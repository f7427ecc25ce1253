"""Username, one-time link, reset and freeze: links go in the reply, never stored, never queued."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.dispatch import Context, Flow, HandlerResult, PostCommitReply, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.runtime import Bot
from bot.services.accounts import accounts, freezing, provisioning
from bot.services.accounts.freezing import Freeze
from bot.services.accounts.provisioning import ProvisioningOutcome
from bot.services.auth import resets, secret_links, tokens
from bot.services.auth.resets import Barred, ResetLink, ResetWait
from bot.services.delivery import outbox
from bot.services.learners import merging
from bot.texts import Translator, translator
from bot.texts.dates import shown_clock, shown_span, shown_time
from handlers.line.account_card import account_card
from handlers.line.shared import human_offer
from models.account import Account, AccountState
from models.conversation import Conversation
from models.learner import Learner
from models.secret_link import LinkPurpose

flow = Flow("credentials")


@flow.entry("link")
def link_wanted(event: Event, ctx: Context) -> HandlerResult:
    return _asked_for(ctx)


@flow.entry("reset")
def password_forgotten(event: Event, ctx: Context) -> HandlerResult:
    """The first words are the same for everybody, whoever they are to us."""
    first = ctx.t(
        "I give a new password through a link that opens once, and only in the LINE chat of the "
        "person who registered."
    )
    return _asked_for(ctx, line.text(first))


def _asked_for(ctx: Context, *first: Message) -> HandlerResult:
    t = ctx.t
    if ctx.learner is None:
        none = t("You have no account here yet. Registering takes about three minutes.")
        return flow.say(*first, none, *(ctx.asked() or [_way_in(ctx)]))
    if merging.is_why_closed(ctx.session, ctx.learner):
        return flow.say(*first, account_card(ctx))
    account = accounts.account_of(ctx.session, ctx.learner, ctx.provider)
    if account is None or account.state is AccountState.CLOSED:
        return flow.say(*first, t("Your account is closed."), human_offer(ctx, "account"))
    if account.state is AccountState.FROZEN:
        return flow.say(*first, frozen_words(t), human_offer(ctx, "account"))
    wish = {"account": account.id, "person": ctx.conversation.person}
    return flow.say(*first).then(PostCommitTask("credentials", wish))


def _way_in(ctx: Context) -> Message:
    """Register, or bring along the account of another LINE account."""
    t = ctx.t
    return line.card(
        t("What would you like to do?"),
        [t("With a new phone or a new LINE account you can move your account.")],
        [
            line.entry(t("Register"), "register"),
            line.entry(t("Move my account here"), "relink"),
            line.entry(t("Ask our staff"), "human", topic="account"),
        ],
    )


def frozen_words(t: Translator) -> Message:
    """That nobody gets in, and that a person ends it."""
    return line.text(
        t("Your account is frozen, so nobody can sign in. Our staff check with you and open it.")
    )


@flow.entry("freeze")
def freeze_pressed(event: Event, ctx: Context) -> HandlerResult:
    """The button of a notice: its seal is the authority, in whichever chat it is pressed."""
    t = ctx.t
    pressed = freezing.freeze(ctx.session, event.postback.get("k", ""), "chat", ctx.now)
    if pressed.outcome is Freeze.DEAD:
        dead = t("This button does not work any more. If you need help, please ask our staff.")
        return flow.say(dead, human_offer(ctx, "account"))
    if pressed.outcome is Freeze.CLOSED:
        return flow.say(t("The account is closed, so nobody can sign in."))
    turn = flow.say(frozen_words(t), human_offer(ctx, "account"))
    if pressed.account_id is None:
        return turn
    return turn.then(PostCommitTask("freeze_account", {"account": pressed.account_id}))


@flow.after("freeze_account")
def freeze_account(bot: Bot, arguments: dict[str, str], t: Translator) -> PostCommitReply:
    """Tell the e-learning system; where it cannot be reached now, a job goes on trying."""
    provisioning.suspend(bot.database, bot.provider, arguments["account"], bot.clock)
    return PostCommitReply([], [])


@flow.entry("password")
def password_spoken_of(event: Event, ctx: Context) -> HandlerResult:
    """Somebody forgot it, or types one: nobody here ever asks for it, and the text is not kept."""
    t = ctx.t
    card = line.card(
        t("About your password"),
        [
            t(
                "Never type a password in this chat; our staff never ask for it. If you wrote "
                "one just now, we have not kept it: please choose a new one."
            ),
            t("If you have forgotten it, ask for a new link."),
        ],
        [line.entry(t("Send a new link"), "reset"), line.entry(t("Ask our staff"), "human")],
    )
    return flow.say(card, *ctx.asked())


@flow.after("credentials")
def hand_over(bot: Bot, arguments: dict[str, str], t: Translator) -> PostCommitReply:
    """Make the account if it is not made yet, then a link, or the last one while it is unused."""
    account_id = arguments["account"]
    made = provisioning.provide(bot.database, bot.provider, account_id, bot.settings, bot.clock)
    if made is ProvisioningOutcome.NOT_YET:
        waiting = [not_ready(t)]
        return PostCommitReply(waiting, waiting)
    given = bot.database.write(
        lambda session: resets.give_link(
            session,
            account_id,
            bot.settings.resets_per_minute,
            bot.clock(),
            person=arguments.get("person"),
        )
    )
    if isinstance(given, ResetWait):
        last = _url(bot, t, given.last) if given.last else None
        return PostCommitReply([wait_card(t, given, last)], [wait_card(t, given)])
    if isinstance(given, Barred):
        frozen = given.state is AccountState.FROZEN
        barred = [frozen_words(t) if frozen else line.text(t("Your account is closed."))]
        return PostCommitReply(barred, barred)
    url = _url(bot, t, given)
    if given.purpose is LinkPurpose.PASSWORD_RESET:
        return PostCommitReply([reset_card(t, given, url)], [reset_later(t)])
    return PostCommitReply([ready_card(t, given, url)], [ready_later(t)])


def _url(bot: Bot, t: Translator, link: ResetLink) -> str:
    return secret_links.url(bot.settings.public_url, link.token, t.language, link.purpose)


def wait_card(t: Translator, wait: ResetWait, url: str | None = None) -> Message:
    """Too many links: when the next one can be asked for, and that the last one still works.

    url is the last one's address. What may be pushed in its place has none.
    """
    minute = wait.until.replace(second=0, microsecond=0)
    if minute < wait.until:
        minute += timedelta(minutes=1)
    last = []
    if wait.last is not None:
        clock = shown_clock(wait.last.until, t.language)
        last = [t("Your last link is unused and still works until {clock}.", clock=clock)]
    return line.card(
        t("Please wait a little"),
        [
            *last,
            t(
                "To protect your account I give only a few links. The next one works from {when}.",
                when=shown_time(minute, t.language),
            ),
            t("Until then everything stays as it is: nothing has changed."),
        ],
        [
            *([line.link(t("Open the last link"), url)] if url else []),
            line.entry(t("Ask our staff"), "human", topic="account"),
            line.entry(t("Try again"), "reset"),
        ],
    )


def _how_long(t: Translator, link: ResetLink) -> str:
    """How long a link works; of one that is given again, that it is the same and until when."""
    if link.is_again:
        return t(
            "You have not used this link yet, so here it is again. It works until {clock}.",
            clock=shown_clock(link.until, t.language),
        )
    return t("The link opens once and works for {span}.", span=shown_span(t, tokens.LINK_LIFE))


def reset_card(t: Translator, link: ResetLink, url: str) -> Message:
    """With `wait_card`, the only messages that carry a link to a reset."""
    return line.card(
        t("A new password"),
        [
            line.fact(t("Username"), link.username),
            t(
                "The button opens a page. Type the last {digits} digits of your phone number "
                "there, and it shows your new temporary password.",
                digits=resets.DIGITS,
            ),
            _how_long(t, link),
            t("Until then nothing changes on your account."),
        ],
        [line.link(t("Get a new password"), url)],
    )


def reset_later(t: Translator) -> Message:
    """What may be pushed in its place: a push waits in a queue, and no link may do that."""
    return line.card(
        t("A new password"),
        [t("Tap the button to get a link to a new password.")],
        [line.entry(t("Get my link"), "reset")],
    )


def ready_card(t: Translator, link: ResetLink, url: str) -> Message:
    """The only message that carries the first one-time link."""
    return line.card(
        t("Your way into E-Learning"),
        [
            line.fact(t("Username"), link.username),
            t(
                "The button opens a page with your temporary password. You then choose a password "
                "of your own."
            ),
            _how_long(t, link),
            t("Keep username and password to yourself."),
        ],
        [line.link(t("Show my password"), url)],
    )


def ready_later(t: Translator) -> Message:
    """What may be pushed in its place: a push waits in a queue, and no link may do that."""
    return line.card(
        t("Your account is ready"),
        [t("Tap the button to get a link that shows your temporary password.")],
        [line.entry(t("Get my link"), "link")],
    )


def account_ready(session: Session, account_id: str, now: datetime) -> None:
    """Tell somebody who was left waiting that the account is there: one push, once."""
    account = session.get_one(Account, account_id)
    learner = session.get_one(Learner, account.learner_id)
    conversation = session.get_one(Conversation, learner.conversation_id)
    outbox.queue(
        session,
        cause=f"account-ready:{account.id}",
        person=conversation.person,
        to=learner.line_user_id or "",
        messages=[ready_later(translator(learner.language))],
        now=now,
    )


def not_ready(t: Translator) -> Message:
    """The e-learning system does not answer: nothing is lost, and asking again is free."""
    return line.card(
        t("Your account is being prepared"),
        [
            t(
                "E-Learning is taking longer than usual. Your registration is safe; we go on "
                "trying and write to you when it is ready."
            )
        ],
        [line.entry(t("Try again now"), "link")],
    )
