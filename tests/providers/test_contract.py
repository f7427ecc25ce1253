"""What every e-learning system's adapter promises, whichever it is."""

import pkgutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import elearning
from bot.errors import ProviderError
from bot.providers.base import NewAccount, Provider
from bot.providers.local import LocalProvider
from bot.runtime import Bot
from bot.services.accounts import accounts
from bot.services.auth import passwords, sign_in
from models.base import new_id
from models.database import Database
from tests.clock import FakeClock
from tests.providers.elsewhere import Elsewhere


class LocalSystem:
    """The embedded system, and how a learner would meet it."""

    name = "local"

    def __init__(self, database: Database) -> None:
        self.provider: Provider = LocalProvider(database)
        self._database = database
        self._visits = 0

    def lets_in(self, username: str, password: str, clock: FakeClock) -> bool:
        self._visits += 1  # from another network each time: throttles are tested elsewhere
        ip = f"198.51.{self._visits // 250}.{self._visits % 250}"
        return sign_in.attempt(self._database, username, password, ip, clock()).ticket is not None


class ElsewhereSystem:
    """A stand-in for what is not embedded."""

    name = "elsewhere"

    def __init__(self, database: Database) -> None:
        self.provider: Provider = Elsewhere(database)

    def lets_in(self, username: str, password: str, clock: FakeClock) -> bool:
        assert isinstance(self.provider, Elsewhere)
        return self.provider.lets_in(username, password, clock())


System = LocalSystem | ElsewhereSystem
TESTED = (LocalSystem, ElsewhereSystem)


@pytest.fixture(params=TESTED, ids=lambda system: system.name)
def system(request: pytest.FixtureRequest, bot: Bot) -> System:
    made: System = request.param(bot.database)
    return made


def test_every_system_that_can_be_chosen_is_tested_here() -> None:
    assert set(elearning.SYSTEMS) <= {system.name for system in TESTED}


def test_every_system_that_can_be_chosen_can_be_built(bot: Bot) -> None:
    for name, known in elearning.SYSTEMS.items():
        settings = replace(bot.settings, provider=name)
        made = pkgutil.resolve_name(known.factory)(settings, bot.database)
        assert made.name == name


def test_what_is_held_of_somebody_is_told_until_it_is_erased(
    system: System, clock: FakeClock
) -> None:
    account = new_account()
    assert system.provider.held(account.key) == []
    system.provider.create(account, clock())
    is_ours = elearning.SYSTEMS.get(system.name, elearning.System("")).is_embedded
    found = system.provider.held(account.key)
    assert (found == []) == is_ours, "what stands in our tables is exported from there"
    assert all(isinstance(value, str | int | None) for row in found for value in row.values())
    system.provider.erase(account.key, clock())
    assert system.provider.held(account.key) == []


def new_account(**overrides: str) -> NewAccount:
    values = {
        "key": new_id(),
        "username": accounts.draw_username(),
        "name": "สมหญิง ใจดี",
        "email": "somying@example.test",
        "language": "th",
    }
    return NewAccount(**values | overrides)


def test_it_says_what_it_is(system: System) -> None:
    assert system.provider.name
    assert isinstance(system.provider.is_slow, bool)
    assert system.provider.sign_in_url("https://x.test").startswith("https://")


def test_an_account_opens_with_its_first_password(system: System, clock: FakeClock) -> None:
    account, password = new_account(), passwords.draw_initial()
    system.provider.create(account, clock())
    assert not system.lets_in(account.username, password, clock)
    system.provider.issue_password(account.key, password, clock())
    assert system.lets_in(account.username, password, clock)


def test_the_same_key_makes_one_account(system: System, clock: FakeClock) -> None:
    account, password = new_account(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, password, clock())
    system.provider.create(account, clock())
    assert system.lets_in(account.username, password, clock)


def test_the_same_key_at_once_makes_one_account(system: System, clock: FakeClock) -> None:
    account, password = new_account(), passwords.draw_initial()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: system.provider.create(account, clock()), range(8)))
    system.provider.issue_password(account.key, password, clock())
    assert system.lets_in(account.username, password, clock)


def test_a_taken_username_is_named(system: System, clock: FakeClock) -> None:
    first = new_account()
    system.provider.create(first, clock())
    with pytest.raises(ProviderError) as caught:
        system.provider.create(new_account(username=first.username), clock())
    assert caught.value.reason == "username_taken"
    assert caught.value.permanent
    assert first.username not in str(caught.value)


def test_a_new_password_ends_the_old_one(system: System, clock: FakeClock) -> None:
    account, old, new = new_account(), passwords.draw_initial(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, old, clock())
    system.provider.issue_password(account.key, new, clock())
    assert not system.lets_in(account.username, old, clock)
    assert system.lets_in(account.username, new, clock)


def test_a_closed_account_stays_closed(system: System, clock: FakeClock) -> None:
    account, password = new_account(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, password, clock())
    for _ in range(2):
        system.provider.close(account.key, clock())
    assert not system.lets_in(account.username, password, clock)
    with pytest.raises(ProviderError) as caught:
        system.provider.issue_password(account.key, password, clock())
    assert caught.value.permanent


def test_an_unknown_key_is_a_permanent_error_and_nothing_to_close(
    system: System, clock: FakeClock
) -> None:
    with pytest.raises(ProviderError) as caught:
        system.provider.issue_password(new_id(), passwords.draw_initial(), clock())
    assert caught.value.permanent
    system.provider.close(new_id(), clock())


def test_an_erased_account_is_as_if_it_had_never_been(system: System, clock: FakeClock) -> None:
    account, password = new_account(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, password, clock())
    for _ in range(2):
        system.provider.erase(account.key, clock())
    system.provider.erase(new_id(), clock())
    assert not system.lets_in(account.username, password, clock)
    with pytest.raises(ProviderError) as caught:
        system.provider.issue_password(account.key, password, clock())
    assert caught.value.permanent
    system.provider.create(new_account(username=account.username), clock())


def test_a_first_password_does_not_last(system: System, clock: FakeClock) -> None:
    account, password = new_account(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, password, clock())
    clock.time += timedelta(hours=72)
    assert not system.lets_in(account.username, password, clock)


def test_a_frozen_account_lets_nobody_in_until_it_has_a_new_password(
    system: System, clock: FakeClock
) -> None:
    account, old, new = new_account(), passwords.draw_initial(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, old, clock())
    for _ in range(2):
        system.provider.suspend(account.key, clock())
    assert not system.lets_in(account.username, old, clock)
    with pytest.raises(ProviderError) as caught:
        system.provider.issue_password(account.key, new, clock())
    assert (caught.value.reason, caught.value.permanent) == ("account_suspended", True)
    assert not system.lets_in(account.username, new, clock)
    for _ in range(2):
        system.provider.resume(account.key, clock())
    assert not system.lets_in(account.username, old, clock), "whoever knew it must not get in"
    system.provider.issue_password(account.key, new, clock())
    assert system.lets_in(account.username, new, clock)


def test_resuming_what_was_never_frozen_leaves_its_password(
    system: System, clock: FakeClock
) -> None:
    account, password = new_account(), passwords.draw_initial()
    system.provider.create(account, clock())
    system.provider.issue_password(account.key, password, clock())
    system.provider.resume(account.key, clock())
    assert system.lets_in(account.username, password, clock)


def test_a_closed_account_is_not_opened_by_resuming(system: System, clock: FakeClock) -> None:
    account = new_account()
    system.provider.create(account, clock())
    system.provider.suspend(account.key, clock())
    system.provider.close(account.key, clock())
    system.provider.resume(account.key, clock())
    with pytest.raises(ProviderError) as caught:
        system.provider.issue_password(account.key, passwords.draw_initial(), clock())
    assert caught.value.permanent


def test_there_is_nothing_to_freeze_of_an_unknown_key(system: System, clock: FakeClock) -> None:
    system.provider.suspend(new_id(), clock())
    system.provider.resume(new_id(), clock())
