"""What whoever used a right is told: that it arrived, was carried out or refused."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation import request_words
from bot.presentation.labels import label
from bot.services.privacy.answers import RequestClosed
from bot.services.privacy.rights import RequestReceived
from bot.texts import Translator


def received_letter(notice: RequestReceived, t: Translator) -> dict[str, str]:
    """What stands in the confirmation."""
    return {
        "what": label(notice.kind, t),
        "number": notice.number,
        "until": request_words.day(t, notice.due_at),
    }


def closed_letter(notice: RequestClosed, t: Translator) -> dict[str, str]:
    """What stands in the letter, whatever came of it."""
    return {
        "what": label(notice.kind, t),
        "number": notice.number,
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
                    number=notice.number,
                )
            )
        ]
    blocks = [
        line.paragraph(what, strong=True),
        line.paragraph(request_words.refusal(t, notice.reason)),
        line.fact(t("Request number"), notice.number),
    ]
    buttons = [line.entry(t("My requests"), "requests"), line.entry(t("Ask our staff"), "human")]
    return [line.card(t("We cannot do what you asked for"), blocks, buttons)]
