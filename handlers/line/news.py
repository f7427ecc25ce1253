"""News of one's choice: topics, channels, a pause, and a stop that works at once."""

from bot.dispatch import Flow

flow = Flow("news")
