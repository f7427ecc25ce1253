"""Changing one of the four details, with the checks of registration."""

from bot.dispatch import Flow

flow = Flow("details")
