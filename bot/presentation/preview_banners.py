"""Words in front of an announcement's messages where they are not the news that they look like."""

from datetime import timedelta

from bot.line import messages as line
from bot.line.messages import Message
from bot.texts import translator

STAFF_COPY = "campaign:{}:staff:"  # a colleague's push is caused by this and their id


def marked(messages: list[Message], mark: str, most: int = line.MAX_MESSAGES) -> list[Message]:
    """With the mark as a message of its own; where most are full, in the first text."""
    if len(messages) < most:
        return [line.text(mark), *messages]
    for index, message in enumerate(messages):
        if message["type"] == "text":
            text = line.clip(f"{mark} {message['text']}", line.TEXT_LIMIT)
            return [*messages[:index], {**message, "text": text}, *messages[index + 1 :]]
    # Only pictures and cards: the list of chats and the notice on the phone say it.
    last = messages[-1]
    alt = line.clip(f"{mark} {last['altText']}", line.ALT_LIMIT)
    return [*messages[:-1], {**last, "altText": alt}]


def staff_copy(messages: list[Message], language: str, before: timedelta) -> list[Message]:
    """The very messages that everybody gets; with a line in front where one more fits."""
    if len(messages) >= line.MAX_MESSAGES:
        return messages
    minutes = int(before / timedelta(minutes=1))
    t = translator(language)
    told = t("Copy for our staff: learners get it in about {minutes} minutes.", minutes=minutes)
    return [line.text(told), *messages]
