"""Outside one-to-one chats: a polite line, in both languages."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.texts import both


def in_group() -> list[Message]:
    """The one line for a group or a room."""
    sentence = both(
        "Thank you for having me. To keep your details private I talk in one-to-one chats only: "
        "please open English Planet’s own chat."
    )
    return [line.text(sentence)]


def nobody() -> list[Message]:
    """For an event that LINE sends without saying from whom."""
    sentence = both(
        "LINE does not tell us who you are here. Please open this chat in the LINE app on your "
        "phone and accept LINE’s terms, then write again."
    )
    return [line.text(sentence)]
