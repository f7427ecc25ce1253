"""The errors that cross a floor: each carries data, none carries personal data or a secret."""

from dataclasses import dataclass, field


class BotError(Exception):
    """Root of every error that this project raises on purpose."""


@dataclass
class SettingProblem:
    """One missing or wrong setting: its name, what is wrong, and how to cure it."""

    name: str
    problem: str
    cure: str

    def __str__(self) -> str:
        return f"{self.name}: {self.problem} Cure: {self.cure}"


@dataclass
class SettingsError(BotError):
    """The environment cannot run the bot; lists every problem at once."""

    problems: list[SettingProblem] = field(default_factory=list)

    def __str__(self) -> str:
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        return f"{len(self.problems)} setting(s) need your attention:\n{lines}"


class SealError(BotError):
    """A sealed value could not be opened: wrong place, unknown key or damaged bytes."""


@dataclass
class RemoteError(BotError):
    """A call to another system failed.

    permanent: trying again with the same content cannot help.
    unknown: the other side may have carried it out (timeout, cut connection, 5xx).
    retry_after: seconds to wait before the next try, where the other side said so.
    status: HTTP status, or None where no answer came.
    """

    reason: str
    permanent: bool = False
    unknown: bool = False
    retry_after: float | None = None
    status: int | None = None

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.reason}, status={self.status})"


class DeliveryError(RemoteError):
    """LINE (or a mail server) did not take a message."""


class ProviderError(RemoteError):
    """An e-learning system did not do what was asked."""


@dataclass
class InputError(BotError):
    """What a person typed cannot be used; code names the sentence that says why."""

    code: str
    suggestion: str | None = None

    def __str__(self) -> str:
        return self.code


class GuardianMissingError(BotError):
    """Somebody under 20 was to be enrolled without a guardian's living yes (PDPA s.20)."""
