"""Wishes for a human: opened once a topic, listed for staff."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from models.base import new_id
from models.conversation import Conversation
from models.inquiry import Inquiry


def ask_for_human(session: Session, conversation: Conversation, topic: str, now: datetime) -> None:
    """Note that somebody needs a person; asking twice about one topic is one wish."""
    query = select(Inquiry.id).where(
        Inquiry.conversation_id == conversation.id,
        Inquiry.topic == topic,
        Inquiry.closed_at.is_(None),
    )
    if session.scalars(query).first() is not None:
        return
    session.add(Inquiry(id=new_id(), conversation_id=conversation.id, topic=topic, created_at=now))
    audit.record(
        session, Action.HUMAN_WANTED, actor="learner", subject=conversation.id, now=now, topic=topic
    )


def waiting(session: Session) -> list[Inquiry]:
    """Open wishes, oldest first."""
    query = select(Inquiry).where(Inquiry.closed_at.is_(None)).order_by(Inquiry.created_at)
    return list(session.scalars(query))
