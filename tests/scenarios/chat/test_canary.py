"""Canaries: what people tell us is nowhere in the clear, neither at rest nor in a log."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from simulator.people import known_user_id
from tests.servers import Details, LiveChat, Product, Visitor, path_of, product

pytestmark = pytest.mark.sql

DETAILS = Details(
    "กมลวรรณ สุขเกษมศานต์", "089-576-4132", "kamonwan.canary7@example.com", "kamon.k4nary"
)
TYPED_IN_CHAT = "กระต่ายสีม่วงกินแตงโม"
OWN_PASSWORD = "แมวเจ็ดตัว jump over 31 fences"
CONTROL = "everyday-english"  # a course's id, which stands in lesson_progress as it is
HASHES = ("md5", "sha1", "sha256")
# Only the digest of these is stored: with 256 bits of chance in them it gives nothing away.
DIGESTED = {"one-time token"}
TOKEN = re.compile(r'name="token" value="([^"]+)"')


def forms(canary: str) -> Iterator[tuple[str, bytes]]:
    """Every way in which these words could have been written down."""
    plain = canary.encode()
    encoded = {
        "UTF-8": plain,
        "UTF-16LE": canary.encode("utf-16-le"),
        "UTF-16BE": canary.encode("utf-16-be"),
        "TIS-620": canary.encode("cp874", "ignore"),
    }
    for name, raw in encoded.items():
        yield name, raw
        for start in range(3):  # wherever it begins in a longer text that was encoded as a whole
            piece = raw[start:]
            piece = piece[: len(piece) - len(piece) % 3]
            for kind, made in (
                ("base64", base64.b64encode(piece)),
                ("base64url", base64.urlsafe_b64encode(piece)),
            ):
                yield f"{kind} of {name}", made
        yield f"hex of {name}", raw.hex().encode()
    yield "percent", quote(canary, safe="").encode()
    yield "percent, lower case", quote(canary, safe="").lower().encode()
    yield "form", quote_plus(canary).encode()
    yield "JSON", json.dumps(canary)[1:-1].encode()
    yield "HTML", html.escape(canary).encode()
    yield "repr of bytes", repr(plain)[2:-1].encode()
    for algorithm in HASHES:
        hashed = hashlib.new(algorithm, plain, usedforsecurity=False)
        yield algorithm, hashed.hexdigest().encode()
        yield f"{algorithm}, raw", hashed.digest()


def hits(canaries: dict[str, str], places: dict[str, bytes]) -> list[str]:
    """Where a canary sings, and in which form."""
    return [
        f"{name} as {form} in {place}"
        for name, canary in canaries.items()
        for form, raw in set(forms(canary))
        if len(raw) >= 4 and not (name in DIGESTED and form.startswith(HASHES))
        for place, content in places.items()
        if raw in content
    ]


class Witness:
    """Looks at everything that the product has written, as often as it is told to."""

    def __init__(self, made: Product, directory: Path) -> None:
        self.made = made
        self.directory = directory
        self.places: dict[str, bytes] = {}

    def looks(self, when: str) -> None:
        found = self.files() if self.made.database_url.startswith("sqlite") else self.dump()
        for process in (self.made.web, self.made.worker):
            if process.log.exists():
                found[process.log.name] = process.log.read_bytes()
        self.places |= {f"{place} ({when})": content for place, content in found.items()}

    def files(self) -> dict[str, bytes]:
        found = {path.name: path.read_bytes() for path in self.directory.glob("bot.db*")}
        assert {"bot.db", "bot.db-wal", "bot.db-shm"} <= set(found)
        return found

    def dump(self) -> dict[str, bytes]:
        """All rows of all tables as PostgreSQL writes them out, text and binary."""
        engine = create_engine(self.made.database_url, poolclass=NullPool)
        found: dict[str, bytes] = {}
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            for table in inspect(connection).get_table_names():
                for kind in ("text", "binary"):
                    with driver.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT {kind})') as rows:
                        found[f"{table}, {kind}"] = b"".join(bytes(part) for part in rows)
        return found  # the text form writes bytes as hex; they stand as they are in the binary one


def submit(visitor: Visitor, page: str, action: str, **form: str) -> int:
    shown = visitor.get(page)
    token = TOKEN.search(shown.text)
    assert token, f"no form on {page}: {shown.status}"
    return visitor.post(action, {"token": token[1], **form}).status


def element(page: str, name: str) -> str:
    found = re.search(rf'id="{name}"[^>]*>([^<]+)<', page)
    assert found, f"no {name} on the page"
    return html.unescape(found[1])


def test_nothing_of_a_person_is_in_the_clear(database_url: str, tmp_path: Path) -> None:
    """From hello to a finished lesson; looked at while details wait in a draft, and at the end."""
    with product(database_url, tmp_path) as (made, platform):
        made.start(worker=not database_url.startswith("sqlite"))
        witness = Witness(made, tmp_path)
        chat = LiveChat(platform, "คนในห้องเรียน")
        t = chat.t
        chat.fills_in(DETAILS)
        witness.looks("draft")
        chat.taps(t("Confirm and register"))
        path = path_of(str(chat.sees(t("Show my password"))["uri"]))
        platform.faults.add("reply", "500")  # what goes wrong is logged
        chat.says(TYPED_IN_CHAT)
        forged = json.dumps({"destination": "x", "events": [{"message": {"text": TYPED_IN_CHAT}}]})
        assert made.visitor().post_raw("/line/webhook", forged.encode()).status == 400
        witness.looks("registered")
        visitor = made.visitor()
        assert visitor.get(path).status == 200
        opened = visitor.post(path)
        username = element(opened.text, "username")
        initial = element(opened.text, "password")
        sign_in = "/portal/sign-in"
        assert (
            submit(visitor, sign_in, sign_in, username=username, password="wrong-Pass-8461") == 403
        )
        assert submit(visitor, sign_in, sign_in, username=username, password=initial) == 303
        session = visitor.cookies["__Host-session"]
        password = "/portal/password"
        assert submit(visitor, password, password, chosen=OWN_PASSWORD, again=OWN_PASSWORD) == 303
        later = visitor.cookies["__Host-session"]
        lesson = re.search(
            rf"/portal/courses/{CONTROL}/[a-z0-9-]+", visitor.get(f"/portal/courses/{CONTROL}").text
        )
        assert lesson
        assert submit(visitor, lesson[0], f"{lesson[0]}/done") == 303
        witness.looks("lesson")
        assert submit(visitor, "/portal/account", "/portal/log-out") == 303
        chat.taps(t("My account"))
        witness.looks("end")
        canaries = {
            "name": DETAILS.name,
            "surname": DETAILS.name.split()[1],
            "phone as shown": DETAILS.phone,
            "phone as E.164": "+66895764132",
            "phone, digits": "0895764132",
            "phone, national": "895764132",
            "e-mail": DETAILS.email,
            "e-mail, local part": DETAILS.email.split("@")[0],
            "LINE ID": DETAILS.line_id,
            "LINE userId": known_user_id("คนในห้องเรียน"),
            "chat text": TYPED_IN_CHAT,
            "initial password": initial,
            "initial password, bare": initial.replace("-", ""),
            "wrong password": "wrong-Pass-8461",
            "own password": OWN_PASSWORD,
            "one-time token": path.removeprefix("/s/").partition("?")[0],
            "session cookie": session,
            "session cookie after the choice": later,
            **{
                f"secret {name}": value
                for name, value in made.environment().items()
                if name in {"SECRET_KEY", "LINE_CHANNEL_SECRET", "LINE_CHANNEL_ACCESS_TOKEN"}
            },
            "data key": made.environment()["DATA_KEYS"].partition(":")[2],
        }
        assert hits(canaries, witness.places) == []
        # The search bites: what may stand in the clear is found by the very same search.
        control = hits({"course": CONTROL, "username": username}, witness.places)
        assert any("course as UTF-8" in hit for hit in control)
        assert any("username as UTF-8" in hit for hit in control)
        digest = hashlib.sha256(canaries["one-time token"].encode()).hexdigest().encode()
        assert any(digest in content for content in witness.places.values())
        # And the log was written to, or its silence would prove nothing.
        log = made.web.output()
        assert "webhook.bad_signature" in log
        assert "reply.refused" in log
        sent = json.dumps([call.body for call in platform.calls], ensure_ascii=False, default=str)
        assert initial not in sent
        assert OWN_PASSWORD not in sent


@pytest.mark.parametrize("form", sorted({name for name, _ in forms("ทดสอบ canary 12")}))
def test_the_search_finds_every_form(form: str) -> None:
    canary = "ทดสอบ canary 12"
    for raw in (raw for name, raw in forms(canary) if name == form):
        assert hits({"x": canary}, {"file": b"\x00\x17" + raw + b"\xff"})


@pytest.mark.parametrize("offset", range(5))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp874"])
def test_the_search_finds_it_inside_longer_encoded_texts(encoding: str, offset: int) -> None:
    canary = "กมลวรรณ สุขเกษมศานต์"
    longer = b"x" * offset + canary.encode(encoding) + b"and more"
    assert hits({"x": canary}, {"file": base64.b64encode(longer)})


def test_the_dump_sees_what_stands_in_the_clear(database_url: str, tmp_path: Path) -> None:
    """A value written without sealing is found in the raw database of either kind."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO throttle (key, at) VALUES (:key, '2026-11-23 00:00:00+00:00')"),
            {"key": DETAILS.email},
        )
    with product(database_url, tmp_path) as (made, _platform):
        made.start()
        witness = Witness(made, tmp_path)
        witness.looks("now")
        assert hits({"e-mail": DETAILS.email}, witness.places)
