"""The staff's side of requests: acknowledged, carried out or refused, and the person is told.

By mail where there is an address; who asked in chat also gets one push there (it is paid). After
an erasure only the push is left, and its content goes as soon as it is sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.services.accounts import holds
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.privacy import reaches, requests, rights
from bot.services.privacy.reaches import Reach
from bot.services.privacy.requests import RequestError
from models.conversation import Conversation
from models.privacy import OPEN_REQUESTS, LegalHold, PrivacyRequest, RequestKind, RequestState

STAFF = "staff"
AHEAD = timedelta(days=7)  # before the last day: a server may stand still for a while


@dataclass(frozen=True)
class RequestClosed(Notice):
    """A request was carried out, or refused for a reason."""

    kind: RequestKind
    number: str
    is_refused: bool = False
    reason: str | None = None
    is_for_child: bool = False  # told to the guardian who asked


def find(session: Session, request_id: str) -> PrivacyRequest:
    """A request by its number or id; raises RequestError where there is none, or more than one."""
    ids = requests.ids_of(session, request_id)
    if len(ids) > 1:
        raise RequestError(f"{request_id} means {len(ids)} requests; their ids: {', '.join(ids)}")
    found = (
        session.get(PrivacyRequest, ids[0], with_for_update=True, populate_existing=True)
        if ids
        else None
    )
    if found is None:
        raise RequestError(f"there is no request {request_id}")
    return found


def read(session: Session, request_id: str, now: datetime) -> str:
    """What the person wrote about a request; reading it is an act that is written down."""
    request = find(session, request_id)
    audit.record(
        session,
        Action.REQUEST_READ,
        actor=STAFF,
        subject=request.subject_id,
        now=now,
        request_id=request.id,
    )
    return request.detail or ""


def acknowledge(session: Session, request_id: str, now: datetime) -> None:
    """Confirm that a request arrived, or take it up again after a hold was lifted."""
    request = find(session, request_id)
    _refuse_if_held(session, request)
    requests.move(session, request, RequestState.ACKNOWLEDGED, now, actor=STAFF)


def done(session: Session, request_id: str, now: datetime, *, actor: str = STAFF) -> None:
    """Close a request as carried out; one for erasure is carried out by this."""
    request = find(session, request_id)
    if request.state not in OPEN_REQUESTS:
        raise RequestError(f"{request.id} is {request.state} already")
    reach = reaches.of_asker(session, request)
    if request.kind is RequestKind.ERASE:
        _refuse_if_held(session, request)
        rights.carry_out(session, request, now, actor=actor)
    else:
        requests.move(session, request, RequestState.DONE, now, actor=actor)
    _tell(session, request, reach, now)


def erasures_due(session: Session, now: datetime, most: int = 100) -> list[str]:
    """Erasures whose clock has nearly run out, and those whose order was lifted (PDPA s.33).

    Whoever withdrew was told a day: it is kept whether or not somebody of the staff thinks of it.
    """
    held = select(LegalHold.learner_id).where(LegalHold.released_at.is_(None))
    query = (
        select(PrivacyRequest.id)
        .where(
            PrivacyRequest.kind == RequestKind.ERASE,
            PrivacyRequest.state.in_(OPEN_REQUESTS),
            or_(PrivacyRequest.due_at <= now + AHEAD, PrivacyRequest.state == RequestState.HELD),
            or_(PrivacyRequest.learner_id.is_(None), PrivacyRequest.learner_id.not_in(held)),
        )
        .order_by(PrivacyRequest.due_at)
        .limit(most)
    )
    return list(session.scalars(query))


def erase_when_due(session: Session, request_id: str, now: datetime) -> None:
    """Carry out one of these, unless somebody was faster or an order came in between."""
    seen = session.get_one(PrivacyRequest, request_id)
    session.get(Conversation, seen.subject_id, with_for_update=True)  # locked first, as everywhere
    request = find(session, request_id)
    is_free = holds.standing(session, request.learner_id) is None
    if is_free and request.state in OPEN_REQUESTS:
        done(session, request_id, now, actor="system")


def refuse(session: Session, request_id: str, reason: str, now: datetime) -> None:
    """Close a request as refused; the reason is kept sealed and told to the person."""
    request = find(session, request_id)
    requests.move(session, request, RequestState.REFUSED, now, actor=STAFF, reason=reason)
    reach = reaches.of_asker(session, request)
    _tell(session, request, reach, now)


def _refuse_if_held(session: Session, request: PrivacyRequest) -> None:
    hold = holds.standing(session, request.learner_id)
    if hold is not None and request.kind is RequestKind.ERASE:
        raise RequestError(f"the legal hold {hold.id} stands; release it first")


def _tell(session: Session, request: PrivacyRequest, reach: Reach, now: datetime) -> None:
    is_erased = request.kind is RequestKind.ERASE and request.state is RequestState.DONE
    notice = RequestClosed(
        request.kind,
        request.id,
        is_refused=request.state is RequestState.REFUSED,
        reason=request.reason,
        is_for_child=request.asked_by == consents.GUARDIAN,
    )
    # A guardian keeps an address of their own when the child's is gone.
    if reach.email and not (is_erased and reach.subject_id == request.subject_id):
        template = "request_refused" if notice.is_refused else "request_done"
        values = presenter_of(session).values(notice, reach.language)
        mails.queue(
            session,
            mails.MailText(template, reach.language, values),
            cause=f"request:{request.id}:closed",
            to=reach.email,
            now=now,
            subject_id=reach.subject_id,
        )
    if reach.person and reach.line_user_id and (request.channel == "line" or is_erased):
        outbox.tell(
            session,
            notice,
            reach.language,
            cause=f"request:{request.id}:closed",
            person=reach.person,
            to=reach.line_user_id,
            now=now,
        )
