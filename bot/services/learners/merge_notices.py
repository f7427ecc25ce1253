"""What the owner of a merged registration is told, by mail and in the chat that it was bound to.

Nothing of the other registration is named: if the merge was a mistake, it is somebody else's.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import presenter_of
from bot.settings import Settings
from models.learner import Learner
from models.merges import Merge


@dataclass(frozen=True)
class AccountsMerged:
    """Two accounts are one now; until then it can be undone."""

    until: datetime
    settings: Settings


@dataclass(frozen=True)
class AccountsParted:
    """A merge was undone."""

    has_account: bool


def merged(
    session: Session, closed: Learner, row: Merge, settings: Settings, now: datetime
) -> None:
    """While it can still be undone: if it was a mistake, its owner says so."""
    notice, cause = AccountsMerged(row.undo_until, settings), f"merged:{row.id}"
    values = presenter_of(session).values(notice, closed.language)
    mails.queue_to(session, closed, cause=cause, template="merged", values=values, now=now)
    outbox.tell_learner(session, notice, closed, cause=cause, now=now)


def parted(
    session: Session, closed: Learner, row: Merge, now: datetime, *, has_account: bool
) -> None:
    """It was undone. Only the password does not come back: freezing forgets it."""
    cause = f"parted:{row.id}"
    mails.queue_to(session, closed, cause=cause, template="parted", now=now)
    outbox.tell_learner(session, AccountsParted(has_account), closed, cause=cause, now=now)
