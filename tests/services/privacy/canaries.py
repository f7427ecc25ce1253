"""One person with a word of their own in every table that can hold one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.services.accounts import holds
from bot.services.people import people
from bot.services.privacy.data_map import Subject
from models.audit import AuditEntry
from models.base import Base, new_id, session_keyring
from models.campaign import Campaign
from models.consent import Purpose
from models.conversation import Conversation, Language
from models.errand import Errand, ErrandKind
from models.guardianship import Guardianship, GuardianshipState, Relation
from models.inbox import EventState, WebhookEvent
from models.inquiry import Inquiry
from models.learner import AgeBand, Learner, PossibleDuplicate
from models.mail import Mail, MailState, Stream, Suppression, WaitingLetter, WhyWaiting
from models.mail_archive import ArchivedChunk, ArchivedMail, Direction
from models.merges import Look, Merge, Unmasking
from models.one_time_token import OneTimeToken, TokenPurpose
from models.outbox import Push, PushState
from models.portal import (
    Device,
    KnownNetwork,
    LessonProgress,
    PortalAccount,
    PortalSession,
    PortalStay,
)
from models.privacy import Disclosure, Erasure, Ground, PrivacyRequest, RequestKind, RequestState
from models.recipient import ExclusionReason, Recipient
from models.secret_link import LinkPurpose, SecretLink
from models.staff_chat import StaffChat
from models.subscription import Channel, Subscription
from models.tag import LearnerTag
from tests.factories import make_account, make_consent_event, make_learner, make_staff


@dataclass
class Planted:
    """A person, and by table the words by which their row can be told."""

    subject: Subject
    email: str
    words: dict[str, list[str]] = field(default_factory=dict)


def sealed(session: Session, row: Base, **values: str | bytes) -> None:
    with session.no_autoflush:
        session.add(row)
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()


def plant(session: Session, mark: str, now: datetime) -> Planted:
    """Rows in every table of the data map, for one person; `mark` makes their words unique."""
    email = f"canary-{mark}@example.test"
    learner = make_learner(
        session,
        now,
        name=f"สมหญิง {mark}",
        phone=f"+6681{int(mark, 36) % 10**7:07d}",
        email=email,
        line_id=f"line-{mark}",
        line_user_id="U" + f"{int(mark, 36):032x}"[-32:],
    )
    other = make_learner(session, now)
    chat = session.get_one(Conversation, learner.conversation_id)
    chat.learner_id = learner.id
    chat.person = people.pseudonym(session_keyring(session), learner.line_user_id or "")
    chat.draft_json = f'{{"name": "draft-{mark}"}}'
    subject = Subject(chat.id, learner.id)
    account = make_account(session, learner, now, username=f"user-{mark}")
    portal = PortalAccount(
        id=new_id(),
        external_key=account.id,
        username=account.username,
        password_hash=f"hash-{mark}",
        created_at=now,
    )
    session.add(portal)
    session.flush()
    words = {
        "learner": [learner.name, learner.phone, email, learner.line_id, learner.line_user_id],
        "conversation": [f"draft-{mark}"],
        "account": [account.username],
        "portal_account": [portal.username],
        "lesson_progress": [f"course-{mark}", f"lesson-{mark}"],
        "one_time_token": [f"new-{mark}@example.test"],
        "errand": [f"errand-{mark}@example.test"],
        "consent_event": [f"text-{mark}"],
        "subscription": [f"topic-{mark}"],
        "mail": [email, f"title-{mark}", f"body-{mark}"],
        "suppression": [f"reason-{mark}"],
        "waiting_letter": [f"letter-{mark}"],
        "push": [f"push-{mark}"],
        "webhook_event": [f"typed-{mark}"],
        "inquiry": [f"wish-{mark}"],
        "guardianship": [f"nick-{mark}"],
        "privacy_request": [f"detail-{mark}"],
        "legal_hold": [f"order-{mark}"],
        "disclosure": [f"recipient-{mark}"],
        "learner_tag": [f"tag-{mark}"],
        "unmasking": [f"look-{mark}"],
        "learner_merge": [f"memory-{mark}"],
    }
    rows: list[tuple[Base, dict[str, str]]] = [
        (
            PortalStay(
                id=new_id(),
                digest=new_id(),
                account_id=portal.id,
                device=Device.ANDROID,
                created_at=now,
                used_at=now,
            ),
            {},
        ),
        (PortalSession(id=new_id(), digest=new_id(), account_id=portal.id, created_at=now), {}),
        (KnownNetwork(id=new_id(), key=new_id(), owner_id=portal.id, seen_at=now), {}),
        (
            LessonProgress(
                id=new_id(),
                account_id=portal.id,
                course=f"course-{mark}",
                lesson=f"lesson-{mark}",
                done_at=now,
            ),
            {},
        ),
        (
            SecretLink(
                id=new_id(),
                digest=new_id(),
                account_id=account.id,
                purpose=LinkPurpose.INITIAL_PASSWORD,
                created_at=now,
                expires_at=now,
            ),
            {},
        ),
        (
            OneTimeToken(
                id=new_id(),
                purpose=TokenPurpose.EMAIL_CONFIRM,
                digest=new_id(),
                subject_id=chat.id,
                created_at=now,
                expires_at=now,
            ),
            {"value": f"new-{mark}@example.test"},
        ),
        (
            Errand(id=new_id(), kind=ErrandKind.RELINK_MAIL, subject_id=chat.id, asked_at=now),
            {"value": f"errand-{mark}@example.test"},
        ),
        (
            Subscription(
                id=new_id(),
                subject_id=chat.id,
                channel=Channel.EMAIL,
                topic=f"topic-{mark}",
                chosen_at=now,
            ),
            {},
        ),
        (make_mail(now, subject_id=chat.id), mail_words(email, mark)),
        (
            make_mail(now, state=MailState.SENT, subject_id=None),
            mail_words(email, mark),
        ),
        (
            Push(
                id=new_id(),
                cause=new_id(),
                person=chat.person,
                retry_key=new_id(),
                state=PushState.QUEUED,
                created_at=now,
                due_at=now + timedelta(days=365),
                subject_id=chat.id,
                purpose=Purpose.LINE_NEWS,
            ),
            {"to": learner.line_user_id or "", "messages": f'[{{"text": "push-{mark}"}}]'},
        ),
        (
            WebhookEvent(
                id=new_id(),
                person=chat.person,
                kind="message",
                happened_at=now,
                received_at=now,
                state=EventState.FAILED,
            ),
            {"payload": f'{{"message": {{"text": "typed-{mark}"}}}}'},
        ),
        (
            Inquiry(id=new_id(), conversation_id=chat.id, topic=f"wish-{mark}", created_at=now),
            {},
        ),
        (make_guardianship(now, child_id=chat.id), {"nickname": f"nick-{mark}"}),
        (
            PossibleDuplicate(
                id=new_id(),
                learner_id=other.id,
                other_id=learner.id,
                matched="phone",
                found_at=now,
            ),
            {},
        ),
        (
            PrivacyRequest(
                id=new_id(),
                subject_id=chat.id,
                learner_id=learner.id,
                kind=RequestKind.CORRECT,
                state=RequestState.DONE,
                asked_by="self",
                channel="line",
                opened_at=now,
                acknowledge_by=now,
                due_at=now,
                closed_at=now,
            ),
            {"detail": f"detail-{mark}"},
        ),
        (
            Disclosure(
                id=new_id(),
                learner_id=learner.id,
                ground=Ground.LAW,
                reference="42/2569",
                recipient=f"recipient-{mark}",
                items=["full name"],
                approved_by=["a", "b"],
                at=now,
            ),
            {},
        ),
        (
            ArchivedMail(
                id=f"{mark:0>32}",
                direction=Direction.INCOMING,
                at=now,
                sha256=f"{mark:0>64}",
                size=9,
                read_at=now,
            ),
            {"peer": email, "addresses": f"{email} cc-{mark}@example.test"},
        ),
        (
            ArchivedChunk(id=f"{mark:0>32}.000000", mail_id=f"{mark:0>32}"),
            {"piece": f"raw-{mark}".encode()},
        ),
        (
            WaitingLetter(
                id=new_id(),
                mailbox=new_id(),
                validity=1,
                uid=int(mark, 36),
                at=now,
                why=WhyWaiting.NOT_UNDERSTOOD,
            ),
            {"sender": email, "title": f"letter-{mark}"},
        ),
        (
            Erasure(id=new_id(), subject_id=chat.id, learner_id=learner.id, erased_at=now),
            {},
        ),
        (
            AuditEntry(at=now, action="learner:create", actor="learner", subject=chat.id, data={}),
            {},
        ),
    ]
    for row, values in rows:
        sealed(session, row, **values)
    index = session.query(Mail.address_index).filter(Mail.subject_id == chat.id).scalar()
    session.add(Suppression(address_index=index, reason=f"reason-{mark}", at=now))
    make_consent_event(session, now, subject_id=chat.id, text=f"text-{mark}")
    session.add(LearnerTag(learner_id=learner.id, tag=f"tag-{mark}", put_at=now))
    look = Unmasking(learner_id=learner.id, member_id=new_id(), category=Look.CHECK, at=now)
    look.id = new_id()
    sealed(session, look, reason=f"look-{mark}")
    campaign = Campaign(
        id=new_id(),
        name="ข่าว",
        kind="news",
        topic="courses",
        content={},
        audience={},
        author_id=new_id(),
        created_at=now,
        changed_at=now,
        unit=new_id()[:30],
    )
    session.add(campaign)
    session.flush()
    session.add(
        Recipient(
            campaign_id=campaign.id,
            subject_id=chat.id,
            learner_id=learner.id,
            language=Language.THAI,
            left_out=ExclusionReason.BLOCKED,
            revision=0,
        )
    )
    duty = StaffChat(staff_id=make_staff(session, now).id, linked_at=now)
    duty.id = new_id()
    sealed(session, duty, user_id=learner.line_user_id or "")
    merge = Merge(kept_id=learner.id, closed_id=other.id, member_id=new_id(), merged_at=now)
    merge.id, merge.undo_until = new_id(), now
    sealed(session, merge, memory=f"memory-{mark}")
    hold = holds.place(session, learner.id, f"order-{mark}", may_tell=True, actor="test", now=now)
    holds.release(session, hold.id, actor="test", now=now)
    session.flush()
    return Planted(subject, email, words)


def make_mail(now: datetime, **overrides: Any) -> Mail:
    values = {
        "id": new_id(),
        "cause": new_id(),
        "stream": Stream.TRANSACTIONAL,
        "template": "x",
        "language": Language.THAI,
        "message_id": new_id(),
        "state": MailState.QUEUED,
        "created_at": now,
        "due_at": now + timedelta(days=365),
    }
    return Mail(**values | overrides)


def mail_words(email: str, mark: str) -> dict[str, str]:
    return {
        "to": email,
        "title": f"title-{mark}",
        "text": f"body-{mark}",
        "html": f"<p>body-{mark}</p>",
    }


def make_guardianship(now: datetime, **overrides: Any) -> Guardianship:
    values = {
        "id": new_id(),
        "child_id": new_id(),
        "age_band": AgeBand.FROM_11_TO_19,
        "state": GuardianshipState.AGREED,
        "relation": Relation.PARENT,
        "code_digest": new_id(),
        "created_at": now,
        "expires_at": now,
    }
    return Guardianship(**values | overrides)


def learner_of(session: Session, planted: Planted) -> Learner:
    return session.get_one(Learner, planted.subject.learner_id)
