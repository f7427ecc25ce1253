"""Mails a second over one connection and over several, to a mail server that takes its time."""

import asyncio
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from app import create_app
from benchmarks.bench import Bench
from benchmarks.report import Row, median
from benchmarks.servers import ROOT, Servers
from bot.runtime import Bot, mailing
from bot.services.delivery import mails
from bot.settings import Settings
from models.migrations import upgrade

LANES = 4
LATENCY_MS = 20  # of a relay that has the mail on its disk before it says so
MAILS = 60  # for each second of a run
DOMAINS = 50


def mail(bench: Bench) -> None:
    """Queued mails on PostgreSQL to their receipt: one process, one connection and four."""
    rates: dict[int, list[float]] = {1: [], LANES: []}
    count = round(MAILS * bench.seconds)
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.mail", str(LATENCY_MS)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert server.stdout
    try:
        port = int(server.stdout.readline())
        with Servers(bench.app_dir) as servers:
            url = servers.postgres_url().replace("postgresql://", "postgresql+psycopg://", 1)
            upgrade(url)
            for number in range(1, bench.rounds + 1):
                for lanes, found in rates.items():
                    found.append(_run(_settings(url, port, lanes), count))
                    run = {"scenario": "mail", "lanes": lanes, "mails": count, "number": number}
                    bench.report.runs.append(run | {"per_second": found[-1], "strangers_cpu": 0.0})
    finally:
        server.terminate()
        server.wait()
    one, four = median(rates[1]), median(rates[LANES])
    figure = f"mails, server takes {LATENCY_MS} ms, 1 connection / {LANES}"
    figures = f"{one:,.0f}/s", f"{four:,.0f}/s", f"{four / one:.2f}x"
    bench.report.add(Row("mail", figure, *figures))


def _settings(url: str, port: int, lanes: int) -> Settings:
    return Settings(
        public_url="https://bench.example",
        secret_key=secrets.token_urlsafe(32),
        data_keys={"k1": secrets.token_bytes(32)},
        channel_secrets=("bench",),
        access_token="bench",
        database_url=url,
        log_level="warning",
        smtp_url=f"smtp://127.0.0.1:{port}",
        mail_from="hello@school.example",
        mail_news_from="news@news.school.example",
        mail_connections=lanes,
        mail_per_domain=10_000,
    )


def _run(settings: Settings, count: int) -> float:
    """How many mails a second went out, from the first claim to the last receipt."""
    bot: Bot = create_app(settings).extensions["bot"]
    try:
        bot.database.write(_queue(bot, count))
        began, seen = time.monotonic(), 0
        while seen < count:
            seen += mailing.drain(bot)
        return count / (time.monotonic() - began)
    finally:
        bot.close()


def _queue(bot: Bot, count: int) -> Callable[[Any], None]:
    def work(session: Any) -> None:
        for number in range(count):
            mails.queue(
                session,
                mails.MailText("changed_name", "th"),
                cause=f"bench:{secrets.token_hex(8)}",
                to=f"learner{number}@{number % DOMAINS}.example",
                now=bot.clock(),
            )

    return work


async def serve(latency_ms: float) -> None:
    """A mail server that forgets what it takes; `python -m benchmarks.mail` prints its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bench\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                while not re.fullmatch(rb"\.\r\n", await reader.readline()):
                    pass
                await asyncio.sleep(latency_ms / 1000)
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
