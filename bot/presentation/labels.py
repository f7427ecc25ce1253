"""What the values of a fixed list are called: one label for each, whoever shows it.

Lists that only one place shows have theirs beside it: campaigns in campaign_words, roles and what
staff may do in handlers/console/role_words.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from bot.texts import Translator
from models.account import AccountState
from models.consent import ConsentState, Purpose
from models.conversation import Language
from models.learner import AgeBand
from models.portal import Device
from models.privacy import RequestKind, RequestState
from models.subscription import Channel


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


# What is said of a person is said to them; staff read of others (handlers/console/learner_words).
LABELS: Mapping[type[StrEnum], Mapping[Any, str]] = {
    AccountState: {
        AccountState.PENDING: _("being prepared"),
        AccountState.ACTIVE: _("active"),
        AccountState.FROZEN: _("frozen"),
        AccountState.CLOSED: _("closed"),
    },
    AgeBand: {
        AgeBand.UP_TO_10: _("Up to 10 years"),
        AgeBand.FROM_11_TO_19: _("11 to 19 years"),
        AgeBand.FROM_20: _("20 years and over"),
    },
    Channel: {Channel.LINE: _("LINE"), Channel.EMAIL: _("E-mail")},
    ConsentState: {
        ConsentState.GIVEN: _("You agreed"),
        ConsentState.REFUSED: _("You declined"),
        ConsentState.WITHDRAWN: _("You withdrew"),
        ConsentState.EXPIRED: _("It has run out"),
        ConsentState.INVALIDATED: _("It does not count"),
    },
    Device: {
        Device.IPHONE: _("iPhone"),
        Device.IPAD: _("iPad"),
        Device.ANDROID: _("Android phone or tablet"),
        Device.WINDOWS: _("Windows computer"),
        Device.MAC: _("Mac"),
        Device.OTHER: _("Another device"),
    },
    Language: {Language.THAI: _("Thai"), Language.ENGLISH: _("English")},
    Purpose: {
        Purpose.ENROLMENT: _("Your details for E-Learning"),
        Purpose.LINE_NEWS: _("News on LINE"),
        Purpose.EMAIL_NEWS: _("News by e-mail"),
    },
    RequestKind: {
        RequestKind.ACCESS: _("See and download my data"),
        RequestKind.CORRECT: _("Correct my data"),
        RequestKind.OBJECT: _("Object to all news"),
        RequestKind.RESTRICT: _("Stop the use of my data"),
        RequestKind.UNRESTRICT: _("Allow the use of my data again"),
        RequestKind.WITHDRAW: _("Withdraw my consent"),
        RequestKind.ERASE: _("Erase my data"),
    },
    RequestState: {
        RequestState.RECEIVED: _("received"),
        RequestState.ACKNOWLEDGED: _("being worked on"),
        RequestState.HELD: _("being examined"),
        RequestState.DONE: _("carried out"),
        RequestState.REFUSED: _("refused"),
    },
}
# Readers find their own language by what it calls itself.
OWN_NAMES = {Language.THAI: "ภาษาไทย", Language.ENGLISH: "English"}


def label(value: StrEnum, t: Translator) -> str:
    """What a value is called."""
    return t(LABELS[type(value)][value])


def sentences(*kinds: type[StrEnum]) -> dict[str, str]:
    """The labels of several lists by stored value, not yet translated; later lists win."""
    return {str(value): said for kind in kinds for value, said in LABELS[kind].items()}
