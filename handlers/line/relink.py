"""A new LINE account for an old learner: moved by proof, never by knowing a phone number."""

from bot.dispatch import Flow

flow = Flow("relink")
