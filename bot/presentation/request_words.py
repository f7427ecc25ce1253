"""Requests in people's words: what was asked, where it stands, when the answer is due."""

from datetime import datetime

from bot.clock import BANGKOK
from bot.presentation.labels import label
from bot.texts import Translator
from bot.texts.dates import shown_day
from models.privacy import PrivacyRequest, RequestKind, RequestState


def state_name(t: Translator, request: PrivacyRequest) -> str:
    """Where it stands, in a word or two."""
    if request.kind is RequestKind.ACCESS and request.state is RequestState.ACKNOWLEDGED:
        return t("ready for you")
    return label(request.state, t)


def clock_line(t: Translator, request: PrivacyRequest) -> str:
    """The dates of a request: when it was made, and what happens by when or happened."""
    opened = day(t, request.opened_at)
    if request.closed_at is not None:
        closed = day(t, request.closed_at)
        return t("Asked on {opened} · answered on {closed}", opened=opened, closed=closed)
    due = day(t, request.due_at)
    if request.state is RequestState.RECEIVED:
        confirmed = day(t, request.acknowledge_by)
        return t(
            "Asked on {opened} · we confirm it by {confirmed} and answer by {due}",
            opened=opened,
            confirmed=confirmed,
            due=due,
        )
    return t("Asked on {opened} · answer by {due}", opened=opened, due=due)


def refusal(t: Translator, reason: str | None) -> str:
    """The reason of a refusal, and where else to turn (PDPA s.73)."""
    return t(
        "Reason: {reason} If you disagree, you may complain to the Personal Data Protection "
        "Committee (PDPC).",
        reason=reason or "-",
    )


def day(t: Translator, moment: datetime) -> str:
    """The day of a moment in Bangkok, in words."""
    return shown_day(moment.astimezone(BANGKOK).date(), t.language)
