"""The learner behind a signed-in browser."""

from flask import g
from sqlalchemy.orm import Session

from handlers.web.visits import Visit
from models.account import Account
from models.learner import Learner


def key_of_visit() -> str:
    """Which account is signed in; asked outside of a unit of work, which knows no request."""
    visit: Visit = g.visit
    if visit.signed_in is None:
        raise LookupError("a guarded view without a session")
    return visit.signed_in.external_key


def learner_of(session: Session, key: str) -> Learner | None:
    """Whose account it is; None where it is not one that the bot asked for."""
    account = session.get(Account, key)
    return None if account is None else session.get(Learner, account.learner_id)
