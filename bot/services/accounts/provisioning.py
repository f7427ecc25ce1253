"""Making accounts in the e-learning system: asked with a key, so that any repeat makes one."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto

from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.errors import ProviderError
from bot.providers.base import Provider
from bot.services.accounts import accounts, details, provider_erasures
from bot.settings import Settings
from models.account import AccountState
from models.database import Database


class ProvisioningOutcome(Enum):
    """What asking for an account came to."""

    NOW = auto()  # by this call
    BEFORE = auto()  # it was there, or somebody else was quicker
    NOT_YET = auto()  # the system cannot do it at the moment


MAX_DRAWS = 5  # usernames tried before we suspect something else


def provide(
    database: Database, provider: Provider, account_id: str, settings: Settings, clock: Clock
) -> ProvisioningOutcome:
    """Make the account unless it is made; its owner is written to once.

    No transaction is open while the provider works. A crash after its "yes" and before our
    commit only means that it is asked again with the same key.
    """
    for _ in range(MAX_DRAWS):
        request = database.read(lambda session: accounts.request_of(session, account_id))
        if request is None:
            return ProvisioningOutcome.BEFORE
        try:
            provider.create(request, clock())
        except ProviderError as error:
            if error.reason == "username_taken":
                database.write(lambda session: accounts.redraw_username(session, account_id))
                continue
            postpone(database, account_id, error.reason, clock)
            return ProvisioningOutcome.NOT_YET
        by_us = database.write(lambda session: _created(session, account_id, settings, clock()))
        if not by_us:
            # Erased while the provider was making it: the provider has to be told to erase it.
            _erase_if_gone(database, provider, account_id, clock)
        return ProvisioningOutcome.NOW if by_us else ProvisioningOutcome.BEFORE
    postpone(database, account_id, "username_taken", clock)
    return ProvisioningOutcome.NOT_YET


def _created(session: Session, account_id: str, settings: Settings, now: datetime) -> bool:
    """The account is there under its final username: the welcome goes out with that fact."""
    is_new = accounts.mark_created(session, account_id, now)
    if is_new:
        details.welcome(session, account_id, settings, now)
    return is_new


def close(database: Database, provider: Provider, account_id: str, clock: Clock) -> bool:
    """Shut the account at the provider; False where it has to be tried again."""
    return _tell(database, provider.close, account_id, AccountState.CLOSED, clock)


def suspend(database: Database, provider: Provider, account_id: str, clock: Clock) -> bool:
    """Freeze the account at the provider; False where it has to be tried again."""
    return _tell(database, provider.suspend, account_id, AccountState.FROZEN, clock)


def resume(database: Database, provider: Provider, account_id: str, clock: Clock) -> bool:
    """End the freeze at the provider; False where it has to be tried again."""
    return _tell(database, provider.resume, account_id, AccountState.ACTIVE, clock)


def settle(
    database: Database,
    provider: Provider,
    account_id: str,
    state: AccountState,
    settings: Settings,
    clock: Clock,
) -> ProvisioningOutcome:
    """Bring the provider to an account's state, whichever it is: what the job calls."""
    if state is AccountState.PENDING:
        return provide(database, provider, account_id, settings, clock)
    tell = {
        AccountState.CLOSED: close,
        AccountState.FROZEN: suspend,
        AccountState.ACTIVE: resume,
    }[state]
    return (
        ProvisioningOutcome.BEFORE
        if tell(database, provider, account_id, clock)
        else ProvisioningOutcome.NOT_YET
    )


def _tell(
    database: Database,
    call: Callable[[str, datetime], None],
    account_id: str,
    state: AccountState,
    clock: Clock,
) -> bool:
    """Make a call that any repeat leaves as it is.

    The state may change while the provider works. Then its row stays due, and the next turn says
    what is true by then.
    """
    try:
        call(account_id, clock())
    except ProviderError as error:
        postpone(database, account_id, error.reason, clock)
        return False
    database.write(lambda session: accounts.mark_told(session, account_id, state, clock()))
    return True


def postpone(database: Database, account_id: str, reason: str, clock: Clock) -> None:
    """Have the job try again later."""
    database.write(lambda session: accounts.postpone(session, account_id, reason, clock()))


def _erase_if_gone(database: Database, provider: Provider, account_id: str, clock: Clock) -> None:
    database.write(
        lambda session: provider_erasures.ask_if_gone(session, account_id, provider.name, clock())
    )
