"""10,000 seeded requests over every route, well-formed and garbage: nothing of it is our fault.

By a stranger, a learner and a member of staff; some of them on PostgreSQL, which takes less.
Every run asks each route once on either database; the thousands are long by nature.
"""

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import create_app
from bot.settings import ROOT, Settings
from models.staff import Role
from tests.databases import fresh
from tests.portal.conftest import TOKEN, Browser, Pupil
from tests.samples import sampled

IN_EACH = 500
SEEDS = [*(("sqlite", seed) for seed in range(17)), *(("postgres", seed) for seed in range(17, 20))]
ONCE = [("sqlite", 100), ("postgres", 101)]  # these ask each route once
# What ends the session of whoever asks for it.
LEAVING = ("/portal/log-out", "/console/sign-out", "/console/me/")
METHODS = ("GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
FIELD = re.compile(r'name="(\w+)"')
EVIL = (
    "",
    "x",
    "0",
    "-1",
    "๑๒๓๔",
    "1234",
    "0" * 32,
    "f" * 64,
    "a" * 5000,
    "ก" * 300,
    "ก\u0e33่\u0e34",
    "\x00",
    "a\x00b",
    "a\r\nSet-Cookie: x=y",
    "' OR 1=1 --",
    '"><script>alert(1)</script>',
    "{{ 7*7 }}{link}{0}%s%n",
    "../../../etc/passwd",
    "%00%0d%0a",
    "\u202eevil\u2066",
    "😀" * 70,
    "\ud800",
    "a@b.example",
    "สมชาย@ตัวอย่าง.ไทย",
    "2026-13-99",
    "9" * 400,
    "9" * 5000,
    "1e309",
    "null",
)
TYPES = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/json",
    "text/plain; charset=nonsense",
    "",
)
HEADERS: dict[str, tuple[str, ...]] = {
    "Sec-Fetch-Site": ("same-origin", "none", "cross-site", "garbage"),
    "Origin": ("https://bot.example.test", "https://evil.example", "null", "\x7f"),
    "Accept-Language": ("th", "en;q=0.5,*", "xx;q=banana", "," * 200),
    "Range": ("bytes=0-0", "bytes=9-1", "bytes=-"),
    "If-None-Match": ('"x"', "*", '"'),
    "Content-Length": ("0", "-1", "99999999999999999999", "abc"),
    "Cookie": ("__Host-session=garbage", "__Host-session=" + "A" * 5000, "=;;=", "lang=\xff"),
    "Host": ("evil.example", "bot.example.test:99999", "[::1"),
    "X-Forwarded-For": ("1.2.3.4", "not an address", ","),
    "X-Line-Signature": ("", "AAAA", "é"),
    "List-Unsubscribe": ("One-Click",),
    "Transfer-Encoding": ("chunked",),
}


def encoded(value: str) -> str:
    """As a client that checks nothing would put it into an address."""
    return quote(value, safe="", errors="surrogatepass")


class Fuzz:
    """Draws requests from one seed, so that a failure can be had again."""

    def __init__(self, seed: int, rules: list[Rule], fields: list[str], real: list[str]) -> None:
        self.draw = random.Random(seed)
        self.rules, self.fields, self.real = rules, fields, real

    def value(self) -> str:
        return self.draw.choice(self.real if self.draw.random() < 0.4 else EVIL)

    def path(self, rule: Rule) -> str:
        path = re.sub(r"<(?:\w+:)?\w+>", lambda _: encoded(self.value()) or "x", rule.rule)
        if self.draw.random() < 0.3:
            path += f"?lang={self.draw.choice(('th', 'en', 'xx', encoded(self.value())))}"
        return path

    def request(self, token: str, rule: Rule | None = None) -> dict[str, Any]:
        """Anything at all; of a route that is named, with a method that it takes."""
        draw = self.draw
        method = draw.choice(sorted(rule.methods or METHODS) if rule else METHODS)
        path = self.path(rule or draw.choice(self.rules))
        made: dict[str, Any] = {"method": method, "path": path, "headers": {}}
        for name in draw.sample(sorted(HEADERS), k=draw.choice((0, 0, 1, 2, 4))):
            made["headers"][name] = draw.choice(HEADERS[name])
        if made["method"] in {"POST", "PUT", "PATCH", "DELETE"}:
            kind = draw.random()
            if kind < 0.7:
                names = draw.sample(self.fields, k=min(len(self.fields), draw.randint(0, 8)))
                form = {name: self.value() for name in names}
                if draw.random() < 0.7:
                    form["token"] = token
                made["data"] = {k: v.encode("utf-8", "surrogatepass") for k, v in form.items()}
            else:
                made["data"] = draw.randbytes(draw.choice((0, 1, 40, 3000)))
                if kind > 0.85:
                    made["data"] = draw.choice((b"{}", b"[]", b'{"events":[]}', b"[[[[[", b"\xff"))
                made["content_type"] = draw.choice(TYPES)
        return made


@pytest.fixture
def database_url(kind: str, tmp_path: Path) -> Any:
    """Of the kind that the test names."""
    with fresh(kind, tmp_path) as url:
        yield url


@pytest.fixture
def app(settings: Settings, clock: Any) -> Any:
    """With the simulator, so that its routes are among them."""
    made = create_app(replace(settings, simulator=True), clock=clock)
    made.extensions["platform"].deliver = lambda body, headers: 200
    yield made
    made.extensions["bot"].close()


def form_fields() -> list[str]:
    """Every field name that stands in a template of ours, without the form token."""
    found = {
        name
        for path in (ROOT / "handlers").rglob("templates/**/*.html")
        for name in FIELD.findall(path.read_text(encoding="utf-8"))
    }
    return sorted(found - {"token", "viewport", "robots", "description"})


@pytest.mark.parametrize(("kind", "seed"), sampled([*ONCE, *SEEDS], ONCE))
def test_no_request_is_answered_with_a_fault_of_ours(
    kind: str,
    seed: int,
    app: Flask,
    browser: Browser,
    settled: Pupil,
    enrol: Any,
    new_link: Any,
    console: Any,
    capfd: Any,
) -> None:
    rules = list(app.url_map.iter_rules())
    assert len(rules) > 40
    one_time = new_link(enrol().account_id).removeprefix("/s/").split("?")[0]
    real = ["everyday-english", "greetings", "portal.css", "1", one_time, settled.username]
    fuzz = Fuzz(seed, rules, form_fields(), real)
    stranger = Browser(app.test_client(), "198.51.100.9")
    desk = console(*Role)
    visitors = (browser, desk, stranger)
    pages = {browser: "/portal/account", desk: "/console/me/password"}
    tokens = {who: TOKEN.search(who.get(page).text)[1] for who, page in pages.items()}  # type: ignore[index]
    held = {who: who.cookie() or "" for who in pages}
    statuses: dict[int, int] = {}
    asked = rules if (kind, seed) in ONCE else [None] * IN_EACH
    for rule in asked:
        visitor = fuzz.draw.choices(visitors, (4, 4, 2))[0]
        wanted = fuzz.request(tokens.get(visitor, tokens[browser]), rule)
        if wanted["path"].startswith(LEAVING):
            visitor = stranger
        path = wanted.pop("path")
        answer = visitor.request(wanted.pop("method"), path, **wanted)
        answer.get_data()
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        is_told = answer.status_code == 501 or path.startswith("/readyz")  # nobody works here
        assert answer.status_code < 500 or is_told, (path, wanted)
        answer.close()
        if visitor in held:
            visitor.set_cookie(held[visitor])  # a garbage cookie is answered with a new visitor's
    assert sum(statuses.values()) == len(asked)
    assert {200, 404} <= set(statuses), statuses
    for who, page in pages.items():
        assert who.get(page).status_code == 200, "nobody was signed in any more"
    assert "Traceback" not in "".join(capfd.readouterr())
