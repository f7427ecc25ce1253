"""Rotation reaches whoever is known by a userId alone, and what stands under their pseudonym."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.crypto import Keyring
from bot.services.backups import key_rotation
from bot.services.people import people
from models.base import new_id
from models.conversation import Conversation
from models.database import Database
from models.guardianship import Guardianship, GuardianshipState
from models.outbox import Push, PushState
from tests.factories import make_conversation, make_guardianship, make_learner

NOW = datetime(2026, 11, 2, tzinfo=UTC)
OLD, NEW = b"o" * 32, b"n" * 32
CHILD, GUARDIAN, LEARNER = (f"U{digit * 32}" for digit in "abc")


@pytest.fixture
def rotate(database_url):
    """Fill a database under one key, and move it to the next; what is left of the old one."""

    def run(fill):
        before = Database(database_url, Keyring({"k1": OLD}))
        before.write(fill)
        before.close()
        both = Database(database_url, Keyring({"k2": NEW, "k1": OLD}))
        for table in key_rotation.sealed_tables():
            after = ""
            while after is not None:
                after, _ = both.write(
                    lambda session, t=table, a=after: key_rotation.rotate_batch(session, t, a, NOW)
                )
        both.close()
        return Database(database_url, Keyring({"k2": NEW}))

    return run


@pytest.fixture
def migrated(database):
    """The tables."""
    return database


def chat_of(session, keyring, user_id, **more):
    return make_conversation(session, NOW, person=people.pseudonym(keyring, user_id), **more)


def test_everybody_is_found_again_once_the_old_key_is_gone(migrated, rotate):
    ring = Keyring({"k1": OLD})

    def fill(session):
        child = chat_of(session, ring, CHILD)
        guardian = chat_of(session, ring, GUARDIAN)
        row = make_guardianship(
            session,
            NOW,
            child_id=child.id,
            guardian_id=guardian.id,
            state=GuardianshipState.AGREED,
        )
        row.child_line, row.guardian_line = CHILD, GUARDIAN
        chat = chat_of(session, ring, LEARNER)
        make_learner(session, NOW, conversation_id=chat.id, line_user_id=LEARNER)
        session.add(
            Push(
                id=new_id(),
                cause="c",
                person=chat.person,
                retry_key="r",
                state=PushState.SENT,
                created_at=NOW,
                due_at=NOW,
                attempts=1,
            )
        )

    now_only_new = rotate(fill)

    def look(session):
        ids = {}
        for user_id in (CHILD, GUARDIAN, LEARNER):
            found = people.find(session, people.pseudonym(Keyring({"k2": NEW}), user_id))
            ids[user_id] = found.id if found else None
        bond = session.scalars(select(Guardianship)).one()
        learners = session.get_one(Conversation, ids[LEARNER])
        pushed = session.scalars(select(Push.person)).one()
        return ids, bond.child_id, bond.guardian_id, pushed == learners.person

    ids, child_id, guardian_id, is_pushed = now_only_new.read(look)
    now_only_new.close()
    assert (ids[CHILD], ids[GUARDIAN]) == (child_id, guardian_id)
    assert is_pushed
