"""The product's pages and doors, built once and lent to one test after the other.

Building them costs a hundred times what a Bot costs, and they hold nothing of a test: what a test
puts into `extensions` is taken out again, and a shell that was changed in any other way (a route,
a handler, a setting of Flask) is not lent a second time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask

from app import create_shell

_free: list[tuple[Flask, dict[str, Any]]] = []
# What comes into being with the first request, what is compared on its own, how tests read.
_LATE = {
    *("_got_first_request", "extensions", "jinja_env", "jinja_loader", "json", "logger", "name"),
    "test_client_class",
}


@contextmanager
def lent() -> Iterator[Flask]:
    """A shell without a Bot. Several at the same time are several shells."""
    if not _free:
        made = create_shell()
        _free.append((made, shape(made)))
    shell, before = _free.pop()
    own = dict(shell.extensions)
    yield shell
    shell.extensions.clear()
    shell.extensions.update(own)
    if shape(shell) == before:
        _free.append((shell, before))


def shape(shell: Flask) -> dict[str, Any]:
    """Everything that makes one shell answer otherwise than another."""
    env = shell.jinja_env
    found = {name: _copied(value) for name, value in vars(shell).items() if name not in _LATE}
    return found | {
        "rules": [(rule.rule, rule.endpoint, rule.methods) for rule in shell.url_map.iter_rules()],
        "converters": dict(shell.url_map.converters),
        "commands": dict(shell.cli.commands),
        "templates": (dict(env.globals), dict(env.filters), dict(env.tests)),
    }


def _copied(value: Any) -> Any:
    """A value as it is now: what is put into a dict or list later does not show in it."""
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(each) for each in value]
    return value
