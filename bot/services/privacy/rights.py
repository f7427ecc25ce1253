"""What is done about each exercised right: at once where it can be, with a clock where not.

Every function takes an Asked (`requests.py` beside this), so that a person and the guardian of
somebody under 20 do the same things by the same code (PDPA s.20, last paragraph).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.services.accounts import accounts, holds
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.guardians import ends
from bot.services.privacy import erasure, reaches, requests
from bot.services.privacy.reaches import Reach
from bot.services.privacy.requests import Asked
from bot.services.subscriptions import subscriptions
from bot.settings import School
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship
from models.learner import AgeBand, Learner, LearnerState
from models.privacy import PrivacyRequest, RequestKind, RequestState


class GuardianNeededError(BotError):
    """Up to ten years only the guardian ends an enrolment or has its data erased (s.20).

    Nor does the child undo what the guardian has stopped.
    """


class GoneError(BotError):
    """The person was erased while this was being asked for, by another tap or page."""


@dataclass(frozen=True)
class RequestReceived(Notice):
    """A request has arrived, and is answered by a day."""

    kind: RequestKind
    number: str
    due_at: datetime
    is_for_child: bool = False  # told to the guardian who asked


@dataclass(frozen=True)
class GuardianActed(Notice):
    """To the child: the parent or guardian has used a right in their place (PDPA s.20)."""

    kind: RequestKind


@dataclass(frozen=True)
class Erased:
    """Where a wish to be erased stands: done, due, or held by an order that may not be named."""

    request_id: str
    due_at: datetime
    is_held: bool = False
    may_tell: bool = False


@dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal came to: its proof, the account that the provider is to be told of, and
    the erasure that follows."""

    event: ConsentEvent
    account_id: str | None
    erased: Erased


def learner_of(session: Session, asked: Asked) -> Learner | None:
    """The learner that a request is about; a stranger has rights as well."""
    learner_id = asked.subject.learner_id
    return None if learner_id is None else session.get(Learner, learner_id)


def is_for_guardian(learner: Learner | None, by: str) -> bool:
    """Whether somebody asks for what only their guardian may decide."""
    return learner is not None and by == consents.SELF and learner.age_band is AgeBand.UP_TO_10


def access(session: Session, asked: Asked, now: datetime) -> PrivacyRequest:
    """See and take along (s.30, s.31): ready at once; it is done when it has been downloaded."""
    _locked(session, asked)
    request = requests.open_request(session, asked, RequestKind.ACCESS, now)
    _acknowledge(session, asked, request, now)
    return request


def correct(session: Session, asked: Asked, note: str, now: datetime) -> PrivacyRequest:
    """Have something corrected that one cannot change oneself (s.35, s.36)."""
    _locked(session, asked)
    request = requests.open_request(session, asked, RequestKind.CORRECT, now, detail=note)
    _acknowledge(session, asked, request, now)
    return request


def object_to_news(
    session: Session, asked: Asked, text: str, school: School, now: datetime
) -> list[ConsentEvent]:
    """Object to all news (s.32): absolute, at once, on every channel, and nobody asks again."""
    conversation = _locked(session, asked)
    learner = learner_of(session, asked)
    ended = _stop_news(session, conversation, asked, text, school, now)
    if learner is not None and learner.objected_at is None:
        learner.objected_at = now
        _done_at_once(session, asked, RequestKind.OBJECT, now)
    return ended


def restrict(session: Session, asked: Asked, now: datetime) -> bool:
    """Keep the data but use it for nothing more (s.34); False where that was so already."""
    _locked(session, asked)
    learner = learner_of(session, asked)
    if learner is None or learner.restricted_at is not None:
        return False
    learner.restricted_at = now
    _done_at_once(session, asked, RequestKind.RESTRICT, now)
    return True


def unrestrict(session: Session, asked: Asked, now: datetime) -> bool:
    """Lift a restriction again; False where there was none. Raises GuardianNeededError."""
    _locked(session, asked)
    learner = learner_of(session, asked)
    if learner is None or learner.restricted_at is None:
        return False
    if is_for_guardian(learner, asked.by) and requests.is_restricted_by_guardian(session, asked):
        raise GuardianNeededError
    learner.restricted_at = None
    _done_at_once(session, asked, RequestKind.UNRESTRICT, now)
    return True


def withdraw(
    session: Session, asked: Asked, text: str, school: School, provider: str, now: datetime
) -> Withdrawn:
    """Take every consent back (s.19): the account closes at once, the erasure gets its clock.

    text: what was read about the consequences before it was confirmed. Raises
    GuardianNeededError, and LookupError for somebody who never registered.
    """
    conversation = _locked(session, asked)
    learner = learner_of(session, asked)
    if learner is None:
        raise LookupError("nothing to withdraw")
    if is_for_guardian(learner, asked.by):
        raise GuardianNeededError
    said = _said(asked, text)
    event = consents.record(
        session, conversation, Purpose.ENROLMENT, ConsentState.WITHDRAWN, said, school, now
    )
    _stop_news(session, conversation, asked, text, school, now)
    if learner.state is not LearnerState.WITHDRAWN:
        _done_at_once(session, asked, RequestKind.WITHDRAW, now)
    account = accounts.withdraw(session, conversation, learner, provider, now, actor=asked.actor)
    request = requests.open_request(session, asked, RequestKind.ERASE, now)
    erased = _held(session, request, now)
    if erased is None:
        _acknowledge(session, asked, request, now)
        erased = Erased(request.id, request.due_at)
    return Withdrawn(event, account.id if account else None, erased)


def withdraw_for_child(
    session: Session,
    bond: Guardianship,
    child: Conversation,
    asked: Asked,
    text: str,
    school: School,
    provider: str,
    now: datetime,
) -> Withdrawn | None:
    """The guardian takes every yes back, and the child is told.

    None where the child had not registered yet: what was kept is erased by this.
    """
    if child.learner_id is not None:
        return withdraw(session, asked, text, school, provider, now)
    child_reach = reaches.of_child(session, asked.subject)
    ends.withdraw(session, bond, child, _said(asked, text), school, now)
    cause = f"guardian-withdrawn:{bond.id}"
    _push_to_child(session, child_reach, RequestKind.WITHDRAW, cause, now)
    return None


def erase_for_child(
    session: Session,
    bond: Guardianship,
    child: Conversation,
    asked: Asked,
    text: str,
    school: School,
    now: datetime,
) -> Erased:
    """The guardian has the child erased, and the child is told; text as in `withdraw`."""
    child_reach = reaches.of_child(session, asked.subject)
    if child.learner_id is None:  # nothing may be left that looks like a yes
        ends.withdraw(session, bond, child, _said(asked, text), school, now)
    return erase(session, asked, now, child_reach)


def erase(
    session: Session, asked: Asked, now: datetime, child_reach: Reach | None = None
) -> Erased:
    """Erase everything (s.33): now, or once the order that forbids it is lifted."""
    _locked(session, asked)
    learner = learner_of(session, asked)
    if is_for_guardian(learner, asked.by):
        raise GuardianNeededError
    request = requests.open_request(session, asked, RequestKind.ERASE, now)
    held = _held(session, request, now)
    if held is not None:
        return held
    carry_out(session, request, now, actor=asked.actor, child_reach=child_reach)
    return Erased(request.id, request.due_at)


def carry_out(
    session: Session,
    request: PrivacyRequest,
    now: datetime,
    *,
    actor: str,
    child_reach: Reach | None = None,
) -> None:
    """Erase the subject of a request; whatever else they had asked for is answered by it.

    A child for whom a guardian asked is told. child_reach: where that was read earlier, because an
    end of the agreement has taken it since.
    """
    subject = requests.subject_of(request)
    child_reach = child_reach or reaches.of_child(session, subject)
    answered = {request, *requests.ended_by_erasure(session, subject)}
    erasure.erase(session, subject, now, actor=actor)
    for each in sorted(answered, key=lambda one: (one.opened_at, one.id)):
        requests.move(session, each, RequestState.DONE, now, actor=actor)
    if request.asked_by == consents.GUARDIAN:
        cause = f"request:{request.id}:child"
        _push_to_child(session, child_reach, RequestKind.ERASE, cause, now)


def _locked(session: Session, asked: Asked) -> Conversation:
    """The conversation, locked: what two taps ask for at once is asked for once.

    The learner is read again after the lock, because the first of the two may have changed it.
    """
    query = select(Conversation).where(Conversation.id == asked.subject.conversation_id)
    found = session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise GoneError
    learner = learner_of(session, asked)
    if learner is not None:
        session.refresh(learner)
    return found


def _stop_news(
    session: Session,
    conversation: Conversation,
    asked: Asked,
    text: str,
    school: School,
    now: datetime,
) -> list[ConsentEvent]:
    """End every channel, also one that waits for another voice: its yes must not revive it."""
    stopped = (
        subscriptions.stop(session, conversation, purpose, _said(asked, text), school, now)
        for purpose in subscriptions.NEWS
    )
    return [event for event in stopped if event is not None]


def _said(asked: Asked, text: str) -> ConsentStatement:
    return ConsentStatement(
        text, channel=asked.channel, actor=asked.by, webhook_event_id=asked.webhook_event_id
    )


def _done_at_once(session: Session, asked: Asked, kind: RequestKind, now: datetime) -> None:
    request = requests.open_request(session, asked, kind, now)
    requests.move(session, request, RequestState.DONE, now, actor=asked.actor)
    _tell_child(session, asked, request, now)


def _acknowledge(session: Session, asked: Asked, request: PrivacyRequest, now: datetime) -> None:
    """Confirm that a request arrived: the reply says it, and a mail to whoever asked."""
    if request.state is not RequestState.RECEIVED:
        return
    requests.move(session, request, RequestState.ACKNOWLEDGED, now, actor="bot")
    _tell_child(session, asked, request, now)
    reach = reaches.of_asker(session, request)
    is_for_child = asked.by == consents.GUARDIAN
    notice = RequestReceived(request.kind, request.id, request.due_at, is_for_child)
    cause = f"request:{request.id}:received"
    # A file that is made at once is not answered by a day.
    template = "request_ready" if request.kind is RequestKind.ACCESS else "request_received"
    _mail(session, reach, template, notice, cause, now)


def _tell_child(session: Session, asked: Asked, request: PrivacyRequest, now: datetime) -> None:
    """Tell a child what the guardian asked, in words of their own.

    Up to ten years notices of this kind are the guardian's alone (PDPA s.20, last paragraph); that
    the account has ended is told at any age. An erasure is told once it is done (`carry_out`).
    """
    learner = learner_of(session, asked)
    if asked.by != consents.GUARDIAN or learner is None or request.kind is RequestKind.ERASE:
        return
    reach, cause = reaches.of_child(session, asked.subject), f"request:{request.id}:child"
    if request.kind is RequestKind.WITHDRAW:
        _push_to_child(session, reach, request.kind, cause, now)
    elif learner.age_band is not AgeBand.UP_TO_10:
        _mail(session, reach, "guardian_asked", GuardianActed(request.kind), cause, now)


def _push_to_child(
    session: Session, reach: Reach, kind: RequestKind, cause: str, now: datetime
) -> None:
    if reach.person and reach.line_user_id:
        outbox.tell(
            session,
            GuardianActed(kind),
            reach.language,
            cause=cause,
            person=reach.person,
            to=reach.line_user_id,
            now=now,
        )


def _mail(
    session: Session, reach: Reach, template: str, notice: Notice, cause: str, now: datetime
) -> None:
    if reach.email:
        values = presenter_of(session).values(notice, reach.language)
        mails.queue(
            session,
            mails.MailText(template, reach.language, values),
            cause=cause,
            to=reach.email,
            now=now,
            subject_id=reach.subject_id,
        )


def _held(session: Session, request: PrivacyRequest, now: datetime) -> Erased | None:
    """Mark a request that a legal hold stops; None where none stands."""
    hold = holds.standing(session, request.learner_id)
    if hold is None:
        return None
    if request.state is not RequestState.HELD:
        requests.move(session, request, RequestState.HELD, now, actor="bot")
    return Erased(request.id, request.due_at, is_held=True, may_tell=hold.may_tell)
