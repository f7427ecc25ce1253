"""Sealing: what was moved, damaged or sealed by a stranger does not open; keys can be rotated."""

import base64
import hashlib
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from bot.crypto import Keyring, parse_keys
from bot.errors import SealError
from models.base import Base, Sealed, SealedWords
from models.database import Database
from models.learner import Learner
from models.tables import metadata
from tests.clock import FakeClock
from tests.databases import fresh
from tests.factories import PERSON, make_learner
from tests.samples import every

# The same in every process, because the tests that are made of them have to have the same names.
OLD, NEW = (hashlib.sha256(name).digest() for name in (b"old", b"new"))


@pytest.fixture
def ring() -> Keyring:
    return Keyring({"k1": OLD})


@given(st.binary(max_size=200), st.text(max_size=60))
def test_what_was_sealed_opens_at_its_place(plain: bytes, place: str) -> None:
    ring = Keyring({"k1": OLD})
    assert ring.open(ring.seal(plain, place), place) == plain


@pytest.mark.parametrize(
    "elsewhere",
    [
        "learner|name_sealed|2",
        "learner|phone_sealed|1",
        "push|name_sealed|1",
        "",
        "learner|name_sealed|1 ",
    ],
)
def test_another_place_does_not_open(ring: Keyring, elsewhere: str) -> None:
    sealed = ring.seal("สมชาย".encode(), "learner|name_sealed|1")
    with pytest.raises(SealError):
        ring.open(sealed, elsewhere)


def test_every_flipped_byte_fails_closed(ring: Keyring) -> None:
    sealed = ring.seal(b"0812345678", "here")
    for index in range(len(sealed)):
        for mask in (0x01, 0x80):
            damaged = bytearray(sealed)
            damaged[index] ^= mask
            with pytest.raises(SealError):
                ring.open(bytes(damaged), "here")


def test_every_cut_fails_closed(ring: Keyring) -> None:
    sealed = ring.seal(b"0812345678", "here")
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            ring.open(sealed[:length], "here")
    with pytest.raises(SealError):
        ring.open(sealed + b"\0", "here")


@given(st.binary(max_size=80))
def test_noise_is_never_anything_but_a_seal_error(noise: bytes) -> None:
    with pytest.raises(SealError):
        Keyring({"k1": OLD}).open(noise, "here")


def test_the_same_value_never_looks_the_same(ring: Keyring) -> None:
    assert len({ring.seal(b"same", "here") for _ in range(200)}) == 200


def test_a_strangers_key_of_the_same_name_does_not_open(ring: Keyring) -> None:
    with pytest.raises(SealError):
        Keyring({"k1": NEW}).open(ring.seal(b"x", "here"), "here")


def test_two_keys_the_old_opens_and_the_first_seals() -> None:
    before, both = Keyring({"k1": OLD}), Keyring({"k2": NEW, "k1": OLD})
    assert both.open(before.seal(b"old", "here"), "here") == b"old"
    sealed = both.seal(b"new", "here")
    assert Keyring.key_of(sealed) == "k2"
    assert Keyring({"k2": NEW}).open(sealed, "here") == b"new"
    with pytest.raises(SealError):
        before.open(sealed, "here")


def test_a_renamed_key_id_does_not_open() -> None:
    """The id is authenticated: nobody passes one key's value off as another's."""
    both = Keyring({"k1": OLD, "k2": OLD})
    sealed = bytearray(both.seal(b"x", "here"))
    assert sealed[1:3] == b"k1"
    sealed[1:3] = b"k2"
    with pytest.raises(SealError):
        both.open(bytes(sealed), "here")


def test_blind_indexes_are_keyed_and_differ_by_column(ring: Keyring) -> None:
    value = "+66812345678"
    index = ring.blind("learner.phone_index", value)
    assert index == ring.blind("learner.phone_index", value)
    assert index != ring.blind("learner.email_index", value)
    assert index != Keyring({"k1": NEW}).blind("learner.phone_index", value)
    assert Keyring({"k2": NEW, "k1": OLD}).blinds("learner.phone_index", value)[1] == index


def test_blind_indexes_see_through_ways_of_writing(ring: Keyring) -> None:
    assert ring.blind("c", "Somchai@Example.com") == ring.blind("c", "somchai@example.com")
    assert ring.blind("c", "ｓｏｍchai") == ring.blind("c", "somchai")


def key(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


GOOD = key(OLD)


BAD = {
    "nothing": "",
    "an id only": "k1",
    "no key": "k1:",
    "no id": f":{GOOD}",
    "a key only": GOOD,
    "a space in the id": f"k 1:{GOOD}",
    "a hyphen in the id": f"k-1:{GOOD}",
    "a Thai id": f"กุญแจ:{GOOD}",
    "a long id": f"{'k' * 17}:{GOOD}",
    "a byte too few": f"k1:{key(OLD[:31])}",
    "a byte too many": f"k1:{key(OLD + b'x')}",
    "zeroes": f"k1:{key(bytes(32))}",
    "two bytes repeated": f"k1:{key(b'ab' * 16)}",
    "seven bytes repeated": f"k1:{key(bytes(range(7)) * 4 + bytes(4))}",
    "an id twice": f"k1:{GOOD},k1:{key(NEW)}",
    "a comma at the end": f"k1:{GOOD},",
    "a key twice": f"k1:{GOOD},k2:{GOOD}",
    "no base64 at all": "k1:" + "!" * 44,
    "a stray sign inside": f"k1:{GOOD[:20]}!{GOOD[20:]}",
    "a space inside": f"k1:{GOOD[:20]} {GOOD[20:]}",
    "a Thai letter inside": "k1:ก" + GOOD[1:],
}


@pytest.mark.parametrize("given_text", BAD.values(), ids=BAD.keys())
def test_weak_doubled_and_malformed_keys_are_refused_without_an_echo(given_text: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_keys(given_text)
    said = f"{refused.value!r} {refused.value} {refused.value.__cause__}"
    for secret in (GOOD, key(NEW), GOOD[:12], key(OLD[:31])[:12], "!!!!"):
        assert secret not in said


def test_good_keys_are_read_in_either_alphabet_and_in_order() -> None:
    url_safe = base64.urlsafe_b64encode(NEW).decode().rstrip("=")
    assert list(parse_keys(f"new:{url_safe}, k1:{GOOD}").items()) == [("new", NEW), ("k1", OLD)]


def test_a_keyring_says_nothing_of_its_keys(ring: Keyring) -> None:
    said = repr(ring) + str(ring)
    assert not re.search(re.escape(OLD.hex()), said)
    assert GOOD not in said


def sealed_columns() -> list[Sealed]:
    assert metadata.tables
    return Sealed.registry


def is_bound_to_its_row(sealed: Sealed) -> None:
    table = sealed.owner.__table__
    assert list(table.primary_key.columns.keys()) == ["id"]
    assert table.columns[sealed.column].type.python_type is bytes
    assert sealed.column == f"{sealed.name.removesuffix('_json')}_sealed"
    if sealed.blind:
        blind = table.columns[sealed.blind]
        # A list is searched by a part of it, after a date or a person.
        assert blind.index or blind.unique or isinstance(sealed, SealedWords)


def test_every_sealed_column_stands_on_a_table_with_an_id() -> None:
    """The id is part of what a ciphertext is bound to; the columns exist and hold bytes."""
    every({f"{s.owner.__name__}.{s.name}": s for s in sealed_columns()}, is_bound_to_its_row)


def test_every_column_that_is_called_sealed_has_its_attribute() -> None:
    named = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert named == {(s.owner.__tablename__, s.column) for s in sealed_columns()}


class TestRows:
    """The same in a database: swapped ciphertexts, two keys, look-ups."""

    NOW = FakeClock()()

    @pytest.fixture(params=["sqlite", "postgres"])
    def url(self, request: pytest.FixtureRequest, tmp_path: Path):
        with fresh(request.param, tmp_path) as url:
            yield url

    @pytest.fixture
    def database(self, url: str):
        made = Database(url, Keyring({"k1": OLD}))
        yield made
        made.close()

    def store(self, database: Database, **details: str) -> str:
        now: datetime = self.NOW
        return database.write(lambda session: make_learner(session, now, **details).id)

    def test_a_ciphertext_of_another_row_does_not_open(self, database: Database) -> None:
        mine, theirs = self.store(database), self.store(database, name="คนอื่น ใครก็ได้")

        def swap(session) -> None:
            other = select(Learner.name_sealed).where(Learner.id == theirs).scalar_subquery()
            session.execute(
                update(Learner)
                .where(Learner.id == mine)
                .values(name_sealed=other)
                .execution_options(synchronize_session=False)
            )

        database.write(swap)
        with pytest.raises(SealError):
            database.read(lambda session: session.get_one(Learner, mine).name)
        assert database.read(lambda session: session.get_one(Learner, theirs).name)

    def test_a_ciphertext_of_another_column_does_not_open(self, database: Database) -> None:
        mine = self.store(database)
        database.write(
            lambda session: session.execute(
                text("UPDATE learner SET name_sealed = email_sealed WHERE id = :id"), {"id": mine}
            )
        )
        with pytest.raises(SealError):
            database.read(lambda session: session.get_one(Learner, mine).name)

    def test_rotation(self, url: str, database: Database) -> None:
        old = self.store(database)
        rotated = Database(url, Keyring({"k2": NEW, "k1": OLD}))
        try:
            new = self.store(rotated)

            def look(session) -> tuple[str | None, str, str, set[str]]:
                found = session.scalars(
                    select(Learner).where(
                        Learner.phone_index.in_(Learner.phone.lookups(session, PERSON["phone"]))
                    )
                )
                return (
                    session.get_one(Learner, old).name,
                    Keyring.key_of(session.get_one(Learner, old).name_sealed),
                    Keyring.key_of(session.get_one(Learner, new).name_sealed),
                    {learner.id for learner in found},
                )

            assert rotated.read(look) == (PERSON["name"], "k1", "k2", {old, new})

            def rewrite(session) -> None:
                learner = session.get_one(Learner, old)
                for sealed in Sealed.registry:
                    if sealed.owner is Learner:
                        setattr(learner, sealed.name, getattr(learner, sealed.name))

            rotated.write(rewrite)
        finally:
            rotated.close()
        after = Database(url, Keyring({"k2": NEW}))
        try:
            assert after.read(lambda session: session.get_one(Learner, old).name) == PERSON["name"]
            assert after.read(lambda s: s.get_one(Learner, old).phone_index) == after.read(
                lambda s: s.get_one(Learner, new).phone_index
            )
        finally:
            after.close()

    def test_a_lost_key_is_named_and_not_guessed(self, url: str, database: Database) -> None:
        mine = self.store(database)
        wrong = Database(url, Keyring({"k2": NEW}))
        try:
            with pytest.raises(SealError, match="k1"):
                wrong.read(lambda session: session.get_one(Learner, mine).name)
        finally:
            wrong.close()

    def test_a_row_outside_a_session_cannot_be_sealed(self) -> None:
        row: Base = Learner(id="x")
        with pytest.raises(RuntimeError):
            row.name = "สมชาย"  # type: ignore[attr-defined]
