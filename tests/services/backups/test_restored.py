"""What was used, ended or sent since the backup does not count anew after a restore."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.presentation.presenter import LinePresenter
from bot.services.auth import secret_links, sessions
from bot.services.backups import backups, restores
from bot.services.delivery import mails, outbox
from bot.services.learners import exports
from bot.services.learners.exports import Chosen
from bot.services.people.fields import Item
from bot.services.staff import chats, enrolment, factors, staff
from bot.services.staff import sessions as staff_sessions
from models.audit import AuditEntry
from models.base import new_id
from models.campaign import CampaignState
from models.database import Database
from models.portal import PortalAccount
from models.secret_link import SecretLink
from models.staff import Role, StaffLink, Stage
from models.staff_chat import StaffChat
from tests.factories import make_account, make_campaign, make_learner, make_staff

USER = "U" + "d" * 32


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
            sessions.open_session(session, account.id, clock()),
        )

    return database.write(sign_in)


def test_nobody_is_signed_in_after_a_restore(database, bot, tickets, clock, tmp_path):
    of_staff, of_learner = tickets
    made = backups.make(database, bot.keyring, tmp_path / "b", clock())
    assert database.read(lambda s: staff_sessions.find(s, of_staff, clock()))
    assert database.read(lambda s: sessions.find(s, of_learner, clock()))
    database.close()

    done = restores.restore(made.path, database.url, bot.keyring, None, clock(), may_replace=True)

    again = Database(database.url, bot.keyring, clock, LinePresenter())
    assert done.settled.sessions == 2, "the third had run out by itself"
    assert again.read(lambda s: staff_sessions.find(s, of_staff, clock())) is None
    assert again.read(lambda s: sessions.find(s, of_learner, clock())) is None
    query = select(AuditEntry.data).where(AuditEntry.action == "backup:restore")
    assert again.read(lambda s: s.scalars(query).one())["sessions"] == 2
    again.close()


def test_what_was_open_once_does_not_open_again(database, bot, clock, tmp_path):
    def issue(session):
        member = make_staff(session, clock())
        enrolment.issue(session, member, "test", clock())
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


def test_members_are_unknown_in_the_chat_and_recovery_codes_are_dead(
    database, bot, clock, tmp_path
):
    """One was dismissed since, another one burnt a code: neither may count on the backup."""
    drawn, kept = factors.draw_codes()

    def make(session):
        approver = make_staff(session, clock(), roles={Role.APPROVER})
        row = StaffChat(id=new_id(), staff_id=approver.id)
        with session.no_autoflush:
            session.add(row)
            row.user_id, row.linked_at = USER, clock()
        other = make_staff(session, clock())
        with session.no_autoflush:
            other.totp = factors.draw_secret()
        factors.replace_codes(session, other.id, kept, clock())
        return approver.id, other.id

    approver_id, other_id = database.write(make)
    assert database.read(lambda s: chats.member_of(s, USER)).id == approver_id
    settled, again = restored(database, bot, clock, tmp_path)
    assert (settled.chats, settled.codes) == (1, factors.HOW_MANY)
    assert again.read(lambda s: chats.member_of(s, USER)) is None
    assert factors.burn(again, other_id, drawn[0], clock()) is None
    assert again.read(lambda s: factors.codes_left(s, other_id)) == 0
    query = select(AuditEntry.subject, AuditEntry.data).where(AuditEntry.actor == "operator")
    acts = again.read(lambda s: [tuple(row) for row in s.execute(query)])
    assert (approver_id, {"cause": "restored"}) in acts
    assert (other_id, {"factor": "recovery"}) in acts
    again.close()


def test_files_of_learners_cannot_be_taken_again(database, bot, clock, tmp_path):
    def ask(session):
        make_learner(session, clock())
        member_id = make_staff(session, clock(), roles={Role.SUPPORT}).id
        asked = exports.request_export(
            session,
            [Item.PHONE],
            Chosen(),
            "รายชื่อสำหรับสมุดเช็กชื่อ",
            in_full=True,
            member_id=member_id,
            now=clock(),
        )
        return member_id, asked.id

    member_id, export_id = database.write(ask)
    settled, again = restored(database, bot, clock, tmp_path, after=timedelta(hours=1))
    assert settled.exports == 1
    taken = again.write(lambda s: exports.take(s, export_id, member_id, clock()))
    assert taken is None
    again.close()


def test_the_team_is_listed_and_one_can_be_shut_out(app, database, bot, clock, tmp_path):
    database.write(lambda s: make_staff(s, clock(), username="kru.somsri").id)
    settled, bot.database = restored(database, bot, clock, tmp_path)
    assert [(one.username, one.disabled_at) for one in settled.team] == [("kru.somsri", None)]
    runner = app.test_cli_runner()
    assert runner.invoke(args=["staff-disable", "kru.somsri"]).exit_code == 0
    team = bot.database.read(staff.team)
    assert [one.disabled_at for one in team] == [clock()]
    assert runner.invoke(args=["staff-disable", "nobody"]).exit_code == 1


def test_the_operator_is_told_what_to_look_at(app, database, bot, clock, tmp_path):
    def make(session):
        make_staff(session, clock(), username="kru.somsri", roles={Role.ADMIN})
        make_campaign(session, clock(), [], bot.settings, state=CampaignState.SENDING)
        queued(session, bot, clock, "request:0123:closed")

    database.write(make)
    bot.settings = replace(bot.settings, backup_dir=tmp_path)
    runner = app.test_cli_runner()
    made = runner.invoke(args=["backup"])
    assert made.exit_code == 0, made.output
    clock.advance(hours=25)
    told = runner.invoke(args=["restore", made.output.splitlines()[0], "--yes"])
    assert told.exit_code == 0, told.output
    for said in (
        "! 1 announcement(s) are held",
        "1 push(es), 1 e-mail(s) request_done",
        "    0123\n",
        "but for the withdrawals above",
        "`staff-disable USERNAME`",
        "may enter  admin",
    ):
        assert said in told.output, told.output


def queued(session, bot, clock, cause):
    """An answer that waits in both queues."""
    told = {"cause": cause, "now": clock()}
    outbox.queue(session, person="p" * 64, to=USER, messages=[{"type": "text"}], **told)
    values = {"what": "x", "number": "0123", "reason": ""}
    text = mails.MailText("request_done", "th", values)
    mails.queue(session, text, to="a@school.example", **told)


def restored(database, bot, clock, tmp_path, after=timedelta()):
    """Back up, let time pass, restore; what was made safe, and the database."""
    made = backups.make(database, bot.keyring, tmp_path / "b", clock())
    clock.advance(seconds=after.total_seconds())
    database.close()
    done = restores.restore(made.path, database.url, bot.keyring, None, clock(), may_replace=True)
    return done.settled, Database(database.url, bot.keyring, clock, LinePresenter())
