"""Flask commands: db-upgrade, work, doctor, inquiries, keys-rotate, demo."""

import os
import secrets
import signal
import socket
import sys
import threading
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask
from sqlalchemy.orm import Session

from bot.errors import SettingsError
from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.services import inquiries, key_rotation
from bot.settings import ROOT
from handlers import doctor, jobs
from models.base import Base
from models.migrations import upgrade

DEMO_FILE = ROOT / "var" / "demo.env"


def register(app: Flask) -> None:
    """Add the commands to an app that has its settings."""
    for command in COMMANDS:
        app.cli.add_command(command)


def without_settings(error: SettingsError) -> Flask:
    """An app that can do nothing but say what is missing, whatever it is asked."""
    app = Flask(__name__, static_folder=None)

    def say_what_is_missing() -> None:
        """Name each missing or wrong setting with its cure."""
        for problem in error.problems:
            click.echo(f"✗ {problem.name}: {problem.problem}\n    cure: {problem.cure}")
        click.echo(f"{len(error.problems)} setting(s) stand in the way; LINE was not asked.")
        sys.exit(1)

    for command in COMMANDS:
        if command is not demo:
            app.cli.command(command.name)(say_what_is_missing)
    app.cli.add_command(demo)
    return app


def _parts() -> tuple[Bot, Engine]:
    app = click.get_current_context().find_root().obj.load_app()
    return app.extensions["bot"], app.extensions["engine"]


@click.command("db-upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision."""
    bot, _ = _parts()
    upgrade(bot.settings.database_url)
    click.echo("The database is up to date.")


@click.command("work")
def work() -> None:
    """Answer what web processes left, and do what is due, until stopped."""
    bot, engine = _parts()
    if not engine.start():
        click.echo("Another process answers for this SQLite file; nothing to do here.", err=True)
        sys.exit(1)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    scheduler = jobs.start(bot, engine)
    bot.log.info("worker.started", worker=bot.worker)
    stop.wait()
    scheduler.shutdown(wait=True)
    engine.stop()
    bot.close()


@click.command("doctor")
def doctor_command() -> None:
    """Check settings, database, courses and LINE; exits with 1 where something is wrong."""
    bot, _ = _parts()
    findings = doctor.examine(bot)
    for finding in findings:
        click.echo(finding.shown())
    sys.exit(1 if any(finding.is_bad for finding in findings) else 0)


@click.command("inquiries")
def list_inquiries() -> None:
    """List who waits for a person: ids and topics only."""
    bot, _ = _parts()
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
    bot, _ = _parts()
    total = 0
    for table in key_rotation.sealed_tables():
        after: str | None = ""
        while after is not None:
            after, written = bot.database.write(
                partial(_rotate, table=table, after=after, now=bot.clock())
            )
            total += written
        click.echo(f"{table.__tablename__}: done")
    click.echo(f"{total} row(s) moved to key {bot.keyring.current}; older keys may be removed now.")


def _rotate(
    session: Session, *, table: type[Base], after: str, now: datetime
) -> tuple[str | None, int]:
    return key_rotation.rotate_batch(session, table, after, now)


@click.command("demo")
@click.option("--port", type=int, envvar="PORT", default=8000, show_default=True)
def demo(port: int) -> None:
    """Run everything on this machine: SQLite, one process, the built-in LINE."""
    run_demo(port)


def run_demo(port: int) -> NoReturn:
    """Become the demo's server; keys are made once and kept beside the database in var/."""
    env = {**os.environ, **_demo_settings(port)}
    for name in [name for name in env if name.startswith("FLASK_RUN")]:
        del env[name]
    if _is_taken(port):
        click.echo(f"Port {port} is in use. Stop what uses it, or: make demo PORT=8001", err=True)
        sys.exit(1)
    upgrade(env["DATABASE_URL"])
    click.echo(f"English Planet demo:  {env['PUBLIC_URL']}/simulator")
    click.echo(
        "Stop it with Ctrl-C. Data and throw-away keys are in var/; delete it to start anew."
    )
    sys.stdout.flush()
    server = str(Path(sys.executable).with_name("granian"))
    os.execve(server, [server, *server_arguments(port)], env)  # noqa: S606 - our own server


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def server_arguments(port: int, workers: int = 1) -> list[str]:
    """How the web process is started; the Procfile says the same."""
    return [
        "--interface", "wsgi", "app:app",
        "--host", "127.0.0.1",
        "--port", str(port),
        "--workers", str(workers),
        "--blocking-threads", "32",
        "--respawn-failed-workers",
        "--log-level", "error",
        "--working-dir", str(ROOT),
    ]  # fmt: skip


def _demo_settings(port: int) -> dict[str, str]:
    """Settings of the demo. The keys stay the same, or the database could not be read again."""
    made = {
        "SECRET_KEY": secrets.token_urlsafe(32),
        "DATA_KEYS": f"k1:{secrets.token_urlsafe(32)}",
        "LINE_CHANNEL_SECRET": secrets.token_hex(16),
        "LINE_CHANNEL_ACCESS_TOKEN": secrets.token_urlsafe(48),
    }
    if DEMO_FILE.exists():
        lines = DEMO_FILE.read_text(encoding="utf-8").splitlines()
        made |= dict(line.split("=", 1) for line in lines if "=" in line)
    DEMO_FILE.parent.mkdir(exist_ok=True)
    DEMO_FILE.touch(mode=0o600)
    DEMO_FILE.write_text("".join(f"{key}={value}\n" for key, value in made.items()), "utf-8")
    return {
        **made,
        "SIMULATOR": "1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "LINE_API_URL": f"http://127.0.0.1:{port}/simulator/line",
        "DATABASE_URL": f"sqlite:///{DEMO_FILE.parent}/demo.db",
        "LINE_BOT_USER_ID": "U" + "e" * 32,
    }


COMMANDS = (db_upgrade, work, doctor_command, list_inquiries, keys_rotate, demo)
