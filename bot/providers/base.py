"""The shape that every e-learning system's adapter has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Held = dict[str, str | int | None]  # a row of an export: names of columns, and plain values


@dataclass(frozen=True)
class NewAccount:
    """What a system is told of a learner, and no more (R24).

    key: our account's id. The same key asked twice makes one account.
    """

    key: str
    username: str
    name: str
    email: str
    language: str


class Provider(Protocol):
    """One e-learning system. Every call is made outside a transaction and may take seconds.

    All methods raise bot.errors.ProviderError, with `permanent` where trying again cannot help.
    """

    name: str
    is_slow: bool  # an answer usually takes over a second: the chat shows that it is working

    def create(self, account: NewAccount, now: datetime) -> None:
        """Make the account without a usable password; a repeat with the same key does nothing.

        Raises ProviderError(reason="username_taken", permanent=True) where another account has
        the username, so that the caller draws a new one.
        """

    def issue_password(self, key: str, password: str, now: datetime) -> None:
        """Set a system-made password that must be changed at the next sign-in.

        Every earlier password and every open session of the account ends.
        """

    def suspend(self, key: str, now: datetime) -> None:
        """Let nobody in: sessions end and every password is forgotten; a repeat does nothing.

        issue_password then raises ProviderError(reason="account_suspended", permanent=True).
        """

    def resume(self, key: str, now: datetime) -> None:
        """Undo suspend; nobody gets in before a new password is issued. A repeat does nothing."""

    def close(self, key: str, now: datetime) -> None:
        """Shut the account and end its sessions; a repeat does nothing."""

    def erase(self, key: str, now: datetime) -> None:
        """Delete the account and all that the system keeps of its learner (PDPA s.33).

        A key that is unknown, or erased before, is no error.
        """

    def held(self, key: str) -> list[Held]:
        """All that the system keeps of a learner and our own tables do not (PDPA s.30).

        It goes into their export. Of an unknown key that is nothing.
        """

    def sign_in_url(self, public_url: str) -> str:
        """Where the learner signs in; `?lang=th` or `?lang=en` is put behind it."""
