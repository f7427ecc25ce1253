"""Drains of what staff began with learners: imports in steps, merges whose day is over."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.runtime.parts import Bot
from bot.services.learners import exports, imports, merging
from bot.services.privacy import undone_imports

MAX_STEPS = 40  # of one tick: others want to write too


def advance(bot: Bot) -> int:
    """Go through confirmed imports, or take them back; returns how many lines and people.

    Killed anywhere, it goes on there.
    """
    return _drain(bot, lambda session: _through(bot, session)) + _drain(
        bot, lambda session: undone_imports.step(session, bot.clock())
    )


def _through(bot: Bot, session: Session) -> int:
    return imports.step(session, bot.settings, bot.provider.name, bot.basic_id, bot.clock())


def _drain(bot: Bot, step: Callable[[Session], int]) -> int:
    lines = 0
    for _ in range(MAX_STEPS):
        done = bot.database.write(step)
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
