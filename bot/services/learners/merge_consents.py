"""What becomes of consents and topics when two registrations are made one: the stricter of both.

A no stays a no. A yes is carried to nobody: it was said to the other registration, and the person
can say it again with one tap. What was ended by the merge alone comes back when that is undone,
as its own entry of the ledger, for the time that was left to it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.services.consent import consents
from bot.services.consent.consents import VOICES, ConsentStatement
from bot.services.subscriptions import subscriptions
from bot.settings import School, Settings
from models.base import new_id
from models.consent import SAID_NO, ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.inserts import insert_if_new
from models.learner import Learner
from models.subscription import Subscription

Memory = dict[str, Any]
COUNTS_AS_NO = SAID_NO | {ConsentState.INVALIDATED}
_MERGED = "Staff merged two registrations of one person; the other one had said no."
_PARTED = "Staff undid a merge; this is what had been said before it."
_ENDED = "This registration was merged into another one of the same person."


def tighten(
    session: Session, kept: Learner, closed: Learner, settings: Settings, now: datetime
) -> Memory:
    """Leave the kept one no more news than both had agreed to; returns what that took away."""
    memory: Memory = {}
    chat = session.get_one(Conversation, kept.conversation_id)
    for purpose in subscriptions.NEWS:
        living = _living(session, chat.id, purpose, now)
        topics = _topics(session, chat.id, purpose)
        if living and _says_no(session, closed, purpose):
            memory[purpose] = {"said": [_saying(event) for event in living], "topics": topics}
            stopped = subscriptions.stop(
                session,
                chat,
                purpose,
                ConsentStatement(_MERGED, language="en", channel="console", actor="staff"),
                settings.school,
                now,
            )
            memory[purpose]["stopped"] = stopped.id if stopped else None
        elif topics and _living(session, closed.conversation_id, purpose, now):
            shared = {topic for topic, _ in _topics(session, closed.conversation_id, purpose)}
            gone = [pair for pair in topics if pair[0] not in shared]
            if gone:
                _leave(session, chat.id, purpose, [topic for topic, _ in gone])
                memory[purpose] = {"said": [], "topics": gone, "stopped": None}
    return memory


def loosen(session: Session, kept: Learner, memory: Memory, school: School, now: datetime) -> None:
    """Give back what a merge took, where the person has not said anything else since."""
    chat = session.get_one(Conversation, kept.conversation_id)
    for purpose in subscriptions.NEWS:
        taken = memory.get(purpose)
        if taken is None:
            continue
        newest = consents.latest(session, chat.id, purpose)
        if taken["stopped"]:
            if newest is None or newest.id != taken["stopped"]:
                continue
            for saying in taken["said"]:
                _say_again(session, chat, purpose, saying, school, now)
        elif newest is None or newest.state is not ConsentState.GIVEN:
            continue
        _take(session, chat.id, purpose, taken["topics"])


def end(session: Session, closed: Learner, school: School, now: datetime) -> None:
    """Stop all news of the registration that was closed, for good."""
    chat = session.get_one(Conversation, closed.conversation_id)
    said = ConsentStatement(_ENDED, language="en", channel="console", actor="staff")
    for purpose in subscriptions.NEWS:
        if _living(session, chat.id, purpose, now):
            subscriptions.stop(session, chat, purpose, said, school, now)


def _living(
    session: Session, subject_id: str, purpose: Purpose, now: datetime
) -> list[ConsentEvent]:
    """The yes of each voice that still counts."""
    found = []
    for voice in VOICES:
        event = consents.latest(session, subject_id, purpose, voice)
        if event is not None and consents.is_agreed_by(session, subject_id, purpose, voice, now):
            found.append(event)
    return found


def _says_no(session: Session, learner: Learner, purpose: Purpose) -> bool:
    newest = consents.latest(session, learner.conversation_id, purpose)
    said_no = newest is not None and newest.state in COUNTS_AS_NO
    return said_no or learner.objected_at is not None


def _saying(event: ConsentEvent) -> dict[str, Any]:
    until = event.valid_until.isoformat() if event.valid_until else None
    return {"actor": event.actor, "language": str(event.language), "until": until}


def _say_again(
    session: Session,
    chat: Conversation,
    purpose: Purpose,
    saying: dict[str, Any],
    school: School,
    now: datetime,
) -> None:
    # The time of the first yes goes on: undoing a mistake of ours does not prolong it.
    until = datetime.fromisoformat(saying["until"]) if saying["until"] else None
    said = ConsentStatement(_PARTED, "en", channel="console", actor=saying["actor"], until=until)
    consents.record(session, chat, purpose, ConsentState.GIVEN, said, school, now)


def _topics(session: Session, subject_id: str, purpose: Purpose) -> list[tuple[str, str]]:
    query = select(Subscription).where(
        Subscription.subject_id == subject_id,
        Subscription.channel == subscriptions.CHANNEL_OF[purpose],
    )
    rows = session.scalars(query.order_by(Subscription.topic))
    return [(row.topic, row.chosen_at.isoformat()) for row in rows]


def _leave(session: Session, subject_id: str, purpose: Purpose, gone: list[str]) -> None:
    session.execute(
        delete(Subscription).where(
            Subscription.subject_id == subject_id,
            Subscription.channel == subscriptions.CHANNEL_OF[purpose],
            Subscription.topic.in_(gone),
        )
    )


def _take(session: Session, subject_id: str, purpose: Purpose, back: list[list[str]]) -> None:
    for topic, chosen_at in back:
        row = {
            "id": new_id(),
            "subject_id": subject_id,
            "channel": subscriptions.CHANNEL_OF[purpose],
            "topic": topic,
            "chosen_at": datetime.fromisoformat(chosen_at),
        }
        insert_if_new(session, Subscription, row)
