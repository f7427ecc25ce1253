"""What LINE counts by aggregation unit: who opened and who clicked, silent below 20 people."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MIN_PEOPLE = 20  # people; below that LINE says null


@dataclass
class Unit:
    """One name in `customAggregationUnits`: the days it was used on, its messages, who did what."""

    days: set[str] = field(default_factory=set)
    messages: int = 0
    opened: set[str] = field(default_factory=set)
    clicked: dict[tuple[int, str], set[str]] = field(default_factory=lambda: defaultdict(set))


class Insights:
    """Statistics by unit; tests and the phone say who opened and who clicked."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}

    def sent(self, unit: str, day: str, messages: int) -> None:
        """A push or multicast that named the unit."""
        found = self.units.setdefault(unit, Unit())
        found.days.add(day)
        found.messages = max(found.messages, messages)

    def opens(self, unit: str, user_ids: Iterable[str]) -> None:
        """These people displayed a bubble of it."""
        self.units.setdefault(unit, Unit()).opened.update(user_ids)

    def clicks(self, unit: str, seq: int, url: str, user_ids: Iterable[str]) -> None:
        """These people opened an address in one of its messages, which they had seen."""
        people = list(user_ids)
        self.opens(unit, people)
        self.units[unit].clicked[seq, url].update(people)

    def answer(self, unit: str, first: str, last: str) -> dict[str, Any]:
        """The response object of line-openapi, GetStatisticsPerUnitResponse."""
        found = self.units.get(unit)
        if found is None or not any(first <= day <= last for day in found.days):
            found = Unit()
        everybody = set().union(*found.clicked.values()) if found.clicked else set()
        opened = _said(len(found.opened))
        return {
            "overview": {
                "uniqueImpression": opened,
                "uniqueClick": _said(len(everybody)),
                "uniqueMediaPlayed": None,
                "uniqueMediaPlayed100Percent": None,
            },
            "messages": [_message(seq, opened) for seq in range(1, found.messages + 1)],
            "clicks": [
                {
                    "seq": seq,
                    "url": url,
                    "click": _said(len(people)),
                    "uniqueClick": _said(len(people)),
                    "uniqueClickOfRequest": _said(len(everybody)),
                }
                for (seq, url), people in sorted(found.clicked.items())
            ],
        }


def _message(seq: int, opened: int | None) -> dict[str, Any]:
    played = {
        f"{kind}{part}": None
        for kind in ("mediaPlayed", "uniqueMediaPlayed")
        for part in ("", "25Percent", "50Percent", "75Percent", "100Percent")
    }
    return {"seq": seq, "impression": opened, "uniqueImpression": opened, **played}


def _said(people: int) -> int | None:
    return people if people >= MIN_PEOPLE else None
