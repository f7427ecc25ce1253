"""A LINE for development: a Platform as strict as the real one, and a phone in the browser."""

from simulator.wiring import register, start

__all__ = ["register", "start"]
