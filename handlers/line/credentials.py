"""Username and one-time link: handed over in the reply, never stored, never queued."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.dispatch import After, Context, Flow, Said, Turn
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.runtime import Bot
from bot.services import accounts, outbox, provisioning, secret_links
from bot.services.provisioning import Made
from bot.texts import Translator, translator
from handlers.line.shared import greeting, human_offer
from models.account import Account, AccountState
from models.conversation import Conversation
from models.learner import Learner

flow = Flow("credentials")


@flow.entry("link")
def link_wanted(event: Event, ctx: Context) -> Turn:
    t = ctx.t
    if ctx.learner is None:
        none = t("You have no account here yet. Registering takes about three minutes.")
        return flow.say(line.text(none), *(ctx.asked() or [greeting(ctx)]))
    account = accounts.account_of(ctx.session, ctx.learner, ctx.provider)
    if account is None or account.state is AccountState.CLOSED:
        closed = line.text(t("Your account is closed."))
        return flow.say(closed, human_offer(ctx, "account"))
    return flow.say().then(After("credentials", {"account": account.id}))


@flow.entry("password")
def password_spoken_of(event: Event, ctx: Context) -> Turn:
    """Somebody forgot it, or types one: nobody here ever asks for it, and the text is not kept."""
    t = ctx.t
    title = t("About your password")
    card = line.card(
        title,
        title,
        [
            line.paragraph(
                t(
                    "Never type a password in this chat; our staff never ask for it. If you wrote "
                    "one just now, we have not kept it: please choose a new one."
                )
            ),
            line.paragraph(t("If you have forgotten it, ask for a new link.")),
        ],
        [line.entry(t("Send a new link"), "link"), line.entry(t("Ask our staff"), "human")],
    )
    return flow.say(card, *ctx.asked())


@flow.after("credentials")
def hand_over(bot: Bot, arguments: dict[str, str], t: Translator) -> Said:
    """Make the account if it is not made yet, then a link; those of earlier requests die."""
    account_id = arguments["account"]
    made = provisioning.provide(bot.database, bot.provider, account_id, bot.clock)
    if made is Made.NOT_YET:
        waiting = [not_ready(t)]
        return Said(waiting, waiting)
    request = arguments.get("event_id")
    issued = bot.database.write(lambda session: _issue(session, account_id, request, bot.clock()))
    if issued is None:
        closed = [line.text(t("Your account is closed."))]
        return Said(closed, closed)
    username, token = issued
    url = secret_links.url(bot.settings.public_url, token, t.language)
    return Said([ready_card(t, username, url)], [ready_later(t)])


def _issue(
    session: Session, account_id: str, request: str | None, now: datetime
) -> tuple[str, str] | None:
    account = session.get_one(Account, account_id)
    if account.state is not AccountState.ACTIVE:
        return None
    return account.username, secret_links.issue(session, account, now, request=request)


def ready_card(t: Translator, username: str, url: str) -> Message:
    """The only message that ever carries a one-time link."""
    title = t("Your way into E-Learning")
    return line.card(
        title,
        title,
        [
            line.fact(t("Username"), username),
            line.paragraph(
                t(
                    "The button opens a page with your temporary password. It opens once and works "
                    "for 10 minutes; you then choose a password of your own."
                )
            ),
            line.paragraph(
                t(
                    "Once you use this link, the password that you have now and all earlier links "
                    "stop working. Keep username and password to yourself."
                ),
            ),
        ],
        [
            line.link(t("Show my password"), url),
            line.entry(t("Send a new link"), "link"),
        ],
    )


def ready_later(t: Translator) -> Message:
    """What may be pushed in its place: a push waits in a queue, and no link may do that."""
    title = t("Your account is ready")
    return line.card(
        title,
        title,
        [line.paragraph(t("Tap the button to get a link that shows your temporary password."))],
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
    title = t("Your account is being prepared")
    return line.card(
        title,
        title,
        [
            line.paragraph(
                t(
                    "E-Learning is taking longer than usual. Your registration is safe; we go on "
                    "trying and write to you when it is ready."
                )
            )
        ],
        [line.entry(t("Try again now"), "link")],
    )
