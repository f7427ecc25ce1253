"""Two registrations of somebody: what the tests of merging share."""

import pytest
from sqlalchemy import select

from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.learners import merging
from bot.services.subscriptions import subscriptions
from models.account import Account
from models.consent import ConsentState
from models.conversation import Conversation
from models.learner import Learner, PossibleDuplicate
from tests.factories import make_account, make_learner

MEMBER = "m" * 32


@pytest.fixture
def people(database, clock):
    """Two registrations of somebody, flagged; returns their ids, the older one first."""

    def make(**overrides):
        def work(session):
            ids = []
            for _ in range(2):
                learner = make_learner(session, clock(), **overrides)
                session.get_one(Conversation, learner.conversation_id).learner_id = learner.id
                make_account(session, learner, clock())
                ids.append(learner.id)
            flag(session, *ids, clock())
            return ids

        return database.write(work)

    return make


@pytest.fixture
def merge(database, settings, clock):
    def do(kept, closed):
        return database.write(
            lambda session: merging.merge(session, kept, closed, settings, MEMBER, clock())
        )

    return do


@pytest.fixture
def undo(database, settings, clock):
    def do(merge):
        return database.write(
            lambda session: merging.undo(session, merge.id, settings, MEMBER, clock())
        )

    return do


def flag(session, one, other, now):
    session.add(PossibleDuplicate(learner_id=other, other_id=one, matched="phone", found_at=now))


def says(session, learner_id, purpose, state, settings, now, actor="self"):
    learner = session.get_one(Learner, learner_id)
    chat = session.get_one(Conversation, learner.conversation_id)
    said = ConsentStatement("said", actor=actor)
    if state is ConsentState.GIVEN:
        subscriptions.start(session, chat, purpose, said, settings, now)
    else:
        consents.record(session, chat, purpose, state, said, settings.school, now)


def gets(database, learner_id, purpose, clock) -> bool:
    def read(session):
        subject = session.get_one(Learner, learner_id).conversation_id
        return consents.holds(session, subject, purpose, clock())

    return database.read(read)


def topics_of(database, learner_id, channel) -> set[str]:
    def read(session):
        subject = session.get_one(Learner, learner_id).conversation_id
        return set(subscriptions.chosen(session, subject, channel))

    return database.read(read)


def account_of(database, learner_id) -> Account:
    return database.read(
        lambda s: s.scalars(select(Account).where(Account.learner_id == learner_id)).one()
    )
