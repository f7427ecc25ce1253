"""The people of the demo, who keep their ids from one start to the next."""

from simulator.people import Person
from simulator.platform import Platform

CAST: tuple[tuple[str, str | None], ...] = (("มะลิ", "th"), ("Somchai", "th"), ("Ben", "en"))


def add_cast(platform: Platform) -> list[Person]:
    """Nobody of them is a friend yet: adding the bot is the demo's first step."""
    return [platform.add_person(name, language) for name, language in CAST]
