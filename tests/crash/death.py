"""A process of the product that kills itself, hard, at a named point."""

import base64
import os
import signal
import subprocess
import sys

from bot.settings import ROOT, Settings
from tests.clock import FakeClock


def dies(module: str, settings: Settings, clock: FakeClock, **environment: str) -> None:
    """Run a module of this package on the same database; it has to end by SIGKILL."""
    keys = ",".join(
        f"{name}:{base64.b64encode(key).decode()}" for name, key in settings.data_keys.items()
    )
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "CRASH_CLOCK": clock().isoformat(),
            "PUBLIC_URL": settings.public_url,
            "SECRET_KEY": settings.secret_key,
            "DATA_KEYS": keys,
            "DATABASE_URL": settings.database_url,
            "LINE_CHANNEL_SECRET": settings.channel_secrets[0],
            "LINE_CHANNEL_ACCESS_TOKEN": settings.access_token or "",
            **environment,
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
