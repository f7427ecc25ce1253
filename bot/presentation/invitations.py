"""The way in for whoever staff enrolled or help: the gaps of the letter, and the card."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.notices import school_contact
from bot.services.learners.invitations import Invitation, WayToPassword
from bot.texts import Translator


def letter(notice: Invitation, t: Translator) -> dict[str, str]:
    """What stands in the letter to somebody imported."""
    return {
        "page": f"{notice.settings.public_url}/s/email",
        "username": notice.username,
        "chat": notice.chat or t("English Planet on LINE"),
        "contact": school_contact(notice.settings, t.language),
    }


def way_card(_: WayToPassword, t: Translator) -> list[Message]:
    """The button for a link, from our staff."""
    card = line.card(
        t("Your way to E-Learning"),
        [
            t("Our staff sent you this. Tap the button to get a link to your password."),
            line.paragraph(
                t("Nobody of our staff sees your password or asks you for it."), small=True
            ),
        ],
        [line.entry(t("Get my link"), "link")],
    )
    return [card]
