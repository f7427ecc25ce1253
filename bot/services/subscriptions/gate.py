"""Who may still get a piece of news, and what its address is worth: asked for every row."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.delivery import mails
from bot.services.delivery.gate import Decision, Drop, Go, News
from bot.services.subscriptions import bounces, news
from bot.settings import Settings
from models.learner import Learner
from models.mail import Mail
from models.outbox import Push
from models.recipient import ExclusionReason


class NewsGate:
    """The gate by the ledger, the choice of topics and the address; it knows no campaign."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open_queues(self, session: Session, now: datetime) -> list[str]:
        return []

    def decide(self, session: Session, row: Push | Mail, now: datetime) -> Decision:
        why_not = _address_gone(session, row) if isinstance(row, Mail) else None
        if why_not is None:
            why_not = self._refused(session, row, now)
        return Go() if why_not is None else Drop(why_not)

    def is_undeliverable(
        self, session: Session, mail: Mail, code: str, now: datetime, *, is_dead: bool
    ) -> None:
        noted = bounces.is_dead if is_dead else bounces.is_soft
        noted(session, mail, code, now)

    def _refused(self, session: Session, row: Push | Mail, now: datetime) -> ExclusionReason | None:
        if row.subject_id is None or row.purpose is None:
            return ExclusionReason.UNNAMED
        return news.may_send(
            session,
            News(row.subject_id, row.purpose, row.topic),
            now,
            self._settings,
            row.id,
            row.to,
            # By the campaign's frozen list.
            is_counted=isinstance(row, Mail) and row.campaign_id is not None,
        )


def _address_gone(session: Session, mail: Mail) -> ExclusionReason | None:
    """Why a mail's address is not, or not surely, its reader's any more."""
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == mail.subject_id)
    ).one_or_none()
    if learner is None:
        return ExclusionReason.GONE
    if mail.to is None or (learner.email or "").casefold() != mail.to.casefold():
        return ExclusionReason.MOVED
    if learner.email_verified_at is None:
        return ExclusionReason.NO_ADDRESS
    if mails.is_suppressed(session, mail.to):
        return ExclusionReason.SUPPRESSED
    return None
