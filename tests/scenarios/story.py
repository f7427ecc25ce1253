"""A registration by heart: the steps in their order, and how a person gets through each."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.texts import Translator, translator
from handlers.line.registration.flow import Step
from simulator.rooms import Bubble
from tests.chat import Chat

NAME, PHONE, EMAIL, LINE_ID = "สมชาย ใจดี", "081-234-5678", "somchai.jd@gmail.com", "somchai.jd"
SLIP = "somchai.jd@gmial.com"

# Each step that a registration passes, in order; the slip is a side step of the e-mail.
ORDER = (
    Step.CONSENT,
    Step.AGE,
    Step.NAME,
    Step.PHONE,
    Step.EMAIL,
    Step.LINE_ID,
    Step.LINE_NEWS,
    Step.EMAIL_NEWS,
    Step.SUMMARY,
)
EVERY_STEP = (*ORDER, Step.EMAIL_SLIP)

Act = Callable[[Chat], list[Bubble]]


def language_of(chat: Chat) -> Translator:
    """Says a sentence as the bot says it to this person."""
    return translator("en" if (chat.person.language or "").startswith("en") else "th")


def tap(chat: Chat, sentence: str, **values: object) -> list[Bubble]:
    """Tap the newest button with this (English) sentence in the person's language."""
    return chat.taps(language_of(chat)(sentence, **values))


@dataclass(frozen=True)
class Tapping:
    """To tap the newest button with this (English) sentence; two of them are equal by it."""

    sentence: str

    def __call__(self, chat: Chat) -> list[Bubble]:
        return tap(chat, self.sentence)


@dataclass(frozen=True)
class Saying:
    """To say a text; two of them are equal by it."""

    text: str

    def __call__(self, chat: Chat) -> list[Bubble]:
        return chat.says(self.text)


tapping: Callable[[str], Act] = Tapping
saying: Callable[[str], Act] = Saying


ACTS: dict[Step, Act] = {
    Step.CONSENT: tapping("I agree"),
    Step.AGE: tapping("20 years and over"),
    Step.NAME: saying(NAME),
    Step.PHONE: saying(PHONE),
    Step.EMAIL: saying(EMAIL),
    Step.LINE_ID: saying(LINE_ID),
    Step.LINE_NEWS: tapping("No, thank you"),
    Step.EMAIL_NEWS: tapping("No, thank you"),
    Step.SUMMARY: tapping("Confirm and register"),
}

# What the bot asks at each step, in English; the catalogue knows the Thai.
QUESTIONS: dict[Step, str] = {
    Step.CONSENT: "May we keep your details?",
    Step.AGE: "Which age group are you in? We keep the group only, not your birthday.",
    Step.NAME: "What is your full name? For example: สมชาย ใจดี or Somchai Jaidee",
    Step.PHONE: "What is your phone number? For example: 081-234-5678",
    Step.EMAIL: "What is your e-mail address? For example: somchai@gmail.com",
    Step.EMAIL_SLIP: "Did you mean {meant}? You wrote {typed}.",
    Step.LINE_ID: (
        "What is your LINE ID? You find it in LINE under Settings > Profile > LINE ID. "
        "For example: somchai.j. It is optional."
    ),
    Step.LINE_NEWS: "News on LINE?",
    Step.EMAIL_NEWS: "News by e-mail?",
    Step.SUMMARY: "Is everything right?",
}


def question(t: Translator, step: Step) -> str:
    """What the step asks, as this person reads it."""
    if step is Step.EMAIL_SLIP:
        return t(QUESTIONS[step], meant="somchai.jd@gmail.com", typed=SLIP)
    return t(QUESTIONS[step])


def reach(chat: Chat, step: Step, **instead: Act) -> list[Bubble]:
    """Add the account and go on until the bot asks this step's question."""
    chat.adds_the_account()
    return resume(chat, step, **instead)


def resume(chat: Chat, step: Step, **instead: Act) -> list[Bubble]:
    """Begin to register and go on until a step; `instead` replaces what is done at another."""
    said = tap(chat, "Register")
    for passed in ORDER:
        if passed is step:
            return said
        if passed is Step.EMAIL and step is Step.EMAIL_SLIP:
            return chat.says(SLIP)
        said = instead.get(str(passed), ACTS[passed])(chat)
    raise LookupError(f"{step} is not on the way")


def register(chat: Chat, **instead: Act) -> list[Bubble]:
    """Register from the first hello to the link; a further story's first person from memory.

    Where the registration itself is the subject, the fixture `by_chat` sees to it that it is made.
    """

    def by_chat() -> list[Bubble]:
        reach(chat, Step.SUMMARY, **instead)
        return ACTS[Step.SUMMARY](chat)

    are_plain = all(isinstance(act, Tapping | Saying) for act in instead.values())
    if chat.memory is None or not are_plain:
        return by_chat()
    return chat.memory.registered(chat, instead, by_chat)
