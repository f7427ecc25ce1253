"""Whoever says no after the list was frozen is seen by the sender, whatever way they say it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.sending import batch_members
from models.account import Account, AccountState
from models.consent import ConsentState, Purpose
from models.conversation import Conversation, Language
from models.guardianship import Guardianship, GuardianshipState
from models.learner import AgeBand, Learner, LearnerState
from models.subscription import Channel, Subscription
from simulator.platform import Platform
from tests.campaigns import Announcement
from tests.clock import FakeClock
from tests.factories import make_account, make_consent_event, make_guardianship
from tests.news import Subscriber
from tests.samples import sampled

PURPOSES = (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)


@pytest.fixture
def reader(bot: Bot, line: Platform) -> Subscriber:
    """Eleven to nineteen, on LINE and by mail, with a guardian who agreed to both."""
    made = Subscriber(
        bot, line, Channel.LINE, Channel.EMAIL, name="ฟ้า", age_band=AgeBand.FROM_11_TO_19
    )

    def agree(session: Session) -> None:
        make_account(session, session.get_one(Learner, made.learner_id), bot.clock())
        for purpose in PURPOSES:
            says(ConsentState.GIVEN, "guardian", purpose)(session, made)

    bot.database.write(agree)
    return made


Change = Callable[[Session, Subscriber], Any]


def says(state: ConsentState, actor: str, purpose: Purpose | None = None) -> Change:
    def change(session: Session, reader: Subscriber) -> None:
        for each in PURPOSES if purpose is None else (purpose,):
            make_consent_event(
                session,
                reader.bot.clock(),
                subject_id=reader.subject_id,
                purpose=each,
                state=state,
                actor=actor,
                valid_until=reader.bot.clock() + timedelta(days=365),
            )

    return change


def learner(**values: Any) -> Change:
    def change(session: Session, reader: Subscriber) -> None:
        row = session.get_one(Learner, reader.learner_id)
        for name, value in values.items():
            setattr(row, name, value(reader.bot.clock()) if callable(value) else value)

    return change


def conversation(**values: Any) -> Change:
    return lambda session, reader: session.execute(
        update(Conversation).where(Conversation.id == reader.subject_id).values(**values)
    )


def rows_of(statement: Callable[[Subscriber], Any]) -> Change:
    return lambda session, reader: session.execute(statement(reader))


BLOCKED_AT = datetime(2026, 11, 23, 3, 1, tzinfo=UTC)
# Every way in which a yes becomes a no: what changes, on which channels, and what is said then.
BOTH = (Channel.LINE, Channel.EMAIL)
CHANGES: dict[str, tuple[Change, tuple[Channel, ...], str]] = {
    "closed": (learner(state=LearnerState.CLOSED), BOTH, "closed"),
    "withdrawn": (learner(state=LearnerState.WITHDRAWN), BOTH, "closed"),
    "objected": (learner(objected_at=lambda now: now), BOTH, "objected"),
    "restricted": (learner(restricted_at=lambda now: now), BOTH, "restricted"),
    "paused": (learner(news_paused_until=lambda now: now + timedelta(days=1)), BOTH, "paused"),
    "younger": (learner(age_band=AgeBand.UP_TO_10), (), ""),
    "moved": (learner(email_verified_at=None), (Channel.EMAIL,), "address not confirmed"),
    "own no": (says(ConsentState.WITHDRAWN, "self"), BOTH, "no consent"),
    "guardian's no": (says(ConsentState.WITHDRAWN, "guardian"), BOTH, "no consent"),
    "ended by the system": (says(ConsentState.EXPIRED, "system"), BOTH, "no consent"),
    "blocked": (conversation(blocked_at=BLOCKED_AT), (Channel.LINE,), "blocked"),
    "left the topic": (
        rows_of(lambda it: delete(Subscription).where(Subscription.subject_id == it.subject_id)),
        BOTH,
        "topic not chosen",
    ),
    "frozen": (
        rows_of(
            lambda it: (
                update(Account)
                .where(Account.learner_id == it.learner_id)
                .values(state=AccountState.FROZEN)
            )
        ),
        BOTH,
        "closed",
    ),
    "guardian ended": (
        rows_of(
            lambda it: (
                update(Guardianship)
                .where(Guardianship.child_id == it.subject_id)
                .values(state=GuardianshipState.ENDED)
            )
        ),
        BOTH,
        "no consent",
    ),
    "guardian erased": (
        rows_of(lambda it: delete(Guardianship).where(Guardianship.child_id == it.subject_id)),
        BOTH,
        "no consent",
    ),
    "another guardian": (
        lambda session, it: make_guardianship(
            session,
            it.bot.clock(),
            child_id=it.subject_id,
            decided_at=it.bot.clock() + timedelta(seconds=1),
        ),
        BOTH,
        "no consent",
    ),
    "language only": (conversation(language=Language.ENGLISH), (), ""),
}


# Every change in every run: on both channels where they differ, on one or the other where not.
EACH_ONCE = [
    (name, channel)
    for number, (name, (_, concerned, _)) in enumerate(CHANGES.items())
    for at, channel in enumerate(Channel)
    if len(concerned) == 1 or at == number % len(Channel)
]


@pytest.mark.parametrize(("name", "channel"), sampled(product(CHANGES, Channel), EACH_ONCE))
def test_every_no_after_the_freezing_is_seen(
    name: str, channel: Channel, bot: Bot, line: Platform, reader: Subscriber
) -> None:
    change, concerned, word = CHANGES[name]
    announcement = Announcement(bot, line, audience=Audience(channels=frozenset({channel})))
    announcement.is_asked_for()
    assert announcement.recipient(reader.subject_id).channel is channel
    assert why_not(announcement) is None
    bot.database.write(lambda session: change(session, reader))
    assert why_not(announcement) == (word if channel in concerned else None)


@pytest.mark.parametrize("channel", list(Channel))
def test_time_alone_is_seen_too(
    channel: Channel, bot: Bot, line: Platform, reader: Subscriber, clock: FakeClock
) -> None:
    announcement = Announcement(bot, line, audience=Audience(channels=frozenset({channel})))
    announcement.is_asked_for()
    clock.advance(days=364)
    assert why_not(announcement) is None
    clock.advance(days=1)
    assert why_not(announcement) == "no consent"


def test_whoever_was_erased_is_gone(bot: Bot, line: Platform, reader: Subscriber) -> None:
    announcement = Announcement(bot, line)
    announcement.is_asked_for()

    def erase(session: Session) -> None:
        session.execute(delete(Account).where(Account.learner_id == reader.learner_id))
        session.execute(delete(Learner).where(Learner.id == reader.learner_id))

    bot.database.write(erase)
    assert why_not(announcement) == "gone"


def why_not(announcement: Announcement) -> str | None:
    """What the sender would say now of the only person on the list."""
    bot = announcement.bot
    (batch,) = announcement.batches
    (member,) = bot.database.write(
        lambda session: batch_members.standing(
            session, announcement.id, batch.number, batch.channel, bot.clock(), bot.settings
        )
    )
    return member.why_not
