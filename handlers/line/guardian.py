"""The guardian's side: whose registration it is, the relation, and a yes or no per purpose."""

from bot.dispatch import Flow

flow = Flow("guardian")
