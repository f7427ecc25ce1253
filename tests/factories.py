"""Rows for tests: valid by default, every column can be overridden by its name."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.services import usernames
from models.account import Account, AccountState
from models.base import new_id
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation, Language
from models.guardianship import Guardianship, GuardianshipState, Relation
from models.learner import AgeBand, Learner

PERSON = {
    "line_user_id": "U" + "c0ffee" * 5 + "42",
    "name": "สมหญิง ใจดี",
    "phone": "+66812345678",
    "email": "somying@example.test",
    "line_id": "somying.jd",
}


def make_conversation(session: Session, now: datetime, **overrides: Any) -> Conversation:
    """A chat with somebody whom we know nothing of."""
    values = {
        "id": new_id(),
        "person": new_id(),
        "language": Language.THAI,
        "created_at": now,
        "seen_at": now,
    }
    row = Conversation(**values | overrides)
    session.add(row)
    session.flush()
    return row


def make_learner(session: Session, now: datetime, **overrides: Any) -> Learner:
    """An enrolled grown-up with all details; makes a conversation unless it gets one's id."""
    if "conversation_id" not in overrides:
        overrides["conversation_id"] = make_conversation(session, now).id
    values = {
        "id": new_id(),
        "age_band": AgeBand.FROM_20,
        "language": Language.THAI,
        "created_at": now,
    }
    details = {name: overrides.pop(name, value) for name, value in PERSON.items()}
    row = Learner(**values | overrides)
    session.add(row)
    with session.no_autoflush:
        for name, value in details.items():
            setattr(row, name, value)
    session.flush()
    return row


def make_account(session: Session, learner: Learner, now: datetime, **overrides: Any) -> Account:
    """The learner's active account at the embedded provider, as the bot knows it."""
    values = {
        "id": new_id(),
        "learner_id": learner.id,
        "provider": "local",
        "username": usernames.draw(),
        "state": AccountState.ACTIVE,
        "created_at": now,
    }
    row = Account(**values | overrides)
    session.add(row)
    session.flush()
    return row


def make_consent_event(session: Session, now: datetime, **overrides: Any) -> ConsentEvent:
    """A given consent to enrolment."""
    values = {
        "id": new_id(),
        "subject_id": new_id(),
        "purpose": Purpose.ENROLMENT,
        "state": ConsentState.GIVEN,
        "at": now,
        "notice_version": "1",
        "notice_hash": "ab" * 32,
        "text": "ยินยอมให้เก็บข้อมูล",
        "language": Language.THAI,
        "channel": "line",
        "actor": "self",
        "record": {"header": {"schema_version": "27560:2023"}, "processing": {}, "parties": []},
    }
    row = ConsentEvent(**values | overrides)
    session.add(row)
    session.flush()
    return row


def make_guardianship(session: Session, now: datetime, **overrides: Any) -> Guardianship:
    """A parent's agreement for a child; makes the parent's chat unless it gets one's id."""
    if "guardian_id" not in overrides:
        overrides["guardian_id"] = make_conversation(session, now).id
    values = {
        "id": new_id(),
        "child_id": new_id(),
        "age_band": AgeBand.FROM_11_TO_19,
        "state": GuardianshipState.AGREED,
        "relation": Relation.PARENT,
        "code_digest": new_id(),
        "created_at": now,
        "expires_at": now,
        "decided_at": now,
    }
    row = Guardianship(**values | overrides)
    session.add(row)
    session.flush()
    return row
