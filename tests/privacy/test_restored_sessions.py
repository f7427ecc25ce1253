"""A restore ends every session: one that was ended since the backup would be open again."""

import pytest
from sqlalchemy import select

from bot.services import backups, restores, sessions, staff_sessions
from models.audit import AuditEntry
from models.base import new_id
from models.database import Database
from models.portal import PortalAccount
from models.staff import Stage
from tests.factories import make_staff


@pytest.fixture
def tickets(database, clock):
    """Of a member of staff and of a learner, both signed in; and a session that ran out."""

    def sign_in(session):
        member = make_staff(session, clock())
        ids = {"id": new_id(), "external_key": new_id(), "username": "u"}
        account = PortalAccount(**ids, created_at=clock())
        session.add(account)
        session.flush()
        over = clock() - staff_sessions.ABSOLUTE
        staff_sessions.open_session(session, member.id, Stage.IN, over)
        return (
            staff_sessions.open_session(session, member.id, Stage.IN, clock()),
            sessions.open_session(session, account, clock()),
        )

    return database.write(sign_in)


def test_nobody_is_signed_in_after_a_restore(database, bot, tickets, clock, tmp_path):
    of_staff, of_learner = tickets
    made = backups.make(database, bot.keyring, tmp_path / "b", clock())
    assert database.read(lambda s: staff_sessions.find(s, of_staff, clock()))
    assert database.read(lambda s: sessions.find(s, of_learner, clock()))
    database.close()

    done = restores.restore(made.path, database.url, bot.keyring, None, clock(), may_replace=True)

    again = Database(database.url, bot.keyring, clock)
    assert done.sessions == 2, "the third had run out by itself"
    assert again.read(lambda s: staff_sessions.find(s, of_staff, clock())) is None
    assert again.read(lambda s: sessions.find(s, of_learner, clock())) is None
    query = select(AuditEntry.data).where(AuditEntry.action == "backup:restore")
    assert again.read(lambda s: s.scalars(query).one())["sessions"] == 2
    again.close()
