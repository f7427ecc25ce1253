"""The source as trees: what stands where, without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.settings import ROOT

PRODUCT = ("bot", "handlers", "models", "simulator")


def files(*folders: str) -> list[Path]:
    """All Python files of some folders; `app.py` belongs to the product."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(found)


def product() -> list[Path]:
    return [ROOT / "app.py", *files(*PRODUCT)]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, by its full name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call, by what it is written as: `line.entry`, `t`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node
