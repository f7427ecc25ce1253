"""A frozen list leaves out addresses whose mail came back, and asks for them all at once."""

import secrets
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from bot.crypto import Keyring
from bot.runtime import Bot, quota_reading
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.delivery import mails
from bot.services.shared.keyset import KeyRange
from models.campaign import Campaign
from models.database import Database
from models.recipient import ExclusionReason
from models.subscription import Channel
from simulator.platform import Platform
from tests.campaigns import Announcement
from tests.news import Subscriber

EVERYBODY = KeyRange("", "g")


@pytest.fixture
def readers(bot: Bot, line: Platform) -> list[Subscriber]:
    made = [
        Subscriber(bot, line, Channel.EMAIL, name=f"n{n}", email=f"Reader{n}@example.test")
        for n in range(4)
    ]
    quota_reading.read(bot)
    return made


def suppress(database: Database, address: str, bot: Bot) -> None:
    database.write(
        lambda session: mails.suppress(
            session, mails.address_index(session, address), mails.HARD, bot.clock()
        )
    )


def test_it_is_the_address_however_it_is_written(
    bot: Bot, line: Platform, readers: list[Subscriber]
) -> None:
    suppress(bot.database, "reader1@EXAMPLE.test", bot)
    suppress(bot.database, "somebody.else@example.test", bot)
    told = Announcement(bot, line)
    told.is_asked_for()
    assert told.row.counts["email"] == 3
    assert told.row.counts["left_out.suppressed"] == 1
    assert told.recipient(readers[1].subject_id).left_out is ExclusionReason.SUPPRESSED


def test_it_is_known_under_whichever_key_it_was_written_down(
    bot: Bot, line: Platform, readers: list[Subscriber]
) -> None:
    """In the middle of a change of keys: one address under the old one, another under the new."""
    told = Announcement(bot, line)
    told.is_asked_for()
    suppress(bot.database, "reader0@example.test", bot)
    both = Keyring({"k2": secrets.token_bytes(32), **bot.settings.data_keys})
    rotating = Database(bot.settings.database_url, both, bot.clock)
    try:
        suppress(rotating, "reader2@example.test", bot)

        def leave_out(session: Session) -> None:
            campaign = session.get_one(Campaign, told.id)
            recipient_snapshot._leave_out_suppressed(session, campaign, EVERYBODY)

        rotating.write(leave_out)
    finally:
        rotating.close()
    left_out = [told.recipient(reader.subject_id).left_out for reader in readers]
    assert left_out == [ExclusionReason.SUPPRESSED, None, ExclusionReason.SUPPRESSED, None]


def test_one_such_address_costs_the_same_however_many_people_there_are(
    bot: Bot, line: Platform, readers: list[Subscriber]
) -> None:
    suppress(bot.database, "reader1@example.test", bot)

    def asked() -> int:
        told = Announcement(bot, line)
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            if "suppression" in statement or "learner.email_sealed" in statement:
                statements.append(statement)

        event.listen(bot.database.engine, "before_cursor_execute", note)
        try:
            told.is_asked_for()
        finally:
            event.remove(bot.database.engine, "before_cursor_execute", note)
        assert told.row.counts["left_out.suppressed"] == 1
        return len(statements)

    few = asked()
    for n in range(4, 16):
        Subscriber(bot, line, Channel.EMAIL, name=f"n{n}", email=f"reader{n}@example.test")
    assert asked() == few
    assert few > 0
