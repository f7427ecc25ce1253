"""A thousand resets: the passwords that were shown stand nowhere, nor do the links' tokens.

Every run makes some on either database; the thousand is long by nature.
"""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.pool import NullPool

from bot.services.auth import resets
from models.account import Account
from tests.scenarios.auth.resetting import DIGITS, Browser, ask, path_of, settle, shown
from tests.scenarios.chat.test_canary import forms, hits
from tests.scenarios.story import register, saying

SOME = 48
TIMES = [("sqlite", SOME), ("postgres", SOME), pytest.param("sqlite", 1000, marks=pytest.mark.long)]
PEOPLE = 8
_RUNS = re.compile(rb"[0-9a-z_]{16,}")


def found_in(content: bytes, needles: set[bytes]) -> set[bytes]:
    """Which needles of one length stand in a content, whatever their case and hyphens."""
    (length,) = {len(needle) for needle in needles}
    met: set[bytes] = set()
    for run in _RUNS.findall(content.lower().replace(b"-", b"")):
        for start in range(len(run) - length + 1):
            piece = run[start : start + length]
            if piece in needles:
                met.add(piece)
    return met


def plain(secret: str) -> bytes:
    return secret.lower().replace("-", "").encode()


def at_rest(database_url: str, directory: Path) -> dict[str, bytes]:
    """Every byte that the database keeps."""
    if database_url.startswith("sqlite"):
        return {path.name: path.read_bytes() for path in directory.glob("bot.db*")}
    engine = create_engine(database_url, poolclass=NullPool)
    found: dict[str, bytes] = {}
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        for table in inspect(connection).get_table_names():
            with driver.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as rows:
                found[table] = b"".join(bytes(part) for part in rows)
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("database_url", "times"), TIMES, indirect=["database_url"])
def test_a_thousand_resets_leave_the_secret_nowhere(
    someone, app, bot, engine, clock, all_words, platform, database_url, times, tmp_path, capfd
):
    platform.usage.quota = None  # every notice is sent
    passwords: list[str] = []
    tokens: list[str] = []
    chats = [someone(f"คนที่ {number}") for number in range(PEOPLE)]
    settle(chats[0], app)
    for number, chat in enumerate(chats[1:], start=1):
        register(chat, name=saying("กุหลาบ งามตา"), email=saying(f"rose{number}@gmail.com"))
        first = path_of(chat, "Show my password")
        assert Browser(app.test_client()).post(first).status_code == 200
    accounts = bot.database.read(lambda s: list(s.scalars(select(Account.id))))
    assert len(accounts) == PEOPLE

    def once(account_id: str) -> tuple[str, str]:
        given = bot.database.write(
            lambda session: resets.give_link(session, account_id, 6000, clock())
        )
        answer = Browser(app.test_client()).post(f"/s/reset/{given.token}", {"digits": DIGITS})
        assert answer.status_code == 200
        return shown(answer.text).password, given.token

    with ThreadPoolExecutor(4) as pool:
        for _ in range(times // PEOPLE):
            clock.advance(hours=5)  # so that nobody's own limit is met
            for password, token in pool.map(once, accounts):
                passwords.append(html.unescape(password))
                tokens.append(token)
    while engine.drain_pushes():
        pass
    clock.advance(hours=5)
    path = ask(chats[0])  # and once from the chat to the page, with a log line of a failure
    platform.faults.add("push", "500")
    answer = Browser(app.test_client()).post(path, {"digits": DIGITS})
    passwords.append(shown(answer.text).password)
    engine.drain_pushes()

    assert len(set(passwords)) == len(passwords) == times + 1
    log = "".join(capfd.readouterr())
    places = at_rest(database_url, tmp_path)
    places["the log"] = log.encode()
    places["what the keys open"] = all_words().encode()
    places["what LINE was sent"] = repr([call.body for call in platform.calls]).encode()
    shown_ones, links = {plain(each) for each in passwords}, {plain(each) for each in tokens}
    met = {name: found_in(content, shown_ones) for name, content in places.items()}
    assert {name: found for name, found in met.items() if found} == {}
    by_length: dict[int, set[bytes]] = {}
    for each in links:
        by_length.setdefault(len(each), set()).add(each)
    for needles in by_length.values():
        for name, content in places.items():
            assert not found_in(content, needles), name
    sample = {"the first": passwords[0], "the last": passwords[-1]}
    assert hits(sample, places) == []
    # The search bites: one that is written down is found, in each form that it may take.
    for form, raw in forms(passwords[0]):
        if form in {"UTF-8", "percent"}:
            assert found_in(b"x" + raw + b"\n", shown_ones) == {plain(passwords[0])}
    assert "push.failed" in log
    assert any(accounts[0].encode() in content for content in places.values())
