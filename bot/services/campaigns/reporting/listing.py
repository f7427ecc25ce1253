"""The list of announcements: newest first by state, and what waits for one member."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, case, cast, func, or_, select
from sqlalchemy.orm import Session

from bot.services.campaigns.workflow import campaigns, decisions
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.settings import Settings
from models.campaign import ON_THE_WAY, OVER, WAITS, Campaign, CampaignState
from models.recipient import ACCEPTED, Batch, BatchState
from models.staff import Staff

PAGE = 30
MAX_WAITING = 10
GROUPS: dict[str, Set[CampaignState]] = {
    "drafts": {CampaignState.DRAFT},
    "review": {CampaignState.IN_REVIEW},
    "going": ON_THE_WAY,
    "over": OVER,
}
UNDER_WAY = (CampaignState.SENDING, CampaignState.PAUSED)
SENT_BACK, DISCARDED, NOBODY = "sent_back", "discarded", "nobody"


@dataclass(frozen=True)
class CampaignRow:
    """One line. people: on the frozen list; settled: the share of them whose batch is settled.

    standing: what standings() says; reached: how many got it, of what has ended.
    """

    id: str
    name: str
    kind: str
    topic: str
    state: CampaignState
    standing: str
    is_counted: bool
    author: str
    changed_at: datetime
    due_at: datetime | None
    started_at: datetime | None
    rule: str | None
    rule_until: datetime | None
    people: int
    settled: float | None = None
    reached: int | None = None


def page(session: Session, group: str, before: str | None) -> tuple[list[CampaignRow], str | None]:
    """A page of a group (or of all), and the id to go on from; ids grow with time."""
    query = select(Campaign).order_by(Campaign.id.desc()).limit(PAGE + 1)
    if group in GROUPS:
        query = query.where(Campaign.state.in_(GROUPS[group]))
    if before:
        query = query.where(Campaign.id < before)
    found = session.scalars(query).all()
    return _rows(session, found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None


def waiting(session: Session, member: Member, settings: Settings) -> list[CampaignRow]:
    """What only goes on when this member does something: what paused, what is to be approved.

    It is what bot/services/statistics/waiting.py counts for the menu and the first page.
    """
    wanted = []
    if member.may(Permission.APPROVE_CAMPAIGN):
        wanted.append(paused_by_itself())
        to_approve = (Campaign.state == CampaignState.IN_REVIEW) & Campaign.digest.is_not(None)
        if not settings.approve_own:
            to_approve &= ~_is_own(member.id)
        wanted.append(to_approve)
    if not wanted:
        return []
    # Both states are in the index; what has come to its end is not looked at.
    query = select(Campaign).where(Campaign.state.in_(WAITS), or_(*wanted))
    return _rows(session, session.scalars(query.order_by(Campaign.id).limit(MAX_WAITING)).all())


def paused_by_itself() -> ColumnElement[bool]:
    """The condition: it waits for a decision. Whoever paused it themselves knows of it."""
    by_somebody = (campaigns.BY_PERSON, campaigns.BY_SERIES)
    return (Campaign.state == CampaignState.PAUSED) & Campaign.pause_reason.not_in(by_somebody)


def on_the_way(session: Session, most: int) -> list[Campaign]:
    """What is approved and has not ended, the next one first."""
    query = select(Campaign).where(Campaign.state.in_(ON_THE_WAY))
    return list(session.scalars(query.order_by(Campaign.due_at, Campaign.id).limit(most)))


def latest_of(session: Session, member_id: str) -> Campaign | None:
    """What a member asked for last; what a series asks for by itself is not meant."""
    query = select(Campaign).where(
        Campaign.asked_by == member_id, Campaign.asked_at.is_not(None), Campaign.series_id.is_(None)
    )
    newest = query.order_by(Campaign.asked_at.desc(), Campaign.id.desc()).limit(1)
    return session.scalars(newest).one_or_none()


def sent_so_far(session: Session, campaign: Campaign) -> tuple[int, int]:
    """How many people's batch has gone out, and how many people there are."""
    reached = func.coalesce(Batch.reached, Batch.size)
    out = func.sum(case((Batch.state.in_(ACCEPTED), reached), else_=0))
    query = select(out, func.sum(Batch.size)).where(Batch.campaign_id == campaign.id)
    done, total = session.execute(query).one()
    return done or 0, total or 0


def _is_own(member_id: str) -> ColumnElement[bool]:
    """campaigns.is_own for the database: wrote a word of it, or asked for it."""
    return or_(
        Campaign.author_id == member_id,
        func.coalesce(Campaign.asked_by, "") == member_id,
        cast(Campaign.writers, String).contains(f'"{member_id}"', autoescape=True),
    )


def names(session: Session, ids: Iterable[str | None]) -> dict[str, str]:
    """What members are called, by id."""
    wanted = {each for each in ids if each}
    rows = session.scalars(select(Staff).where(Staff.id.in_(wanted)))
    return {staff.id: staff.name or staff.username for staff in rows}


def standings(session: Session, found: Iterable[Campaign]) -> dict[str, str]:
    """By id its state, or what says more: sent back, thrown away, ended with nobody reached."""
    campaigns = list(found)
    return _standings(session, campaigns, _reached(session, campaigns))


def _standings(
    session: Session, campaigns: Sequence[Campaign], reached: dict[str, int]
) -> dict[str, str]:
    sent_back = decisions.sent_back(session, campaigns)

    def standing(campaign: Campaign) -> str:
        if campaign.id in sent_back:
            return SENT_BACK
        if campaign.state is CampaignState.STOPPED and campaign.approved_digest is None:
            return DISCARDED
        if campaign.state is CampaignState.DONE and reached.get(campaign.id) == 0:
            return NOBODY
        return campaign.state

    return {campaign.id: standing(campaign) for campaign in campaigns}


def _reached(session: Session, found: Iterable[Campaign]) -> dict[str, int]:
    """How many people got what has ended; a series itself is got by nobody, its members are."""
    ended = [each.id for each in found if each.state in OVER and each.rule is None]
    if not ended:
        return {}
    query = (
        select(Batch.campaign_id, func.sum(func.coalesce(Batch.reached, Batch.size)))
        .where(Batch.campaign_id.in_(ended), Batch.state.in_(ACCEPTED))
        .group_by(Batch.campaign_id)
    )
    return dict.fromkeys(ended, 0) | {key: int(people) for key, people in session.execute(query)}


def _rows(session: Session, found: Sequence[Campaign]) -> list[CampaignRow]:
    authors = names(session, (campaign.author_id for campaign in found))
    shares = _shares(session, [each.id for each in found if each.state in UNDER_WAY])
    got = _reached(session, found)
    told = _standings(session, found, got)
    return [
        CampaignRow(
            id=campaign.id,
            name=campaign.name,
            kind=campaign.kind,
            topic=campaign.topic,
            state=campaign.state,
            standing=told[campaign.id],
            is_counted=campaign.digest is not None,
            author=authors.get(campaign.author_id, ""),
            changed_at=campaign.changed_at,
            due_at=campaign.due_at,
            started_at=campaign.started_at,
            rule=campaign.rule,
            rule_until=campaign.rule_until,
            people=campaign.counts.get("line", 0) + campaign.counts.get("email", 0),
            settled=shares.get(campaign.id),
            reached=got.get(campaign.id),
        )
        for campaign in found
    ]


def _shares(session: Session, ids: list[str]) -> dict[str, float]:
    settled = func.sum(case((Batch.state == BatchState.QUEUED, 0), else_=Batch.size))
    rows = session.execute(
        select(Batch.campaign_id, settled, func.sum(Batch.size))
        .where(Batch.campaign_id.in_(ids))
        .group_by(Batch.campaign_id)
    )
    return {campaign_id: done / total for campaign_id, done, total in rows if total}
