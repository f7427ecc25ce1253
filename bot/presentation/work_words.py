"""What waits for a member of staff, in words: a card in the chat and a letter to the owner."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.statistics.waiting import Matter, WorkWaits
from bot.texts import Translator
from bot.texts import marked as _
from bot.texts.dates import shown_time

WAITS: dict[Matter, str] = {
    Matter.APPROVAL: _("Announcements to approve"),
    Matter.PAUSED: _("Announcements that paused by themselves"),
    Matter.EXPORT: _("Exports to approve"),
    Matter.DOWNLOAD: _("Your files to download"),
    Matter.IMPORT: _("Your imports to confirm"),
    Matter.LETTER: _("Letters that wait for a person"),
    Matter.NOTICE: _("Notices that may not have arrived"),
    Matter.REQUEST: _("Requests under the PDPA to answer"),
}


def _one(notice: WorkWaits, t: Translator) -> str:
    """What one of them is; only these two are told by a notice."""
    if notice.matter is Matter.EXPORT:
        return t("A colleague asks to take learners’ data out as a file.")
    return t("A request under the PDPA waits for an answer.")


def card(notice: WorkWaits, t: Translator) -> list[Message]:
    """Into the chat of whoever can decide; it names nobody."""
    until = line.fact(t("Until"), shown_time(notice.until, t.language))
    buttons = [line.link(t("Open the console"), notice.page)]
    return [line.card(t("This waits for you"), [_one(notice, t), until], buttons)]


def letter(notice: WorkWaits, t: Translator) -> dict[str, str]:
    """What stands in the mail to the owner."""
    return {
        "what": _one(notice, t),
        "when": shown_time(notice.until, t.language),
        "page": notice.page,
    }
