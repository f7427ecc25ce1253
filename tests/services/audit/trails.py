"""Audit trails for tests, and somebody who has the database in hand."""

from sqlalchemy import text

from bot.runtime import auditing
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.audit.verify import Anchor


def act(database, clock, number, *, at=None, subject=None):
    """One entry, as a service writes it."""
    database.write(
        lambda session: audit.record(
            session,
            Action.LINK_ISSUED,
            actor=f"actor{number % 3}",
            subject=subject or f"subject{number % 5}",
            now=at or clock(),
            link_id=f"link{number}",
            purpose="อื่น ๆ",
        )
    )
    clock.advance(seconds=1)


def tampering(database, *statements):
    """Change what stands there, with the whole power over the database: no trigger hinders."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for table in ("audit_entry", "audit_link"):
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(statement)


def problem(bot, anchor=None):
    """What a check finds first, and where."""
    found = auditing.verify(bot, anchor).problem
    return None if found is None else (found.flaw, found.position)


def head(bot):
    """The anchor of this moment."""
    found = auditing.verify(bot).head
    return Anchor(found.position, found.hash)
