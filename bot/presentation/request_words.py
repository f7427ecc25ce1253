"""Requests in people's words: what was asked, where it stands, what the answer is or when due."""

from collections.abc import Mapping
from datetime import datetime

from bot.clock import BANGKOK
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.services.consent.consents import GUARDIAN
from bot.services.privacy import requests
from bot.services.privacy.answers import RequestClosed
from bot.services.privacy.rights import GuardianActed, RequestReceived
from bot.texts import Translator
from bot.texts.dates import shown_day
from models.learner import ADULT_FROM
from models.privacy import PrivacyRequest, RequestKind, RequestState


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


# Where one person asks and another is meant, nobody is "me".
OF_A_CHILD: Mapping[RequestKind, str] = {
    RequestKind.ACCESS: _("See and download data"),
    RequestKind.CORRECT: _("Have data corrected"),
    RequestKind.OBJECT: _("Object to all news"),
    RequestKind.RESTRICT: _("Stop the use of data"),
    RequestKind.UNRESTRICT: _("Allow the use of data again"),
    RequestKind.WITHDRAW: _("Withdraw the agreement"),
    RequestKind.ERASE: _("Erase data"),
}


def name(t: Translator, request: PrivacyRequest, reader: str, children: Mapping[str, str]) -> str:
    """What was asked, and by whom or for whom where that was not the reader alone.

    reader: their conversation. children: what those are called for whom they have agreed.
    """
    if request.asked_by != GUARDIAN:
        return label(request.kind, t)
    what = t(OF_A_CHILD[request.kind])
    if request.subject_id == reader:
        return t("{what} (asked by your parent or guardian)", what=what)
    child = children.get(request.subject_id)
    return t("{what} (for {child})", what=what, child=child) if child else _for_child(t, request)


def reason_shown(
    t: Translator, request: PrivacyRequest, reader: str, children: Mapping[str, str]
) -> str | None:
    """The reason of a refusal; of a child's it is told as long as the agreement stands."""
    if request.state is not RequestState.REFUSED:
        return None
    is_told = reader == request.subject_id or request.subject_id in children
    return refusal(t, request.reason) if is_told else None


def _for_child(t: Translator, request: PrivacyRequest | RequestReceived | RequestClosed) -> str:
    return t("{what} (for your child)", what=t(OF_A_CHILD[request.kind]))


def _asked(t: Translator, notice: RequestReceived | RequestClosed) -> str:
    return _for_child(t, notice) if notice.is_for_child else label(notice.kind, t)


def state_name(t: Translator, request: PrivacyRequest, reader: str | None = None) -> str:
    """Where it stands, in a word or two; what is ready is ready for whoever asked.

    reader: their conversation, where somebody else may have asked.
    """
    is_ready = request.kind is RequestKind.ACCESS and request.state is RequestState.ACKNOWLEDGED
    if is_ready and reader in {None, request.guardian_id or request.subject_id}:
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
        "what": _asked(t, notice),
        "number": requests.number(notice.number),
        "until": day(t, notice.due_at),
    }


def closed_letter(notice: RequestClosed, t: Translator) -> dict[str, str]:
    """What stands in the letter, whatever came of it."""
    return {
        "what": _asked(t, notice),
        "number": requests.number(notice.number),
        "reason": notice.reason or "",
    }


def closed(notice: RequestClosed, t: Translator) -> list[Message]:
    """What is said in the chat: one sentence, or why not and where else to turn."""
    what = _asked(t, notice)
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


def acted_letter(notice: GuardianActed, t: Translator) -> dict[str, str]:
    """What stands in the letter to the child."""
    return {"what": t(OF_A_CHILD[notice.kind]), "age": str(ADULT_FROM)}


def acted(notice: GuardianActed, t: Translator) -> list[Message]:
    """What the child hears in the chat: what has ended, and who decided it."""
    if notice.kind is RequestKind.ERASE:
        title = t("Your parent or guardian had your data erased")
        words = t(
            "Your parent or guardian decided this, so your registration, your E-Learning account "
            "and your lessons are gone, and all news stops. If you have a question, our staff are "
            "glad to help."
        )
    else:
        title = t("Your parent or guardian has withdrawn their agreement")
        words = t(
            "Your registration and your E-Learning account end here, and all news stops. If you "
            "have a question, our staff are glad to help."
        )
    return [line.card(title, [words], [line.entry(t("Ask our staff"), "human", topic="account")])]
