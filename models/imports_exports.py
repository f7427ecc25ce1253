"""Files of learners that staff bring in and take out: their state, and for how long."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key


class ImportState(StrEnum):
    UPLOADED = "uploaded"  # columns are being assigned, lines are being looked at
    RUNNING = "running"  # confirmed: the job goes through it, a few lines a transaction
    DONE = "done"
    UNDOING = "undoing"  # the job takes back whoever has not been used by anybody yet
    UNDONE = "undone"
    FORGOTTEN = "forgotten"  # cancelled, or a day passed: the same file may be brought again


class Import(Base):
    """One uploaded file of learners.

    The content is kept, sealed, until it has been gone through, a day at most; then, for a day,
    `rest`: the lines that did not go in. `digest` is a keyed hash of the file: the same file is not
    gone through twice. `position` is the line that comes next, moved in the same transaction as
    what the lines before it became. `expires_at` ends whichever of the two is kept, and the undo.
    """

    __tablename__ = "learner_import"

    id: Mapped[str] = primary_key()
    member_id: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[ImportState] = mapped_column(ByValue(ImportState), index=True)
    uploaded_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    content_sealed: Mapped[bytes | None]
    name_sealed: Mapped[bytes | None]
    rest_sealed: Mapped[bytes | None]
    columns: Mapped[dict[str, Any]] = mapped_column(JSON)  # detail -> number of its column
    # What somebody had to say about the file: the order of its dates, lines that are meant so.
    choices: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    # Number of each line that did not go in -> why, as far as its cells do not say it.
    left_out: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    lines: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)
    enrolled: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)  # were here already
    refused: Mapped[int] = mapped_column(default=0)  # something is wrong, or consent is missing
    undone: Mapped[int] = mapped_column(default=0, server_default="0")
    finished_at: Mapped[datetime | None]

    content = Sealed("content_sealed")
    name = Sealed("name_sealed")  # of the file, as it was called where it came from
    rest = Sealed("rest_sealed")


class ExportState(StrEnum):
    WAITING = "waiting"  # for somebody else's approval
    APPROVED = "approved"  # may be taken, once
    REFUSED = "refused"
    TAKEN = "taken"


class ExportRequest(Base):
    """One wish to take learners out as a file: who, why, which columns, and who agreed.

    The file itself is made when it is taken and stands nowhere. After `expires_at` nothing can
    be taken any more, whatever the state says.
    """

    __tablename__ = "export_request"

    id: Mapped[str] = primary_key()
    member_id: Mapped[str] = mapped_column(String(32))
    state: Mapped[ExportState] = mapped_column(ByValue(ExportState))
    reason_sealed: Mapped[bytes | None]
    columns: Mapped[list[Any]] = mapped_column(JSON)
    in_full: Mapped[bool]  # details as they are, not masked
    chosen: Mapped[dict[str, Any]] = mapped_column(JSON)  # which learners: state, language, tag
    rows: Mapped[int]  # when it was asked for: what the approval covers
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]

    reason = Sealed("reason_sealed")
