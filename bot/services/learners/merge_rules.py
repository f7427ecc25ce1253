"""Which two registrations may be made one, and why others may not."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.services.accounts import holds
from models.account import Account, AccountState
from models.guardianship import OPEN_OR_AGREED, Guardianship, GuardianshipState
from models.learner import Learner, LearnerState
from models.privacy import OPEN_REQUESTS, PrivacyRequest, RequestState


def problems(session: Session, kept: Learner, closed: Learner) -> tuple[str, ...]:
    """The codes of everything that speaks against keeping the one and closing the other.

    same: it is one row. state: one of them is closed. hold: a legal order of which may be told.
    ages: a minor and a grown-up, or two age groups: a child with a parent's phone is not the
    parent. guardians: not the same guardian. guards: the one to be closed is somebody's guardian.
    pending: an account is being made. request: a request under the PDPA is open.
    """
    found = []
    if kept.id == closed.id:
        return ("same",)
    if {kept.state, closed.state} != {LearnerState.ACTIVE}:
        found.append("state")
    if any(holds.told(session, learner.id) for learner in (kept, closed)):
        found.append("hold")
    if kept.age_band is not closed.age_band:
        found.append("ages")
    if _guardians(session, kept) != _guardians(session, closed):
        found.append("guardians")
    if _guards(session, closed) or kept.conversation_id in _guardians(session, closed):
        found.append("guards")
    if _is_pending(session, kept, closed):
        found.append("pending")
    if _has_request(session, closed):
        found.append("request")
    return tuple(found)


def _guardians(session: Session, learner: Learner) -> frozenset[str | None]:
    """Who has agreed for somebody; an empty set for a grown-up."""
    query = select(Guardianship.guardian_id).where(
        Guardianship.child_id == learner.conversation_id,
        Guardianship.state == GuardianshipState.AGREED,
    )
    return frozenset(session.scalars(query))


def _guards(session: Session, learner: Learner) -> bool:
    query = select(Guardianship.id).where(
        Guardianship.guardian_id == learner.conversation_id, Guardianship.state.in_(OPEN_OR_AGREED)
    )
    return session.scalars(query.limit(1)).first() is not None


def _is_pending(session: Session, *learners: Learner) -> bool:
    query = select(Account.id).where(
        Account.learner_id.in_([learner.id for learner in learners]),
        Account.state == AccountState.PENDING,
    )
    return session.scalars(query.limit(1)).first() is not None


def _has_request(session: Session, learner: Learner) -> bool:
    """Whether a request is open; what an order stops would tell of the order, and outlives it."""
    mine = learner.conversation_id
    query = select(PrivacyRequest.id).where(
        or_(PrivacyRequest.subject_id == mine, PrivacyRequest.guardian_id == mine),
        PrivacyRequest.state.in_(OPEN_REQUESTS - {RequestState.HELD}),
    )
    return session.scalars(query.limit(1)).first() is not None
