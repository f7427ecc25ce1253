"""The tick that counts for the dashboard."""

from bot.runtime.parts import Bot
from bot.services.statistics import statistics


def count(bot: Bot) -> int:
    """Count where nobody has in the last minutes; returns how many figures were written."""
    now = bot.clock()
    if not bot.database.read(lambda session: statistics.is_due(session, now)):
        return 0
    counts = bot.database.read(lambda session: statistics.counted(session, now))
    bot.database.write(lambda session: statistics.keep(session, counts, now))
    return len(counts)
