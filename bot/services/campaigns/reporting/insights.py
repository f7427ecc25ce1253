"""LINE's opens and clicks of an announcement, by the unit that each of its batches names.

LINE counts on iOS and Android, up to 14 days after sending, and says nothing below 20 people:
what is not said stays None and is no zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.shared import throttles
from bot.services.shared.throttles import Limit
from models.campaign import Campaign
from models.recipient import ACCEPTED, Batch
from models.subscription import Channel

LINE_TIME = timezone(timedelta(hours=9))  # in which LINE's days begin
COUNTED = timedelta(days=14)  # after the last message
FIRST_DAYS = timedelta(days=2)  # while most people open it
SOON, LATER = timedelta(hours=2), timedelta(hours=24)
LAST = timedelta(days=16)  # one look after LINE has stopped counting
# LINE allows 60 calls an hour, for all processes and all statistics together.
CALLS = Limit("line insight", 24, timedelta(hours=1))
OVERVIEW = {
    "unique_impression": "uniqueImpression",
    "unique_click": "uniqueClick",
    "unique_media_played": "uniqueMediaPlayed",
    "unique_media_played_100_percent": "uniqueMediaPlayed100Percent",
}
MESSAGE = {"impression": "impression", "unique_impression": "uniqueImpression"}
CLICK = {"click": "click", "unique_click": "uniqueClick"}


@dataclass(frozen=True)
class InsightCall:
    """One call that may be made: the unit, and from which to which of LINE's days."""

    campaign_id: str
    unit: str
    first: date
    last: date


def due(session: Session, now: datetime) -> list[str]:
    """Campaigns of which LINE may know more by now."""
    sent_on_line = select(Batch.number).where(
        Batch.campaign_id == Campaign.id, Batch.channel == Channel.LINE, Batch.state.in_(ACCEPTED)
    )
    query = (
        select(Campaign)
        .where(Campaign.started_at > now - LAST, sent_on_line.exists())
        .order_by(Campaign.started_at.desc(), Campaign.id)
    )
    return [campaign.id for campaign in session.scalars(query) if _is_due(campaign, now)]


def claim(session: Session, campaign_id: str, now: datetime) -> InsightCall | None:
    """Count a call before it is made; None where somebody else has asked, or LINE would refuse."""
    campaign = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if campaign is None or campaign.started_at is None or not _is_due(campaign, now):
        return None
    if throttles.take(session, [(CALLS, "all")], now) > throttles.NOW:
        return None
    campaign.results = {**campaign.results, "asked_at": now.isoformat()}
    first = campaign.started_at.astimezone(LINE_TIME).date()
    # Thirty days at most, which is more than LINE counts.
    last = min(now.astimezone(LINE_TIME).date(), first + timedelta(days=30))
    return InsightCall(campaign_id, campaign.unit, first, last)


def store(session: Session, asked: InsightCall, answer: Mapping[str, Any], now: datetime) -> None:
    """Keep what LINE said beside what else is known of the campaign's outcome."""
    campaign = session.get(Campaign, asked.campaign_id, with_for_update=True)
    if campaign is None:
        return
    campaign.results = {
        **campaign.results,
        "read_at": now.isoformat(),
        **_numbers(answer.get("overview"), OVERVIEW),
        "messages": [
            {"seq": _number(each, "seq"), **_numbers(each, MESSAGE)}
            for each in _objects(answer.get("messages"))
        ],
        "clicks": [
            {
                "seq": _number(each, "seq"),
                "url": str(each.get("url", "")),
                **_numbers(each, CLICK),
            }
            for each in _objects(answer.get("clicks"))
        ],
    }


def _is_due(campaign: Campaign, now: datetime) -> bool:
    """Every two hours at first, then daily, and once more when LINE has stopped counting."""
    if campaign.started_at is None:
        return False
    asked_at = _moment(campaign.results.get("asked_at"))
    if asked_at is None:
        return True
    end = (campaign.ended_at or now) + COUNTED
    if asked_at > end:
        return False
    age = now - campaign.started_at
    return now - asked_at >= (SOON if age < FIRST_DAYS else LATER)


def _numbers(found: Any, names: Mapping[str, str]) -> dict[str, int | None]:
    known = found if isinstance(found, dict) else {}
    return {ours: _number(known, theirs) for ours, theirs in names.items()}


def _number(found: Mapping[str, Any], name: str) -> int | None:
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _objects(found: Any) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
