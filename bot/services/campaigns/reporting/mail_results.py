"""What became of a campaign's mails: by their state, and how many came back."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.mail import Mail, MailState


@dataclass(frozen=True)
class Mails:
    """Mails by outcome; returned ones had been taken by the server before."""

    by_state: dict[MailState, int]
    returned: int

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


def of(session: Session, campaign_id: str) -> Mails:
    """The figures of this moment."""
    rows = session.execute(
        select(Mail.state, func.count(), func.count(Mail.bounced_at))
        .where(Mail.campaign_id == campaign_id)
        .group_by(Mail.state)
    ).all()
    return Mails({state: times for state, times, _ in rows}, sum(row[2] for row in rows))
