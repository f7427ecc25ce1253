"""The built parts of the bot, and the loop that answers what LINE delivered."""

from bot.runtime.parts import Bot

__all__ = ["Bot"]
