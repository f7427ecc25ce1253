"""How a child stands, said to the guardian who agreed: one wording for chat and portal."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.presentation.labels import label
from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN
from bot.texts import Translator
from bot.texts.dates import shown_time
from models.account import AccountState
from models.consent import Purpose
from models.guardianship import Guardianship
from models.learner import CHILD_UP_TO, Learner, LearnerState


def enrolment(t: Translator, bond: Guardianship, learner: Learner | None) -> str:
    """How far the child has come."""
    if learner is None:
        until = shown_time(bond.expires_at, t.language)
        return t("You agreed; the child has until {when} to register", when=until)
    return (
        t("Registered") if learner.state is LearnerState.ACTIVE else label(AccountState.CLOSED, t)
    )


def told(t: Translator) -> str:
    """What the child hears of what the guardian asks (PDPA s.20, last paragraph)."""
    return t(
        "Children over {age} are told what you ask here; every child is told if the account ends.",
        age=CHILD_UP_TO,
    )


def news(
    t: Translator, session: Session, bond: Guardianship, purpose: Purpose, now: datetime
) -> tuple[bool, str]:
    """The guardian's own yes, and whether it is enough: from 11 years the child decides too."""
    if not consents.is_agreed_by(session, bond.child_id, purpose, GUARDIAN, now):
        return False, t("No")
    flows = consents.holds(session, bond.child_id, purpose, now)
    return True, t("Yes") if flows else t("Yes from you; the child has not agreed")
