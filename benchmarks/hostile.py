"""Sends what a stranger may send to whatever reads it, and says what that costs.

`python -m benchmarks.hostile`: 64 KiB of combining marks, spaces, digits and letters to every field
of every route, to the readers of chat and import, to every cell and heading of an imported list,
and doubling texts to every regular expression; letters of up to 2 MB to the mailbox of returned
mails (`python -m benchmarks.hostile mails`: these alone). Prints the dearest in milliseconds of
processor; ends with 1 where one is over its bound.
"""

import base64
import contextlib
import csv
import importlib
import inspect
import io
import os
import pkgutil
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

BOUND = 100.0  # ms of processor for one request or one value
TEXT_BOUND = 20.0  # ms of processor for one expression on what LINE lets somebody write
MAIL_BOUND = 100.0  # ms of processor for one letter, however large
SIZE, LINE_TEXT = 64 * 1024, 5_000
TEXTS = {
    "marks": "a" + "\u0315" * (SIZE // 4) + "\u0300" * (SIZE // 4) + ".aa",
    "one mark": "ก" + "\u0e38" * (SIZE // 3),
    "joined marks": "a" + "\u0315\u200b\u0300" * (SIZE // 7),
    "spaces": "รหัส" + " " * SIZE + "!",
    "digits": "0" * SIZE,
    "letters": "a" * SIZE,
    "thai": "เเ" * (SIZE // 6),
    "addresses": "a@" * (SIZE // 2),
    "dots": "a." * (SIZE // 2),
}
PIECES = [
    *(" ", "\u0300", "0", "a", "ก", "-", ".", "<", "@", "a.", "a@", "1 ", "=", "\n", "(", "{"),
    *("คะ", "ครับ", "รหัส ", "pass ", "https://", "=?", ";a=", "\u0e4dา"),
]
WORDS = ("", "รหัส", "password", "เบอร์", "ชื่อ", "a@")

# Headers are lists, pairs and weights; cookies have escapes of their own.
LISTS = {
    "commas": "," * SIZE,
    "languages": "th;q=0.1," * (SIZE // 9),
    "pairs": "a=b;" * (SIZE // 4),
    "quotes": '"' * SIZE,
    "escapes": '"' + "\\303" * (SIZE // 4),
    "addresses and ports": "1.1.1.1:1," * (SIZE // 10),
    "parameters": "multipart/form-data" + ";a=b" * (SIZE // 4),
}
HEADERS = (
    *("HTTP_HOST", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_SEC_FETCH_SITE", "HTTP_USER_AGENT"),
    *("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_X_LINE_SIGNATURE"),
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_AUTHORIZATION", "CONTENT_TYPE"),
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "REMOTE_ADDR"),
)
COOKIES = (
    *("__Host-session", "__Host-stay", "__Host-lang"),
    *("__Host-staff", "__Host-staff-note", "other"),
)
PAGES = (
    *(("GET", "/portal/account"), ("POST", "/portal/sign-in"), ("POST", "/s/abc")),
    *(("POST", "/line/webhook"), ("GET", "/console/learners"), ("GET", "/privacy")),
)

ORIGIN = "https://bot.example.test"
GAP = r"<(?:\w+:)?\w+>"

Costs = list[tuple[float, str]]


def main() -> int:
    if sys.argv[1:] == ["mails"]:
        return int(report("letters", list(mails()), MAIL_BOUND))
    with tempfile.TemporaryDirectory() as folder:
        app = product(folder)
        seen = visitors(app)
        costs = [*headers(seen), *routes(app, seen), *readers(), *imports()]
        app.extensions["bot"].close()
    worst = report("requests and readers", costs, BOUND)
    worst |= report("letters", list(mails()), MAIL_BOUND)
    return int(worst | report("regular expressions", list(expressions()), TEXT_BOUND))


def report(title: str, costs: Costs, bound: float) -> bool:
    """Print the dearest; whether any is over the bound."""
    print(f"{title}: {len(costs)} measured, bound {bound:g} ms of processor")
    for cost, what in sorted(costs, reverse=True)[:8]:
        print(f"  {cost:8.1f} ms  {what}")
    return any(cost > bound for cost, _ in costs)


def product(folder: str, clock: Callable[[], datetime] | None = None) -> Flask:
    """The product on an empty database, without a thread or a network."""
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "PUBLIC_URL": ORIGIN,
        "LINE_CHANNEL_SECRET": "s" * 32,
        "LINE_CHANNEL_ACCESS_TOKEN": "t",
        "LINE_BOT_USER_ID": "U" + "b" * 32,
        "SECRET_KEY": "benchmark-of-hostile-texts-0123456789abcdef",
        "DATA_KEYS": "k1:" + base64.b64encode(os.urandom(32)).decode(),
        "LOG_LEVEL": "error",
    }
    from app import create_app
    from bot.settings import Settings
    from models.migrations import upgrade

    settings = Settings.from_env()
    upgrade(settings.database_url)
    return create_app(settings, clock)


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds of this thread's processor; the second of two runs, so that nothing is new."""
    work()
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1000


class Spied(ImmutableMultiDict[str, str]):
    """Remembers which fields a view asks a form or a query for."""

    asked: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *args, **kwargs)

    def getlist(self, key: str, *args: Any, **kwargs: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *args, **kwargs)


@dataclass(frozen=True)
class Visitor:
    """Somebody's browser: the cookie that it sends, and a token for its forms."""

    app: Flask
    who: str
    cookie: str
    token: str

    def cost(
        self, method: str, path: str, environ: dict[str, str] | None = None, **more: str
    ) -> float:
        """What answering one request costs, the making of the request left out."""
        asked = EnvironBuilder(
            path=path,
            base_url=ORIGIN,
            method=method,
            headers={"Cookie": self.cookie},
            query_string=more if method == "GET" else None,
            data={"token": self.token, **more} if method == "POST" else None,
            content_type="multipart/form-data" if method == "POST" else None,
        )
        made = {**asked.get_environ(), **(environ or {})}
        body = made["wsgi.input"]

        def answered() -> None:
            body.seek(0)
            run_wsgi_app(self.app, dict(made), buffered=True)

        return timed(answered)


def visitors(app: Flask) -> list[Visitor]:
    """A stranger with a form's token, a learner and a member of staff with every role."""
    from bot.providers.base import NewAccount
    from bot.services.auth import passwords
    from bot.services.auth import sessions as learners_sessions
    from bot.services.staff import sessions, staff
    from handlers.console import cookies
    from handlers.web import cookies as portal_cookies
    from models.portal import PortalAccount
    from models.staff import Role, Stage
    from tests.factories import make_account, make_learner

    bot, now = app.extensions["bot"], datetime.now(UTC)

    def member(session: Any) -> Any:
        member_id, _ = staff.add(session, "Bench", "hostile", Role, staff.OPERATOR, now)
        return sessions.open_session(session, member_id, Stage.IN, now)

    account = bot.database.write(
        lambda session: make_account(session, make_learner(session, now), now)
    )
    bot.provider.create(
        NewAccount(account.id, account.username, "A B", "s@example.test", "th"), now
    )
    bot.provider.issue_password(account.id, passwords.draw_initial(), now)

    def learner(session: Any) -> Any:
        found = session.query(PortalAccount).one()
        found.initial_until = None
        return learners_sessions.open_session(session, found.id, now)

    seals = {
        "stranger": None,
        "learner": (portal_cookies.SESSION.name, bot.database.write(learner).seal(bot.cookie_keys)),
        "staff": (
            cookies.SESSION.name,
            bot.database.write(member).seal(bot.cookie_keys, cookies.PLACE),
        ),
    }
    pages = {
        "stranger": "/portal/sign-in",
        "learner": "/portal/account",
        "staff": "/console/learners",
    }
    return [visitor(app, who, seals[who], path) for who, path in pages.items()]


def visitor(app: Flask, who: str, sealed: tuple[str, str] | None, path: str) -> Visitor:
    client = app.test_client()
    if sealed is not None:
        client.set_cookie(*sealed, domain="bot.example.test", secure=True)
    answer = client.get(path, base_url=ORIGIN)
    token = re.search(r'name="token" value="([^"]+)"', answer.text)
    if token is None:
        raise RuntimeError(f"no form for {who}")
    cookies = [f"{cookie.key}={cookie.value}" for cookie in client._cookies.values()]
    return Visitor(app, who, "; ".join(cookies), token[1])


def headers(seen: list[Visitor]) -> Iterator[tuple[float, str]]:
    """Every header and cookie that is read anywhere, on pages of every kind.

    They are given to the application itself: the server in front lets only ASCII through, and
    refuses headers over 64 KiB.
    """
    for visited in seen:
        for method, path in PAGES:
            usual = visited.cost(method, path)
            for kind, text in (TEXTS | LISTS).items():
                # A server hands headers over in Latin-1 (PEP 3333). What is just below the bound of
                # a header is read; what lies over it is refused early.
                said = text.encode().decode("latin-1")
                sent = dict.fromkeys(HEADERS, said)
                for name in COOKIES:
                    sent[f"HTTP_COOKIE {name}"] = f"{name}={said}"
                for name, value in sent.items():
                    header = name.partition(" ")[0]
                    for given in (value, value[:8_000]):
                        cost = visited.cost(method, path, environ={header: given}) - usual
                        yield cost, f"{visited.who}: {method} {path} {name} {len(given)} {kind}"


def routes(app: Flask, seen: list[Visitor]) -> Iterator[tuple[float, str]]:
    """Every route with every field that it reads, and its address, for each of the visitors."""
    app.request_class.parameter_storage_class = Spied
    for visited in seen:
        for rule in app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield from fields(visited, method, re.sub(GAP, "1", rule.rule))
                if "<" in rule.rule:
                    yield from addresses(visited, method, rule.rule)


def fields(visitor: Visitor, method: str, path: str) -> Iterator[tuple[float, str]]:
    Spied.asked = set()
    # What the request costs by itself is not the text's: new recovery codes are ten hashes.
    usual = visitor.cost(method, path)
    for name in sorted(Spied.asked | {"token"}):
        for kind, text in TEXTS.items():
            # Also what is just below the bound of a value: what lies over it is refused early.
            for given in (text, text[:19_000]):
                cost = visitor.cost(method, path, **{name: given}) - usual
                yield cost, f"{visitor.who}: {method} {path} {name} of {len(given)} {kind}"


def addresses(visitor: Visitor, method: str, rule: str) -> Iterator[tuple[float, str]]:
    for kind in ("marks", "one mark", "digits", "letters"):
        cost = visitor.cost(method, re.sub(GAP, TEXTS[kind][:30_000], rule))
        yield cost, f"{visitor.who}: {method} {rule} with {kind}"


def readers() -> Iterator[tuple[float, str]]:
    """What reads a text of the chat, a cell of an import, or a form, by itself."""
    from bot.errors import InputError
    from bot.presentation import words
    from bot.services.auth import passwords, resets, sign_in
    from bot.services.people import inputs, names
    from bot.services.shared import codes

    named: dict[str, Callable[[str], Any]] = {
        "name": names.full_name, "nickname": names.nickname, "phone": inputs.phone,
        "email": inputs.email, "kept email": inputs.kept_email, "LINE ID": inputs.line_id,
        "none": inputs.means_none,
        "own password": lambda text: passwords.check_own(text, username="u"),
        "password given away": passwords.is_password, "four digits": resets.four_digits,
        "username": sign_in.normal_username, "move code": codes.read_move,
        "digits": codes.read_digits, "staff code": codes.read_staff,
        "guardian's code": lambda text: codes.read_guardian(text, with_word=False),
        "command": lambda text: words.command(text, None),
        "command in a note": lambda text: words.command(text, words.Heard.TEXT),
        "yes or no": lambda text: words.yes_or_no(text, yes="y", no="n"),
    }  # fmt: skip
    for name, reader in named.items():
        for kind, text in TEXTS.items():
            for given in (text, text[:LINE_TEXT]):

                def read(reader: Callable[[str], Any] = reader, given: str = given) -> None:
                    with contextlib.suppress(InputError):
                        reader(given)

                yield timed(read), f"{name}: {len(given)} {kind}"


def mails() -> Iterator[tuple[float, str]]:
    """What anybody may send to the mailbox of returned mails."""
    from bot.mail import reports
    from tests.mail.hostile import letters
    from tests.mail.returned import bounce

    for name, raw in letters():
        yield timed(lambda raw=raw: reports.read(raw)), f"{name}, {len(raw):,} bytes"
    whole = bounce(extra="X-Note: x", message_id="<a@b>").decode()
    of_words = "Return-Path: <>\r\nFrom: mailer-daemon@x\r\nSubject: x\r\n\r\nThe words."
    for letter in (whole, of_words):
        for field in [*re.findall(r"(?m)^([\w-]+): .*$", letter), "The words."]:
            for kind, text in TEXTS.items():
                given = f"{field}: {text}"
                raw = re.sub(f"(?m)^{field}.*$", lambda _, given=given: given, letter).encode()
                cost = timed(lambda raw=raw: reports.read(raw))
                yield cost, f"{field}: {len(text)} {kind}"


def imports() -> Iterator[tuple[float, str]]:
    """A list of two people with one hostile cell or heading, read as the dry run reads it."""
    from bot.errors import InputError
    from bot.services.learners import import_lines, import_words, imports, spreadsheets
    from models.imports_exports import Import

    header = [
        *("ชื่อ", "นามสกุล", "เบอร์โทร", "อีเมล", "Line ID", "อายุ", "วันเกิด", "ภาษา"),
        *("วันที่ยินยอม", "ข้อความยินยอม", "ช่องทาง", "รับข่าวสาร"),
    ]
    good = [
        *("สมหญิง", "ใจดี", "0812345678", "somying@gmail.com", "somying", "25", "1/2/2540", "th"),
        *("2026-10-01", "1", "กระดาษ", "รับ"),
    ]
    now = datetime(2026, 11, 23, tzinfo=UTC)

    def looked_at(content: bytes) -> None:
        with contextlib.suppress(InputError):
            table = imports.table_of(spreadsheets.decode(content))
            columns, row = import_words.guess(table.header), Import(columns={}, choices={})
            row.columns = {field.value: place for field, place in columns.items()}
            how = imports.reading_of(row, table)
            for number, cells in table.lines:
                import_lines.read(number, cells, columns, now, how)

    for kind, text in TEXTS.items():
        for given in (text, text[:LINE_TEXT], text[:300]):
            for place, name in enumerate(header):
                for where in ("cell", "heading"):
                    rows = [list(header), list(good), list(good)]
                    rows[where == "cell"][place] = given
                    out = io.StringIO(newline="")
                    csv.writer(out).writerows(rows)
                    content = out.getvalue().encode()
                    cost = timed(lambda content=content: looked_at(content))  # type: ignore[misc]
                    yield cost, f"import: {where} {name} of {len(given)} {kind}"
        yield timed(lambda text=text: looked_at(text.encode())), f"import: nothing but {kind}"  # type: ignore[misc]


def expressions() -> Iterator[tuple[float, str]]:
    """Every compiled expression of ours on nearly right texts of the length that reaches it."""
    from bot.presentation import words
    from bot.services.shared import politeness

    # These look at a length first; the readers above are given what is longer.
    guarded = {
        "bot.presentation.words": words._MOST_READ,
        "bot.services.people.names": politeness.LONGEST,
        "bot.services.people.answers": politeness.LONGEST,
        "bot.services.shared.politeness": politeness.LONGEST,
    }
    for module, name, pattern in compiled():
        worst, what, used = 0.0, "", usage(module, name, pattern)
        most = guarded.get(module, LINE_TEXT)
        for piece in PIECES:
            for word in WORDS:
                for end in ("", "!"):
                    cost, size = 0.0, most // 8
                    while size <= most and cost < TEXT_BOUND * 3:
                        text: Any = word + piece * (size // len(piece)) + end
                        if isinstance(pattern.pattern, bytes):
                            text = text.encode()
                        began = time.thread_time()
                        used(text)
                        cost = (time.thread_time() - began) * 1000
                        if cost > worst:
                            worst, what = (
                                cost,
                                f"{word!r} + {piece!r} x {size // len(piece)} + {end!r}",
                            )
                        size *= 2
        yield worst, f"{module} {name}: {what}"


def usage(module: str, name: str, pattern: re.Pattern[Any]) -> Callable[[Any], Any]:
    """How its module uses an expression; from every place of a text unless only from its start."""
    source = inspect.getsource(importlib.import_module(module))
    if re.search(rf"\b{name}\.(?:search|sub|findall|finditer|split)\(", source):
        return pattern.search
    return pattern.match if f"{name}.match(" in source else pattern.fullmatch


def compiled() -> Iterator[tuple[str, str, re.Pattern[Any]]]:
    seen = set()
    for root in ("bot", "handlers", "models", "simulator"):
        package = importlib.import_module(root)
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            if "migrations" in found.name:
                continue
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                for pattern in value if isinstance(value, list | tuple) else [value]:
                    if isinstance(pattern, re.Pattern) and pattern not in seen:
                        seen.add(pattern)
                        yield found.name, name, pattern


if __name__ == "__main__":
    sys.exit(main())
