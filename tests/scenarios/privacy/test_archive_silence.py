"""What an archive keeps to itself: that others gave the same details, and secret orders."""

import json

import pytest

from bot.services.accounts import holds
from bot.services.people import subjects
from bot.services.privacy import data_map
from models.audit import AuditEntry
from models.learner import Learner, PossibleDuplicate
from tests.scenarios.story import register


def archive_of(database, learner_id):
    """Every row that the archive of a learner shows, as one text."""

    def read(session):
        subject = subjects.of_learner(session, learner_id)
        return json.dumps([table.rows(session, subject) for table in data_map.TABLES])

    return database.read(read)


def test_the_archive_does_not_tell_that_somebody_else_gave_the_same_details(
    someone, rows, database
):
    """Or anybody could register with a stranger's number and read whether it is known here."""
    register(someone("มะลิ"))
    register(someone("มะลิวัลย์"))
    newcomer = rows(Learner)[1]
    assert rows(PossibleDuplicate, PossibleDuplicate.learner_id == newcomer.id)
    assert rows(AuditEntry, AuditEntry.action == "duplicate:flag")

    text = archive_of(database, newcomer.id)
    assert "learner:create" in text
    assert "duplicate" not in text


@pytest.mark.parametrize("may_tell", [True, False])
def test_an_order_is_shown_where_the_law_lets_us_tell(may_tell, someone, rows, database, clock):
    register(someone("มะลิ"))
    learner = rows(Learner)[0]

    def place(session):
        return holds.place(
            session, learner.id, "court 1/2569", may_tell=may_tell, actor="system", now=clock()
        ).id

    hold_id = database.write(place)
    database.write(lambda s: holds.release(s, hold_id, actor="system", now=clock()))
    text = archive_of(database, learner.id)
    for act in ("hold:place", "hold:release"):
        assert (act in text) == may_tell
    assert ("court 1/2569" in text) == may_tell
