"""A child's registration with a guardian by heart: how a code is asked for, sent and answered."""

import re
from typing import Any

from bot.texts import translator
from handlers.line.registration.flow import Step
from models.guardianship import Guardianship, GuardianshipState
from simulator.rooms import Bubble
from tests.chat import Chat, words
from tests.scenarios.story import ACTS, reach, resume, tap

NICKNAME = "น้ำผึ้ง"
CALLED = "วรรณา รักษากุล"
BANDS = {"up_to_10": "Up to 10 years", "from_11_to_19": "11 to 19 years"}
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
DETAILS = (Step.NAME, Step.PHONE, Step.EMAIL, Step.LINE_ID)
NEWS = (Step.LINE_NEWS, Step.EMAIL_NEWS)
DEAD = "This code does not work, or not any more. Please ask your child for a new one: they type “register” in their chat."  # noqa: E501


def state(rows: Any) -> GuardianshipState:
    """How the one request stands."""
    (row,) = rows(Guardianship)
    return row.state


def code_in(said: list[Bubble]) -> str:
    """The code that somebody was shown."""
    found = CODE.search(words(said))
    assert found, words(said)
    return found[0]


def asks(child: Chat, band: str, nickname: str = NICKNAME) -> str:
    """A child registers up to the code; the code."""
    reach(child, Step.AGE)
    return names_the_band(child, band, nickname)


def names_the_band(child: Chat, band: str, nickname: str = NICKNAME) -> str:
    tap(child, BANDS[band])
    return code_in(child.says(nickname))


def opens(guardian: Chat, code: str) -> list[Bubble]:
    """The guardian sends the prefilled message."""
    return guardian.says(f"ผู้ปกครอง {code}")


def comes_to_the_cards(guardian: Chat, code: str, called: str = CALLED) -> list[Bubble]:
    """The guardian says who they are, up to the question about the enrolment."""
    guardian.adds_the_account()
    opens(guardian, code)
    tap(guardian, "I am the parent")
    tap(guardian, "Yes, {age} or older", age=20)
    return guardian.says(called)


def agrees(guardian: Chat, code: str, line_news: str = "no", email_news: str = "no") -> None:
    """The guardian says yes to the enrolment, and this or that to news."""
    comes_to_the_cards(guardian, code)
    tap(guardian, "I agree")
    for said in (line_news, email_news):
        tap(guardian, "Yes, please" if said == "yes" else "No, thank you")


def finishes(child: Chat, news: str = "No, thank you") -> list[Bubble]:
    """The child goes on to the end, and answers whichever news is still to be asked about."""
    child.says("register")
    for step in DETAILS:
        ACTS[step](child)
    for _ in NEWS:
        if label(child, news) in child.labels():
            tap(child, news)
    return ACTS[Step.SUMMARY](child)


def label(chat: Chat, sentence: str, **values: object) -> str:
    """A sentence as this person reads it."""
    return translator("en" if (chat.person.language or "").startswith("en") else "th")(
        sentence, **values
    )


__all__ = [
    "BANDS", "CALLED", "CODE", "DEAD", "DETAILS", "NICKNAME", "agrees", "asks", "code_in",
    "comes_to_the_cards", "finishes", "label", "names_the_band", "opens", "resume",
    "state",
]  # fmt: skip
