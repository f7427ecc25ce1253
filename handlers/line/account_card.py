"""The learner's account as a card: masked, because a phone lies on tables."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.services import accounts, consents, inputs
from bot.texts.masks import masked_email, masked_line_id, masked_name, masked_phone
from models.account import AccountState
from models.consent import Purpose
from models.learner import LearnerState


def account_card(ctx: Context) -> Message:
    """Who we think the person is, their username, and what they said to news."""
    t, learner = ctx.t, ctx.learner
    if learner is None:
        raise LookupError("a card for somebody without an account")
    account = accounts.account_of(ctx.session, learner, ctx.provider)
    if account is None or account.state is AccountState.PENDING:
        username = t("being prepared")
    elif account.state is AccountState.CLOSED:
        username = t("closed")
    else:
        username = account.username
    line_id = learner.line_id
    title = t("My account")
    if learner.state is LearnerState.WITHDRAWN:
        return line.card(
            title,
            title,
            [
                line.fact(t("Username"), t("closed")),
                line.paragraph(
                    t("You have withdrawn already; your account is closed. Our staff can help.")
                ),
            ],
            [line.entry(t("Ask our staff"), "human", topic="account")],
        )
    return line.card(
        title,
        title,
        [
            line.fact(t("Username"), username),
            line.fact(t("Full name"), masked_name(learner.name or "")),
            line.fact(t("Phone"), masked_phone(inputs.shown_phone(learner.phone or ""))),
            line.fact(t("E-mail"), masked_email(learner.email or "")),
            line.fact(t("LINE ID"), masked_line_id(line_id) if line_id else t("I have none")),
            line.separator(),
            _news(ctx, Purpose.LINE_NEWS, t("News on LINE")),
            _news(ctx, Purpose.EMAIL_NEWS, t("News by e-mail")),
        ],
        [
            line.entry(t("Go to my lessons"), "courses"),
            line.entry(t("New sign-in link"), "link"),
            line.entry(t("Withdraw"), "withdraw"),
        ],
    )


def _news(ctx: Context, purpose: Purpose, label: str) -> dict[str, object]:
    t = ctx.t
    if consents.holds(ctx.session, ctx.conversation.id, purpose, ctx.now):
        return line.fact(label, t("Yes"), line.entry(t("Stop"), "news_off", p=purpose))
    return line.fact(label, t("No"), line.entry(t("Start"), "news_on", p=purpose))
