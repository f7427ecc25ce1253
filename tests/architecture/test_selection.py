"""`make test` and `make test-long` together are all tests, and each test is in one of them."""

import re
from collections.abc import Iterable

import pytest

from bot.settings import ROOT

# Databases by a fixture, two databases a test, stories of both sorts, marks of a function's own.
SAMPLE = (
    "tests/services/backups/test_backups.py",
    "tests/models/test_crypto.py",
    "tests/scenarios/chat/test_groups.py",
    "tests/scenarios/chat/test_order.py",
    "tests/scenarios/chat/test_crash.py",
)


class Collected:
    """The tests that a run of pytest would run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.names = [item.nodeid for item in session.items]


def collected(*arguments: str, paths: Iterable[str] = SAMPLE) -> list[str]:
    found = Collected()
    quiet = ("--collect-only", "-qq", "-n0", "-pno:cacheprovider", "-pno:faulthandler")
    ended = pytest.main([*quiet, *arguments, *(str(ROOT / path) for path in paths)], [found])
    assert ended in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    return found.names


def expressions() -> dict[str, str]:
    """What the two commands of the Makefile select."""
    lines = (ROOT / "Makefile").read_text("utf-8")
    return dict(
        re.findall(r"^(test(?:-long)?):.*\n(?:\t.*\n)*?\t.*-m (\"[^\"]+\"|\w+)", lines, re.M)
    )


@pytest.fixture(scope="module")
def both() -> dict[str, list[str]]:
    return {name: collected("-m", words.strip('"')) for name, words in expressions().items()}


def test_the_two_commands_share_nothing_and_leave_nothing_out(both: dict[str, list[str]]) -> None:
    everything = collected()
    assert len(everything) == len(set(everything)) > 50
    assert set(both) == {"test", "test-long"}
    assert not set(both["test"]) & set(both["test-long"])
    assert set(both["test"]) | set(both["test-long"]) == set(everything)


def kinds(names: Iterable[str], file: str) -> set[str]:
    return {
        kind
        for name in names
        if f"/{file}.py" in name
        for kind in re.findall(r"sqlite|postgres", name)
    }


def test_stories_are_told_on_postgres_where_sql_is_their_subject(
    both: dict[str, list[str]],
) -> None:
    assert kinds(both["test"], "test_groups") == {"sqlite"}
    assert kinds(both["test-long"], "test_groups") == {"postgres"}
    assert kinds(both["test"], "test_order") == {"sqlite", "postgres"}
    assert kinds(both["test"], "test_crash") == {"sqlite", "postgres"}


def test_every_function_runs_on_each_sort_of_database_once(both: dict[str, list[str]]) -> None:
    """With two databases a test: all four ways."""
    name = "test_all_rows_come_back_the_same_on_either_database["
    ways = [each for each in both["test"] if name in each]
    assert len(ways) == 4
