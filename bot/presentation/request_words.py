"""Requests in people's words: what was asked, where it stands, what the answer is or when due."""

from datetime import datetime

from bot.clock import BANGKOK
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.services.privacy import requests
from bot.services.privacy.answers import RequestClosed
from bot.services.privacy.rights import RequestReceived
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


def received_letter(notice: RequestReceived, t: Translator) -> dict[str, str]:
    """What stands in the confirmation."""
    return {
        "what": label(notice.kind, t),
        "number": requests.number(notice.number),
        "until": day(t, notice.due_at),
    }


def closed_letter(notice: RequestClosed, t: Translator) -> dict[str, str]:
    """What stands in the letter, whatever came of it."""
    return {
        "what": label(notice.kind, t),
        "number": requests.number(notice.number),
        "reason": notice.reason or "",
    }


def closed(notice: RequestClosed, t: Translator) -> list[Message]:
    """What is said in the chat: one sentence, or why not and where else to turn."""
    what = label(notice.kind, t)
    if not notice.is_refused:
        return [
            line.text(
                t(
                    "Your request “{what}” has been carried out. Number: {number}",
                    what=what,
                    number=requests.number(notice.number),
                )
            )
        ]
    blocks = [
        line.paragraph(what, strong=True),
        line.paragraph(refusal(t, notice.reason)),
        line.fact(t("Request number"), requests.number(notice.number)),
    ]
    buttons = [line.entry(t("My requests"), "requests"), line.entry(t("Ask our staff"), "human")]
    return [line.card(t("We cannot do what you asked for"), blocks, buttons)]
