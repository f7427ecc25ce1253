"""Addresses that get no news: remembered without being readable, also under a new key."""

import secrets
from typing import Any

from sqlalchemy import select

from bot.crypto import Keyring
from bot.runtime import Bot
from bot.services.backups import key_rotation
from bot.services.delivery import mails
from models.database import Database
from models.mail import Mail, Suppression
from tests.clock import FakeClock
from tests.mail.conftest import ADDRESS


def suppress(database: Database, clock: FakeClock, address: str = ADDRESS) -> None:
    database.write(
        lambda session: mails.suppress(
            session, mails.address_index(session, address), "hard bounce", clock()
        )
    )


def is_suppressed(database: Database, address: str = ADDRESS) -> bool:
    return database.read(lambda session: mails.is_suppressed(session, address))


def test_it_is_for_the_address_however_it_is_written(database: Database, clock: FakeClock) -> None:
    suppress(database, clock)
    suppress(database, clock)
    assert is_suppressed(database)
    assert is_suppressed(database, ADDRESS.upper())
    assert not is_suppressed(database, f"x{ADDRESS}")
    (row,) = database.read(lambda session: list(session.scalars(select(Suppression))))
    assert ADDRESS not in f"{row.address_index} {row.reason}"
    database.write(lambda session: mails.release(session, ADDRESS))
    assert not is_suppressed(database)


def test_it_outlives_the_key_that_it_was_written_under(
    bot: Bot, database: Database, queue: Any, clock: FakeClock
) -> None:
    queue()
    suppress(database, clock)
    old = bot.settings.data_keys
    new = {"k2": secrets.token_bytes(32)}

    def with_keys(keys: dict[str, bytes], work: Any) -> Any:
        other = Database(database.url, Keyring(keys), clock)
        try:
            return work(other)
        finally:
            other.close()

    with_keys(
        {**new, **old},
        lambda both: both.write(
            lambda session: key_rotation.rotate_batch(session, Mail, "", clock())
        ),
    )
    assert with_keys(new, is_suppressed)
    (row,) = database.read(lambda session: list(session.scalars(select(Suppression))))
    assert row.reason == "hard bounce"
