"""When a purge looks, how it finds what is over, and what it does about each kind of data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.services.accounts import holds
from bot.services.audit import chain
from bot.services.auth import sessions, stays, tokens
from bot.services.campaigns.content import pictures
from bot.services.chat import drafts, inbox
from bot.services.delivery import mail_archive, mail_rate_limit
from bot.services.people.subjects import Subject
from bot.services.privacy import erasure
from bot.services.shared import errands, throttles
from bot.services.staff import sessions as staff_sessions
from bot.settings import School
from bot.texts.periods import Period
from models.audit import AuditEntry
from models.campaign import OVER, Campaign, CampaignState
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.errand import Errand
from models.guardianship import Guardianship, GuardianshipState
from models.inbox import FINISHED, WebhookEvent
from models.inquiry import Inquiry
from models.learner import Learner
from models.mail import Mail, MailPace, MailState, WaitingLetter
from models.mail_archive import ArchivedBody, ArchivedMail
from models.one_time_token import OneTimeToken, TokenPurpose
from models.outbox import Push, PushState
from models.portal import KnownNetwork, PortalSession, PortalStay, Throttle
from models.privacy import Disclosure, Erasure, LegalHold, PrivacyRequest
from models.recipient import Recipient
from models.secret_link import LinkPurpose, SecretLink
from models.staff import KeptForm, StaffLink, StaffSession

Ids = Select[Any]


@dataclass(frozen=True)
class Moment:
    """When a rule looks: what is older than `before` is over, except what a hold keeps."""

    now: datetime
    before: datetime
    school: School
    held: frozenset[str]  # learners, their conversations and their pseudonyms


def moment(session: Session, period: Period, school: School, now: datetime) -> Moment | None:
    """The moment of a period, or None where nothing may go by time alone."""
    span = period.span(school)
    if span is None:
        return None
    return Moment(now, now - span, school, _held(session))


def _held(session: Session) -> frozenset[str]:
    learners = holds.held_ids(session)
    if not learners:
        return frozenset()
    chats = select(Conversation.id, Conversation.person).where(
        Conversation.learner_id.in_(learners)
    )
    return frozenset(learners.union(*session.execute(chats).all()))


Find = Callable[[Session, Moment], Ids]
Remove = Callable[[Session, list[Any], Moment], int]


def _drafts(session: Session, moment: Moment) -> Ids:
    # Their own time stands in the row: 24 hours from the last answer.
    return select(Conversation.id).where(Conversation.expires_at <= moment.now)


def _expire(session: Session, ids: list[Any], moment: Moment) -> int:
    still = select(Conversation).where(
        Conversation.id.in_(ids), Conversation.expires_at <= moment.now
    )
    for conversation in session.scalars(still.with_for_update()):
        drafts.expire(session, conversation, moment.school, moment.now)
    return len(ids)


def _strangers(session: Session, moment: Moment) -> Ids:
    return drafts.strangers(moment.before).where(Conversation.id.not_in(moment.held))


def _forget(session: Session, ids: list[Any], moment: Moment) -> int:
    return drafts.forget(session, ids)


def _accounts(session: Session, moment: Moment) -> Ids:
    """Learners who have neither written nor signed in for the whole period."""
    return (
        select(Learner.id)
        .join(Conversation, Conversation.id == Learner.conversation_id, isouter=True)
        .where(
            Learner.created_at < moment.before,
            or_(Learner.used_at.is_(None), Learner.used_at < moment.before),
            or_(Learner.closed_at.is_(None), Learner.closed_at < moment.before),
            or_(Conversation.seen_at.is_(None), Conversation.seen_at < moment.before),
            Learner.id.not_in(moment.held),
        )
        .order_by(Learner.id)
    )


def _erase(session: Session, ids: list[Any], moment: Moment) -> int:
    for learner in session.scalars(select(Learner).where(Learner.id.in_(ids))).all():
        subject = Subject(learner.conversation_id, learner.id)
        erasure.erase(session, subject, moment.now, actor="system")
    return len(ids)


def _out_of_touch(moment: Moment) -> Any:
    """Conversations with a contact that is too young for their archive to go."""
    return select(Conversation.id).where(Conversation.seen_at >= moment.before)


def _mails(session: Session, moment: Moment) -> Ids:
    return (
        select(Mail.id)
        .where(
            Mail.created_at < moment.before,
            Mail.state != MailState.QUEUED,
            or_(
                Mail.subject_id.is_(None),
                and_(
                    Mail.subject_id.not_in(_out_of_touch(moment)),
                    Mail.subject_id.not_in(moment.held),
                ),
            ),
        )
        .order_by(Mail.id)
    )


def _archived_mails(session: Session, moment: Moment) -> Ids:
    """As their rows of the queue; with an address that wrote or was written to since, all stay."""
    later = aliased(ArchivedMail)
    since = exists().where(later.peer_index == ArchivedMail.peer_index, later.at >= moment.before)
    held = select(Learner).where(Learner.id.in_(moment.held))
    addresses = [
        index
        for learner in session.scalars(held)
        if learner.email
        for index in ArchivedMail.peer.lookups(session, learner.email)
    ]
    stay = or_(
        ArchivedMail.subject_id.in_(_out_of_touch(moment)),
        ArchivedMail.subject_id.in_(moment.held),
        ArchivedMail.peer_index.in_(addresses),
    )
    return (
        select(ArchivedMail.id)
        .where(ArchivedMail.at < moment.before, ~since, func.coalesce(stay, false()).is_(False))
        .order_by(ArchivedMail.id)
    )


def _forget_mails(session: Session, ids: list[Any], moment: Moment) -> int:
    return mail_archive.forget(session, ids)


def _bodies(session: Session, moment: Moment) -> Ids:
    needed = exists().where(ArchivedMail.body_id == ArchivedBody.id)
    return select(ArchivedBody.id).where(ArchivedBody.at < moment.before, ~needed)


def _pushes(session: Session, moment: Moment) -> Ids:
    lately = select(Conversation.person).where(Conversation.seen_at >= moment.before)
    return (
        select(Push.id)
        .where(
            Push.created_at < moment.before,
            Push.state != PushState.QUEUED,
            Push.person.not_in(lately),
            Push.person.not_in(moment.held),
        )
        .order_by(Push.id)
    )


def _lists(session: Session, moment: Moment) -> Ids:
    """Campaigns that ended so long ago and whose lists are still there."""
    listed = select(Recipient.campaign_id).where(
        Recipient.campaign_id == Campaign.id, Recipient.subject_id.not_in(moment.held)
    )
    at = func.coalesce(Campaign.ended_at, Campaign.changed_at)
    states = OVER | {CampaignState.DRAFT}
    return (
        select(Campaign.id)
        .where(at < moment.before, Campaign.state.in_(states), listed.exists())
        .order_by(Campaign.id)
    )


def _forget_lists(session: Session, ids: list[Any], moment: Moment) -> int:
    # A hold keeps what is known of its person, not the whole list: their row stays.
    gone = session.execute(
        delete(Recipient).where(
            Recipient.campaign_id.in_(ids), Recipient.subject_id.not_in(moment.held)
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _inquiries(session: Session, moment: Moment) -> Ids:
    return (
        select(Inquiry.id)
        .where(
            Inquiry.closed_at < moment.before,
            Inquiry.conversation_id.not_in(_out_of_touch(moment)),
            Inquiry.conversation_id.not_in(moment.held),
        )
        .order_by(Inquiry.id)
    )


def _guardianships(session: Session, moment: Moment) -> Ids:
    """Only what never led to consent: an ended one is proof as long as the child's account is."""
    ended = (GuardianshipState.REFUSED, GuardianshipState.EXPIRED)
    return select(Guardianship.id).where(
        Guardianship.state.in_(ended),
        func.coalesce(Guardianship.ended_at, Guardianship.expires_at) < moment.before,
        Guardianship.child_id.not_in(moment.held),
    )


def _consents(session: Session, moment: Moment) -> Ids:
    """Every event of people who are gone and whose last word is older than the period."""
    alive = select(Conversation.id)
    last = (
        select(ConsentEvent.subject_id)
        .group_by(ConsentEvent.subject_id)
        .having(func.max(ConsentEvent.at) < moment.before)
    )
    return (
        select(ConsentEvent.id)
        .where(
            ConsentEvent.subject_id.in_(last),
            ConsentEvent.subject_id.not_in(alive),
            ConsentEvent.subject_id.not_in(moment.held),
        )
        .order_by(ConsentEvent.id)
    )


def _by_learner(model: Any, at: Any) -> Find:
    """Records of people who are gone, by the learner's id."""

    def find(session: Session, moment: Moment) -> Ids:
        alive = select(Learner.id)
        return select(model.id).where(
            at < moment.before, model.learner_id.not_in(alive), model.learner_id.not_in(moment.held)
        )

    return find


def _requests(session: Session, moment: Moment) -> Ids:
    alive = select(Conversation.id)
    return select(PrivacyRequest.id).where(
        PrivacyRequest.closed_at < moment.before,
        PrivacyRequest.subject_id.not_in(alive),
        PrivacyRequest.subject_id.not_in(moment.held),
    )


def _audit(session: Session, moment: Moment) -> Ids:
    is_free = or_(AuditEntry.subject.is_(None), AuditEntry.subject.not_in(moment.held))
    return (
        select(AuditEntry.seq)
        .where(AuditEntry.at < moment.before, AuditEntry.seq != chain.last_linked(), is_free)
        .order_by(AuditEntry.seq)
    )


def _unchain(session: Session, ids: list[Any], moment: Moment) -> int:
    return chain.purge(session, ids, moment.before)


def _pictures(session: Session, moment: Moment) -> Ids:
    return pictures.unused(session, moment.before)


def _forget_pictures(session: Session, ids: list[Any], moment: Moment) -> int:
    return pictures.forget(session, ids, moment.before)


def _deleted(model: Any) -> Remove:
    key = model.__mapper__.primary_key[0]

    def remove(session: Session, ids: list[Any], moment: Moment) -> int:
        session.execute(
            delete(model).where(key.in_(ids)).execution_options(synchronize_session=False)
        )
        return len(ids)

    return remove


def _over(model: Any, is_over: Callable[[Moment], Any]) -> tuple[Find, Remove]:
    """Rows that are deleted by their own time alone."""
    key = model.__mapper__.primary_key[0]
    return lambda session, moment: select(key).where(is_over(moment)), _deleted(model)


STEPS: dict[str, tuple[Find, Remove]] = {
    "draft": (_drafts, _expire),
    "requests to guardians": (_guardianships, _deleted(Guardianship)),
    "stranger": (_strangers, _forget),
    "account": (_accounts, _erase),
    "mail": (_mails, _deleted(Mail)),
    "archived mail": (_archived_mails, _forget_mails),
    "body of a campaign": (_bodies, _deleted(ArchivedBody)),
    "push": (_pushes, _deleted(Push)),
    "list": (_lists, _forget_lists),
    "picture": (_pictures, _forget_pictures),
    "inquiry": (_inquiries, _deleted(Inquiry)),
    # Technical rows run out even while a hold stands: what was done with them is in the audit.
    "token": _over(OneTimeToken, lambda m: tokens.over(TokenPurpose.ARCHIVE, m.now)),
    "errand": _over(Errand, lambda m: Errand.asked_at < m.now - errands.KEPT),
    "link": _over(SecretLink, lambda m: tokens.over(LinkPurpose.INITIAL_PASSWORD, m.now)),
    "link of staff": _over(StaffLink, lambda m: tokens.over(tokens.StaffPurpose.LINK, m.now)),
    "session of staff": _over(
        StaffSession, lambda m: StaffSession.started_at < m.now - staff_sessions.KEPT
    ),
    "form of staff": _over(KeptForm, lambda m: KeptForm.expires_at <= m.now),
    "session": _over(
        PortalSession, lambda m: PortalSession.created_at <= m.now - sessions.ABSOLUTE
    ),
    "stay": _over(PortalStay, lambda m: PortalStay.created_at <= m.now - stays.LIFE),
    "known network": _over(
        KnownNetwork, lambda m: KnownNetwork.seen_at <= m.now - throttles.KNOWN_FOR
    ),
    "throttle": _over(Throttle, lambda m: Throttle.at < m.now - throttles.FORGOTTEN),
    "waiting letter": _over(WaitingLetter, lambda m: WaitingLetter.at < m.before),
    "mail pace": _over(
        MailPace,
        lambda m: and_(
            MailPace.at < m.now - sessions.ABSOLUTE,
            or_(
                MailPace.paused_at.is_(None),
                # What was sent before a pause may still come back, and must not pause it again.
                MailPace.paused_at < m.now - mail_rate_limit.REMEMBERED,
            ),
        ),
    ),
    "event": _over(
        WebhookEvent,
        lambda m: and_(
            WebhookEvent.received_at < m.now - inbox.KEEP_IDS, WebhookEvent.state.in_(FINISHED)
        ),
    ),
    "consent": (_consents, _deleted(ConsentEvent)),
    "request": (_requests, _deleted(PrivacyRequest)),
    "hold": (_by_learner(LegalHold, LegalHold.released_at), _deleted(LegalHold)),
    "disclosure": (_by_learner(Disclosure, Disclosure.at), _deleted(Disclosure)),
    "erasure": _over(Erasure, lambda m: Erasure.erased_at < m.before),
    "audit": (_audit, _unchain),
}
