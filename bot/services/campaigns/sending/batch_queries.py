"""The batches' statements on their busiest path, built once."""

from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from models import leases
from models.base import UTCDateTime
from models.campaign import Campaign
from models.learner import Learner
from models.prepared import Prepared
from models.recipient import Batch, BatchState, Recipient
from models.subscription import Channel

_TABLE: Any = Batch.__table__
_T = _TABLE.c
# A worker that lost its lease finds and changes nothing.
_IS_MINE = and_(
    _T.campaign_id == bindparam("of_campaign"),
    _T.number == bindparam("of_number"),
    _T.worker == bindparam("of_worker"),
    _T.attempts == bindparam("of_attempts"),
    _T.state == BatchState.QUEUED,
)
_NOW = bindparam("now", type_=UTCDateTime())

# language, retry_key, body_digest, tried_at; the campaign's state, approved_digest, unit, topic.
FIND = Prepared(
    select(
        *(_T.language, _T.retry_key, _T.body_digest, _T.tried_at),
        *(Campaign.state, Campaign.approved_digest, Campaign.unit, Campaign.topic),
    )
    .join(Campaign, Campaign.id == _T.campaign_id)
    .where(_IS_MINE)
    .with_for_update(of=_TABLE)
)


@cache
def begun(has_own_clock: bool, lease: timedelta) -> Prepared:
    """The attempt is counted, under a lease that begins now."""
    _, until = leases.clocks(has_own_clock, lease)
    return Prepared(
        update(_TABLE)
        .where(_IS_MINE)
        .values(
            retry_key=bindparam("of_key"),
            body_digest=bindparam("of_digest"),
            reached=bindparam("of_reached"),
            tried_at=bindparam("of_tried_at"),
            attempts=_T.attempts + 1,
            lease_until=until,
        )
    )


SENT = Prepared(
    update(_TABLE)
    .where(_IS_MINE)
    .values(
        state=bindparam("of_state"),
        request_id=bindparam("of_request"),
        settled_at=_NOW,
        reason=None,
        lease_until=None,
    )
)


def _members(address: Any) -> Prepared:
    is_unmoved = and_(
        Recipient.revision == Learner.revision,
        or_(Recipient.until.is_(None), Recipient.until > _NOW),
    )
    return Prepared(
        select(Recipient.subject_id, Recipient.learner_id, address, is_unmoved)
        .outerjoin(Learner, Learner.id == Recipient.learner_id)
        .where(
            Recipient.campaign_id == bindparam("of_campaign"),
            Recipient.batch == bindparam("of_number"),
            Recipient.dropped.is_(None),
        )
    )


# subject_id, learner_id, address, and whether nothing has moved since the list was frozen. In no
# order: for one, SQLite would read the whole list by its primary key instead of one batch.
MEMBERS = {
    Channel.LINE: _members(Learner.line_user_id_sealed),
    Channel.EMAIL: _members(Learner.id),
}
