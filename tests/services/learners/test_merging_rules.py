"""Who may not be merged, what the trail keeps, and what an erasure leaves of a merge."""

import pytest
from sqlalchemy import select

from bot.services.accounts import holds
from bot.services.learners import duplicates, merging
from bot.services.people.subjects import Subject
from bot.services.privacy import erasure
from models.account import AccountState
from models.audit import AuditEntry
from models.learner import AgeBand, Learner, LearnerState
from models.merges import Merge
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.factories import make_conversation, make_guardianship, make_learner
from tests.services.learners.merging import MEMBER, account_of, flag
from tests.services.learners.merging import merge as merge
from tests.services.learners.merging import people as people
from tests.services.learners.merging import undo as undo


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("state", lambda s, k, c, now: setattr(c, "state", LearnerState.WITHDRAWN)),
        ("ages", lambda s, k, c, now: setattr(c, "age_band", AgeBand.FROM_11_TO_19)),
        (
            "hold",
            lambda s, k, c, now: holds.place(
                s, k.id, "order", may_tell=True, actor="test", now=now
            ),
        ),
        (
            "guards",
            lambda s, k, c, now: make_guardianship(s, now, guardian_id=c.conversation_id),
        ),
        (
            "guardians",
            lambda s, k, c, now: make_guardianship(s, now, child_id=c.conversation_id),
        ),
        (
            "request",
            lambda s, k, c, now: s.add(
                PrivacyRequest(
                    subject_id=c.conversation_id,
                    learner_id=c.id,
                    kind=RequestKind.ACCESS,
                    state=RequestState.RECEIVED,
                    asked_by="self",
                    channel="line",
                    opened_at=now,
                    acknowledge_by=now,
                    due_at=now,
                )
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_may_not_be_merged(database, clock, people, merge, code, spoil):
    kept, closed = people()
    database.write(
        lambda s: spoil(s, s.get_one(Learner, kept), s.get_one(Learner, closed), clock()) and None
    )
    assert code in merge(kept, closed)
    assert database.read(lambda s: s.scalars(select(Merge)).all()) == []


def test_two_children_of_one_parent_and_of_two(database, clock, people, merge):
    """Of one guardian they may be one child; of two guardians they are two children."""
    kept, closed = people(age_band=AgeBand.FROM_11_TO_19)

    def guard(session, learner_id, guardian_id):
        child = session.get_one(Learner, learner_id).conversation_id
        make_guardianship(session, clock(), child_id=child, guardian_id=guardian_id)

    def work(session):
        one, other = (make_conversation(session, clock()).id for _ in range(2))
        guard(session, kept, one)
        guard(session, closed, other)
        return one

    one = database.write(work)
    assert merge(kept, closed) == ("guardians",)

    def agree(session):
        from models.guardianship import Guardianship

        for row in session.scalars(select(Guardianship)):
            row.guardian_id = one

    database.write(agree)
    assert isinstance(merge(kept, closed), Merge)


def test_a_merge_is_not_merged_again_before_it_is_finished(database, clock, people, merge):
    kept, closed = people()

    def third(session):
        learner = make_learner(session, clock())
        flag(session, kept, learner.id, clock())
        return learner.id

    other = database.write(third)
    assert isinstance(merge(kept, closed), Merge)
    assert "unsettled" in merge(kept, other)
    assert "unsettled" in merge(other, kept)


def test_every_step_stands_in_the_trail_of_both(database, clock, people, merge, undo):
    kept, closed = people()
    row = merge(kept, closed)
    undo(row)
    found = database.read(
        lambda s: [
            (entry.action, entry.subject, entry.actor)
            for entry in s.scalars(select(AuditEntry).order_by(AuditEntry.seq))
            if entry.data.get("merge_id") == row.id
        ]
    )
    actor = f"staff:{MEMBER}"
    assert found == [
        ("learner:merge", kept, actor),
        ("learner:merge", closed, actor),
        ("learner:part", kept, actor),
        ("learner:part", closed, actor),
    ]


def test_not_the_same_is_remembered_by_nobodys_export(database, clock, people):
    one, other = people()
    say = lambda s: merging.dismiss(s, one, other, MEMBER, clock())  # noqa: E731
    assert database.write(say)
    assert not database.write(say)
    assert database.read(lambda s: duplicates.newest(s))[0] == []
    entry = database.read(
        lambda s: s.scalars(
            select(AuditEntry).where(AuditEntry.action == "duplicate:dismiss")
        ).one()
    )
    assert entry.subject is None


def test_whoever_is_erased_within_the_day_leaves_nothing_half_done(database, clock, people, merge):
    kept, closed = people()
    merge(kept, closed)

    def erase(session):
        learner = session.get_one(Learner, kept)
        erasure.erase(session, Subject(learner.conversation_id, learner.id), clock())

    database.write(erase)
    assert database.read(lambda s: s.scalars(select(Merge)).all()) == []
    assert account_of(database, closed).state is AccountState.CLOSED
