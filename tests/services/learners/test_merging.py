"""Merging: a no stays a no, and for a day it can be undone as if it had never been."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.runtime import imports_exports
from bot.services.consent import consents
from bot.services.learners import duplicates, tags
from bot.services.subscriptions import subscriptions
from models.account import AccountState
from models.consent import ConsentState, Purpose
from models.learner import Learner, LearnerState, PossibleDuplicate
from models.mail import Mail
from models.merges import Merge
from models.subscription import Channel
from tests.services.learners.merging import MEMBER, account_of, gets, says, topics_of
from tests.services.learners.merging import merge as merge
from tests.services.learners.merging import people as people
from tests.services.learners.merging import undo as undo


@pytest.fixture
def topic_ids(settings):
    from bot.services.subscriptions import topics

    return [topic.id for topic in topics.load(settings.news_dir)]


def test_one_stays_and_the_other_is_out_at_once(database, people, merge):
    kept, closed = people()
    row = merge(kept, closed)
    assert database.read(lambda s: s.get_one(Learner, kept).state) is LearnerState.ACTIVE
    assert database.read(lambda s: s.get_one(Learner, closed).state) is LearnerState.CLOSED
    assert account_of(database, kept).state is AccountState.ACTIVE
    assert account_of(database, closed).state is AccountState.FROZEN
    assert database.read(lambda s: s.scalars(select(PossibleDuplicate)).all()) == []
    assert row.undo_until - row.merged_at == timedelta(days=1)
    mail = database.read(lambda s: s.scalars(select(Mail)).one())
    assert mail.template == "merged"


@pytest.mark.parametrize("state", [ConsentState.WITHDRAWN, ConsentState.REFUSED])
def test_a_no_stays_a_no(database, settings, clock, people, merge, state):
    kept, closed = people()

    def work(session):
        says(session, kept, Purpose.LINE_NEWS, ConsentState.GIVEN, settings, clock())
        says(session, kept, Purpose.EMAIL_NEWS, ConsentState.GIVEN, settings, clock())
        says(session, closed, Purpose.LINE_NEWS, state, settings, clock())

    database.write(work)
    clock.advance(minutes=1)
    merge(kept, closed)
    assert not gets(database, kept, Purpose.LINE_NEWS, clock)
    assert topics_of(database, kept, Channel.LINE) == set()
    assert gets(database, kept, Purpose.EMAIL_NEWS, clock), "to that they never said no"


def test_a_yes_is_carried_to_nobody(database, settings, clock, people, merge):
    kept, closed = people()
    database.write(
        lambda s: says(s, closed, Purpose.EMAIL_NEWS, ConsentState.GIVEN, settings, clock())
    )
    merge(kept, closed)
    assert not gets(database, kept, Purpose.EMAIL_NEWS, clock)
    assert topics_of(database, kept, Channel.EMAIL) == set()


def test_of_two_choices_only_what_both_chose_is_left(
    database, settings, clock, people, merge, undo, topic_ids
):
    kept, closed = people()
    first, second, third, *_ = topic_ids

    def work(session):
        for learner_id, wanted in ((kept, {first, second}), (closed, {second, third})):
            says(session, learner_id, Purpose.LINE_NEWS, ConsentState.GIVEN, settings, clock())
            subject = session.get_one(Learner, learner_id).conversation_id
            for topic in topic_ids:
                subscriptions.choose(
                    session,
                    subject,
                    Channel.LINE,
                    topic,
                    clock(),
                    is_on=topic in wanted,
                    settings=settings,
                )

    database.write(work)
    row = merge(kept, closed)
    assert topics_of(database, kept, Channel.LINE) == {second}
    assert undo(row)
    assert topics_of(database, kept, Channel.LINE) == {first, second}
    assert topics_of(database, closed, Channel.LINE) == {second, third}


def test_an_objection_and_a_restriction_of_either_count(database, clock, people, merge):
    kept, closed = people()
    long_ago = clock() - timedelta(days=3)

    def work(session):
        session.get_one(Learner, closed).objected_at = long_ago
        session.get_one(Learner, closed).restricted_at = long_ago
        session.get_one(Learner, kept).news_paused_until = clock() + timedelta(days=2)
        session.get_one(Learner, closed).news_paused_until = clock() + timedelta(days=9)

    database.write(work)
    merge(kept, closed)
    learner = database.read(lambda s: s.get_one(Learner, kept))
    assert learner.objected_at == learner.restricted_at == long_ago
    assert learner.news_paused_until == clock() + timedelta(days=9)


def test_undone_within_a_day_everything_is_as_before(
    database, settings, clock, people, merge, undo
):
    kept, closed = people()

    def work(session):
        says(session, kept, Purpose.LINE_NEWS, ConsentState.GIVEN, settings, clock())
        says(session, closed, Purpose.LINE_NEWS, ConsentState.WITHDRAWN, settings, clock())
        session.get_one(Learner, closed).objected_at = clock()
        tags.make(session, "กรุงเทพ", MEMBER, clock())
        tags.choose(session, closed, ["กรุงเทพ"], MEMBER, clock())

    database.write(work)
    before = topics_of(database, kept, Channel.LINE)
    ends = database.read(lambda s: latest(s, kept, Purpose.LINE_NEWS)).valid_until
    clock.advance(hours=1)
    row = merge(kept, closed)
    assert database.read(lambda s: tags.of(s, kept)) == ["กรุงเทพ"]
    clock.advance(hours=22)
    assert undo(row)
    assert gets(database, kept, Purpose.LINE_NEWS, clock)
    assert topics_of(database, kept, Channel.LINE) == before
    again = database.read(lambda s: latest(s, kept, Purpose.LINE_NEWS))
    assert again.valid_until == ends, "a mistake of ours prolongs no consent"
    learner = database.read(lambda s: s.get_one(Learner, closed))
    assert learner.state is LearnerState.ACTIVE
    assert learner.closed_at is None
    assert database.read(lambda s: s.get_one(Learner, kept)).objected_at is None
    assert account_of(database, closed).state is AccountState.ACTIVE
    assert database.read(lambda s: tags.of(s, kept)) == []
    assert len(database.read(lambda s: duplicates.newest(s))[0]) == 1
    assert not undo(row), "once"


def latest(session, learner_id, purpose):
    subject = session.get_one(Learner, learner_id).conversation_id
    return consents.latest(session, subject, purpose)


def test_what_the_person_said_meanwhile_outlives_the_undoing(
    database, settings, clock, people, merge, undo
):
    kept, closed = people()

    def work(session):
        says(session, kept, Purpose.LINE_NEWS, ConsentState.GIVEN, settings, clock())
        says(session, closed, Purpose.LINE_NEWS, ConsentState.REFUSED, settings, clock())

    database.write(work)
    clock.advance(minutes=1)
    row = merge(kept, closed)
    clock.advance(minutes=1)
    database.write(
        lambda s: says(s, kept, Purpose.LINE_NEWS, ConsentState.WITHDRAWN, settings, clock())
    )
    assert undo(row)
    assert not gets(database, kept, Purpose.LINE_NEWS, clock)


def test_after_the_day_it_is_finished_and_forgotten(
    bot, database, settings, clock, people, merge, undo
):
    kept, closed = people()
    database.write(
        lambda s: says(s, closed, Purpose.EMAIL_NEWS, ConsentState.GIVEN, settings, clock())
    )
    row = merge(kept, closed)
    assert imports_exports.settle(bot) == 0, "not before its time"
    clock.advance(hours=24)
    assert not undo(row)
    assert imports_exports.settle(bot) == 1
    assert imports_exports.settle(bot) == 0
    assert account_of(database, closed).state is AccountState.CLOSED
    assert not gets(database, closed, Purpose.EMAIL_NEWS, clock)
    kept_row = database.read(lambda s: s.get_one(Merge, row.id))
    assert kept_row.memory_sealed is None
    assert kept_row.settled_at == clock()
