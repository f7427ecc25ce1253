"""An e-learning system somewhere else, in memory and as strict as a real one."""

import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import ProviderError
from bot.providers.base import Held, NewAccount
from bot.settings import Settings
from models.database import Database

HOST = "https://learn.example.test"
# What Moodle takes: a username in small ASCII letters, an address in ASCII, names without tags.
USERNAME = re.compile(r"[a-z0-9._@-]{1,100}")
EMAIL = re.compile(r"[!-~]+@[!-~]+\.[!-~]+")
LEAST = 8
FIRST_LIFE = timedelta(hours=72)


@dataclass
class Theirs:
    """An account there."""

    username: str
    name: str
    email: str
    password: str | None = None
    until: datetime | None = None
    is_suspended: bool = False
    is_closed: bool = False


@dataclass
class Elsewhere:
    """Speaks the base interface and knows nothing of our database but that it must be at rest."""

    database: Database
    name: str = "elsewhere"
    is_slow: bool = True
    accounts: dict[str, Theirs] = field(default_factory=dict)
    is_down: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, account: NewAccount, now: datetime) -> None:
        self._begin()
        with self._lock:
            if account.key in self.accounts:
                return
            if not USERNAME.fullmatch(account.username) or not EMAIL.fullmatch(account.email):
                raise ProviderError("invalid", permanent=True)
            if not account.name.strip() or "<" in account.name:
                raise ProviderError("invalid", permanent=True)
            if any(known.username == account.username for known in self.accounts.values()):
                raise ProviderError("username_taken", permanent=True)
            self.accounts[account.key] = Theirs(account.username, account.name, account.email)

    def issue_password(self, key: str, password: str, now: datetime) -> None:
        self._begin()
        with self._lock:
            found = self.accounts.get(key)
            if found is None:
                raise ProviderError("unknown_account", permanent=True)
            if found.is_closed:
                raise ProviderError("account_closed", permanent=True)
            if found.is_suspended:
                raise ProviderError("account_suspended", permanent=True)
            if len(password) < LEAST:
                raise ProviderError("password_policy", permanent=True)
            found.password, found.until = password, now + FIRST_LIFE

    def suspend(self, key: str, now: datetime) -> None:
        self._begin()
        found = self.accounts.get(key)
        if found is not None and not found.is_suspended:
            found.is_suspended, found.password = True, None

    def resume(self, key: str, now: datetime) -> None:
        self._begin()
        found = self.accounts.get(key)
        if found is not None:
            found.is_suspended = False

    def close(self, key: str, now: datetime) -> None:
        self._begin()
        found = self.accounts.get(key)
        if found is not None:
            found.is_closed, found.password = True, None

    def erase(self, key: str, now: datetime) -> None:
        self._begin()
        self.accounts.pop(key, None)

    def held(self, key: str) -> list[Held]:
        self._begin()
        found = self.accounts.get(key)
        if found is None:
            return []
        return [{"username": found.username, "name": found.name, "email": found.email}]

    def sign_in_url(self, public_url: str) -> str:
        return f"{HOST}/login"

    def lets_in(self, username: str, password: str, now: datetime) -> bool:
        """Whether somebody gets in there."""
        for known in self.accounts.values():
            if known.username == username and known.password and not known.is_closed:
                is_right = secrets.compare_digest(known.password, password)
                return is_right and known.until is not None and now < known.until
        return False

    def _begin(self) -> None:
        """A call may take seconds: it must not come while a transaction of ours is open."""
        self.database.write(lambda _: None)  # refuses, or waits for ever, inside another one
        if self.is_down:
            raise ProviderError("unreachable", unknown=True)


def build(settings: Settings, database: Database) -> Elsewhere:
    """What bot.elearning would name."""
    return Elsewhere(database)
