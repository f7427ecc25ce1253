"""The chain of the audit trail over the years: purge, backup, restore, anchors, the command."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.runtime import auditing, purging
from bot.services.accounts import holds
from bot.services.audit import anchor_file
from bot.services.audit.verify import Anchor, Flaw
from bot.services.backups import backups, restores
from bot.settings import School
from models.audit import AuditAnchor, AuditChain, AuditEntry, AuditLink
from models.conversation import Conversation
from models.database import Database
from models.mail import Mail
from tests.factories import make_learner
from tests.services.audit.trails import act, head, problem, tampering

DAY = timedelta(days=1)
SCHOOL = School(account_years=9, archive_years=9, proof_years=9, audit_years=1)


@pytest.fixture
def hold_id(database, bot, clock):
    """Eight old entries, the fourth under a legal hold, then three young ones; the purge ran."""
    bot.settings = replace(bot.settings, school=SCHOOL)
    now = clock()

    def plant(session):
        row = make_learner(session, now)
        session.get_one(Conversation, row.conversation_id).learner_id = row.id
        return row.id

    learner_id = database.write(plant)
    for number in range(8):
        held = learner_id if number == 3 else None
        act(database, clock, number, at=now - 400 * DAY, subject=held)
    for number in range(3):
        act(database, clock, number)
    place = {"may_tell": True, "actor": "test", "now": clock()}
    hold = database.write(lambda s: holds.place(s, learner_id, "order", **place).id)
    auditing.seal(bot)
    assert purging.purge(bot)["audit"] == 7
    return hold


def holes(database):
    return database.read(lambda session: session.get(AuditChain, 1).holes)


def test_after_a_purge_the_rest_is_still_whole(hold_id, database, bot, clock):
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.purged) == (None, 3)
    assert verdict.checked == 10  # 8 without the first 3, 3 young ones, the hold and the purge
    assert holes(database) == 4
    database.write(lambda s: holds.release(s, hold_id, actor="test", now=clock()))
    assert purging.purge(bot)["audit"] == 1
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.purged) == (None, 8)
    assert holes(database) == 0
    act(database, clock, 1)
    assert auditing.verify(bot).problem is None


def test_a_purge_does_not_cover_a_deletion(hold_id, database, bot):
    tampering(database, delete(AuditEntry).where(AuditEntry.seq == 4))  # what the order kept
    assert problem(bot) == (Flaw.TOO_MANY_MISSING, 4)
    purging.purge(bot)
    assert problem(bot) == (Flaw.TOO_MANY_MISSING, 4)
    tampering(database, delete(AuditEntry).where(AuditEntry.seq == 10))
    assert problem(bot) == (Flaw.ENTRY_MISSING, 10)


def test_a_trail_of_which_all_is_old_keeps_its_head(database, bot, clock):
    bot.settings = replace(bot.settings, school=SCHOOL)
    for number in range(3):
        act(database, clock, number, at=clock() - 400 * DAY)
    auditing.seal(bot)
    assert purging.purge(bot)["audit"] == 2
    act(database, clock, 4)
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.purged, verdict.head.position) == (None, 2, 5)


def test_a_restored_trail_is_whole_and_goes_on(trail, bot, clock, tmp_path):
    made = backups.make(trail, bot.keyring, tmp_path / "backups", clock())
    act(trail, clock, 50)
    anchor = head(bot)
    assert anchor.position == 13
    trail.close()
    restores.restore(made.path, trail.url, bot.keyring, None, clock(), may_replace=True)
    bot.database = Database(trail.url, bot.keyring, clock)
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.checked) == (None, 13)  # twelve, and the restore itself
    act(bot.database, clock, 1)
    assert problem(bot) is None
    assert problem(bot, anchor) == (Flaw.REWRITTEN, 13)  # what came after the backup is lost


def test_the_anchor_goes_to_the_owner_once_a_day(trail, bot, clock):
    bot.settings = replace(bot.settings, owner_email="owner@example.test")
    first = auditing.send_anchor(bot)
    assert first.position == 12
    assert auditing.send_anchor(bot) is None
    clock.advance(days=1)
    assert auditing.send_anchor(bot).position == 13  # the anchoring is an act, too

    def mails(session):
        return [(mail.to, mail.text) for mail in session.scalars(select(Mail).order_by(Mail.id))]

    found = trail.read(mails)
    assert [to for to, _ in found] == ["owner@example.test"] * 2
    assert f"12:{first.hash}" in found[0][1]
    assert trail.read(lambda s: len(s.scalars(select(AuditAnchor)).all())) == 2
    assert problem(bot, Anchor(12, first.hash)) is None


def test_without_an_owner_the_anchor_is_kept_and_logged(trail, bot):
    assert auditing.send_anchor(bot).position == 12
    assert trail.read(lambda s: s.scalars(select(Mail)).all()) == []


def test_the_copies_outside_find_a_trail_that_was_emptied(trail, bot, tmp_path, clock):
    bot.settings = replace(bot.settings, backup_dir=tmp_path / "backups")
    assert auditing.send_anchor(bot).position == 12
    assert len(auditing.kept_outside(bot).heads) == 1
    tampering(trail, *(delete(table) for table in (AuditEntry, AuditLink, AuditChain, AuditAnchor)))
    assert problem(bot) == (Flaw.TAIL_CUT, 1)
    for number in range(20):
        act(trail, clock, number)
    assert problem(bot) == (Flaw.REWRITTEN, 12)


def test_a_copy_counts_with_our_signature_only(trail, bot, tmp_path):
    bot.settings = replace(bot.settings, backup_dir=tmp_path)
    auditing.send_anchor(bot)
    file = tmp_path / "audit-anchors.jsonl"
    [line] = file.read_text().splitlines()
    file.write_text(f"{line}\n{line.replace('12', '13')}\n[]\n{line[:40]}")
    kept = auditing.kept_outside(bot)
    assert ([head.position for head in kept.heads], kept.doubtful) == ([12], 3)
    anchor_file.add(tmp_path, bot.keyring.audit_keys[0], kept.heads[0], bot.clock())
    assert len(auditing.kept_outside(bot).heads) == 2  # the broken end stays alone
    assert problem(bot) is None


def test_after_a_restore_later_copies_do_not_hold(trail, app, bot, clock, tmp_path):
    bot.settings = replace(bot.settings, backup_dir=tmp_path)
    auditing.send_anchor(bot)
    made = backups.make(trail, bot.keyring, tmp_path, clock())
    clock.advance(days=1)
    act(trail, clock, 50)
    assert auditing.send_anchor(bot).position == 14
    kept = auditing.kept_outside(bot).heads
    assert [head.position for head in kept] == [12, 14]
    said = app.test_cli_runner().invoke(args=["restore", str(made.path), "--yes"])
    assert said.exit_code == 0, said.output
    bot.database = Database(trail.url, bot.keyring, clock)
    assert [head.position for head in auditing.kept_outside(bot).heads] == [12]
    assert problem(bot) is None


def test_an_empty_trail_needs_no_anchor(bot):
    assert auditing.send_anchor(bot) is None
    assert auditing.verify(bot).problem is None


def test_the_command_checks_against_a_mailed_anchor(trail, app, bot):
    anchor = head(bot)
    run = app.test_cli_runner().invoke
    said = run(args=["audit-verify", "--anchor", f"{anchor.position}:{anchor.hash}"])
    assert (said.exit_code, "12 links are whole" in said.output) == (0, True)
    wrong = run(args=["audit-verify", "--anchor", "12:" + "0" * 64])
    assert (wrong.exit_code, "rewritten" in wrong.output) == (1, True)
    assert run(args=["audit-verify", "--anchor", "12"]).exit_code == 2


def test_the_command_names_the_first_bad_one(trail, app):
    tampering(trail, update(AuditEntry).where(AuditEntry.seq == 7).values(actor="x"))
    said = app.test_cli_runner().invoke(args=["audit-verify"])
    assert (said.exit_code, "Position 7, entry 7" in said.output) == (1, True)
