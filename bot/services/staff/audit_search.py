"""Searches the audit trail, newest first, a page at a time; to search is an act of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.staff import sessions
from models.audit import AuditAnchor, AuditEntry, AuditLink
from models.merges import Unmasking
from models.staff import Staff

PAGE = 20
MOST = 50_000  # entries of a file


@dataclass(frozen=True)
class AuditQuery:
    """What is looked for; every field that is set narrows it. `after`: the page before ended here.

    actor, subject: as the trail writes them, or a part of the name or username of members of staff.
    """

    action: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    after: tuple[datetime, int] | None = None
    kinds: tuple[str, ...] = ()  # every way in which the trail writes such an actor
    actions: tuple[str, ...] = ()  # every act of a group, in the place of one act

    @property
    def fields(self) -> str:
        """The names of the fields that are set, as the trail notes them."""
        names = ("action", "actor", "subject", "since", "until")
        return ",".join(name for name in names if getattr(self, name))


@dataclass(frozen=True)
class Searched:
    """What a search came to look for: the ids behind what was typed, and whom they mean."""

    actions: tuple[str, ...]
    actors: tuple[str, ...]
    subjects: tuple[str, ...]
    actor_names: tuple[str, ...]  # of members of staff
    subject_names: tuple[str, ...]


@dataclass(frozen=True)
class AuditLine:
    """One entry as it is shown; `position` is its place in the chain, once it has one."""

    seq: int
    position: int | None
    at: datetime
    action: str
    actor: str
    actor_name: str
    subject: str
    data: dict[str, Any]
    subject_name: str = ""
    reason: str | None = None  # what a member wrote before they saw somebody's details in full


@dataclass(frozen=True)
class Page:
    """Some entries, and where the next page begins."""

    lines: tuple[AuditLine, ...]
    next: tuple[datetime, int] | None
    searched: Searched


def note(session: Session, wish: AuditQuery, found: Page, *, reader: str, now: datetime) -> None:
    """Write down who reads what, before they see it."""
    audit.record(
        session,
        Action.AUDIT_READ,
        actor=reader,
        subject=wish.subject or None,
        now=now,
        fields=wish.fields,
        rows=len(found.lines),
        reasons=sum(line.reason is not None for line in found.lines),
    )


def note_export(
    session: Session, wish: AuditQuery, rows: int, *, reader: str, now: datetime
) -> None:
    """Write down who takes how much of the trail out as a file, before they have it."""
    audit.record(
        session,
        Action.AUDIT_EXPORTED,
        actor=reader,
        subject=wish.subject or None,
        now=now,
        fields=wish.fields,
        rows=rows,
    )


def count(session: Session, wish: AuditQuery) -> int:
    """How many entries a search finds, up to one more than a file holds."""
    found = select(AuditEntry.seq).where(*_conditions(wish, resolve(session, wish)))
    query = select(func.count()).select_from(found.limit(MOST + 1).subquery())
    return session.scalars(query).one()


def newest(session: Session) -> int:
    """The number of the newest entry; 0 where there is none."""
    return session.scalars(select(func.max(AuditEntry.seq))).one() or 0


def resolve(session: Session, wish: AuditQuery) -> Searched:
    """Whom and what a wish means."""
    team = session.scalars(select(Staff)).all() if wish.actor or wish.subject else ()
    actors = [] if wish.kinds else _members(team, wish.actor)
    subjects = _members(team, wish.subject)
    by_actor = tuple(sessions.actor(row.id) for row in actors)
    return Searched(
        wish.actions or ((wish.action,) if wish.action else ()),
        wish.kinds or by_actor or ((wish.actor,) if wish.actor else ()),
        tuple(row.id for row in subjects) or ((wish.subject,) if wish.subject else ()),
        tuple(row.name or row.username for row in actors),
        tuple(row.name or row.username for row in subjects),
    )


def search(
    session: Session, wish: AuditQuery, *, with_reasons: bool = False, size: int = PAGE
) -> Page:
    """One page: five queries, however long the trail is.

    with_reasons: for members who may see people's details themselves, since a reason can name them.
    """
    searched = resolve(session, wish)
    query = (
        select(AuditEntry, AuditLink.position)
        .outerjoin(AuditLink, AuditLink.entry_seq == AuditEntry.seq)
        .where(*_conditions(wish, searched))
        .order_by(AuditEntry.at.desc(), AuditEntry.seq.desc())
        .limit(size + 1)
    )
    found = session.execute(query).all()
    entries = [entry for entry, _ in found]
    names = _names(session, entries)
    reasons = _reasons(session, entries) if with_reasons else {}
    lines = tuple(
        AuditLine(
            seq=entry.seq,
            position=position,
            at=entry.at,
            action=entry.action,
            actor=entry.actor,
            actor_name=names.get(entry.actor, ""),
            subject=entry.subject or "",
            data=entry.data,
            subject_name=names.get(sessions.actor(entry.subject or ""), ""),
            reason=reasons.get(entry.data.get("unmasking_id", "")),
        )
        for entry, position in found[:size]
    )
    last = lines[-1] if len(found) > size else None
    return Page(lines, (last.at, last.seq) if last else None, searched)


def _conditions(wish: AuditQuery, searched: Searched) -> list[Any]:
    """Each narrows one index from its newest end."""
    conditions: list[Any] = []
    for column, values in (
        (AuditEntry.action, searched.actions),
        (AuditEntry.actor, searched.actors),
        (AuditEntry.subject, searched.subjects),
    ):
        if values:
            conditions.append(column == values[0] if len(values) == 1 else column.in_(values))
    if wish.since is not None:
        conditions.append(AuditEntry.at >= wish.since)
    if wish.until is not None:
        conditions.append(AuditEntry.at < wish.until)
    if wish.after is not None:
        at, seq = wish.after
        conditions.append(AuditEntry.at <= at)
        conditions.append(or_(AuditEntry.at < at, and_(AuditEntry.at == at, AuditEntry.seq < seq)))
    return conditions


def _members(team: Sequence[Staff], typed: str) -> list[Staff]:
    """The members whose name or username has this in it."""
    part = typed.casefold()
    # Names are sealed, so the database cannot look for them; a team is a few people.
    return [
        row
        for row in team
        if part and (part in row.username or part in (row.name or "").casefold())
    ]


def _names(session: Session, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """What members of staff are called, by how the trail calls them."""
    ids = {entry.actor.removeprefix(_STAFF) for entry in entries if entry.actor.startswith(_STAFF)}
    ids |= {entry.subject for entry in entries if entry.subject and _is_about_staff(entry)}
    rows = session.scalars(select(Staff).where(Staff.id.in_(ids))).all() if ids else []
    return {sessions.actor(row.id): row.name or row.username for row in rows}


def _is_about_staff(entry: AuditEntry) -> bool:
    return entry.action.startswith("staff:")


def _reasons(session: Session, entries: Sequence[AuditEntry]) -> dict[str, str | None]:
    """What was written as a reason, by the look; it goes when its person is erased."""
    looks = {
        entry.data.get("unmasking_id", "")
        for entry in entries
        if entry.action == Action.LEARNER_UNMASKED
    }
    rows = session.scalars(select(Unmasking).where(Unmasking.id.in_(looks))) if looks else ()
    return {row.id: row.reason for row in rows}


_STAFF = sessions.actor("")


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
