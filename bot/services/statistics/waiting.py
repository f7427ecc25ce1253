"""What waits for a member of staff to decide, as counts for the menu and the first page.

Whoever can decide is also told: by a mail to the owner at once, which costs nothing and wakes
nobody, and in a linked chat where it still waits a while later, never in the quiet hours. For
announcements bot/services/campaigns/workflow/alerts.py does that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from bot.services.campaigns.reporting import listing
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.shared import quiet_hours
from bot.services.staff import chats
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.settings import Settings
from bot.texts import THAI
from models.campaign import Campaign, CampaignState
from models.imports_exports import ExportRequest, ExportState, Import, ImportState
from models.mail import WaitingLetter
from models.privacy import OPEN_REQUESTS, PrivacyRequest, RequestKind, RequestState

PUSH_AFTER = timedelta(minutes=30)  # the free ways first: the console's menu and the mail
TEMPLATE = "work_waits"
_MOST = 200  # announcements that are looked at, and matters that are told of in one tick


class Matter(StrEnum):
    """A kind of thing that waits for a person."""

    APPROVAL = "approval"  # an announcement of somebody else, counted
    PAUSED = "paused"  # an announcement that paused by itself
    EXPORT = "export"  # somebody else's wish for a file
    DOWNLOAD = "download"  # one's own file, approved
    IMPORT = "import"  # one's own file, not confirmed yet
    LETTER = "letter"  # in the mailbox of returned mails, which no rule understands
    NOTICE = "notice"  # that did not arrive, or of which nobody knows
    REQUEST = "request"  # under the PDPA, which only a person can answer


MAY: Mapping[Matter, Permission] = {
    Matter.APPROVAL: Permission.APPROVE_CAMPAIGN,
    Matter.PAUSED: Permission.APPROVE_CAMPAIGN,
    Matter.EXPORT: Permission.APPROVE_EXPORT,
    Matter.DOWNLOAD: Permission.EXPORT_LEARNERS,
    Matter.IMPORT: Permission.IMPORT_LEARNERS,
    Matter.LETTER: Permission.SEE_RETURNED_MAILS,
    Matter.NOTICE: Permission.SEE_RETURNED_MAILS,
    Matter.REQUEST: Permission.ANSWER_REQUESTS,
}


@dataclass(frozen=True)
class WorkWaits(Notice):
    """Something waits for a decision until a time; page is where the console says more."""

    matter: Matter
    until: datetime
    page: str


def counts(
    session: Session, member: Member, settings: Settings, now: datetime
) -> dict[Matter, int]:
    """How much waits for this member, of what they may decide; at most two queries."""
    mine = [matter for matter in Matter if member.may(MAY[matter])]
    asked = [_counted(matter, member, now) for matter in mine if matter is not Matter.APPROVAL]
    found = dict.fromkeys(mine, 0)
    if asked:
        for row in session.execute(union_all(*asked)):
            found[Matter(row[0])] = row[1]
    if Matter.APPROVAL in mine:
        found[Matter.APPROVAL] = _approvals(session, member, settings)
    return {matter: count for matter, count in found.items() if count}


def _counted(matter: Matter, member: Member, now: datetime) -> Select[Any, Any]:
    """How many of one kind wait for this member."""
    conditions = {
        Matter.PAUSED: (listing.paused_by_itself(),),
        Matter.EXPORT: (
            ExportRequest.state == ExportState.WAITING,
            ExportRequest.member_id != member.id,
            ExportRequest.expires_at > now,
        ),
        Matter.DOWNLOAD: (
            ExportRequest.state == ExportState.APPROVED,
            ExportRequest.member_id == member.id,
            ExportRequest.expires_at > now,
        ),
        Matter.IMPORT: (
            Import.state == ImportState.UPLOADED,
            Import.member_id == member.id,
            Import.expires_at > now,
        ),
        Matter.LETTER: (WaitingLetter.id.is_not(None),),  # all there are
        Matter.NOTICE: (mails.is_unseen(now),),
        Matter.REQUEST: (_needs_somebody(),),
    }[matter]
    return select(literal(matter.value), func.count()).where(*conditions)


def _needs_somebody() -> ColumnElement[bool]:
    """Open requests that nothing answers by itself: a correction, and what is not acknowledged."""
    return PrivacyRequest.state.in_(OPEN_REQUESTS) & or_(
        PrivacyRequest.kind == RequestKind.CORRECT, PrivacyRequest.state == RequestState.RECEIVED
    )


def _approvals(session: Session, member: Member, settings: Settings) -> int:
    """Announcements that this member may approve: counted, and no word of it their own (R4)."""
    query = select(Campaign.author_id, Campaign.asked_by, Campaign.writers).where(
        Campaign.state == CampaignState.IN_REVIEW, Campaign.digest.is_not(None)
    )
    rows = session.execute(query.limit(_MOST)).all()
    return sum(
        settings.approve_own or member.id not in {row.author_id, row.asked_by, *row.writers}
        for row in rows
    )


def tell(session: Session, settings: Settings, now: datetime) -> int:
    """Tell whoever can decide of wishes for files and requests that wait; returns how many anew."""
    told, home = 0, f"{settings.public_url}/console/overview"
    for row in _exports(session, now):
        notice = WorkWaits(Matter.EXPORT, row.expires_at, f"{settings.public_url}/console/exports")
        told += _tell(session, notice, row.id, row.asked_at, row.member_id, settings, now)
    for request in _requests(session):
        notice = WorkWaits(Matter.REQUEST, request.due_at, home)
        told += _tell(session, notice, request.id, request.opened_at, "", settings, now)
    return told


def _exports(session: Session, now: datetime) -> list[ExportRequest]:
    query = select(ExportRequest).where(
        ExportRequest.state == ExportState.WAITING, ExportRequest.expires_at > now
    )
    return list(session.scalars(query.order_by(ExportRequest.asked_at).limit(_MOST)))


def _requests(session: Session) -> list[PrivacyRequest]:
    query = select(PrivacyRequest).where(_needs_somebody())
    return list(session.scalars(query.order_by(PrivacyRequest.opened_at.desc()).limit(_MOST)))


def _tell(
    session: Session,
    notice: WorkWaits,
    row_id: str,
    since: datetime,
    asked_by: str,
    settings: Settings,
    now: datetime,
) -> int:
    told = 0
    if settings.owner_email:
        text = mails.MailText(TEMPLATE, THAI, presenter_of(session).values(notice, THAI))
        told += bool(
            mails.queue(session, text, cause=f"waits:{row_id}", to=settings.owner_email, now=now)
        )
        if now - since < PUSH_AFTER:
            return told
    if quiet_hours.is_quiet(now):
        return told
    for one in chats.linked(session, may=MAY[notice.matter]):
        if one.member_id != asked_by:
            told += outbox.tell(
                session,
                notice,
                one.language,
                cause=f"waits:{row_id}:{one.member_id}",
                person=one.person,
                to=one.user_id,
                now=now,
            )
    return told
