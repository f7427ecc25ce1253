"""What runs in `make test` and what in `make test-long`; together they are all tests.

`make test-long` runs
- what is marked `long`;
- a function's further sets of parameters on PostgreSQL: the first set is in `make test`;
- stories told through the app in the chat and on pages, on PostgreSQL, unless they are marked
  `sql`: there SQL, locks, races, crashes or order are the subject.
A function that names its databases itself has chosen, by its own marks.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

POSTGRES = "postgres"
STORIES = ("tests/scenarios/", "tests/console/", "tests/portal/")


def long_ones(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Those of the tests, in their order, that are not marked `long` and yet are."""
    seen = set()
    for item in items:
        databases = _databases(item)
        if (
            item.get_closest_marker("long")
            or POSTGRES not in dict(databases).values()
            or _names_databases(item)
        ):
            continue
        if _is_story(item):
            yield item
            continue
        function = item.nodeid.partition("[")[0]
        if (function, databases) in seen:
            yield item
        seen.add((function, databases))


def _databases(item: pytest.Item) -> tuple[tuple[str, str], ...]:
    """The parameters of a test that say on which kind of database it runs."""
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    words = {name: value for name, value in params.items() if isinstance(value, str)}
    return tuple((name, word) for name, word in words.items() if word in {"sqlite", POSTGRES})


def _names_databases(item: pytest.Item) -> bool:
    """Whether the test itself, not a fixture, says on which database each case runs."""
    own = {name for mark in item.iter_markers("parametrize") for name in _names(mark.args[0])}
    return not own.isdisjoint(name for name, _ in _databases(item))


def _names(argument: str | Iterable[str]) -> Iterable[str]:
    return argument.replace(",", " ").split() if isinstance(argument, str) else argument


def _is_story(item: pytest.Item) -> bool:
    return (
        item.nodeid.startswith(STORIES)
        and "app" in getattr(item, "fixturenames", ())
        and item.get_closest_marker("sql") is None
    )
