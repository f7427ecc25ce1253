"""Learners are found by the words of their names, whatever happens to the name meanwhile."""

import pytest
from sqlalchemy import delete, func, select

from bot.crypto import Keyring
from bot.services.accounts import details
from bot.services.backups import key_rotation
from bot.services.learners import search
from bot.services.people.fields import Item
from bot.services.privacy import erasure
from bot.services.privacy.data_map import Subject
from models.conversation import Conversation
from models.database import Database
from models.learner import Learner, NameWord, name_words
from tests.factories import make_learner


@pytest.fixture
def found(database, clock):
    """The ids of whom a member finds by a name."""

    def run(typed, *, using=database):
        by_name = lambda s: search.search(s, Item.NAME, typed, actor="test", now=clock())  # noqa: E731
        return {row.id for row in using.write(by_name)}

    return run


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("สมชาย ใจดี", "สมชาย"),
        ("สมชาย ใจดี", "ใจดี สมชาย"),
        ("สมชาย ใจดี", "สมชายใจดี"),
        ("สมชายใจดี", "สมชาย ใจดี"),
        ("นายสมชาย ใจดี", "สมชาย"),
        ("สมชาย ใจดี", "นาย สมชาย ใจดี"),
        ("สมชาย ใจดี", "คุณสมชาย"),
        ("กุลธิดา น้ำใส", "น\u0e49\u0e4d\u0e32ใส"),
        ("Mary-Ann Smith", "smith"),
        ("Mary-Ann Smith", "ANN"),
        ("Mary-Ann Smith", "Mr. Smith"),
        ("Jean Müller", "mu\u0308ller jean"),
        ("คุณากร นาคะ", "คุณากร"),
        ("ครู", "ครู"),
    ],
)
def test_whole_words_find_in_any_order_and_case(name, typed, database, clock, found):
    learner_id = database.write(lambda s: make_learner(s, clock(), name=name).id)
    database.write(lambda s: make_learner(s, clock(), name="มานี มีนา"))
    assert found(typed) == {learner_id}


@pytest.mark.parametrize("typed", ["สมช", "สมชาย มีนา", "ใจ", "สมชาย ใจดี ด้วย", "นาย"])
def test_parts_of_words_and_other_words_find_nobody(typed, database, clock, found):
    database.write(lambda s: make_learner(s, clock(), name="สมชาย ใจดี"))
    database.write(lambda s: make_learner(s, clock(), name="มานี มีนา"))
    assert found(typed) == set()


def test_a_name_of_signs_alone_has_words_and_long_ones_stay_few():
    assert name_words("A") == {"A"}
    assert len(name_words("ก-ข " * 25)) < 60


def test_a_correction_leaves_nothing_of_the_old_name(database, clock, found, settings):
    learner_id = database.write(lambda s: make_learner(s, clock(), name="สมชาย ใจดี").id)

    def corrected(session):
        learner = session.get_one(Learner, learner_id)
        return details.change(session, learner, Item.NAME, "สมชาย ใจงาม", "test", clock())

    assert database.write(corrected)
    assert found("ใจดี") == set()
    assert found("ใจงาม") == found("สมชาย") == {learner_id}


def test_an_erasure_takes_the_words_too(database, clock, settings):
    learner_id = database.write(lambda s: make_learner(s, clock()).id)

    def erased(session):
        learner = session.get_one(Learner, learner_id)
        chat = session.get_one(Conversation, learner.conversation_id)
        chat.learner_id = learner.id
        erasure.erase(session, Subject(chat.id, learner.id), actor="test", now=clock())

    database.write(erased)
    assert database.read(lambda s: s.scalars(select(func.count()).select_from(NameWord)).one()) == 0


def test_names_of_before_are_indexed_in_batches_and_once(database, clock, found, monkeypatch):
    monkeypatch.setattr(search, "BATCH", 2)
    ids = {
        database.write(lambda s, n=n: make_learner(s, clock(), name=f"มานี {n}").id)
        for n in ("มีนา", "มีตา", "มีชัย")
    }
    database.write(lambda s: s.execute(delete(NameWord)))
    assert found("มานี") == set()
    batches = [database.write(search.index_names) for _ in range(3)]
    assert batches == [2, 1, 0]
    assert found("มานี") == ids


def test_names_are_found_while_and_after_keys_are_rotated(database, database_url, clock, found):
    old, new = {"k1": b"o" * 32}, {"k2": b"n" * 32}
    before = Database(database_url, Keyring(old))
    learner_id = before.write(lambda s: make_learner(s, clock(), name="สมชาย ใจดี").id)
    before.close()
    both = Database(database_url, Keyring(new | old))
    assert found("สมชาย", using=both) == {learner_id}
    both.write(lambda s: key_rotation.rotate_batch(s, Learner, "", clock()))
    assert found("สมชาย", using=both) == {learner_id}
    both.close()
    after = Database(database_url, Keyring(new))
    assert found("สมชาย", using=after) == {learner_id}
    words = after.read(lambda s: s.scalars(select(func.count()).select_from(NameWord)).one())
    assert words == len(name_words("สมชาย ใจดี"))
    after.close()
