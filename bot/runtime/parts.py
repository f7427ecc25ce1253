"""Bot: the parts that app.py builds once and hands to every handler."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import structlog
from structlog.typing import FilteringBoundLogger

from bot.clock import Clock
from bot.crypto import Keyring, derive
from bot.dispatch import Dispatcher
from bot.line.gateway import Gateway
from bot.mail.imap import BounceMailbox
from bot.mail.smtp import Mailer
from bot.providers.base import Provider
from bot.services.chat.rich_menus import Deployed
from bot.services.delivery.gate import Gate
from bot.services.delivery.line_rate_limit import RateLimiter
from bot.settings import Settings
from models.database import Database


def _worker_name() -> str:
    """Unlike any other process's name, for leases."""
    return f"{os.getpid()}-{secrets.token_hex(6)}"


@dataclass
class Bot:
    """Everything a handler may use; nothing in it is global."""

    settings: Settings
    clock: Clock
    database: Database
    provider: Provider
    gateway: Gateway
    dispatcher: Dispatcher
    keyring: Keyring
    make_gate: Callable[[Settings], Gate]
    worker: str = field(default_factory=_worker_name)
    log: FilteringBoundLogger = field(default_factory=structlog.get_logger)
    mailer: Mailer | None = None  # the way to the mail server; without it mails wait
    bounce_mailbox: BounceMailbox | None = None  # the mailbox in which bounces are read
    menus: Deployed = field(default_factory=Deployed)  # the rich menus that stand at LINE
    # Our own userId at LINE, which every webhook must name as its destination.
    user_id: str | None = None
    # Our @name at LINE, for links that open our chat; asked together with the userId.
    basic_id: str | None = None

    @property
    def gate(self) -> Gate:
        """What the queues ask before a row goes out, by the settings of this moment."""
        return self.make_gate(self.settings)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """Where calls to LINE wait for their turn, in step with all other processes."""
        return RateLimiter(self.database)

    @cached_property
    def cookie_keys(self) -> Keyring:
        """Seals cookies and form tokens; apart from the keys of stored data."""
        return Keyring({"c1": derive(self.settings.secret_key.encode(), "cookies")})

    def close(self) -> None:
        """Give the database back."""
        self.database.close()
