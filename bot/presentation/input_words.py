"""What is asked for each of a learner's details, and what is wrong with an answer."""

from bot.services.people.fields import FIELDS, Field, Item
from bot.texts import Translator


def item_name(t: Translator, item: str) -> str:
    """A detail by its name."""
    return t(FIELDS[Item(item)].label)


def question(t: Translator, item: str) -> str:
    """How a detail is asked for, with an example."""
    return t(FIELDS[Item(item)].question)


def why(t: Translator, code: str) -> str:
    """What is wrong with an answer; raises LookupError for a code of nothing that is asked."""
    field = _field(code)
    if field is None:
        raise LookupError(code)
    return t(field.problems[code], **field.limits)


def is_known(code: str) -> bool:
    """Whether a code is about one of the details."""
    return _field(code) is not None


def _field(code: str) -> Field | None:
    return next((field for field in FIELDS.values() if code in field.problems), None)
