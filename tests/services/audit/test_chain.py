"""The audit trail as a chain: whatever is done to it is found, and the first bad one named."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from bot.crypto import Keyring
from bot.runtime import auditing, purging
from bot.services.audit import audit, chain, proof
from bot.services.audit.audit import Action
from bot.services.audit.verify import Anchor, Flaw, verify
from bot.settings import School
from models.audit import AuditAnchor, AuditChain, AuditEntry, AuditLink
from models.database import Database
from tests.services.audit.trails import act, head, problem, tampering


def test_an_untouched_trail_is_whole(trail, bot):
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.checked, verdict.waiting) == (None, 12, 0)
    assert verdict.head.position == 12
    assert auditing.seal(bot) == 0
    assert problem(bot, Anchor(12, verdict.head.hash)) is None


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (AuditEntry, "at", lambda now, _: now + timedelta(days=1)),
        (AuditEntry, "action", "link:open"),
        (AuditEntry, "actor", "somebody"),
        (AuditEntry, "subject", "another"),
        (AuditEntry, "subject", None),
        (AuditEntry, "data", {"link_id": "other", "purpose": "x"}),
        (AuditEntry, "mac", "0" * 64),
        (AuditEntry, "mac", None),
        (AuditEntry, "uid", "0" * 32),
        (AuditEntry, "uid", None),
        (AuditLink, "at", lambda now, _: now + timedelta(days=1)),
        (AuditLink, "mac", "0" * 64),
        (AuditLink, "hash", "0" * 64),
        (AuditLink, "entry_seq", lambda _, position: 900 + position),
    ],
    ids=lambda value: "moved" if callable(value) and not isinstance(value, type) else str(value),
)
def test_every_column_counts(trail, bot, clock, table, column, value):
    """From the last to the first: what is named moves to the front."""
    key = AuditLink.position if table is AuditLink else AuditEntry.seq
    for position in (12, 7, 1):
        new = value(clock(), position) if callable(value) else value
        tampering(trail, update(table).where(key == position).values({column: new}))
        flaw, where = problem(bot)
        assert where == position
        assert flaw is (Flaw.ENTRY_ALTERED if table is AuditEntry else Flaw.LINK_ALTERED)


def test_a_deleted_entry_is_named(trail, bot):
    for gone in (12, 7, 1):
        tampering(trail, delete(AuditEntry).where(AuditEntry.seq == gone))
        assert problem(bot) == (Flaw.ENTRY_MISSING, gone)


def test_a_deleted_entry_with_its_link_is_named(trail, bot):
    for gone in (7, 1):
        tampering(
            trail,
            delete(AuditEntry).where(AuditEntry.seq == gone),
            delete(AuditLink).where(AuditLink.position == gone),
        )
        assert problem(bot) == (Flaw.LINK_MISSING, gone)


def test_moving_up_the_links_behind_a_deleted_one_does_not_help(trail, bot):
    tampering(
        trail,
        delete(AuditEntry).where(AuditEntry.seq == 7),
        delete(AuditLink).where(AuditLink.position == 7),
        *(
            update(AuditLink).where(AuditLink.position == n).values(position=n - 1)
            for n in range(8, 13)
        ),
    )
    assert problem(bot) == (Flaw.LINK_ALTERED, 7)


@pytest.mark.parametrize(
    ("key", "flaw"),
    [(AuditEntry.seq, Flaw.ENTRY_ALTERED), (AuditLink.position, Flaw.LINK_ALTERED)],
    ids=["entries", "links"],
)
def test_two_that_were_exchanged_are_found_at_the_first(trail, bot, key, flaw):
    tampering(
        trail,
        *(
            update(key.class_).where(key == old).values({key.key: new})
            for old, new in ((4, 900), (9, 4), (900, 9))
        ),
    )
    assert problem(bot) == (flaw, 4)


def cut_after(position):
    return (
        delete(AuditEntry).where(AuditEntry.seq > position),
        delete(AuditLink).where(AuditLink.position > position),
    )


def test_a_tail_that_was_cut_off_is_found_by_the_anchor_alone(trail, bot, clock):
    anchor = head(bot)
    tampering(trail, *cut_after(9))
    assert problem(bot) is None  # nothing inside the database can know
    assert problem(bot, anchor) == (Flaw.TAIL_CUT, 10)
    # Where the chain has grown past the anchor again, it is another chain.
    for number in range(5):
        act(trail, clock, number)
    assert problem(bot, anchor) == (Flaw.REWRITTEN, 12)


def test_the_anchors_that_we_keep_find_a_cut_tail_too(trail, bot):
    assert auditing.send_anchor(bot) is not None
    tampering(trail, *cut_after(9))
    assert problem(bot) == (Flaw.TAIL_CUT, 10)


def test_an_invented_entry_is_named_however_it_came(trail, bot, clock):
    values = {"at": clock(), "action": "link:open", "actor": "a", "data": {}, "mac": "1" * 64}
    invent = AuditEntry.__table__.insert()
    tampering(trail, invent.values(values | {"seq": 50}))
    assert problem(bot)[0] is Flaw.NOT_OURS
    tampering(trail, invent.values(values | {"seq": 40, "mac": None}))
    found = auditing.verify(bot).problem
    assert (found.flaw, found.entry_seq) == (Flaw.UNSIGNED, 40)
    assert auditing.seal(bot) == 0  # and it never gets a link


def test_what_is_not_linked_yet_cannot_be_changed_either(trail, bot, clock):
    act(trail, clock, 99)
    last = trail.read(lambda s: s.execute(select(func.max(AuditEntry.seq))).scalar_one())
    tampering(trail, update(AuditEntry).where(AuditEntry.seq == last).values(actor="somebody"))
    found = auditing.verify(bot).problem
    assert (found.flaw, found.entry_seq) == (Flaw.NOT_OURS, last)


def test_a_beginning_that_nobody_signed_hides_nothing(trail, bot):
    link = trail.read(lambda session: session.get(AuditLink, 5))
    tampering(
        trail,
        delete(AuditEntry).where(AuditEntry.seq <= 5),
        delete(AuditLink).where(AuditLink.position <= 5),
        update(AuditChain).values(purged_to=5, purged_hash=link.hash),
    )
    assert problem(bot) == (Flaw.BEGINNING, 5)
    tampering(trail, delete(AuditChain))
    assert problem(bot) == (Flaw.LINK_MISSING, 1)


@pytest.mark.parametrize("seed", range(12))
def test_any_tampering_is_found_and_the_first_bad_one_named(trail, bot, clock, seed):
    """A few random acts of somebody who has the database but not the key."""
    chance = random.Random(seed)
    anchor = head(bot)
    columns = {
        "at": clock(),
        "action": "a:b",
        "actor": "nobody",
        "subject": "none",
        "data": {"x": 1},
        "mac": "f" * 64,
    }
    hit = sorted(chance.sample(range(1, 13), chance.randint(1, 4)))
    for seq in hit:
        if chance.random() < 0.5:
            column = chance.choice(sorted(columns))
            change = update(AuditEntry).where(AuditEntry.seq == seq)
            tampering(trail, change.values({column: columns[column]}))
        else:
            tampering(trail, delete(AuditEntry).where(AuditEntry.seq == seq))
            if chance.random() < 0.5:
                tampering(trail, delete(AuditLink).where(AuditLink.position == seq))
    found = problem(bot, anchor)
    assert found is not None
    assert found[1] == hit[0]


def test_entries_from_before_the_chain_are_signed_by_the_operator_only(database, bot, app, clock):
    for _ in range(3):
        legacy = {"at": clock(), "action": "x:y", "actor": "a", "data": {}}
        database.write(lambda s, values=legacy: s.add(AuditEntry(**values)))
    act(database, clock, 1)
    assert problem(bot) == (Flaw.UNSIGNED, 1)
    run = app.test_cli_runner().invoke
    asked = run(args=["audit-adopt"])
    assert (asked.exit_code, "3 entries have no signature" in asked.output) == (1, True)
    assert problem(bot) == (Flaw.UNSIGNED, 1)
    assert "3 entries were signed" in run(args=["audit-adopt", "--yes"]).output
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.checked) == (None, 5)  # and the adopting itself
    assert "nothing to adopt" in run(args=["audit-adopt", "--yes"]).output
    tampering(database, update(AuditEntry).where(AuditEntry.seq == 2).values(actor="b"))
    assert problem(bot) == (Flaw.ENTRY_ALTERED, 3)


def test_a_trail_that_was_exchanged_as_a_whole_is_not_signed(trail, bot, clock):
    """Somebody has the whole database, but not the key: what they put there stays unsigned."""
    invented = {"at": clock(), "action": "x:y", "actor": "a", "data": {}, "seq": 1}
    everything = (AuditEntry, AuditLink, AuditChain, AuditAnchor)
    invent = AuditEntry.__table__.insert().values(invented)
    tampering(trail, *(delete(table) for table in everything), invent)
    auditing.seal_all(bot)
    found = auditing.verify(bot).problem
    assert (found.flaw, found.entry_seq) == (Flaw.UNSIGNED, 1)


def test_a_lower_number_that_is_committed_later_is_linked_too(database, bot, clock):
    """PostgreSQL gives out numbers before the transaction ends."""
    if database.is_sqlite:
        pytest.skip("one writer")
    act(database, clock, 1)
    with database.engine.connect() as late:
        late.execute(text("SELECT nextval('audit_entry_seq_seq')"))  # 2, not committed yet
        late.commit()
    act(database, clock, 3)
    assert auditing.seal(bot) == 2
    act(database, clock, 4)
    tampering(database, update(AuditEntry).where(AuditEntry.seq == 4).values(seq=2))
    assert auditing.seal(bot) == 1  # the floor waits for such
    for _ in range(3):
        clock.advance(minutes=3)
        act(database, clock, 5)
        auditing.seal(bot)
    assert database.read(lambda s: s.get(AuditChain, 1).floor) > 2
    assert auditing.verify(bot).checked == 6


def ring(name, *keys):
    return Keyring({name: name.encode() * 16}, keys)


def test_old_data_keys_may_go_but_an_old_audit_key_must_stay(database, clock):
    old, new = "o" * 40, "n" * 40
    rings = [ring("k1", old), ring("k2", new, old), ring("k3", new)]
    for keyring in rings[:2]:
        opened = Database(database.url, keyring, clock)
        act(opened, clock, 1)
        opened.write(lambda session: chain.seal(session, clock()))
        opened.close()
    verdicts = []
    for keyring in rings[1:]:
        opened = Database(database.url, keyring, clock)
        verdicts.append(verify(opened, keyring))
        opened.close()
    *_, both, only_new = verdicts
    assert (both.problem, both.checked) == (None, 2)
    assert only_new.problem.flaw is Flaw.BEGINNING


def test_acts_do_not_wait_for_the_chain(trail, bot, clock):
    """The lock is on the chain's row alone: acts go on while a sealer holds it."""
    if trail.is_sqlite:
        pytest.skip("one writer")

    def hurried(session):
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
        values = {"link_id": "l", "purpose": "p", "now": clock()}
        audit.record(session, Action.LINK_ISSUED, actor="a", subject=None, **values)

    with trail.engine.connect() as holder:
        holder.execute(text("SELECT * FROM audit_chain FOR UPDATE"))
        trail.write(hurried)
        holder.rollback()
    assert auditing.verify(bot).checked == 13


def copied(session, seq, new, **changes):
    """The same entry under another number, as somebody with the database puts it there."""
    old = session.get_one(AuditEntry, seq)
    values = {column.key: getattr(old, column.key) for column in AuditEntry.__table__.columns}
    session.execute(AuditEntry.__table__.insert().values({**values, "seq": new, **changes}))


@pytest.mark.parametrize("old", [1, 7, 12])
def test_an_entry_does_not_stand_there_twice(trail, bot, clock, old):
    auditing.seal_all(bot)
    trail.write(lambda session: copied(session, old, 40))
    assert auditing.seal_all(bot) == 0
    found = auditing.verify(bot).problem
    assert (found.flaw, found.entry_seq) == (Flaw.TWICE, 40)


def test_a_copy_among_what_waits_is_one_too_many(trail, bot, clock):
    act(trail, clock, 13)
    trail.write(lambda session: copied(session, 13, 14))
    assert auditing.seal(bot) == 1
    assert auditing.verify(bot).problem.flaw is Flaw.TWICE


def test_a_copy_with_another_name_is_not_ours(trail, bot):
    auditing.seal_all(bot)
    trail.write(lambda session: copied(session, 7, 40, uid="f" * 32))
    assert auditing.verify(bot).problem.flaw is Flaw.NOT_OURS


def test_what_the_purge_took_cannot_be_put_back(database, bot, clock):
    """The link of a purged entry is gone with it: its age tells."""
    years = {"account_years": 9, "archive_years": 9, "proof_years": 9, "audit_years": 1}
    bot.settings = replace(bot.settings, school=School(**years))
    for number in range(3):
        act(database, clock, number, at=clock() - timedelta(days=400))
    act(database, clock, 4)
    auditing.seal(bot)
    old = database.read(lambda session: session.get_one(AuditEntry, 1))
    values = {column.key: getattr(old, column.key) for column in AuditEntry.__table__.columns}
    assert purging.purge(bot)["audit"] == 3
    assert auditing.verify(bot).problem is None
    put_back = AuditEntry.__table__.insert().values({**values, "seq": 40})
    database.write(lambda session: session.execute(put_back) and None)
    found = auditing.verify(bot).problem
    assert (found.flaw, found.entry_seq) == (Flaw.LATE, 40)


def of_an_earlier_version(database, keyring, clock, number):
    """An entry as it was written before entries had names."""

    def write(session):
        entry = AuditEntry(
            at=clock(), action="link:issue", actor="a", data={"link_id": str(number)}
        )
        entry.mac = proof.mac(keyring.audit_keys[0], entry)
        session.add(entry)

    database.write(write)
    clock.advance(seconds=1)


def as_before_names(database, keyring):
    """The chain's row as the version before signed it."""

    def write(session):
        row = session.get_one(AuditChain, 1)
        row.named_since = None
        row.mac = proof.beginning_mac(keyring.audit_keys[0], row)

    database.write(write)


@pytest.fixture
def upgraded(database, bot, clock):
    """Three linked entries of the version before, one that waits, and the first with a name."""
    for number in range(3):
        of_an_earlier_version(database, bot.keyring, clock, number)
    auditing.seal(bot)
    as_before_names(database, bot.keyring)
    of_an_earlier_version(database, bot.keyring, clock, 3)
    act(database, clock, 4)
    return database


def test_a_chain_of_an_earlier_version_goes_on_and_takes_no_copies(upgraded, bot, clock):
    assert auditing.seal(bot) == 2
    verdict = auditing.verify(bot)
    assert (verdict.problem, verdict.checked) == (None, 5)
    upgraded.write(lambda session: copied(session, 2, 40))
    assert problem(bot) == (Flaw.TWICE, 5)
    tampering(upgraded, delete(AuditEntry).where(AuditEntry.seq == 40))
    # Written by a process of the version before, while it was still being replaced.
    of_an_earlier_version(upgraded, bot.keyring, clock, 6)
    assert auditing.verify(bot).problem is None


def test_a_copy_that_waited_for_the_upgrade_is_named(upgraded, bot):
    upgraded.write(lambda session: copied(session, 2, 40))
    auditing.seal_all(bot)
    found = auditing.verify(bot).problem
    assert (found.flaw, found.entry_seq) == (Flaw.TWICE, 40)


def test_what_an_earlier_version_purged_cannot_be_put_back(upgraded, bot, clock):
    values = {"at": clock() - timedelta(days=300), "action": "x:y", "actor": "a", "data": {}}
    old = AuditEntry(**values)
    auditing.seal_all(bot)
    old.mac = proof.mac(bot.keyring.audit_keys[0], old)
    upgraded.write(lambda session: session.add(old))
    assert auditing.verify(bot).problem.flaw is Flaw.LATE


def test_an_old_row_of_the_chain_does_not_open_it_again(upgraded, bot):
    auditing.seal_all(bot)
    as_before_names(upgraded, bot.keyring)  # signed, out of an old copy of the database
    assert problem(bot) == (Flaw.BEGINNING, 5)


def test_copies_that_an_earlier_version_linked_are_named(trail, bot, clock):
    for number in range(chain.BATCH):
        act(trail, clock, number)
    auditing.seal_all(bot)
    assert auditing.verify(bot).problem is None

    def link(session):
        """What a version without names did with a copy: it looked like any other entry."""
        last = chain.head_of(session, session.get(AuditChain, 1))
        copied(session, 1, 900)
        row = session.get_one(AuditEntry, 900)
        bound = (last.position + 1, last.hash, 900, row.at, row.mac)
        names = ("position", "entry_seq", "at", "mac", "hash")
        values = (bound[0], *bound[2:], proof.link_hash(bot.keyring.audit_keys[0], *bound))
        session.add(AuditLink(**dict(zip(names, values, strict=True))))

    trail.write(link)
    assert problem(bot) == (Flaw.TWICE, 12 + chain.BATCH + 1)
