"""What a log line says of an error is made in one place."""

import ast
import re
from collections.abc import Iterator

from tests.architecture import sources

LOG = re.compile(r"(^|\.|_)log\.(debug|info|warning|error|critical|exception)$")
OF_FAILURE = {"error", "where", "causes", "exc_info"}  # keys that are bot.logs.failure's


def lines(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call that writes a log line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and LOG.search(ast.unparse(node.func)):
            yield node


def test_nobody_describes_an_error_by_hand() -> None:
    for path in sources.product():
        for call in lines(sources.tree(path)):
            here = f"{sources.name(path)}:{call.lineno}"
            assert not {keyword.arg for keyword in call.keywords} & OF_FAILURE, here
            assert not ast.unparse(call.func).endswith(".exception"), here
            assert "__name__" not in ast.unparse(call), here


def test_whoever_catches_everything_says_where_it_happened() -> None:
    for path in sources.product():
        for handler in catching_everything(sources.tree(path)):
            for call in lines(handler):
                said = [ast.unparse(word.value) for word in call.keywords if word.arg is None]
                here = f"{sources.name(path)}:{call.lineno}"
                assert any(re.match(r"(logs\.)?failure\(", text) for text in said), here


def catching_everything(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            kind = ast.unparse(node.type)
            if kind in {"Exception", "BaseException"}:
                yield node
