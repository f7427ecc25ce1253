"""The one-time link to everything that is kept about a person: ten minutes, two proofs, one use."""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import resets, tokens
from bot.services.consent import consents
from bot.services.people import subjects
from bot.services.people.subjects import Subject
from bot.services.privacy import requests
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.one_time_token import TokenPurpose
from models.privacy import OPEN_REQUESTS, PrivacyRequest, RequestState


@dataclass(frozen=True)
class Issued:
    """A link's secret, and whether a guardian asked for it."""

    token: str
    is_for_guardian: bool


@dataclass(frozen=True)
class OpenedArchive:
    """A link that was burnt: whose data it opens, and the request that it answers."""

    subject: Subject
    request_id: str


@dataclass(frozen=True)
class Wrong:
    """The digits do not match; so many tries are left before the link is dead.

    What is not four digits is a slip of the thumb and counts as no try.
    """

    left: int
    is_counted: bool = True


def issue(
    session: Session,
    request_id: str,
    now: datetime,
    *,
    cause: str | None = None,
    person: str | None = None,
) -> Issued | None:
    """A link for an open request of access; None where the person was erased meanwhile.

    person: the chat that asked; where the account or the agreement has left it since, nothing.
    cause: the webhook event that asked. The same event gets the same link again while that is
    live, so that a second answer after a crash does not kill the link that the first one carried.
    """
    request = session.get(PrivacyRequest, request_id)
    if request is None or request.state not in OPEN_REQUESTS:
        return None
    # Two wishes at once take turns here, so that one live link is left and not two.
    locked = select(Conversation).where(Conversation.id == request.subject_id).with_for_update()
    if session.scalars(locked).one_or_none() is None:
        return None
    is_for_guardian = request.asked_by == consents.GUARDIAN
    if person is not None and not _belongs_to(session, request, person):
        return None
    drawn = None
    if cause is not None:
        drawn, is_new = tokens.derived(session, TokenPurpose.ARCHIVE, cause, request.id, now)
        if not is_new:
            return Issued(drawn, is_for_guardian)
    subject = requests.subject_of(request)
    value = json.dumps({"request": request.id, "learner": subject.learner_id})
    token = tokens.issue(
        session, TokenPurpose.ARCHIVE, subject.conversation_id, now, value=value, drawn=drawn
    )
    return Issued(token, is_for_guardian)


def _belongs_to(session: Session, request: PrivacyRequest, person: str) -> bool:
    asker = select(Conversation.person).where(Conversation.id == request.subject_id)
    if request.asked_by == consents.GUARDIAN:
        asker = (
            select(Conversation.person)
            .join(Guardianship, Guardianship.guardian_id == Conversation.id)
            .where(
                Guardianship.child_id == request.subject_id,
                Guardianship.guardian_id == request.guardian_id,
                Guardianship.state == GuardianshipState.AGREED,
            )
        )
    return person in session.scalars(asker).all()


def open_link(
    session: Session, token: str, typed: str, now: datetime
) -> OpenedArchive | Wrong | None:
    """Burn a live link if the digits are right; None for used, expired, replaced and unknown.

    The row is locked from the comparison to the count, so that no number of tries at once makes
    more than five.
    """
    row = tokens.find(session, TokenPurpose.ARCHIVE, token, lock=True)
    if row is None or not tokens.is_live(row, now):
        return None
    known = json.loads(row.value or "{}")
    subject = Subject(row.subject_id, known.get("learner"))
    learner = subjects.learner(session, subject)
    if learner is not None:
        digits = resets.four_digits(typed)
        if digits is None:
            return Wrong(tokens.MAX_TRIES - row.tries, is_counted=False)
        ending = (learner.phone or "")[-resets.DIGITS :]
        if not hmac.compare_digest(ending.encode(), digits.encode()):
            return Wrong(tokens.missed(session, TokenPurpose.ARCHIVE, now, secret=token) or 0)
    session.flush()
    if tokens.claim(session, TokenPurpose.ARCHIVE, token, now) is None:
        return None
    return OpenedArchive(subject, str(known.get("request")))


def handed_over(session: Session, request_id: str, now: datetime) -> None:
    """The archive was made and is on its way: the request is answered."""
    request = session.get(PrivacyRequest, request_id)
    if request is None:
        return
    audit.record(
        session,
        Action.ARCHIVE_MADE,
        actor="learner" if request.asked_by == consents.SELF else request.asked_by,
        subject=request.subject_id,
        now=now,
        request_id=request.id,
    )
    if request.state in OPEN_REQUESTS:
        requests.move(session, request, RequestState.DONE, now, actor="bot")


def url(public_url: str, token: str, language: str) -> str:
    """The address that a button in chat opens: outside LINE, whose browser keeps no files.

    LINE, "Open a URL in an external browser": the parameter openExternalBrowser.
    """
    return f"{public_url}/s/data/{token}?lang={language}&openExternalBrowser=1"
