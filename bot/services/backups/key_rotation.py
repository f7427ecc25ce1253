"""Moving stored data to a new key: a batch at a time, so that it can be interrupted and resumed."""

from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.people.people import pseudonym
from models.base import Base, Sealed, session_keyring
from models.conversation import Conversation
from models.guardianship import Guardianship
from models.learner import Learner
from models.mail import Mail, Suppression
from models.outbox import Push

BATCH = 200


def sealed_tables() -> list[type[Base]]:
    """Every table with sealed columns, in a fixed order."""
    owners = {sealed.owner.__tablename__: sealed.owner for sealed in Sealed.registry}
    return [owners[name] for name in sorted(owners)]


def columns_of(table: type[Base]) -> list[Sealed]:
    """The sealed attributes of a table."""
    return [sealed for sealed in Sealed.registry if sealed.owner is table]


def rotate_batch(
    session: Session, table: type[Base], after: str, now: datetime
) -> tuple[str | None, int]:
    """Seal the rows behind an id anew where they are under an old key.

    Returns the id to go on from, or None at the end, and how many rows were written. Blind
    indexes are written anew with their columns.
    """
    keyring = session_keyring(session)
    identity = table.id  # type: ignore[attr-defined]
    query = select(table).where(identity > after).order_by(identity).limit(BATCH)
    rows = list(session.scalars(query.with_for_update()))  # what changes meanwhile must not be lost
    written = 0
    moved: dict[str, str] = {}
    for row in rows:
        stale = [
            sealed
            for sealed in columns_of(table)
            if (value := getattr(row, sealed.column)) is not None
            and keyring.key_of(value) != keyring.current
        ]
        index = row.address_index if isinstance(row, Mail) else None
        for sealed in stale:
            setattr(row, sealed.name, getattr(row, sealed.name))
        if stale and isinstance(row, Learner):
            moved |= _rekey_conversation(session, row.conversation_id, row.line_user_id)
        if stale and isinstance(row, Guardianship):
            moved |= _rekey_conversation(session, row.guardian_id, row.guardian_line)
            moved |= _rekey_conversation(session, row.child_id, row.child_line)
        if stale and isinstance(row, Mail):
            _rekey_suppression(session, index, row.address_index)
        written += bool(stale)
    if moved:
        of_old = Push.person.in_(moved)
        follows = update(Push).where(of_old).values(person=case(moved, value=Push.person))
        session.execute(follows.execution_options(synchronize_session=False))
    if written:
        audit.by_operator(
            session,
            Action.KEYS_ROTATED,
            now,
            rows=written,
            key=keyring.current,
        )
    return (rows[-1].id if len(rows) == BATCH else None), written  # type: ignore[attr-defined]


def _rekey_suppression(session: Session, old: str | None, new: str | None) -> None:
    """An address that gets no news is known by its index alone, which has to follow the new key."""
    held = session.get(Suppression, old) if old else None
    if held is None or not new or old == new:
        return
    if session.get(Suppression, new) is None:
        session.add(Suppression(address_index=new, reason=held.reason, at=held.at))
    session.delete(held)


def _rekey_conversation(
    session: Session, conversation_id: str | None, user_id: str | None
) -> dict[str, str]:
    """A chat is found by a pseudonym of its userId, which has to follow the new key.

    Possible for everybody whose userId is stored: learners, guardians, and children who wait for
    one. Returns the old pseudonym and the new one, where they differ.
    """
    conversation = session.get(Conversation, conversation_id) if conversation_id else None
    if conversation is None or not user_id:
        return {}
    old, conversation.person = conversation.person, pseudonym(session_keyring(session), user_id)
    return {old: conversation.person} if old != conversation.person else {}
