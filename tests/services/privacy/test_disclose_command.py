"""The command disclose: exactly the named items, once, into a new file, and on the record."""

import json
import stat

import pytest

from bot.services.people import subjects
from bot.services.privacy import disclosures
from models.conversation import Conversation
from models.privacy import Disclosure, Ground
from tests.factories import make_account, make_learner

BY_TWO = ["--approved-by", "staff:a", "--approved-by", "staff:b"]
ORDER = ["--order", "ศาลอาญา", "12/2569"]


@pytest.fixture
def learner_id(database, clock):
    def work(session):
        row = make_learner(session, clock())
        session.get_one(Conversation, row.conversation_id).learner_id = row.id
        make_account(session, row, clock())
        return row.id

    return database.write(work)


@pytest.fixture
def disclose(app, learner_id, tmp_path):
    def call(*args, target="given.json"):
        path = tmp_path / target
        words = ["disclose", learner_id, "--file", str(path), *args]
        return app.test_cli_runner().invoke(args=words), path

    return call


def recorded(database):
    return database.read(lambda s: s.query(Disclosure).all())


def test_an_order_is_answered_with_its_items_and_no_other(disclose, database, learner_id):
    result, path = disclose(*ORDER, *BY_TWO, "--item", "full name", "--item", "username")
    assert result.exit_code == 0, result.output
    (row,) = recorded(database)
    given = json.loads(path.read_text("utf-8"))
    assert row.id in result.output
    assert (given["disclosure"], given["ground"]) == (row.id, Ground.LAW)
    assert given["recipient"] == row.recipient == "ศาลอาญา"
    assert set(given["items"]) == set(row.items) == {"full name", "username"}
    whole = path.read_text("utf-8")
    person = database.read(lambda s: s.get(Conversation, s.query(Conversation).one().id))
    assert person is not None
    phone, email = database.read(lambda s: _secrets(s, learner_id))
    assert given["items"]["full name"] not in result.output, "a terminal may be recorded"
    assert phone not in whole
    assert email not in whole
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _secrets(session, learner_id):
    found = subjects.learner(session, subjects.of_learner(session, learner_id))
    return found.phone, found.email


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["--item", "full name"], "exactly one ground"),
        ([*ORDER, "--item", "full name"], "two different people"),
        ([*ORDER, *BY_TWO, "--item", "password"], "name the items"),
        ([*ORDER, *BY_TWO, "--processor", "line", "--item", "full name"], "exactly one ground"),
        (["--processor", "line", "--item", "phone number"], "does not need"),
        (["--processor", "staff", "--item", "full name"], "register"),
        (["--consent", "x", "--to", "ผู้รับ", "--item", "full name"], "no such consent"),
    ],
)
def test_what_is_not_proved_leaves_no_file_and_no_record(args, why, disclose, database):
    result, path = disclose(*args)
    assert result.exit_code == 1
    assert why in result.output
    assert not path.exists()
    assert recorded(database) == []


def test_a_file_that_is_there_is_not_replaced_and_nothing_is_given(disclose, database, tmp_path):
    (tmp_path / "given.json").write_text("x")
    result, path = disclose(*ORDER, *BY_TWO, "--item", "full name")
    assert result.exit_code == 1
    assert path.read_text() == "x"
    assert recorded(database) == []


def test_every_item_can_be_read(disclose):
    named = [word for item in sorted(disclosures.ITEMS) for word in ("--item", item)]
    result, path = disclose(*ORDER, *BY_TWO, *named)
    assert result.exit_code == 0, result.output
    assert set(json.loads(path.read_text("utf-8"))["items"]) == disclosures.ITEMS
