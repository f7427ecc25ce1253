"""Rows as lines of text and back: the same on both databases, sealed columns stay sealed."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

BATCH = 1000
_ROOM = 1 << 256


@dataclass
class Tally:
    """How many rows a table has, and a digest of them that does not depend on their order."""

    rows: int = 0
    total: int = 0

    def add(self, line: str) -> None:
        self.rows += 1
        self.total += int.from_bytes(hashlib.sha256(line.encode()).digest(), "big")
        self.total %= _ROOM

    def said(self) -> list[Any]:
        return [self.rows, f"{self.total:064x}"]


@dataclass
class Contents:
    """What a backup holds, table by table, in an order in which it can be loaded."""

    tables: dict[str, Tally] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(tally.rows for tally in self.tables.values())

    def said(self) -> dict[str, list[Any]]:
        return {name: tally.said() for name, tally in self.tables.items()}

    def digest(self) -> str:
        """One digest over all tables, for an operator to compare."""
        whole = json.dumps(self.said(), sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()


def lines(connection: Connection, table: Table, columns: list[str]) -> Iterator[str]:
    """A table's rows, streamed: memory stays bounded whatever their number."""
    query = select(*(table.c[name] for name in columns))
    # Of this statement alone: an option of the connection would stay on it.
    found = connection.execute(query, execution_options={"yield_per": BATCH})
    for row in found:
        yield dumped(row)


def dumped(values: Iterable[Any]) -> str:
    return json.dumps(
        [_plain(value) for value in values],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )


def loaded(line: str) -> list[Any]:
    return [_typed(value) for value in json.loads(line)]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return {"t": aware.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, dict | list):
        return {"j": value}
    return str(value) if isinstance(value, str) else value


def _typed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "t" in value:
        return datetime.fromisoformat(value["t"])
    if "d" in value:
        return date.fromisoformat(value["d"])
    return base64.b64decode(value["b"]) if "b" in value else value["j"]
