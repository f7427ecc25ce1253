"""Asks LINE for the opens and clicks of announcements that went out lately."""

from bot.errors import DeliveryError
from bot.runtime.parts import Bot
from bot.services.campaigns.reporting import insights

MAX_CALLS = 4  # calls in one tick; the next one goes on


def read(bot: Bot) -> int:
    """Read what may have changed; how many campaigns were read.

    The call is counted in a row before it is made, so that any number of machines stays within
    LINE's limit; what fails is asked again when its time has come once more.
    """
    done = 0
    due = bot.database.read(lambda session: insights.due(session, bot.clock()))
    for campaign_id in due[:MAX_CALLS]:
        found = campaign_id
        asked = bot.database.write(lambda session: insights.claim(session, found, bot.clock()))  # noqa: B023
        if asked is None:
            continue
        call = asked
        try:
            answer = bot.gateway.aggregation(call.unit, call.first, call.last)
        except DeliveryError as error:
            bot.log.warning("insight.refused", campaign=call.campaign_id, status=error.status)
            if error.status == 429:
                return done
            continue
        bot.database.write(lambda session: insights.store(session, call, answer, bot.clock()))  # noqa: B023
        done += 1
    return done
