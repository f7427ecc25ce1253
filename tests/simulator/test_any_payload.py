"""Whatever a body holds, the answer is LINE's error form and never a crash."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.messages import messages
from simulator.problems import Problems
from tests.simulator.test_payloads import GOOD

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def places(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        else:
            yield (*path, key)


SPOTS = [(name, path) for name, message in GOOD.items() for path in places(message) if path]


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.sampled_from(SPOTS), anything)
def test_one_thing_wrong_anywhere(spot, value):
    name, path = spot
    message = copy.deepcopy(GOOD[name])
    node = message
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    problems = Problems()
    messages([message], "messages", problems)
    assert all(set(detail) == {"message", "property"} for detail in problems.details)
    json.dumps(problems.details)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(anything)
def test_anything_at_all(value):
    problems = Problems()
    messages(value, "messages", problems)
    assert problems.details
