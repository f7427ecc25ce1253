"""What a member typed into a form that could not be taken: kept sealed, for minutes, for them.

A session that has ended, or a second factor that is asked for again, must not cost anybody their
words. Files are not kept, and neither is what is typed as a secret.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from models.base import new_id
from models.staff import KeptForm, Staff

LIFE = timedelta(minutes=30)
MOST = 10  # forms of one member at once; older ones give way
LONGEST = 400_000  # characters of all fields of a form
# Fields that are nobody's words (the form's own token, what it was kept under), or a secret.
LEFT_OUT = frozenset(
    {"token", "writer", "kept", "next", "password", "chosen", "again", "current", "code"}
    | {"credential"}
)
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FilledForm:
    """A form as it was sent: where to, and each field with what was typed."""

    id: str
    path: str
    fields: Fields


def keep(
    session: Session, staff_id: str, path: str, typed: Iterable[tuple[str, str]], now: datetime
) -> str | None:
    """Keep a form for its writer and return its id; None where there is nothing to keep."""
    fields = [[name, value] for name, value in typed if name not in LEFT_OUT]
    staff = session.get(Staff, staff_id)
    if not fields or staff is None or staff.disabled_at is not None:
        return None
    if sum(len(name) + len(value) for name, value in fields) > LONGEST:
        return None
    older = select(KeptForm.id).where(KeptForm.staff_id == staff_id)
    newest = older.order_by(KeptForm.expires_at.desc(), KeptForm.id.desc()).limit(MOST - 1)
    session.execute(
        delete(KeptForm).where(
            or_(
                KeptForm.expires_at <= now,
                (KeptForm.staff_id == staff_id) & KeptForm.id.not_in(list(session.scalars(newest))),
            )
        )
    )
    row = KeptForm(id=new_id(), staff_id=staff_id, expires_at=now + LIFE)
    with session.no_autoflush:
        session.add(row)
        row.content = json.dumps([path, fields], ensure_ascii=False)
    session.flush()
    return row.id


def find(session: Session, staff_id: str, form_id: str, now: datetime) -> FilledForm | None:
    """A form that this member had to leave; None for another's, an unknown or an old one."""
    row = session.get(KeptForm, form_id)
    if row is None or row.staff_id != staff_id or row.expires_at <= now:
        return None
    path, fields = json.loads(row.content or "")
    return FilledForm(row.id, path, tuple((name, value) for name, value in fields))


def forget(session: Session, staff_id: str, form_id: str) -> None:
    """It was sent at last."""
    session.execute(delete(KeptForm).where(KeptForm.id == form_id, KeptForm.staff_id == staff_id))
