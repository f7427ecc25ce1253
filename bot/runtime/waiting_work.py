"""The tick that tells whoever can decide what waits for them."""

from bot.runtime.parts import Bot
from bot.services.statistics import waiting


def tell(bot: Bot) -> int:
    """Queue what nobody was told yet; returns how many mails and pushes."""
    return bot.database.write(lambda session: waiting.tell(session, bot.settings, bot.clock()))
