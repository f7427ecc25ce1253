"""How whoever asked, and a child for whom a guardian asked, can be told: at whose address."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.consent import consents
from bot.services.people.subjects import Subject
from bot.texts import THAI
from models.conversation import Conversation
from models.guardianship import OPEN_OR_AGREED, Guardianship, GuardianshipState
from models.learner import Learner
from models.privacy import PrivacyRequest


@dataclass(frozen=True)
class Reach:
    """One person's ways: read before an erasure takes them away; empty for whoever has none."""

    subject_id: str | None = None  # whose archive a mail belongs to
    language: str = THAI
    email: str | None = None
    person: str | None = None
    line_user_id: str | None = None


def of_asker(session: Session, request: PrivacyRequest) -> Reach:
    """Whoever asked: the person, or the guardian at their own addresses and never the child's."""
    if request.asked_by == consents.GUARDIAN:
        return _of_guardian(session, request.guardian_id)
    return _of_learner(session, request.learner_id)


def of_child(session: Session, subject: Subject) -> Reach:
    """A child: as registered, or as kept with the request to the guardian."""
    child = session.get(Conversation, subject.conversation_id)
    if child is None or subject.learner_id is not None:
        return _of_learner(session, subject.learner_id)
    query = select(Guardianship).where(
        Guardianship.child_id == child.id, Guardianship.state.in_(OPEN_OR_AGREED)
    )
    bond = session.scalars(query.order_by(Guardianship.created_at.desc()).limit(1)).one_or_none()
    line_user_id = bond.child_line if bond is not None else None
    return Reach(child.id, child.language, None, child.person, line_user_id)


def _of_guardian(session: Session, guardian_id: str | None) -> Reach:
    """As registered where they learn here too, or as kept with any agreement of theirs."""
    guardian = session.get(Conversation, guardian_id) if guardian_id else None
    if guardian is None or guardian.learner_id is not None:
        return _of_learner(session, guardian.learner_id if guardian is not None else None)
    query = select(Guardianship).where(
        Guardianship.guardian_id == guardian.id, Guardianship.state == GuardianshipState.AGREED
    )
    bond = session.scalars(query.limit(1)).one_or_none()
    line_user_id = bond.guardian_line if bond is not None else None
    return Reach(guardian.id, guardian.language, None, guardian.person, line_user_id)


def _of_learner(session: Session, learner_id: str | None) -> Reach:
    learner = session.get(Learner, learner_id) if learner_id else None
    if learner is None:
        return Reach()  # a stranger's LINE account is stored nowhere
    chat = session.get_one(Conversation, learner.conversation_id)
    return Reach(chat.id, learner.language, learner.email, chat.person, learner.line_user_id)
