"""Whether a campaign's mails may go now: while it is on, not at night, not after a silence."""

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.services.campaigns.sending.batches import LATE
from bot.services.delivery.gate import Decision, Drop, Gate, Go, Wait
from bot.services.shared import quiet_hours
from bot.settings import Settings
from models.campaign import Campaign, CampaignState
from models.mail import IS_QUEUED, Mail
from models.outbox import Push
from models.recipient import ExclusionReason


class CampaignGate:
    """The gate of campaigns, before the one that asks about each person."""

    def __init__(self, persons: Gate, settings: Settings) -> None:
        self._persons = persons
        self._settings = settings

    def open_queues(self, session: Session, now: datetime) -> list[str]:
        """Those that have mails which may go now, or are let through to be dropped."""
        if self._is_night(now):
            return []
        is_on = and_(Campaign.state == CampaignState.SENDING, Campaign.alive_at > now - LATE)
        has_mails = (
            select(Mail.id)
            .where(Mail.campaign_id == Campaign.id, IS_QUEUED, Mail.due_at <= now)
            .exists()
        )
        query = select(Campaign.id).where(
            or_(Campaign.state == CampaignState.STOPPED, is_on), has_mails
        )
        return list(session.scalars(query))

    def decide(self, session: Session, row: Push | Mail, now: datetime) -> Decision:
        """The campaign is asked first: of a stopped one nothing goes, whatever its reader wants."""
        if isinstance(row, Push) or row.campaign_id is None:
            return self._persons.decide(session, row, now)
        query = select(Campaign.state, Campaign.alive_at).where(Campaign.id == row.campaign_id)
        found = session.execute(query).one_or_none()
        state, alive_at = found or (None, None)
        if state is CampaignState.STOPPED:
            return Drop(ExclusionReason.STOPPED)
        decided = self._persons.decide(session, row, now)
        is_on = state is CampaignState.SENDING and alive_at is not None and alive_at > now - LATE
        if isinstance(decided, Go) and (not is_on or self._is_night(now)):
            return Wait()
        return decided

    def is_undeliverable(
        self, session: Session, mail: Mail, code: str, now: datetime, *, is_dead: bool
    ) -> None:
        self._persons.is_undeliverable(session, mail, code, now, is_dead=is_dead)

    def _is_night(self, now: datetime) -> bool:
        return self._settings.keeps_quiet and quiet_hours.is_quiet(now)
