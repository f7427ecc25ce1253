"""The learner's account as a card: masked, because a phone lies on tables."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation import input_words
from bot.presentation.labels import label
from bot.services.accounts import accounts, details
from bot.services.consent import consents
from bot.services.people import fields
from bot.services.people.fields import Item
from handlers.line.closed_card import closed_card, is_closed
from models.account import AccountState
from models.consent import ConsentState, Purpose
from models.learner import Learner, LearnerState


def account_card(ctx: Context) -> Message:
    """Who we think the person is, their username, what they said to news, and what can be done."""
    t, learner = ctx.t, ctx.learner
    if learner is None:
        raise LookupError("a card for somebody without an account")
    if is_closed(ctx):
        return closed_card(ctx)
    if learner.state is LearnerState.WITHDRAWN:
        return _withdrawn(ctx)
    ways_in = [
        line.entry(t("Go to my lessons"), "courses"),
        line.entry(t("Forgot password"), "reset"),
    ]
    if accounts.is_frozen(ctx.session, learner):
        ways_in = [line.entry(t("Ask our staff"), "human", topic="account")]
    elif details.unconfirmed_email(ctx.session, learner, ctx.now) is not None:
        ways_in.append(line.entry(t("Confirm my e-mail"), "confirm_email"))
    return line.card(
        t("My account"),
        [
            line.fact(t("Username"), _username(ctx, learner)),
            *(_detail(ctx, learner, item) for item in Item),
            line.separator(),
            _news(ctx, Purpose.LINE_NEWS, label(Purpose.LINE_NEWS, t)),
            _news(ctx, Purpose.EMAIL_NEWS, label(Purpose.EMAIL_NEWS, t)),
        ],
        [
            *ways_in,
            line.entry(t("News"), "news"),
            line.entry(t("My rights"), "rights"),
            line.entry(t("History"), "history"),
            line.entry(t("Close account"), "close"),
            line.entry(t("Withdraw"), "withdraw"),
        ],
        pairs=True,
    )


def has_guardian_withdrawn(ctx: Context) -> bool:
    """Whether a registration was ended by the guardian, and not by the learner."""
    if ctx.learner is None or ctx.learner.state is not LearnerState.WITHDRAWN:
        return False

    def said_by(actor: str) -> ConsentState | None:
        said = consents.latest(ctx.session, ctx.conversation.id, Purpose.ENROLMENT, actor)
        return said.state if said is not None else None

    ended = ConsentState.WITHDRAWN
    return said_by(consents.GUARDIAN) is ended and said_by(consents.SELF) is not ended


def _withdrawn(ctx: Context) -> Message:
    t = ctx.t
    told = t("You have withdrawn already; your account is closed. Our staff can help.")
    if has_guardian_withdrawn(ctx):
        told = t(
            "Your parent or guardian has withdrawn their agreement, so your account is closed. "
            "Our staff can help."
        )
    blocks = [line.fact(t("Username"), label(AccountState.CLOSED, t)), line.paragraph(told)]
    buttons = [
        line.entry(t("Ask our staff"), "human", topic="account"),
        line.entry(t("My rights"), "rights"),
        line.entry(t("History"), "history"),
    ]
    return line.card(t("My account"), blocks, buttons)


def _username(ctx: Context, learner: Learner) -> str:
    account = accounts.account_of(ctx.session, learner, ctx.provider)
    state = account.state if account is not None else AccountState.PENDING
    if account is not None and state is AccountState.ACTIVE:
        return account.username
    return label(state, ctx.t)


def _detail(ctx: Context, learner: Learner, item: Item) -> dict[str, object]:
    t = ctx.t
    value = fields.masked(item, fields.value_of(learner, item)) or t("I have none")
    if item is Item.EMAIL:
        value = f"{value}\n{_standing(ctx, learner)}"
    name = input_words.item_name(t, item)
    return line.fact(name, value, line.entry(t("Change"), "change", item=item))


def _standing(ctx: Context, learner: Learner) -> str:
    """Whether the address is confirmed, or another one waits to be."""
    pending = details.pending_email(ctx.session, learner, ctx.now)
    if pending:
        masked = fields.masked(Item.EMAIL, pending)
        return ctx.t("({masked} waits for its link)", masked=masked)
    if details.undelivered(ctx.session, learner, ctx.now) is not None:
        return ctx.t("(our last mail may not have arrived)")
    is_confirmed = learner.email_verified_at is not None
    return ctx.t("(confirmed)") if is_confirmed else ctx.t("(not confirmed yet)")


def _news(ctx: Context, purpose: Purpose, label: str) -> dict[str, object]:
    t = ctx.t
    if consents.holds(ctx.session, ctx.conversation.id, purpose, ctx.now):
        return line.fact(label, t("Yes"), line.entry(t("Stop"), "news_off", p=purpose))
    return line.fact(label, t("No"), line.entry(t("Start"), "news_on", p=purpose))
