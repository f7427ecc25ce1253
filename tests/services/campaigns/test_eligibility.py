"""The frozen list in SQL says of everybody what the rules say of each one, asked one by one."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.presentation import campaign_words
from bot.runtime import Bot
from bot.services.delivery import mails
from bot.services.delivery.gate import News
from bot.services.subscriptions import news
from bot.texts import translator
from models.account import AccountState
from models.base import new_id
from models.consent import ConsentState, Purpose
from models.conversation import Language
from models.guardianship import GuardianshipState
from models.learner import AgeBand, Learner, LearnerState
from models.mail import Mail, MailState, Stream
from models.outbox import Push, PushState
from models.recipient import ExclusionReason, Recipient
from models.subscription import Channel, Subscription
from simulator.platform import Platform
from tests.campaigns import Announcement
from tests.clock import FakeClock
from tests.factories import (
    make_account,
    make_consent_event,
    make_conversation,
    make_guardianship,
    make_learner,
)
from tests.samples import sampled

PEOPLE = 70
PURPOSES = (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)
# Which of our reasons may stand for which answer of the rules. They ask in another order: whether
# a topic was chosen comes last there, and comes first to people.
PLAUSIBLE = {
    "closed": {ExclusionReason.CLOSED},
    "objected": {ExclusionReason.OBJECTED},
    "restricted": {ExclusionReason.RESTRICTED},
    "paused": {ExclusionReason.PAUSED},
    "enough this month": {ExclusionReason.ENOUGH},
    "suppressed": {ExclusionReason.SUPPRESSED},
    "blocked": {
        ExclusionReason.BLOCKED,
        ExclusionReason.NOT_CHOSEN,
        ExclusionReason.NO_CONSENT,
        ExclusionReason.GUARDIAN,
    },
    "no consent": {
        ExclusionReason.NO_CONSENT,
        ExclusionReason.GUARDIAN,
        ExclusionReason.NOT_CHOSEN,
    },
    "address not confirmed": {ExclusionReason.NO_ADDRESS, ExclusionReason.NOT_CHOSEN},
    "topic not chosen": {ExclusionReason.NOT_CHOSEN},
}


class Crowd:
    """People in every combination of states, drawn by a seed."""

    def __init__(self, bot: Bot, seed: int) -> None:
        self.bot, self.draw = bot, random.Random(seed)
        self.now = bot.clock()

    def fill(self, session: Session) -> None:
        for number in range(PEOPLE):
            self._person(session, number)

    def _ago(self, most: float = 800.0) -> Any:
        # Whole days, so that several things happen at the same moment.
        return self.now - timedelta(days=self.draw.randrange(int(most)))

    def _maybe(self, chance: float, value: Any) -> Any:
        return value if self.draw.random() < chance else None

    def _person(self, session: Session, number: int) -> None:
        draw = self.draw
        band = draw.choice(list(AgeBand))
        conversation = make_conversation(
            session,
            self.now,
            language=draw.choice(list(Language)),
            blocked_at=self._maybe(0.15, self.now),
        )
        learner = make_learner(
            session,
            self.now,
            conversation_id=conversation.id,
            age_band=band,
            email=f"reader{number}@example.test",
            state=draw.choices(list(LearnerState), [12, 1, 1])[0],
            email_verified_at=self._maybe(0.8, self.now),
            objected_at=self._maybe(0.06, self.now),
            restricted_at=self._maybe(0.06, self.now),
            news_paused_until=self._maybe(0.2, self.now + timedelta(days=draw.choice((-1, 0, 1)))),
        )
        state = draw.choices(
            [AccountState.ACTIVE, AccountState.PENDING, AccountState.FROZEN, AccountState.CLOSED],
            [8, 1, 1, 1],
        )[0]
        make_account(session, learner, self.now, state=state)
        for channel in Channel:
            for topic in ("courses", "articles"):
                if draw.random() < 0.65:
                    session.add(
                        Subscription(
                            id=new_id(),
                            subject_id=conversation.id,
                            channel=channel,
                            topic=topic,
                            chosen_at=self.now,
                        )
                    )
        for _ in range(draw.randrange(3) if band is not AgeBand.FROM_20 else draw.randrange(2)):
            self._guardian(session, conversation.id, band)
        for purpose in PURPOSES:
            for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
                self._says(session, conversation.id, purpose, band)
        for _ in range(draw.choice((0, 0, 0, 1, 2, 5))):
            self._had_news(session, conversation.id)
        if draw.random() < 0.1:
            index = mails.address_index(session, f"reader{number}@example.test")
            mails.suppress(session, index, "bounced", self.now)
        session.flush()

    def _guardian(self, session: Session, subject_id: str, band: AgeBand) -> None:
        state = self.draw.choices(
            [GuardianshipState.AGREED, GuardianshipState.ENDED, GuardianshipState.REFUSED],
            [6, 2, 1],
        )[0]
        make_guardianship(
            session,
            self.now,
            child_id=subject_id,
            age_band=band,
            state=state,
            decided_at=self._ago(),
        )

    def _says(self, session: Session, subject_id: str, purpose: Purpose, band: AgeBand) -> None:
        voices = ("self", "guardian", "system", "staff")
        weights = [6, 0.5, 0.4, 0.4] if band is AgeBand.FROM_20 else [4, 4, 0.4, 0.4]
        actor = self.draw.choices(voices, weights)[0]
        states = list(ConsentState)
        state = self.draw.choices(states, [7 if s is ConsentState.GIVEN else 0.7 for s in states])[
            0
        ]
        at = self._ago(1000)
        until = self.draw.choice((None, at + timedelta(days=730), at + timedelta(days=730)))
        make_consent_event(
            session,
            at,
            subject_id=subject_id,
            purpose=purpose,
            state=state,
            actor=actor,
            valid_until=until if state is ConsentState.GIVEN else None,
        )

    def _had_news(self, session: Session, subject_id: str) -> None:
        draw, at = self.draw, self.now - timedelta(days=self.draw.choice((1, 20, 29, 30, 31, 90)))
        common = {
            "id": new_id(),
            "cause": new_id(),
            "subject_id": subject_id,
            "topic": draw.choice(("courses", "articles", None)),
            "created_at": at,
            "due_at": at,
            "first_tried_at": at,
            "sent_at": at,
            "attempts": 1,
        }
        if draw.random() < 0.5:
            session.add(
                Push(
                    **common,
                    person=subject_id,
                    retry_key=new_id(),
                    state=draw.choice((PushState.SENT, PushState.UNKNOWN, PushState.DROPPED)),
                    purpose=Purpose.LINE_NEWS,
                )
            )
        else:
            session.add(
                Mail(
                    **common,
                    stream=Stream.NEWS,
                    template="campaign",
                    language=Language.THAI,
                    message_id=new_id(),
                    state=draw.choice((MailState.SENT, MailState.UNKNOWN, MailState.FAILED)),
                    purpose=Purpose.EMAIL_NEWS,
                )
            )


def test_lists_that_were_frozen_earlier_stay_readable() -> None:
    """Four reasons had other names in the lists and in what these came to."""
    older = ("not_chosen", "no_consent", "no_address", "enough")
    assert [ExclusionReason(each) for each in older] == [
        ExclusionReason.NOT_CHOSEN,
        ExclusionReason.NO_CONSENT,
        ExclusionReason.NO_ADDRESS,
        ExclusionReason.ENOUGH,
    ]
    counts = {"looked_at": 9, "left_out.no_consent": 2, "left_out.no consent": 1, "line.th": 6}
    assert campaign_words.left_out(translator("en"), counts) == [("No consent to news", 3)]
    with pytest.raises(ValueError, match="no such reason"):
        ExclusionReason("no such reason")


def one_by_one(bot: Bot, session: Session, learner: Learner) -> tuple[Channel | None, set[str]]:
    """The channel of one person, and what the rules answered, by the words of bot/services/news."""
    said: set[str] = set()
    for channel, purpose in ((Channel.LINE, PURPOSES[0]), (Channel.EMAIL, PURPOSES[1])):
        is_held = channel is Channel.EMAIL and mails.is_suppressed(session, learner.email or "")
        why_not = news.may_send(
            session,
            News(learner.conversation_id, purpose, "courses"),
            bot.clock(),
            bot.settings,
            "another",
        )
        why_not = why_not or ("suppressed" if is_held else None)
        if why_not is None:
            return channel, said
        said.add(why_not)
        if why_not == "enough this month":
            return None, {why_not}
    return None, said


@pytest.mark.parametrize("seed", sampled(range(12), range(0, 12, 4)))
def test_the_list_is_what_the_rules_say(
    seed: int, bot: Bot, line: Platform, clock: FakeClock
) -> None:
    bot.database.write(Crowd(bot, seed).fill)
    announcement = Announcement(bot, line)

    def ask_each(session: Session) -> dict[str, tuple[Channel | None, set[str]]]:
        learners = session.scalars(select(Learner).where(Learner.state == LearnerState.ACTIVE))
        return {each.conversation_id: one_by_one(bot, session, each) for each in learners}

    expected = bot.database.write(ask_each)
    announcement.is_asked_for()
    query = select(Recipient).where(Recipient.campaign_id == announcement.id)
    found = {row.subject_id: row for row in bot.database.read(lambda s: list(s.scalars(query)))}
    assert found.keys() == expected.keys()
    for subject_id, (channel, said) in expected.items():
        row = found[subject_id]
        assert row.channel is channel, (row.left_out, said)
        if channel is not None:
            assert row.left_out is None
            continue
        assert row.batch is None
        assert row.left_out in set().union(*(PLAUSIBLE[each] for each in said)), said
    channels = [channel for channel, _ in expected.values()]
    assert {None, Channel.LINE} <= set(channels), "the draw must not be one-sided"
    counts = announcement.row.counts
    assert counts["looked_at"] == len(expected)
    assert counts.get("line", 0) == channels.count(Channel.LINE)
    assert counts.get("email", 0) == channels.count(Channel.EMAIL)
