"""Backups and what they must never do: lie, leak, or bring somebody back."""

import gzip
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.crypto import Keyring
from bot.runtime import auditing, counting, purging
from bot.services.backups import backups, restores
from bot.services.backups.files import BackupError, BackupReader
from bot.services.campaigns.sending import quota
from bot.services.privacy import erasure, erasure_list
from models import migrations
from models.audit import AuditEntry
from models.conversation import Conversation
from models.database import Database
from models.learner import Learner
from models.privacy import Erasure
from models.tables import metadata
from tests.databases import fresh
from tests.factories import make_learner
from tests.services.privacy.canaries import plant
from tests.services.privacy.test_erasure import MINIMAL_PROOF, everything


@pytest.fixture
def people(database, clock):
    """Two people with rows in every table."""
    marks = ("k4n4r1", "0th3r")
    return database.write(lambda s: [plant(s, mark, clock()) for mark in marks])


@pytest.fixture
def made(database, bot, people, clock, tmp_path):
    return backups.make(database, bot.keyring, tmp_path / "backups", clock())


@pytest.fixture(params=["sqlite", "postgres"])
def elsewhere(request, tmp_path):
    """Another, empty database of either kind: with both kinds of source, all four ways."""
    (tmp_path / "elsewhere").mkdir()
    with fresh(request.param, tmp_path / "elsewhere") as url:
        yield url


def opened(url: str, bot, clock):
    return Database(url, bot.keyring, clock)


def contents(database) -> dict[str, list]:
    def read(session):
        return {
            table.name: sorted(repr(tuple(row)) for row in session.execute(select(table)).all())
            for table in metadata.sorted_tables
            if table.name != "audit_entry"  # the restore adds its own entry
        }

    return database.read(read)


def test_all_rows_come_back_the_same_on_either_database(
    database, bot, made, elsewhere, clock, tmp_path
):
    done = restores.restore(made.path, elsewhere, bot.keyring, None, clock())
    other = opened(elsewhere, bot, clock)
    restored, original = contents(other), contents(database)
    # Both canaries have an erasure row of their own, so the restore erases them once more.
    other.close()
    assert done.digest == made.digest
    assert done.rows == made.rows
    assert set(restored) == set(original)


def test_a_plain_person_comes_back_readable(database, bot, elsewhere, clock, tmp_path):
    learner_id = database.write(lambda s: make_learner(s, clock(), name="มะลิ ใจดี").id)
    before = contents(database)
    made = backups.make(database, bot.keyring, tmp_path / "b", clock())
    restores.restore(made.path, elsewhere, bot.keyring, None, clock())
    other = opened(elsewhere, bot, clock)
    assert contents(other) == before
    assert other.read(lambda s: s.get(Learner, learner_id).name) == "มะลิ ใจดี"
    # What numbers itself goes on behind the restored rows.
    entry = AuditEntry(at=clock(), action="x:y", actor="a", subject=None, data={})
    other.write(lambda s: s.add(entry))
    other.close()


def test_days_and_links_of_the_trail_come_back_too(database, bot, elsewhere, clock, tmp_path):
    database.write(lambda s: quota.record(s, 5000, 42, clock()))
    database.write(lambda s: make_learner(s, clock()) and None)
    counting.count(bot)
    auditing.send_anchor(bot)
    before = contents(database)
    made = backups.make(database, bot.keyring, tmp_path / "b", clock())
    restores.restore(made.path, elsewhere, bot.keyring, None, clock())
    other = opened(elsewhere, bot, clock)
    assert contents(other) == before
    other.close()


def test_a_person_erased_since_stays_erased(database, bot, elsewhere, clock, tmp_path):
    """By the list beside the backups: the new machine knows nothing else."""
    directory = tmp_path / "backups"
    planted = database.write(lambda s: plant_without_erasure(s, clock()))
    made = backups.make(database, bot.keyring, directory, clock())
    clock.advance(days=3)
    database.write(lambda s: erasure.erase(s, planted.subject, clock()))
    assert erasure_list.update(database, bot.keyring, directory) == 1

    done = restores.restore(made.path, elsewhere, bot.keyring, directory, clock())
    assert done.erased_again == 1
    other = opened(elsewhere, bot, clock)
    after = everything(other, bot)
    for words in planted.words.values():
        for word in words:
            assert {name for name, text in after.items() if word in text} <= MINIMAL_PROOF, word
    assert other.read(lambda s: s.scalars(select(Erasure)).one()).erased_at == clock()
    other.close()


def test_what_the_replaced_database_knew_counts_too(database, bot, clock, tmp_path):
    """No list was written: the erasure stands only in the database that is being replaced."""
    directory = tmp_path / "backups"
    planted = database.write(lambda s: plant_without_erasure(s, clock()))
    made = backups.make(database, bot.keyring, directory, clock())
    database.write(lambda s: erasure.erase(s, planted.subject, clock()))
    database.close()

    with pytest.raises(BackupError, match="--yes"):
        restores.restore(made.path, database.url, bot.keyring, directory, clock())
    done = restores.restore(
        made.path, database.url, bot.keyring, directory, clock(), may_replace=True
    )
    assert done.erased_again == 1
    again = opened(database.url, bot, clock)
    chat = planted.subject.conversation_id
    assert again.read(lambda s: s.get(Conversation, chat)) is None
    again.close()
    listed = erasure_list.read(directory, bot.keyring)
    assert [erased.subject_id for erased in listed.erased] == [chat]


def test_somebody_who_came_back_after_an_erasure_is_not_erased_again(
    database, bot, elsewhere, clock, tmp_path
):
    directory = tmp_path / "backups"
    planted = database.write(lambda s: plant_without_erasure(s, clock()))
    database.write(lambda s: erasure.erase(s, planted.subject, clock()))
    new = database.write(lambda s: make_learner(s, clock()).id)
    made = backups.make(database, bot.keyring, directory, clock())
    erasure_list.update(database, bot.keyring, directory)
    restores.restore(made.path, elsewhere, bot.keyring, directory, clock())
    other = opened(elsewhere, bot, clock)
    assert other.read(lambda s: s.get(Learner, new)) is not None
    other.close()


def plant_without_erasure(session, now):
    planted = plant(session, "k4n4r1", now)
    session.query(Erasure).delete()
    return planted


def test_nothing_can_be_read_in_the_file(made, people):
    raw = made.path.read_bytes()
    for planted in people:
        for words in planted.words.values():
            for word in words:
                for encoding in ("utf-8", "utf-16-le"):
                    assert word.encode(encoding) not in raw
    assert b"learner" not in raw
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(raw)
    assert made.path.stat().st_mode & 0o077 == 0


def test_another_key_does_not_open_it(made, bot, elsewhere, clock):
    for keys, said in (
        ({"k9": b"x" * 32}, "not in DATA_KEYS"),
        ({bot.keyring.current: b"x" * 32}, "another key"),
    ):
        with pytest.raises(BackupError, match=said):
            restores.restore(made.path, elsewhere, Keyring(keys), None, clock())


@pytest.mark.parametrize("place", [0, 12, 60, 300, 500, -200, -1])
def test_a_flipped_byte_is_found_before_anything_is_touched(
    place, made, bot, database, clock, tmp_path
):
    raw = bytearray(made.path.read_bytes())
    raw[place] ^= 1
    broken = tmp_path / "broken.backup"
    broken.write_bytes(raw)
    before = contents(database)
    with pytest.raises(BackupError):
        restores.restore(broken, database.url, bot.keyring, None, clock(), may_replace=True)
    assert contents(database) == before


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_cut_off_file_is_found(share, made, bot, tmp_path):
    raw = made.path.read_bytes()
    broken = tmp_path / "broken.backup"
    broken.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(BackupError):
        backups.check(BackupReader(broken, bot.keyring))


def test_exchanged_or_dropped_chunks_are_found(bot, tmp_path, monkeypatch):
    from bot.services.backups import files

    monkeypatch.setattr(files, "CHUNK", 64)
    path = tmp_path / "small.backup"
    with path.open("wb") as file:
        writer = files.Writer(
            file, bot.keyring, {"revision": "0002", "made_at": "2026-11-23T00:00:00+00:00"}
        )
        for number in range(200):
            writer.line(f"line {number} {'x' * (number % 7)}")
        writer.close()
    assert len(list(BackupReader(path, bot.keyring).lines())) == 200
    raw = path.read_bytes()
    start = raw.index(b"}") + 1
    size = 5 + 64 + 16
    head, first, second, rest = (
        raw[:start],
        raw[start : start + size],
        raw[start + size : start + 2 * size],
        raw[start + 2 * size :],
    )
    for changed in (head + second + first + rest, head + second + rest, head + first + first):
        path.write_bytes(changed)
        with pytest.raises(BackupError):
            list(BackupReader(path, bot.keyring).lines())


def test_a_newer_program_s_file_is_refused_with_the_cure(bot, tmp_path, elsewhere, clock):
    from bot.services.backups.files import Writer

    path = tmp_path / "newer.backup"
    with path.open("wb") as file:
        writer = Writer(
            file, bot.keyring, {"revision": "9999", "made_at": "2026-11-23T00:00:00+00:00"}
        )
        writer.line('{"end": {}}')
        writer.close()
    with pytest.raises(BackupError, match="install the version"):
        restores.restore(path, elsewhere, bot.keyring, None, clock())


def test_an_older_revision_is_brought_up_to_date(bot, tmp_path, elsewhere, clock):
    """A file of the first revision: its tables, loaded as they were, then migrated."""
    from bot.services.backups.files import Writer
    from bot.services.backups.rows import Tally, dumped

    row = dumped(["cause", clock()])
    tally = Tally()
    tally.add(row)
    path = tmp_path / "older.backup"
    with path.open("wb") as file:
        writer = Writer(
            file, bot.keyring, {"revision": "0001", "made_at": "2026-11-23T00:00:00+00:00"}
        )
        writer.line('{"table": "throttle", "columns": ["key", "at"]}')
        writer.line(row)
        writer.line('{"end": {"throttle": %s}}' % str(tally.said()).replace("'", '"'))  # noqa: UP031
        writer.close()
    restores.restore(path, elsewhere, bot.keyring, None, clock())
    assert migrations.is_current(elsewhere)


def test_old_backups_go_with_the_nightly_purge_and_other_files_stay(bot, tmp_path, clock):
    directory = tmp_path / "backups"
    directory.mkdir()

    def name(days):
        return f"english-planet-{clock() - timedelta(days=days):%Y%m%dT%H%M%S}Z.backup"

    for days in (0, 59, 61, 400):
        (directory / name(days)).touch()
    (directory / "erasures.jsonl").touch()
    bot.settings = replace(bot.settings, backup_dir=directory)
    assert purging.purge(bot)["backup"] == 2
    assert sorted(path.name for path in directory.iterdir()) == sorted(
        [name(0), name(59), "erasures.jsonl"]
    )


def test_a_forged_or_damaged_line_of_the_list_erases_nobody(bot, tmp_path, clock):
    erased = erasure_list.ListedErasure("e1", "s1", "l1", clock())
    erasure_list.add(tmp_path, bot.keyring, [erased])
    path = tmp_path / erasure_list.NAME
    good = path.read_text()
    path.write_text(good + good.replace('"s1"', '"s2"') + good[:40])
    listed = erasure_list.read(tmp_path, bot.keyring)
    assert [one.subject_id for one in listed.erased] == ["s1"]
    assert listed.doubtful == 2
    # A line after the one that was cut off is whole.
    erasure_list.add(tmp_path, bot.keyring, [erasure_list.ListedErasure("e3", "s3", None, clock())])
    assert [one.subject_id for one in erasure_list.read(tmp_path, bot.keyring).erased] == [
        "s1",
        "s3",
    ]


def test_the_list_is_signed_anew_under_a_new_key(bot, tmp_path, clock):
    erasure_list.add(tmp_path, bot.keyring, [erasure_list.ListedErasure("e1", "s1", None, clock())])
    old = {bot.keyring.current: bot.settings.data_keys[bot.keyring.current]}
    both = Keyring({"k2": b"y" * 31 + b"z", **old})
    erasure_list.add(tmp_path, both, [])
    only_new = Keyring({"k2": b"y" * 31 + b"z"})
    assert [one.id for one in erasure_list.read(tmp_path, only_new).erased] == ["e1"]


def test_the_commands_do_the_whole_round(app, bot, database, clock, tmp_path):
    bot.settings = replace(bot.settings, backup_dir=tmp_path / "backups")
    planted = database.write(lambda s: plant_without_erasure(s, clock()))
    runner = app.test_cli_runner()
    made = runner.invoke(args=["backup"])
    assert made.exit_code == 0, made.output
    path = Path(made.output.splitlines()[0])
    database.write(lambda s: erasure.erase(s, planted.subject, clock()))

    refused = runner.invoke(args=["restore", str(path)])
    assert refused.exit_code == 1
    assert "--yes" in refused.output
    assert "Traceback" not in refused.output
    done = runner.invoke(args=["restore", str(path), "--yes"])
    assert done.exit_code == 0, done.output
    assert "1 person(s)" in done.output
    again = opened(database.url, bot, clock)
    assert again.read(lambda s: s.get(Learner, planted.subject.learner_id)) is None
    again.close()
    missing = runner.invoke(args=["restore", str(tmp_path / "no.backup")])
    assert missing.exit_code == 1
    assert "cannot be read" in missing.output
