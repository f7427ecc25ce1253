"""A learner with an account, and what several tests of the console ask about them."""

from sqlalchemy import select

from models.base import new_id
from models.conversation import Conversation
from models.portal import PortalAccount
from tests.factories import make_account, make_learner

SECRETS = ("สมหญิง ใจดี", "081-234-5678", "+66812345678", "somying@example.test", "somying.jd")


def enrolled(session, now, **overrides):
    learner = make_learner(session, now, **overrides)
    session.get_one(Conversation, learner.conversation_id).learner_id = learner.id
    account = make_account(session, learner, now)
    session.add(
        PortalAccount(
            id=new_id(),
            external_key=account.id,
            username=account.username,
            password_hash="x",
            created_at=now,
        )
    )
    return learner.id


def one(database, model):
    return database.read(lambda s: s.scalars(select(model)).one())
