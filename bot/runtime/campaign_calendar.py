"""The ticks of repeated announcements, and of telling approvers what waits for them."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.logs import failure
from bot.runtime.parts import Bot
from bot.services.campaigns.workflow import alerts, series
from models.campaign import Campaign, CampaignState

Act = Callable[[Bot, Session, str], int]


def tick(bot: Bot) -> int:
    """Make members that are due, let them inherit, tell of what waits; how much was done."""
    done = 0
    for pattern_id in bot.database.read(lambda session: series.due(session, bot.clock())):
        done += _each(bot, pattern_id, _make)
    for member_id in bot.database.read(lambda session: series.undecided(session, bot.settings)):
        done += _each(bot, member_id, _inherit)
    for campaign_id in bot.database.read(lambda session: _untold(bot, session)):
        done += _each(bot, campaign_id, _tell)
    return done


def _each(bot: Bot, campaign_id: str, act: Act) -> int:
    """One unit of work; one campaign's trouble must not hold up the others."""
    try:
        return bot.database.write(lambda session: act(bot, session, campaign_id))
    except Exception as error:
        bot.log.error("campaign.not_ticked", campaign=campaign_id, **failure(error))
        return 0


def _make(bot: Bot, session: Session, pattern_id: str) -> int:
    made = series.make_member(session, pattern_id, bot.settings, bot.clock())
    pattern = session.get_one(Campaign, pattern_id)
    if pattern.state is CampaignState.PAUSED and pattern.pause_reason:
        alerts.tell(session, pattern, pattern.pause_reason, bot.settings, bot.clock())
    return int(made is not None)


def _inherit(bot: Bot, session: Session, member_id: str) -> int:
    if series.inherit(session, member_id, bot.settings, bot.clock()):
        return 1
    return _tell(bot, session, member_id)


def _tell(bot: Bot, session: Session, campaign_id: str) -> int:
    return alerts.tell_waiting(session, campaign_id, bot.settings, bot.clock())


def _untold(bot: Bot, session: Session) -> list[str]:
    inheriting, now = set(series.undecided(session, bot.settings)), bot.clock()
    return [
        campaign.id
        for campaign in alerts.waiting(session)
        if campaign.id not in inheriting and alerts.untold(session, campaign, bot.settings, now)
    ]
