"""Finding people by pseudonym: conversations, and the learners behind them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from bot.crypto import Keyring
from bot.services.people.fields import FIELDS, value_of
from models.base import new_id, session_keyring
from models.conversation import Conversation, Language
from models.database import database_of
from models.learner import Learner
from models.prepared import Prepared

PERSON_INDEX = "conversation.person"


def pseudonym(keyring: Keyring, user_id: str) -> str:
    """The keyed index of a LINE userId: what is stored and logged in its place."""
    return keyring.blind(PERSON_INDEX, user_id)


_COLUMNS: Any = Conversation.__table__.c
_MANAGER = Conversation.__mapper__.class_manager
_NAMES = [column.key for column in _COLUMNS]
_FIND = select(*_COLUMNS).where(_COLUMNS.person == bindparam("of_person"))
_FIND_PLAIN, _FIND_LOCKED = Prepared(_FIND), Prepared(_FIND.with_for_update())

_NEW: Any = {
    name: bindparam(name)
    for name in ("id", "person", "language", "language_chosen", "created_at", "seen_at")
}
_TABLE: Any = Conversation.__table__
_ADD_SQLITE = Prepared(sqlite.insert(_TABLE).values(_NEW).on_conflict_do_nothing())
_ADD_POSTGRESQL = Prepared(postgresql.insert(_TABLE).values(_NEW).on_conflict_do_nothing())


def find(session: Session, person: str, *, lock: bool = False) -> Conversation | None:
    """The conversation of a pseudonym; with lock, nobody else handles this person meanwhile.

    Every message asks for it, so it does not go through the ORM's loading; the result is an
    object of the session like any other, with what stands in the row now.
    """
    # On SQLite there is one writer anyway.
    query = _FIND_LOCKED if lock and not database_of(session).is_sqlite else _FIND_PLAIN
    session.flush()
    rows = query.rows(session, {"of_person": person})
    if not rows:
        return None
    values = dict(zip(_NAMES, rows[0], strict=True))
    held = session.identity_map.get(identity_key(Conversation, values["id"]))
    if held is not None:
        session.refresh(held)
        return held
    found: Conversation = _MANAGER.new_instance()
    found.__dict__.update(values)  # as loading does: these are the row's values, not changes
    make_transient_to_detached(found)
    session.add(found)
    return found


def adopt(session: Session, user_id: str) -> Conversation | None:
    """The conversation of a userId under any key, moved to the current one.

    While keys are being rotated, a stranger's pseudonym can follow only when they write again:
    their userId is stored nowhere.
    """
    current, *older = session_keyring(session).blinds(PERSON_INDEX, user_id)
    for person in (current, *older):
        found = find(session, person, lock=True)
        if found is not None:
            found.person = current
            return found
    return None


def open_conversation(session: Session, person: str, language: str, now: datetime) -> Conversation:
    """Find or make the conversation of a pseudonym, locked; it says nothing about who it is."""
    found = find(session, person, lock=True)
    if found is not None:
        return found
    insert = _ADD_SQLITE if database_of(session).is_sqlite else _ADD_POSTGRESQL
    row = {
        "id": new_id(),
        "person": person,
        "language": Language(language),
        "language_chosen": False,
        "created_at": now,
        "seen_at": now,
    }
    insert.many(session, [row])
    made = find(session, person, lock=True)
    if made is None:
        raise LookupError("the conversation vanished while it was made")
    return made


def lock(session: Session, subject_id: str | None) -> Conversation | None:
    """Lock the person that a mail is about; everywhere the person is locked before the mail."""
    if subject_id is None:
        return None
    return session.get(Conversation, subject_id, with_for_update=True)


def touch(conversation: Conversation, now: datetime) -> None:
    """Remember the day of the last sign of life; finer would cost a write a message."""
    if now - conversation.seen_at > timedelta(days=1):
        conversation.seen_at = now


def reached(conversation: Conversation, at: datetime) -> None:
    """Whoever writes after a block has ended it, also where we were not told, or told late."""
    if conversation.blocked_at is not None and at > conversation.blocked_at:
        conversation.blocked_at = None


def learner_of(session: Session, conversation: Conversation) -> Learner | None:
    """The learner behind a conversation, if they registered."""
    if conversation.learner_id is None:
        return None
    return session.get(Learner, conversation.learner_id)


def same_details(session: Session, learner: Learner) -> list[tuple[Learner, str]]:
    """Other learners with the same value in a field that is looked up, and which field it is."""
    found: list[tuple[Learner, str]] = []
    for item, field in FIELDS.items():
        value = value_of(learner, item)
        if not field.is_compared or value is None:
            continue
        query = select(Learner).where(field.is_given(session, value), Learner.id != learner.id)
        found.extend((other, item.value) for other in session.scalars(query))
    return found
