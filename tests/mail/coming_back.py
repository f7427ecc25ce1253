"""What tests of returned mails ask about, and the two ways back to news."""

from typing import Any

from sqlalchemy import select

from bot.runtime import Bot
from bot.services.accounts import details
from bot.services.auth import tokens
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from bot.services.subscriptions import subscriptions
from models.audit import AuditEntry
from models.consent import Purpose
from models.conversation import Conversation
from models.database import Database
from models.learner import Learner
from models.mail import Suppression
from models.one_time_token import TokenPurpose
from tests.clock import FakeClock

ADDRESS = "somying@example.test"


def own_address(mail_id: str) -> str:
    return f"b-{mail_id}@bounce.school.example"


def message_id(mail_id: str) -> str:
    return f"<{mail_id}@news.school.example>"


def now_of(database: Database, reader: Learner) -> Learner:
    return database.read(lambda session: session.get_one(Learner, reader.id))


def reason_of(database: Database, address: str = ADDRESS) -> str | None:
    def read(session: Any) -> str | None:
        return session.scalars(
            select(Suppression.reason).where(
                Suppression.address_index == mails.address_index(session, address)
            )
        ).one_or_none()

    return database.read(read)


def acts(database: Database, *names: str) -> list[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.action.in_(names)).order_by(AuditEntry.seq)
    return database.read(lambda session: list(session.scalars(query)))


def confirm(session: Any, reader: Learner, clock: FakeClock) -> None:
    secret = tokens.issue(
        session, TokenPurpose.EMAIL_CONFIRM, reader.conversation_id, clock(), value=ADDRESS
    )
    assert details.confirm_email(session, secret, clock())


def ask_again(bot: Bot, reader: Learner) -> None:
    def work(session: Any) -> None:
        conversation = session.get_one(Conversation, reader.conversation_id)
        subscriptions.start(
            session,
            conversation,
            Purpose.EMAIL_NEWS,
            ConsentStatement("yes"),
            bot.settings,
            bot.clock(),
        )

    bot.database.write(work)
