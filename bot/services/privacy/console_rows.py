"""What staff noted about a person, readable for that person."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.people.subjects import Subject
from models.merges import Look, Unmasking
from models.tag import LearnerTag

Row = dict[str, str | int | None]


def learner_tag(session: Session, subject: Subject) -> list[Row]:
    query = select(LearnerTag).where(LearnerTag.learner_id == (subject.learner_id or ""))
    rows = session.scalars(query.order_by(LearnerTag.tag))
    return [{"tag": row.tag, "chosen_at": _iso(row.put_at)} for row in rows]


def unmasking(session: Session, subject: Subject) -> list[Row]:
    """When and why staff read the details in full, but for an order, which may be secret.

    Source: PDPA s.30, second paragraph.
    """
    query = select(Unmasking).where(
        Unmasking.learner_id == (subject.learner_id or ""), Unmasking.category != Look.ORDER
    )
    rows = session.scalars(query.order_by(Unmasking.at))
    return [{"at": _iso(row.at), "kind": row.category.value, "reason": row.reason} for row in rows]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
