"""Reads the environment one value at a time, and remembers all that is wrong with it."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from bot.errors import SettingProblem
from bot.unicode import trimmed

T = TypeVar("T")
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class Environment:
    """Collects problems while it reads, so that an operator sees all of them at once."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[SettingProblem] = []

    def bad(self, name: str, problem: str, cure: str) -> None:
        self.problems.append(SettingProblem(name, problem, cure))

    def text(self, name: str) -> str | None:
        value = trimmed(self.env.get(name, ""))
        path = trimmed(self.env.get(f"{name}_FILE", ""))
        if value or not path:
            return value or None
        try:
            return trimmed(Path(path).read_text(encoding="utf-8")) or None
        except (OSError, UnicodeDecodeError):
            self.bad(f"{name}_FILE", "the file cannot be read.", f"Make {path} readable.")
            return None

    def needed(self, name: str, cure: str) -> str:
        value = self.text(name)
        if value is None:
            self.bad(name, "is not set.", cure)
        return value or ""

    def parsed(self, name: str, default: T, parse: Callable[[str], T], cure: str) -> T:
        value = self.text(name)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError:
            self.bad(name, "has a value that cannot be used.", cure)
            return default

    def number(self, name: str, default: T, least: int, most: int) -> int | T:
        value = self.text(name)
        if value is None:
            return default
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        self.bad(name, "has a value that cannot be used.", f"Use a number from {least} to {most}.")
        return default

    def flag(self, name: str) -> bool:
        def parse(value: str) -> bool:
            if value.lower() in _TRUE:
                return True
            if value.lower() in _FALSE:
                return False
            raise ValueError(value)

        return self.parsed(name, False, parse, "Use 1 or 0.")

    def origin(self, name: str, cure: str, default: str | None = None) -> str:
        """An address to which paths are appended; LINE_API_URL may have a path of its own."""
        value = self.text(name) or default
        if value is None:
            self.bad(name, "is not set.", cure)
            return ""
        value = value.rstrip("/")
        try:
            parts = urlsplit(value)
            host, port = parts.hostname, parts.port
        except ValueError:
            self.bad(name, "is not an http(s) address.", cure)
            return value
        netloc = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
        plain = f"{parts.scheme}://{parts.netloc}"
        if name != "PUBLIC_URL":
            plain += parts.path
        is_clean = value == plain and not set(value) & set(" \t\\<>\"'@")
        if (
            parts.scheme not in {"http", "https"}
            or not host
            or not netloc
            or not is_clean
            or parts.netloc.endswith(":")
        ):
            self.bad(name, "is not an http(s) address.", cure)
        elif parts.scheme == "http" and host not in {"127.0.0.1", "localhost", "::1"}:
            self.bad(name, "must be https outside this machine.", cure)
        return value


def checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Keep the text itself, once it can be read."""

    def check(value: str) -> str:
        parse(value)
        return value

    return check


def host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def price(value: str) -> Decimal:
    """Baht with at most four decimals."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", value, re.ASCII):
        raise ValueError(value)
    return Decimal(value)


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(value)
        return value.lower()

    return parse
