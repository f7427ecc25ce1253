"""A set of states that several places ask for has one owner, beside its states in models."""

import ast
from collections import defaultdict

from models.campaign import GOES_OUT, IS_OPEN
from models.inbox import FINISHED, EventState
from models.inbox import IS_OPEN as IS_OPEN_EVENT
from tests.architecture.sources import files, name, tree


def written_out() -> dict[frozenset[str], list[str]]:
    """Where two or more states of one kind stand together, outside the allowed moves."""
    found: dict[frozenset[str], list[str]] = defaultdict(list)
    for path in files("bot", "handlers", "models"):
        moves = {
            id(below)
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Dict)
            for below in ast.walk(node)
        }
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Set | ast.Tuple | ast.List) and id(node) not in moves:
                states = {ast.unparse(each) for each in node.elts}
                kinds = {each.partition(".")[0] for each in states}
                if len(states) > 1 and len(kinds) == 1 and kinds.pop().endswith("State"):
                    found[frozenset(states)].append(f"{name(path)}:{node.lineno}")
    return found


def test_no_set_of_states_is_written_out_twice() -> None:
    found = written_out()
    assert any("models/campaign.py" in place for places in found.values() for place in places)
    assert {states: places for states, places in found.items() if len(places) > 1} == {}


def test_the_words_of_the_partial_indexes_are_the_same_sets() -> None:
    assert {f"'{state}'" for state in GOES_OUT} == _listed(str(IS_OPEN))
    assert {f"'{state}'" for state in set(EventState) - FINISHED} == _listed(str(IS_OPEN_EVENT))


def _listed(words: str) -> set[str]:
    return set(words.partition("(")[2].rstrip(")").split(", "))
