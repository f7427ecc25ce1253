"""What was used, ended or sent since the backup does not count anew after a restore."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services import backups, restores, secret_links, sessions, staff_sessions, staff_start
from models.audit import AuditEntry
from models.base import new_id
from models.campaign import Campaign, CampaignState
from models.database import Database
from models.portal import PortalAccount
from models.secret_link import SecretLink
from models.staff import StaffLink, Stage
from tests.factories import make_account, make_campaign, make_learner, make_staff


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
    assert done.settled.sessions == 2, "the third had run out by itself"
    assert again.read(lambda s: staff_sessions.find(s, of_staff, clock())) is None
    assert again.read(lambda s: sessions.find(s, of_learner, clock())) is None
    query = select(AuditEntry.data).where(AuditEntry.action == "backup:restore")
    assert again.read(lambda s: s.scalars(query).one())["sessions"] == 2
    again.close()


def test_what_was_open_once_does_not_open_again(database, bot, clock, tmp_path):
    def issue(session):
        member = make_staff(session, clock())
        staff_start.issue(session, member, "test", clock())
        learner = make_learner(session, clock())
        account = make_account(session, learner, clock())
        secret_links.issue(session, account, clock())

    database.write(issue)
    tables = (StaffLink, SecretLink)
    settled, again = restored(database, bot, clock, tmp_path)
    assert settled.links == 2
    for table in tables:
        assert again.read(lambda s, of=table: s.scalars(select(of.expires_at)).all()) == [clock()]
    again.close()


def test_announcements_that_may_have_gone_wait_for_a_person(database, bot, clock, tmp_path):
    now, states = clock(), CampaignState

    def make(session):
        def one(state, **values):
            return make_campaign(session, now, [], bot.settings, state=state, **values).id

        soon = now + timedelta(hours=1)
        later = now + timedelta(days=1)
        return {
            one(states.SENDING): states.PAUSED,
            one(states.APPROVED, started_at=None, due_at=soon): states.PAUSED,
            one(states.SCHEDULED, started_at=None, due_at=soon, rule="0 10 * * mon"): states.PAUSED,
            one(states.SCHEDULED, started_at=None, due_at=later): states.SCHEDULED,
            one(states.IN_REVIEW): states.IN_REVIEW,
            one(states.DONE): states.DONE,
        }

    expected = database.write(make)
    settled, again = restored(database, bot, clock, tmp_path, after=timedelta(hours=2))
    assert settled.campaigns == 3
    rows = again.read(lambda session: session.scalars(select(Campaign)).all())
    assert {row.id: row.state for row in rows} == expected
    assert {row.pause_reason for row in rows} == {None, "restored"}
    again.close()


def restored(database, bot, clock, tmp_path, after=timedelta()):
    """Back up, let time pass, restore; what was made safe, and the database."""
    made = backups.make(database, bot.keyring, tmp_path / "b", clock())
    clock.advance(seconds=after.total_seconds())
    database.close()
    done = restores.restore(made.path, database.url, bot.keyring, None, clock(), may_replace=True)
    return done.settled, Database(database.url, bot.keyring, clock)
