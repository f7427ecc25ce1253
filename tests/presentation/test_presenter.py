"""Whoever speaks for services: with each session, and the same bytes whoever asks again."""

import json
from typing import Any

import pytest

from bot.presentation.presenter import CHAT, LETTERS, LinePresenter
from bot.runtime import Bot
from bot.services.campaigns.workflow.alerts import AnnouncementCard
from bot.services.delivery import outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.learners.invitations import WayToPassword
from bot.services.learners.merging import AccountsParted
from bot.services.privacy.answers import RequestClosed
from models.base import session_keyring
from models.database import Database
from models.outbox import Push
from models.privacy import RequestKind

NOTICES = (
    WayToPassword(),
    AccountsParted(has_account=True),
    RequestClosed(RequestKind.CORRECT, "R1"),
    RequestClosed(RequestKind.ERASE, "R2", is_refused=True, reason="-"),
)


def test_a_database_without_a_presenter_can_say_nothing(bot: Bot) -> None:
    mute = Database(bot.database.url, bot.keyring, bot.clock)
    try:
        with pytest.raises(RuntimeError):
            mute.read(presenter_of)
    finally:
        mute.close()


def test_every_notice_has_words() -> None:
    """A kind that nobody put into words would fail when it is told, hours after it was written."""
    assert set(Notice.__subclasses__()) == {*CHAT, *LETTERS, AnnouncementCard}


def test_what_nobody_put_into_words_is_a_defect(bot: Bot) -> None:
    with pytest.raises(KeyError):
        bot.database.read(lambda s: presenter_of(s).messages(s, object(), "th"))


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: type(notice).__name__)
def test_a_notice_is_put_into_words_when_it_is_queued(bot: Bot, notice: Any, language: str) -> None:
    """The row holds the words: nothing is made anew when it is sent."""
    told = {"cause": f"test:{language}", "person": "p" * 64, "to": "U" + "1" * 32}
    assert type(notice) in CHAT
    bot.database.write(lambda s: outbox.tell(s, notice, language, now=bot.clock(), **told))

    def stored(session: Any) -> Any:
        push = session.query(Push).one()
        sealed = session_keyring(session).open(
            push.messages_sealed, f"push|messages_sealed|{push.id}"
        )
        return json.loads(sealed), LinePresenter().messages(session, notice, language)

    found, said = bot.database.read(stored)
    assert found == said
