"""Searches the audit trail, newest first, a page at a time; to search is an act of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.services import audit, staff_sessions
from bot.services.audit import Action
from models.audit import AuditAnchor, AuditEntry, AuditLink
from models.staff import Staff

PAGE = 20


@dataclass(frozen=True)
class Wish:
    """What is looked for; every field that is set narrows it. `after`: the page before ended here.

    actor: as the trail writes it, or the username of a member of staff.
    """

    action: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, int] | None = None

    @property
    def fields(self) -> str:
        """The names of the fields that are set, as the trail notes them."""
        names = ("action", "actor", "subject", "since", "until")
        return ",".join(name for name in names if getattr(self, name))


@dataclass(frozen=True)
class Line:
    """One entry as it is shown; `position` is its place in the chain, once it has one."""

    seq: int
    position: int | None
    at: datetime
    action: str
    actor: str
    actor_name: str
    subject: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some entries, and where the next page begins."""

    lines: tuple[Line, ...]
    next: tuple[datetime, int] | None


def note(session: Session, wish: Wish, rows: int, *, reader: str, now: datetime) -> None:
    """Write down who reads what, before they see it."""
    audit.record(
        session,
        Action.AUDIT_READ,
        actor=reader,
        subject=wish.subject or None,
        now=now,
        fields=wish.fields,
        rows=rows,
    )


def search(session: Session, wish: Wish) -> Page:
    """One page: three queries, however long the trail is."""
    if wish.actor:
        wish = replace(wish, actor=_actor(session, wish.actor))
    query = (
        select(AuditEntry, AuditLink.position)
        .outerjoin(AuditLink, AuditLink.entry_seq == AuditEntry.seq)
        .where(*_conditions(wish))
        .order_by(AuditEntry.at.desc(), AuditEntry.seq.desc())
        .limit(PAGE + 1)
    )
    found = session.execute(query).all()
    names = _names(session, [entry.actor for entry, _ in found])
    lines = tuple(
        Line(
            seq=entry.seq,
            position=position,
            at=entry.at,
            action=entry.action,
            actor=entry.actor,
            actor_name=names.get(entry.actor, ""),
            subject=entry.subject or "",
            data=entry.data,
        )
        for entry, position in found[:PAGE]
    )
    last = lines[-1] if len(found) > PAGE else None
    return Page(lines, (last.at, last.seq) if last else None)


def _conditions(wish: Wish) -> list[Any]:
    """Each narrows one index from its newest end."""
    conditions: list[Any] = []
    for column, value in (
        (AuditEntry.action, wish.action),
        (AuditEntry.actor, wish.actor),
        (AuditEntry.subject, wish.subject),
    ):
        if value:
            conditions.append(column == value)
    if wish.since is not None:
        conditions.append(AuditEntry.at >= wish.since)
    if wish.until is not None:
        conditions.append(AuditEntry.at < wish.until)
    if wish.after is not None:
        at, seq = wish.after
        conditions.append(AuditEntry.at <= at)
        conditions.append(or_(AuditEntry.at < at, and_(AuditEntry.at == at, AuditEntry.seq < seq)))
    return conditions


def _actor(session: Session, typed: str) -> str:
    staff_id = session.scalar(select(Staff.id).where(Staff.username == typed.casefold()))
    return staff_sessions.actor(staff_id) if staff_id else typed


def _names(session: Session, actors: Sequence[str]) -> dict[str, str]:
    """What members of staff are called, by how the trail calls them."""
    ids = {actor.rpartition(":")[2] for actor in actors if actor.startswith(_STAFF)}
    rows = session.scalars(select(Staff).where(Staff.id.in_(ids))).all() if ids else []
    return {staff_sessions.actor(row.id): row.name or row.username for row in rows}


_STAFF = staff_sessions.actor("")


def last_anchor(session: Session) -> tuple[int, datetime] | None:
    """Up to where, and when, the trail was last anchored outside."""
    query = select(AuditAnchor.position, AuditAnchor.made_at)
    row = session.execute(query.order_by(AuditAnchor.position.desc()).limit(1)).first()
    return None if row is None else (row.position, row.made_at)


def cursor(place: tuple[datetime, int]) -> str:
    """Where a page ended, for the form that asks for the next one."""
    at, seq = place
    return f"{at.astimezone(UTC).isoformat(timespec='microseconds')}|{seq}"


def parse_cursor(text: str) -> tuple[datetime, int] | None:
    """The reverse; None for anything else."""
    at, _, seq = text.partition("|")
    try:
        moment, number = datetime.fromisoformat(at), int(seq)
    except ValueError:
        return None
    return (moment, number) if moment.tzinfo and 0 < number < 1 << 31 else None
