"""What the queues ask before a row goes out; who answers stands above them (app.py hands it in)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from models.consent import Purpose
from models.mail import Mail
from models.outbox import Push
from models.recipient import ExclusionReason


@dataclass(frozen=True)
class News:
    """What a row says of itself where it is news: by this it is asked about before each try.

    topic None is the question whether a consent that ran out is to be given again.
    """

    subject_id: str  # of the ledger
    purpose: Purpose
    topic: str | None = None
    campaign_id: str | None = None


@dataclass(frozen=True)
class Go:
    """The row may go out now."""


@dataclass(frozen=True)
class Wait:
    """The row stays queued: until a moment, or until its own queue is open again."""

    until: datetime | None = None


@dataclass(frozen=True)
class Drop:
    """The row goes nowhere any more."""

    reason: ExclusionReason


Decision = Go | Wait | Drop


class Gate(Protocol):
    """Asked about news alone: words about somebody's own account always go."""

    def open_queues(self, session: Session, now: datetime) -> Sequence[str]:
        """The campaigns whose own queues of mails may be worked now."""

    def decide(self, session: Session, row: Push | Mail, now: datetime) -> Decision:
        """What becomes of a row now, whatever was so when it was queued.

        It may lock the person, hence is asked before the row is locked: the person comes before
        the mail or push everywhere.
        """

    def is_undeliverable(
        self, session: Session, mail: Mail, code: str, now: datetime, *, is_dead: bool
    ) -> None:
        """Note what a refusal for good means for a mail's address.

        is_dead: nobody is there; otherwise it may be so. The caller has locked the person, then
        the mail.
        """
