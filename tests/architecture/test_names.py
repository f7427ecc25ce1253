"""One name, one class: whoever meets a class by its name finds the one that is meant."""

import ast
from collections import defaultdict

from tests.architecture.sources import name, product, tree

# Each flow has its steps, and says so where they are used: `Step` of that flow (bot/dispatch.py).
OF_EACH_FLOW = {"Step"}
# How long rows are kept is `KEPT` wherever it stands; nothing else is.
DURATION = "timedelta("


def test_no_class_name_means_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in product():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name(path))
    assert len(places) > 300
    doubles = {each: where for each, where in places.items() if len(where) > 1}
    assert set(doubles) <= OF_EACH_FLOW, doubles


def test_kept_is_how_long_rows_are_kept() -> None:
    found = [
        (name(path), ast.unparse(node.value))
        for path in product()
        for node in tree(path).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "KEPT"
    ]
    assert found
    assert [place for place, value in found if not value.startswith(DURATION)] == []
