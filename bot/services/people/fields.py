"""A learner's fields: everything that is particular to one of them, in one entry each.

Registration, correction, import, search, export, masking, labels and history go by this list. A
new field is a column of models/learner.py with its migration, an entry here, its step in
handlers/line/registration/flow.py, a mail `changed_<field>` and its Thai words; tests name what
is missing. Particular to one field alone, and so not here: an e-mail address is confirmed by a
link, and the end of the phone number is the second proof.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.people import answers, inputs, names
from bot.texts.masks import masked_email, masked_line_id, masked_name, masked_phone
from models.base import Sealed
from models.learner import Learner


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


class Item(StrEnum):
    """The details of the policy, by their attribute of Learner, in the order of the questions."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    LINE_ID = "line_id"


@dataclass(frozen=True)
class Field:
    """What is particular to one field. Sentences are marked here and translated where said.

    recorded: what the record of processing (PDPA s.39) calls it.
    question: how it is asked for, with an example. changed: what the history says of a change.
    read: a typed value as it is stored; raises InputError. insisted: the same for somebody who
    means what looks like a slip. answered: the value of an answer in a chat, without what people
    say around it; raises InputError where it is none. problems: what is wrong, by the code of the
    InputError, with limits in its gaps. mask: the stored value as its owner recognises it. shown:
    as people write it. called: columns of people's spreadsheets, without spaces and in small
    letters. mended: a cell without what spreadsheets do to it. changed_mail: tells of a change;
    None where the change has to be confirmed by mail first.
    """

    item: Item
    label: str
    recorded: str
    question: str
    changed: str
    read: Callable[[str], str]
    answered: Callable[[str], str]
    problems: Mapping[str, str]
    mask: Callable[[str], str]
    called: frozenset[str]
    changed_mail: str | None
    insisted: Callable[[str], str] | None = None
    limits: Mapping[str, object] = dataclasses.field(default_factory=dict)
    shown: Callable[[str], str] = str
    mended: Callable[[str], str] = str
    is_needed: bool = True

    @property
    def is_searched(self) -> bool:
        """Whether staff search by it."""
        return _attribute(self.item).is_searched

    @property
    def is_compared(self) -> bool:
        """Whether it is noticed who gave the same; two people of one name are nothing special."""
        return _attribute(self.item).blind is not None

    def is_given(self, session: Session, value: str) -> ColumnElement[bool]:
        """That a learner gave this very value, or of a name these words; for what is searched."""
        return _attribute(self.item).matches(session, value)

    def from_cell(self, typed: str, *, insists: bool = False) -> str:
        """A cell of a spreadsheet as it is stored; empty where there is none and need be none.

        insists: as in read below.
        """
        if not self.is_needed and (not typed or inputs.means_none(typed)):
            return ""
        reader = self.insisted if insists and self.insisted else self.read
        return reader(self.mended(typed))


def _attribute(item: Item) -> Sealed:
    attribute: Sealed = getattr(Learner, item)
    return attribute


def _with_zero(typed: str) -> str:
    """A spreadsheet takes a phone number for a number, and its first zero away."""
    digits = re.sub(r"\D", "", typed)
    is_bare = len(digits) in {8, 9} and digits == typed.strip() and digits[0] in "2345689"
    return f"0{digits}" if is_bare else typed


_ALL = (
    Field(
        Item.NAME,
        _("Full name"),
        "full name",
        _("What is your full name? For example: สมชาย ใจดี or Somchai Jaidee"),
        _("Your name was changed"),
        read=names.full_name,
        insisted=lambda typed: names.full_name(typed, accept_single=True),
        answered=names.bare,
        problems={
            "name_empty": _("I could not find a name in that. Please write it in letters."),
            "name_long": _(
                "That is longer than {most} characters. Please write name and surname only."
            ),
            "name_digits": _("A name has no digits. Please write name and surname in letters."),
            "name_link": _("That looks like a link or an address. Please write your name only."),
            "name_letters": _(
                "A name has letters only; I found a symbol or emoji in it. Please write it without."
            ),
            "name_sentence": _("That looks like a sentence. Please write the name only."),
            "name_single": _(
                "Please write name and surname, with a space between. "
                "If you have one name only, send it once more."
            ),
            "name_question": _(
                "That looks like a question or a wish, so I have not taken it for an answer."
            ),
            "name_polite": _("The end of that could be politeness or part of your name."),
            "name_emoji": _(
                "There is a LINE emoji in your name, and it cannot be kept. "
                "Please write the name in letters only."
            ),
        },
        limits={"most": names.NAME_LIMIT},
        mask=masked_name,
        called=frozenset({"name", "fullname", "ชื่อ", "ชื่อ-นามสกุล", "ชื่อนามสกุล", "ชื่อ-สกุล"}),
        changed_mail="changed_name",
    ),
    Field(
        Item.PHONE,
        _("Phone"),
        "phone number",
        _("What is your phone number? For example: 081-234-5678"),
        _("Your phone number was changed"),
        read=inputs.phone,
        answered=answers.phone,
        problems={
            "phone_letters": _("A phone number has digits only. Please write it without letters."),
            "phone_two": _("That looks like two phone numbers. Please write one only."),
            "phone_invalid": _(
                "That is not a valid phone number. A Thai mobile number has 10 digits and begins "
                "with 06, 08 or 09."
            ),
            "phone_country": _(
                "That is not a valid phone number. Begin with 0 for Thailand, or with + and the "
                "country code, e.g. +44 20 7946 0958."
            ),
        },
        mask=lambda number: masked_phone(inputs.shown_phone(number)),
        shown=inputs.shown_phone,
        mended=_with_zero,
        called=frozenset(
            {
                "phone",
                "telephone",
                "tel",
                "mobile",
                "โทร",
                "โทรศัพท์",
                "เบอร์",
                "เบอร์โทร",
                "เบอร์โทรศัพท์",
                "หมายเลขติดต่อ",
                "หมายเลขโทรศัพท์",
            }
        ),
        changed_mail="changed_phone",
    ),
    Field(
        Item.EMAIL,
        _("E-mail"),
        "e-mail address",
        _("What is your e-mail address? For example: somchai@gmail.com"),
        _("Your e-mail address was changed"),
        read=inputs.email,
        insisted=inputs.kept_email,
        answered=answers.email,
        problems={
            "email_at": _(
                "There is no @ in that. An e-mail address looks like this: somchai@gmail.com"
            ),
            "email_space": _(
                "There is a space in the address. Please write the address only, without spaces."
            ),
            "email_two": _("That looks like two e-mail addresses. Please write one only."),
            "email_letters": _(
                "Before the @ there may be a-z, 0-9 and signs of an English keyboard only, so no "
                "mail would arrive there. Please write the address with an English keyboard."
            ),
            "email_invalid": _(
                "That is not a complete e-mail address. It has a name, an @ and a domain."
            ),
        },
        mask=masked_email,
        called=frozenset({"email", "e-mail", "mail", "อีเมล", "อีเมล์"}),
        changed_mail=None,
    ),
    Field(
        Item.LINE_ID,
        _("LINE ID"),
        "LINE ID",
        _(
            "What is your LINE ID? You find it in LINE under Settings > Profile > LINE ID. "
            "For example: somchai.j. It is optional."
        ),
        _("Your LINE ID was changed"),
        read=inputs.line_id,
        answered=answers.line_id,
        problems={
            "line_id_invalid": _(
                "A LINE ID has {least} to {most} characters: a-z, 0-9, dot, hyphen or underscore. "
                "It is not the name that your friends see."
            ),
        },
        limits={"least": inputs.LINE_ID_LEAST, "most": inputs.LINE_ID_LIMIT},
        mask=masked_line_id,
        called=frozenset({"lineid", "line", "ไอดีไลน์", "ไลน์"}),
        changed_mail="changed_line_id",
        is_needed=False,
    ),
)
FIELDS: Mapping[Item, Field] = {field.item: field for field in _ALL}


def read(item: Item, typed: str, *, insists: bool = False) -> str:
    """A typed value as it is stored, by the rules of registration; raises InputError.

    insists: a name without a surname is meant, an address is no slip.
    """
    field = FIELDS[item]
    return (field.insisted if insists and field.insisted else field.read)(typed)


def read_answer(item: Item, said: str, *, insists: bool = False) -> str:
    """An answer in a chat as it is stored: read without the politeness that surrounds the value.

    Raises InputError; for a question that is no value it is name_question, whatever was asked.
    """
    try:
        return read(item, _value(item, said, insists=insists), insists=insists)
    except InputError as error:
        if error.suggestion is None and names.is_question(said):
            raise InputError("name_question") from None
        raise


def _value(item: Item, said: str, *, insists: bool) -> str:
    try:
        return FIELDS[item].answered(said)
    except InputError as error:
        if error.suggestion is None:
            raise
        if " " not in error.suggestion:
            return names.shorter(error.suggestion)
        if not insists:
            raise
        return error.suggestion


def value_of(learner: Learner, item: Item) -> str | None:
    """What is kept of one field."""
    value: str | None = getattr(learner, item)
    return value


def masked(item: Item, value: str | None) -> str:
    """A value as its owner recognises it; empty where there is none."""
    return FIELDS[item].mask(value) if value else ""


def shown(item: Item, value: str) -> str:
    """A value as people write it."""
    return FIELDS[item].shown(value)
