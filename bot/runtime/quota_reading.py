"""Asks LINE how much of the month is left, and keeps the answer."""

from bot.errors import DeliveryError
from bot.runtime.parts import Bot
from bot.services.campaigns.sending import quota


def read(bot: Bot) -> bool:
    """Read quota and use now (two free calls); False where LINE does not tell."""
    try:
        limit = bot.gateway.quota()
        at = bot.clock()  # what goes out from here on may be missing in LINE's figure
        used = bot.gateway.consumption()
    except DeliveryError as error:
        bot.log.warning("quota.unreadable", status=error.status, reason=error.reason)
        return False
    bot.database.write(lambda session: quota.record(session, limit, used, at))
    return True


def used_up(bot: Bot) -> None:
    """LINE refuses messages because the month's are used: somebody has to know today."""
    read(bot)
    bot.log.error("quota.used_up")
    bot.database.write(lambda session: quota.tell_owner(session, bot.settings, bot.clock()))
