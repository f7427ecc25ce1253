"""Drains of what staff began with learners: imports in steps, merges whose day is over."""

from bot.runtime.parts import Bot
from bot.services.learners import exports, imports, merging

MAX_STEPS = 40  # of one tick: others want to write too


def advance(bot: Bot) -> int:
    """Go through confirmed imports; returns how many lines. Killed anywhere, it goes on there."""
    lines = 0
    for _ in range(MAX_STEPS):
        done = bot.database.write(
            lambda session: imports.step(
                session, bot.settings, bot.provider.name, bot.basic_id, bot.clock()
            )
        )
        lines += done
        if not done:
            break
    return lines


def settle(bot: Bot) -> int:
    """Finish merges that can no longer be undone, and forget files and wishes that are over."""
    done = bot.database.write(lambda s: merging.settle_due(s, bot.settings, bot.clock()))
    bot.database.write(lambda session: imports.forget_due(session, bot.clock()))
    bot.database.write(lambda session: exports.forget_due(session, bot.clock()))
    return done
