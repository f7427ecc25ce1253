"""Whom a right, an erasure or an export is about, in pseudonyms."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.account import Account
from models.conversation import Conversation
from models.learner import Learner


@dataclass(frozen=True)
class Subject:
    """One person: the conversation (also the ledger's pseudonym), and the learner if registered."""

    conversation_id: str
    learner_id: str | None = None


def subject_of(session: Session, conversation: Conversation) -> Subject:
    """The person behind a chat."""
    return Subject(conversation.id, conversation.learner_id)


def of_learner(session: Session, learner_id: str) -> Subject | None:
    """The person behind a learner's id; None where there is no such learner."""
    found = session.get(Learner, learner_id)
    return Subject(found.conversation_id, found.id) if found is not None else None


def learner(session: Session, subject: Subject) -> Learner | None:
    """The learner's row of a person, if they registered."""
    return session.get(Learner, subject.learner_id) if subject.learner_id else None


def person(session: Session, subject: Subject) -> str | None:
    """The pseudonym of the LINE userId, under which events and pushes stand."""
    return session.scalars(
        select(Conversation.person).where(Conversation.id == subject.conversation_id)
    ).one_or_none()


def account_ids(session: Session, subject: Subject) -> list[str]:
    """The person's accounts in e-learning systems."""
    if subject.learner_id is None:
        return []
    return list(session.scalars(select(Account.id).where(Account.learner_id == subject.learner_id)))


def ids(session: Session, subject: Subject) -> list[str]:
    """Every id under which acts on this person stand in the audit trail."""
    found = [subject.conversation_id, *account_ids(session, subject)]
    return [*found, subject.learner_id] if subject.learner_id else found
