"""What the owner of a merged registration is told, by mail and in the chat that it was bound to.

Nothing of the other registration is named: if the merge was a mistake, it is somebody else's.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.settings import Settings
from models.conversation import Conversation
from models.learner import Learner
from models.merges import Merge


@dataclass(frozen=True)
class AccountsMerged(Notice):
    """Two accounts are one now; until then it can be undone."""

    until: datetime
    settings: Settings


@dataclass(frozen=True)
class AccountsParted(Notice):
    """A merge was undone."""

    has_account: bool


def merged(
    session: Session, closed: Learner, row: Merge, settings: Settings, now: datetime
) -> None:
    """While it can still be undone: if it was a mistake, its owner says so."""
    notice = AccountsMerged(row.undo_until, settings)
    mails.queue_to(
        session,
        closed,
        cause=f"merged:{row.id}",
        template="merged",
        values=presenter_of(session).values(notice, closed.language),
        now=now,
    )
    _push(session, closed, f"merged:{row.id}", notice, now)


def parted(
    session: Session, closed: Learner, row: Merge, now: datetime, *, has_account: bool
) -> None:
    """It was undone. Only the password does not come back: freezing forgets it."""
    mails.queue_to(session, closed, cause=f"parted:{row.id}", template="parted", now=now)
    _push(session, closed, f"parted:{row.id}", AccountsParted(has_account), now)


def _push(
    session: Session,
    learner: Learner,
    cause: str,
    notice: AccountsMerged | AccountsParted,
    now: datetime,
) -> None:
    conversation = session.get_one(Conversation, learner.conversation_id)
    outbox.tell(
        session,
        notice,
        learner.language,
        cause=cause,
        person=conversation.person,
        to=learner.line_user_id or "",
        now=now,
    )
