"""Every moment that a table holds is put right, or left alone for a reason, when a clock was wrong.

A moment in the future that nobody bounds stops whoever waits for it, or lets something live too
long (bot/runtime/turned_clock.py).
"""

from bot.runtime import turned_clock
from models.base import UTCDateTime
from models.tables import metadata

# What these names say has been: nothing by such a name can lie ahead.
HAVE_BEEN = """
    alive_at approved_at asked_at at blocked_at bounced_at changed_at chosen_at closed_at
    counted_at created_at decided_at deployed_at disabled_at done_at email_verified_at ended_at
    finished_at first_tried_at found_at frozen_at handed_at issued_at linked_at made_at merged_at
    noted_at objected_at paused_at proved_at put_at read_at received_at released_at replaced_at
    restricted_at seen_at
    sent_at settled_at signed_in_at slowed_at started_at suspended_at taken_at told_at tried_at
    trouble_at undone_at unfrozen_at uploaded_at used_at
"""
SPANS = (*turned_clock.LEASES, *turned_clock.QUEUES, *turned_clock.LIVES)


def name_of(attribute):
    return f"{attribute.class_.__tablename__}.{attribute.key}"


def moments():
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, UTCDateTime)
    }


def is_left(name):
    return name in turned_clock.LEFT or name.partition(".")[0] in turned_clock.LEFT


def test_every_moment_has_its_rule():
    ruled = {name_of(span.column) for span in SPANS}
    ruled |= {name_of(column) for column in turned_clock.moments_that_were()}
    assert {name for name in moments() if not is_left(name)} == ruled


def test_what_is_put_back_to_now_says_what_has_been():
    found = {column.key for column in turned_clock.moments_that_were()}
    assert found == set(HAVE_BEEN.split()), (
        "a new name: a moment that may lie ahead needs a span, or LEFT"
    )


def test_what_is_left_alone_exists_and_has_no_rule():
    tables = {table.name for table in metadata.sorted_tables}
    assert turned_clock.LEFT.keys() <= moments() | tables
    assert not [span for span in SPANS if is_left(name_of(span.column))]
