"""Stand-ins for parts of the bot that misbehave on purpose."""

from collections.abc import Callable

from bot.dispatch import Dispatcher, Flow
from bot.errors import ProviderError
from bot.runtime import Bot
from handlers.line import FLOWS

DOWN = ProviderError("unreachable", unknown=True)
TAKEN = ProviderError("username_taken", permanent=True)


class Wayward:
    """The real provider behind a list of errors, one for each call, and a moment in between."""

    name = "local"

    def __init__(self, real, *, is_slow=False):
        self.real = real
        self.is_slow = is_slow
        self.errors: list[Exception] = []
        self.closing_errors: list[Exception] = []
        self.telling_errors: list[Exception] = []  # of suspend and resume
        self.before: dict[str, Callable[[], object]] = {}  # what happens just before a call, once
        self.broken_for: set[str] = set()  # names at which the adapter itself breaks
        self.asked: list[str] = []  # usernames
        self.meanwhile: Callable[[], object] | None = None

    def create(self, account, now):
        self.asked.append(account.username)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if account.name in self.broken_for:
            raise ValueError("a defect of the adapter")
        if self.errors:
            raise self.errors.pop(0)
        self.real.create(account, now)

    def close(self, key, now):
        if self.closing_errors:
            raise self.closing_errors.pop(0)
        self.real.close(key, now)

    def erase(self, key, now):
        if self.closing_errors:
            raise self.closing_errors.pop(0)
        self.real.erase(key, now)

    def suspend(self, key, now):
        self._moment("suspend")
        if self.telling_errors:
            raise self.telling_errors.pop(0)
        self.real.suspend(key, now)

    def resume(self, key, now):
        if self.telling_errors:
            raise self.telling_errors.pop(0)
        self.real.resume(key, now)

    def _moment(self, call):
        self.before.pop(call, lambda: None)()

    def issue_password(self, key, password, now):
        self._moment("issue_password")
        self.real.issue_password(key, password, now)

    def held(self, key):
        return self.real.held(key)

    def sign_in_url(self, public_url):
        return self.real.sign_in_url(public_url)


def make_wayward(bot: Bot, **options: bool) -> Wayward:
    """Put a wayward provider in the place of the real one."""
    bot.provider = Wayward(bot.provider, **options)
    return bot.provider


def add_flow(bot: Bot, flow: Flow) -> None:
    """Let the bot have one conversation more."""
    known = bot.dispatcher
    bot.dispatcher = Dispatcher(
        (*FLOWS, flow),
        menu=known.menu,
        fallback=known.fallback,
        in_group=known.in_group,
        nobody=known.nobody,
        ways_on=known.ways_on,
        account_ready=known.account_ready,
        undelivered=known.undelivered,
    )
