"""Commands of every day: db-upgrade, work, doctor, inquiries, keys-rotate."""

import signal
import sys
import threading
from datetime import datetime
from functools import partial

import click
from sqlalchemy.orm import Session

from bot.services.backups import key_rotation
from bot.services.chat import inquiries
from handlers import doctor, jobs
from handlers.commands.parts import parts
from models.base import Base
from models.migrations import upgrade


@click.command("db-upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision."""
    bot, _ = parts()
    upgrade(bot.settings.database_url)
    click.echo("The database is up to date.")


@click.command("work")
def work() -> None:
    """Answer what web processes left, and do what is due, until stopped."""
    bot, engine = parts()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    end = jobs.begin(engine)
    bot.log.info("worker.started", worker=bot.worker)
    stop.wait()
    end(True)
    bot.close()


@click.command("doctor")
def doctor_command() -> None:
    """Check settings, database, courses and LINE; exits with 1 where something is wrong."""
    bot, _ = parts()
    findings = doctor.examine(bot)
    for finding in findings:
        click.echo(finding.shown())
    sys.exit(1 if any(finding.is_bad for finding in findings) else 0)


@click.command("inquiries")
def list_inquiries() -> None:
    """List who waits for a person: ids and topics only."""
    bot, _ = parts()
    waiting = bot.database.read(
        lambda session: [
            (wish.created_at, wish.topic, wish.conversation_id)
            for wish in inquiries.waiting(session)
        ]
    )
    for created_at, topic, conversation_id in waiting:
        click.echo(f"{created_at:%Y-%m-%d %H:%M} UTC  {topic:<14} {conversation_id}")
    click.echo(f"{len(waiting)} waiting")


@click.command("keys-rotate")
def keys_rotate() -> None:
    """Encrypt everything anew under the first of DATA_KEYS; run it again after an interruption."""
    bot, _ = parts()
    total = 0
    for table in key_rotation.sealed_tables():
        after: str | None = ""
        while after is not None:
            after, written = bot.database.write(
                partial(_rotate, table=table, after=after, now=bot.clock())
            )
            total += written
        click.echo(f"{table.__tablename__}: done")
    click.echo(f"{total} row(s) moved to key {bot.keyring.current}; an older key may be removed")
    click.echo("once no backup made under it is needed any more (BACKUP_DAYS).")


def _rotate(
    session: Session, *, table: type[Base], after: str, now: datetime
) -> tuple[str | None, int]:
    return key_rotation.rotate_batch(session, table, after, now)


COMMANDS = (db_upgrade, work, doctor_command, list_inquiries, keys_rotate)
