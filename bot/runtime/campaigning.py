"""The ticks of campaigns: lists are counted, and each campaign takes its next step."""

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.logs import failure
from bot.runtime import quota_reading
from bot.runtime.parts import Bot
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import campaigns, rollout
from models.campaign import TO_START, Campaign, CampaignState


def count(bot: Bot) -> int:
    """Count the lists that were asked for, to their end; how many were finished."""
    asked = select(Campaign.id).where(
        Campaign.state == CampaignState.IN_REVIEW, Campaign.digest.is_(None)
    )
    done = 0
    for campaign_id in bot.database.read(lambda session: list(session.scalars(asked))):
        try:
            done += _count(bot, campaign_id)
        except Exception as error:  # one campaign's trouble must not hold up the others
            _log(bot, campaign_id, error)
    return done


def _count(bot: Bot, campaign_id: str) -> bool:
    while bot.database.write(
        lambda session: recipient_snapshot.advance(session, campaign_id, bot.settings, bot.clock())
    ):
        pass
    quota_reading.read(bot)  # what is left decides what it costs
    return bot.database.write(partial(_price, bot, campaign_id))


def _price(bot: Bot, campaign_id: str, session: Session) -> bool:
    """Say what a list costs; where nobody knows what is left, the next tick asks LINE again."""
    campaign, now = campaigns.locked(session, campaign_id), bot.clock()
    if campaign.state is not CampaignState.IN_REVIEW or campaign.frozen_at is None:
        return False
    if campaign.digest is not None or not quota.is_known(session, now):
        return False
    campaigns.price(session, campaign, bot.settings, now)
    return True


def move_on(bot: Bot) -> int:
    """Let each campaign take the step that is due; how many were looked at."""
    due = bot.database.read(lambda session: rollout.due(session, bot.clock()))
    for campaign_id in due:
        try:
            if bot.database.read(partial(_state, campaign_id)) in TO_START:
                quota_reading.read(bot)  # before the first call: the figures of now
            held = bot.database.write(partial(_step, bot, campaign_id))
        except Exception as error:  # one campaign's trouble must not hold up the others
            _log(bot, campaign_id, error)
            continue
        if held is not None:
            bot.log.warning("campaign.held", campaign=campaign_id, why=held)
    return len(due)


def _state(campaign_id: str, session: Session) -> CampaignState:
    return session.get_one(Campaign, campaign_id).state


def _step(bot: Bot, campaign_id: str, session: Session) -> rollout.PauseReason | None:
    return rollout.step(session, campaign_id, bot.settings, bot.clock())


def _log(bot: Bot, campaign_id: str, error: Exception) -> None:
    bot.log.error("campaign.broken", campaign=campaign_id, **failure(error))
