"""Staff correct a learner's detail; the person is told by mail, as of every change (PDPA s.36).

A new address is not taken on anybody's word: a link goes to it, and counts when it is used.
"""

from datetime import datetime
from enum import Enum, auto

from sqlalchemy.orm import Session

from bot.services.accounts import details
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.learners import merging
from bot.services.people import fields
from bot.services.people.fields import FIELDS, Item
from bot.settings import Settings
from models.learner import Learner


class Corrected(Enum):
    """What a correction came to."""

    YES = auto()
    ASKED = auto()  # a link is on its way to the new address
    SAME = auto()  # it stood so already
    BARRED = auto()  # the account is closed, locked or merged
    OFTEN = auto()  # too many links within an hour


def may_correct(session: Session, learner: Learner) -> bool:
    """Whether the details can be corrected now."""
    return details.may_change(session, learner) and merging.unsettled(session, learner.id) is None


def correct(
    session: Session,
    learner: Learner,
    item: Item,
    typed: str,
    settings: Settings,
    now: datetime,
    *,
    insists: bool,
    actor: str,
) -> Corrected:
    """Store a detail by the rules of registration; raises InputError.

    Empty takes away what need not be there. insists: what looks like a slip is meant so.
    """
    field = FIELDS[item]
    is_nothing = not typed.strip() and not field.is_needed
    value = None if is_nothing else fields.read(item, typed, insists=insists)
    if not may_correct(session, learner):
        return Corrected.BARRED
    if fields.value_of(learner, item) == value:
        return Corrected.SAME
    if field.changed_mail is None:
        return _ask(session, learner, value or "", settings, actor, now)
    done = details.change(session, learner, item, value, actor, now)
    return Corrected.YES if done else Corrected.SAME


def _ask(
    session: Session, learner: Learner, address: str, settings: Settings, actor: str, now: datetime
) -> Corrected:
    if not details.ask_to_change_email(session, learner, address, now, settings):
        return Corrected.OFTEN
    audit.record(
        session,
        Action.ADDRESS_PROPOSED,
        actor=actor,
        subject=learner.id,
        now=now,
        new=details.digest_of(session, Item.EMAIL, address),
    )
    return Corrected.ASKED
