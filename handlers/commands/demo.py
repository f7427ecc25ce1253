"""The demo: everything on this machine, with keys that are made once and thrown away."""

import os
import secrets
import socket
import sys
from typing import NoReturn

import click

from bot.settings import ROOT
from handlers import server
from models.migrations import upgrade

DEMO_FILE = ROOT / "var" / "demo.env"


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
    server.become(env, host="127.0.0.1")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


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
    DEMO_FILE.parent.mkdir(exist_ok=True, mode=0o700)
    DEMO_FILE.touch(mode=0o600)
    DEMO_FILE.write_text("".join(f"{key}={value}\n" for key, value in made.items()), "utf-8")
    return {
        **made,
        "SIMULATOR": "1",
        "DEMO_SCHOOL": os.environ.get("DEMO_SCHOOL", "1"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "LINE_API_URL": f"http://127.0.0.1:{port}/simulator/line",
        "DATABASE_URL": f"sqlite:///{DEMO_FILE.parent}/demo.db",
        "LINE_BOT_USER_ID": "U" + "e" * 32,
    }
