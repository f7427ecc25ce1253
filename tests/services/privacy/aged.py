"""Rows of a given age, one maker for each kind of data that has a period."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.services.staff import kept_forms, sessions
from models.base import new_id
from models.campaign import CampaignState
from models.conversation import Conversation, Language
from models.errand import Errand, ErrandKind
from models.inbox import EventState, WebhookEvent
from models.inquiry import Inquiry
from models.mail import MailState, WaitingLetter, WhyWaiting
from models.mail_archive import ArchivedBody, ArchivedChunk, ArchivedMail, Direction
from models.one_time_token import OneTimeToken, TokenPurpose
from models.outbox import Push, PushState
from models.picture import Picture
from models.portal import Device, PortalAccount, PortalStay
from models.privacy import Disclosure, Ground, LegalHold, PrivacyRequest, RequestKind, RequestState
from models.recipient import Recipient
from models.secret_link import LinkPurpose, SecretLink
from models.staff import StaffLink, Stage
from tests.factories import make_account, make_campaign, make_conversation, make_learner, make_staff
from tests.services.privacy.canaries import make_mail

DAY = timedelta(days=1)


def learner(session: Session, at: datetime) -> None:
    row = make_learner(session, at)
    session.get_one(Conversation, row.conversation_id).learner_id = row.id


def mail(session: Session, at: datetime) -> None:
    session.add(make_mail(at, state=MailState.SENT, subject_id=new_id()))


def archived_mail(session: Session, at: datetime) -> None:
    row = ArchivedMail(id=new_id(), direction=Direction.INCOMING, at=at, sha256=new_id(), size=1)
    session.add(row)
    row.peer = f"{row.id}@example.test"
    chunk = ArchivedChunk(id=f"{row.id}.000000", mail_id=row.id)
    with session.no_autoflush:
        session.add(chunk)
        chunk.piece = b"x"


def archived_body(session: Session, at: datetime) -> None:
    """One that no mail needs any more."""
    key = {"campaign_id": new_id(), "language": Language.THAI}
    session.add(ArchivedBody(id=new_id(), at=at, content=b"x", **key))


def waiting_letter(session: Session, at: datetime) -> None:
    session.add(
        WaitingLetter(
            id=new_id(), mailbox="m", validity=1, uid=at.day, at=at, why=WhyWaiting.NOT_OURS
        )
    )


def push(session: Session, at: datetime) -> None:
    session.add(
        Push(
            id=new_id(),
            cause=new_id(),
            person=new_id(),
            retry_key=new_id(),
            state=PushState.SENT,
            created_at=at,
            due_at=at,
        )
    )


def inquiry(session: Session, at: datetime) -> None:
    chat = make_conversation(session, at)
    chat.expires_at = at + timedelta(days=9999)  # so that it is not forgotten with its stranger
    session.add(
        Inquiry(id=new_id(), conversation_id=chat.id, topic="x", created_at=at, closed_at=at)
    )


def request(session: Session, at: datetime) -> None:
    session.add(
        PrivacyRequest(
            id=new_id(),
            subject_id=new_id(),
            kind=RequestKind.ACCESS,
            state=RequestState.REFUSED,
            asked_by="self",
            channel="line",
            opened_at=at,
            acknowledge_by=at,
            due_at=at,
            closed_at=at,
        )
    )


def hold(session: Session, at: datetime) -> None:
    session.add(
        LegalHold(id=new_id(), learner_id=new_id(), may_tell=True, placed_at=at, released_at=at)
    )


def disclosure(session: Session, at: datetime) -> None:
    session.add(
        Disclosure(
            id=new_id(),
            learner_id=new_id(),
            ground=Ground.LAW,
            reference="1",
            recipient="x",
            items=[],
            approved_by=[],
            at=at,
        )
    )


def link(session: Session, at: datetime) -> None:
    account = make_account(session, make_learner(session, at + timedelta(days=9999)), at)
    session.add(
        SecretLink(
            id=new_id(),
            digest=new_id(),
            account_id=account.id,
            purpose=LinkPurpose.INITIAL_PASSWORD,
            created_at=at,
            expires_at=at,
        )
    )


def stay(session: Session, at: datetime) -> None:
    account = PortalAccount(id=new_id(), external_key=new_id(), username=new_id(), created_at=at)
    session.add(account)
    session.flush()
    session.add(
        PortalStay(
            id=new_id(),
            digest=new_id(),
            account_id=account.id,
            device=Device.OTHER,
            created_at=at,
            used_at=at,
        )
    )


def token(session: Session, at: datetime) -> None:
    session.add(
        OneTimeToken(
            id=new_id(),
            purpose=TokenPurpose.ARCHIVE,
            digest=new_id(),
            subject_id=new_id(),
            created_at=at,
            expires_at=at,
        )
    )


def errand(session: Session, at: datetime) -> None:
    session.add(Errand(id=new_id(), kind=ErrandKind.SAME_DETAILS, subject_id=new_id(), asked_at=at))


def event(session: Session, at: datetime) -> None:
    session.add(
        WebhookEvent(id=new_id(), kind="x", happened_at=at, received_at=at, state=EventState.DONE)
    )


def staff_link(session: Session, at: datetime) -> None:
    staff = make_staff(session, at)
    session.add(
        StaffLink(id=new_id(), digest=new_id(), staff_id=staff.id, created_at=at, expires_at=at)
    )


def staff_session(session: Session, at: datetime) -> None:
    sessions.open_session(session, make_staff(session, at).id, Stage.IN, at)


def kept_form(session: Session, at: datetime) -> None:
    kept_forms.keep(session, make_staff(session, at).id, "/console/x", [("name", "x")], at)


def picture(session: Session, at: datetime) -> None:
    """One that no announcement shows."""
    session.add(Picture(id=new_id(), data=b"x", width=1, height=1, put_by=new_id(), put_at=at))


def listed(session: Session, at: datetime) -> None:
    """Somebody on the list of an announcement that ended then."""
    campaign = make_campaign(session, at, state=CampaignState.DONE, ended_at=at)
    session.add(
        Recipient(
            campaign_id=campaign.id,
            subject_id=new_id(),
            learner_id=new_id(),
            language=Language.THAI,
            revision=0,
        )
    )
