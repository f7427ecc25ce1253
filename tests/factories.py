"""Rows for tests: valid by default, every column can be overridden by its name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from bot.services.accounts import accounts
from bot.services.campaigns.content import rendered
from bot.settings import Settings
from models.account import Account, AccountState
from models.base import new_id
from models.campaign import Campaign, CampaignState, RolloutStage
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation, Language
from models.guardianship import Guardianship, GuardianshipState, Relation
from models.learner import AgeBand, Learner
from models.recipient import Batch, Recipient
from models.staff import Role, Staff
from models.subscription import Channel

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
        "username": accounts.draw_username(),
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


def make_staff(session: Session, now: datetime, **overrides: Any) -> Staff:
    """A member of staff who has been through the door before; an author unless roles say more."""
    name = overrides.pop("name", "ครูใจดี มีสุข")
    roles = frozenset(overrides.pop("roles", (Role.AUTHOR,)))
    row_id = new_id()
    values = {
        "id": row_id,
        "username": f"staff{row_id[-12:]}",
        "language": Language.THAI,
        "created_at": now,
    }
    row = Staff(**values | overrides)
    row.roles = roles
    with session.no_autoflush:
        session.add(row)
        row.name = name
    session.flush()
    return row


def make_campaign(
    session: Session,
    now: datetime,
    groups: Sequence[Sequence[Learner]] = (),
    settings: Settings | None = None,
    **overrides: Any,
) -> Campaign:
    """An approved campaign on its last wave; each group of learners is a batch on LINE.

    Only what was approved under the bot's settings can be sent by it.
    """
    row_id = new_id()
    values = {
        "id": row_id,
        "name": "ข่าว",
        "kind": "course_info",
        "topic": "courses",
        "content": {"th": {"title": "ข่าว", "parts": [{"type": "text", "text": "ข่าวใหม่"}]}},
        "audience": {},
        "state": CampaignState.SENDING,
        "author_id": "a" * 32,
        "created_at": now,
        "changed_at": now,
        "frozen_at": now,
        "counts": {"line": sum(map(len, groups))},
        "cost_messages": sum(map(len, groups)),
        "cost_satang": 0,
        "started_at": now,
        "wave": RolloutStage.REST,
        "wave_due_at": now,
        "alive_at": now,
        "writers": ["a" * 32],
        "unit": f"c{row_id[:29]}",
        "results": {},
    }
    row = Campaign(**values | overrides)
    if settings is not None:
        row.digest = row.approved_digest = rendered.digest(session, row, settings)
    session.add(row)
    session.flush()
    for number, group in enumerate(groups):
        batch = {"campaign_id": row.id, "wave": RolloutStage.REST, "language": Language.THAI}
        session.add(
            Batch(
                **batch,
                number=number,
                channel=Channel.LINE,
                size=len(group),
                retry_key=str(uuid4()),
                due_at=now,
            )
        )
        session.add_all(
            Recipient(
                **batch,
                subject_id=learner.conversation_id,
                learner_id=learner.id,
                channel=Channel.LINE,
                batch=number,
                revision=learner.revision,
            )
            for learner in group
        )
    session.flush()
    return row
