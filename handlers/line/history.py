"""My history in chat: the newest things that happened, and the way to all of them."""

from datetime import datetime
from typing import Any

from bot.clock import BANGKOK
from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.presentation import history_words
from bot.services.privacy import history
from bot.texts.dates import shown_day
from handlers.line.shared import not_registered
from models.learner import LearnerState

flow = Flow("history")

MAX_ENTRIES = 8  # entries on one card


@flow.entry("history")
def history_wanted(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    if ctx.learner is None:
        return not_registered(ctx)
    found = history.entries(ctx.session, ctx.learner)
    named = history_words.titles(ctx.settings, t.language)
    blocks: list[dict[str, Any]] = [
        line.fact(_day(ctx, entry.at), history_words.sentence(t, entry, named))
        for entry in found[:MAX_ENTRIES]
    ]
    if len(found) > MAX_ENTRIES:
        more = t("The newest {most} of {all} entries.", most=MAX_ENTRIES, all=len(found))
        blocks.append(line.paragraph(more, small=True))
    if ctx.learner.state is LearnerState.ACTIVE and ctx.settings.system.is_embedded:
        everything = line.link(t("See everything"), ctx.page("/portal/history"))
    else:  # who cannot sign in at our portal takes everything along by another way
        everything = line.entry(t("My rights"), "rights")
    buttons = [everything, line.entry(t("My account"), "account")]
    return flow.say(line.card(t("My history"), blocks, buttons), *ctx.asked())


def _day(ctx: Context, at: datetime) -> str:
    return shown_day(at.astimezone(BANGKOK), ctx.t.language)
