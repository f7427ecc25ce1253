"""The rights of the PDPA in chat: see, take along, correct, object, restrict, withdraw, erase."""

from bot.dispatch import Flow

flow = Flow("rights")
