"""Words in front of an announcement's messages where they are not the news that they look like."""

from datetime import timedelta

from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation import campaign_messages
from bot.services.campaigns.workflow.rollout import StaffCopy
from bot.services.campaigns.workflow.test_sends import TrialCopy
from bot.texts import Translator, translator


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


def trial(notice: TrialCopy, t: Translator) -> list[Message]:
    """The very messages, with a word in front that this is a test."""
    return as_test(campaign_messages.announcement(notice.announcement, t), t)


def as_test(messages: list[Message], t: Translator) -> list[Message]:
    """With a word in front that this is a test."""
    return marked(messages, t("[Test]"))


def for_staff(notice: StaffCopy, t: Translator) -> list[Message]:
    """The very messages that everybody gets, for a colleague."""
    said = campaign_messages.announcement(notice.announcement, t)
    return staff_copy(said, t.language, notice.before)


def staff_copy(messages: list[Message], language: str, before: timedelta) -> list[Message]:
    """The very messages that everybody gets; with a line in front where one more fits."""
    if len(messages) >= line.MAX_MESSAGES:
        return messages
    minutes = int(before / timedelta(minutes=1))
    t = translator(language)
    told = t("Copy for our staff: learners get it in about {minutes} minutes.", minutes=minutes)
    return [line.text(told), *messages]
