"""What a pattern has made and what has not begun yet: whoever ends the one means the other."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.campaign import NOT_BEGUN, Campaign

BY_SERIES = "series"  # in a note: it was not about this campaign, but about its series


def ahead(session: Session, pattern: Campaign) -> list[Campaign]:
    """The members of a pattern that could still go out; none where it is no pattern.

    Locked, in whichever of these states: each may be on its way into another one. A pattern is
    locked before its members, by everybody who needs both.
    """
    if pattern.rule is None:
        return []
    query = select(Campaign).where(
        Campaign.series_id == pattern.id,
        Campaign.state.in_(NOT_BEGUN),
        Campaign.started_at.is_(None),
    )
    locked = query.order_by(Campaign.id).with_for_update()
    return list(session.scalars(locked.execution_options(populate_existing=True)))
