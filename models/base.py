"""Base of every table: naming convention, aware UTC times, enums by value, sealed columns."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, overload

from sqlalchemy import ColumnElement, DateTime, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, object_session
from sqlalchemy.types import TypeDecorator

from bot.crypto import Keyring

T = TypeVar("T")


def new_id() -> str:
    """A 32-digit hexadecimal id: 48 bits of time, then 80 of chance, so that keys grow in order."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


E_ = TypeVar("E_", bound=StrEnum)


class ByValue(TypeDecorator[E_], Generic[E_]):
    """A StrEnum stored as its value, so that a status reads the same in SQL and in Python."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[E_], length: int = 32) -> None:
        super().__init__(length)
        self.kind = kind

    def process_bind_param(self, value: E_ | str | None, dialect: Any) -> str | None:
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: str | None, dialect: Any) -> E_ | None:
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    """Root of all models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), bytes: LargeBinary()}


def primary_key() -> Mapped[str]:
    """The id column that every table with sealed columns needs before anything is sealed."""
    return mapped_column(String(32), primary_key=True, default=new_id)


def keyring_of(row: Base) -> Keyring:
    """The keyring of the session that a row lives in; a row outside one cannot be opened."""
    session = object_session(row)
    if session is None:
        raise RuntimeError(f"add the {type(row).__name__} to a session before its sealed columns")
    return session_keyring(session)


def session_keyring(session: Session) -> Keyring:
    """The keyring that models.database gave to this session."""
    keyring: Keyring = session.info["keyring"]
    return keyring


class Sealed:
    """A text attribute over an encrypted column, bound to its table, column and row.

    Declare the bytes column and the attribute side by side; the row needs its id and a session
    before the first assignment. With `blind`, the named column follows as a keyed index of the
    value in the form that `normal` gives it.
    """

    registry: ClassVar[list["Sealed"]] = []

    def __init__(
        self, column: str, *, blind: str | None = None, normal: Callable[[str], str] = str
    ) -> None:
        self.column = column
        self.blind = blind
        self.normal = normal
        self.owner: type[Base]

    def __set_name__(self, owner: type[Base], name: str) -> None:
        self.owner = owner
        self.name = name
        Sealed.registry.append(self)

    def place(self, row: Base) -> str:
        """What the ciphertext is bound to."""
        identity: str = row.id  # type: ignore[attr-defined]
        return f"{self.owner.__tablename__}|{self.column}|{identity}"

    @overload
    def __get__(self, row: None, owner: type[Base]) -> "Sealed": ...
    @overload
    def __get__(self, row: Base, owner: type[Base]) -> str | None: ...
    def __get__(self, row: Base | None, owner: type[Base]) -> "Sealed | str | None":
        if row is None:
            return self
        sealed: bytes | None = getattr(row, self.column)
        if sealed is None:
            return None
        return keyring_of(row).open(sealed, self.place(row)).decode()

    def __set__(self, row: Base, value: str | None) -> None:
        keyring = keyring_of(row)
        if value is None:
            setattr(row, self.column, None)
            if self.blind:
                setattr(row, self.blind, None)
            return
        if getattr(row, "id", None) is None:
            raise RuntimeError(f"give the {type(row).__name__} its id before its sealed columns")
        setattr(row, self.column, keyring.seal(value.encode(), self.place(row)))
        if self.blind:
            setattr(row, self.blind, keyring.blind(self.index_name, self.normal(value)))

    @property
    def is_searched(self) -> bool:
        """Whether a row can be found by its value."""
        return self.blind is not None

    def matches(self, session: Session, value: str) -> ColumnElement[bool]:
        """That a row has this very value; for a column that has an index."""
        index: ColumnElement[str] = getattr(self.owner, self.blind or "")
        return index.in_(self.lookups(session, value))

    @property
    def index_name(self) -> str:
        """The name that separates this column's index key from all others."""
        return f"{self.owner.__tablename__}.{self.blind}"

    def lookups(self, session: Session, value: str) -> list[str]:
        """The index of a value under every key, to be used with `IN`."""
        return session_keyring(session).blinds(self.index_name, self.normal(value))


class SealedBytes(Sealed):
    """A sealed column that holds bytes."""

    @overload  # type: ignore[override]
    def __get__(self, row: None, owner: type[Base]) -> "SealedBytes": ...
    @overload
    def __get__(self, row: Base, owner: type[Base]) -> bytes | None: ...
    def __get__(self, row: Base | None, owner: type[Base]) -> "SealedBytes | bytes | None":
        if row is None:
            return self
        sealed: bytes | None = getattr(row, self.column)
        return None if sealed is None else keyring_of(row).open(sealed, self.place(row))

    def __set__(self, row: Base, value: bytes | None) -> None:  # type: ignore[override]
        sealed = None if value is None else keyring_of(row).seal(value, self.place(row))
        setattr(row, self.column, sealed)


class SealedWords(Sealed):
    """A sealed list of words with a blank between them, each of which has its own blind index."""

    def __set__(self, row: Base, value: str | None) -> None:
        super().__set__(row, value)
        if self.blind and value is not None:
            keyring = keyring_of(row)
            found = [keyring.blind(self.index_name, self.normal(word)) for word in value.split()]
            setattr(row, self.blind, " ".join(found))
