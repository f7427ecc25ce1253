"""What somebody is told whose account is closed: kindly, and how it can be opened again."""

from bot.clock import BANGKOK
from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation import notices
from bot.services.learners import merging
from bot.texts.dates import shown_day
from models.learner import LearnerState


def is_closed(ctx: Context) -> bool:
    """Whether the person closed their account themselves."""
    return ctx.learner is not None and ctx.learner.state is LearnerState.CLOSED


def closed_card(ctx: Context) -> Message:
    """When it was closed, what is still kept, and the two ways on from there."""
    t, learner = ctx.t, ctx.learner
    title = t("Your account is closed")
    buttons = [
        line.entry(t("Ask our staff"), "human", topic="account"),
        line.entry(t("My rights"), "rights"),
        line.entry(t("History"), "history"),
    ]
    if learner is not None and merging.is_why_closed(ctx.session, learner):
        return line.card(title, [notices.use_the_other(t)], buttons)
    blocks = []
    if learner is not None and learner.closed_at is not None:
        day = shown_day(learner.closed_at.astimezone(BANGKOK), t.language)
        blocks.append(line.fact(t("Closed on"), day))
    blocks += [
        line.paragraph(
            t("You are welcome back at any time: our staff open your account again for you.")
        ),
        line.paragraph(
            t(
                "We keep your details for as long as the privacy notice says. If you want them "
                "erased, tap “My rights”."
            ),
            small=True,
        ),
    ]
    return line.card(title, blocks, buttons)
