"""A small strict IMAP server (RFC 3501, MOVE of RFC 6851) with a will of its own.

It knows what a reader of mailboxes needs and answers BAD to everything else, so that a slip in
our half of the conversation fails a test. `cuts` breaks the connection at the n-th command of a
name (in the middle of the answer, where that is a letter), `hangs` says nothing there any more.
"""

import asyncio
import base64
import re
import shlex
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext, SSLError
from typing import Any
from urllib.parse import quote

HOST = "127.0.0.1"
USER, PASSWORD = "bounces@school.example", 'p@ss "w\\ord"'


@dataclass
class Stored:
    """One letter in a folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)
    claims: int = 0  # bytes that the server says it has; 0: as many as it has


class ImapBox:
    """The folders of one account, and how the server behaves."""

    def __init__(
        self,
        *,
        has_move: bool = True,
        makes_folders: bool = True,
        cuts: dict[str, int] | None = None,
        hangs: dict[str, int] | None = None,
        password: str = PASSWORD,
    ) -> None:
        self.password = password
        self.folders: dict[str, list[Stored]] = {"INBOX": []}
        self.validity = 7
        self.has_move, self.makes_folders = has_move, makes_folders
        self.cuts, self.hangs = cuts or {}, hangs or {}
        self.heard: list[str] = []  # commands, without what stands in them
        self.complaints: list[str] = []  # what we said wrong
        self.said_in_clear: list[str] = []
        self._next = 1

    def put(self, raw: bytes, folder: str = "INBOX") -> int:
        """Deliver a letter; its number grows over all folders."""
        uid, self._next = self._next, self._next + 1
        self.folders.setdefault(folder, []).append(Stored(uid, raw))
        return uid

    def numbers(self, folder: str = "INBOX") -> list[int]:
        return [letter.uid for letter in self.folders.get(folder, [])]

    def letter(self, uid: int) -> Stored:
        """A letter, wherever it is."""
        [found] = [each for kept in self.folders.values() for each in kept if each.uid == uid]
        return found


class _Gone(Exception):
    """The conversation ends here."""


class _Conversation:
    """One client."""

    def __init__(
        self,
        box: ImapBox,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        starttls: SSLContext | None,
    ) -> None:
        self.box, self.reader, self.writer, self.starttls = box, reader, writer, starttls
        self.counts: Counter[str] = Counter()
        self.is_secure = writer.get_extra_info("ssl_object") is not None
        self.is_in = False
        self.folder: str | None = None
        self.tag = ""

    async def run(self) -> None:
        self.say("* OK ready")
        while True:
            line = await self.reader.readline()
            if not line.endswith(b"\r\n"):
                return
            self.tag, _, rest = line.decode("ascii").strip().partition(" ")
            command, _, arguments = rest.partition(" ")
            if command.upper() == "UID":
                command, _, arguments = arguments.partition(" ")
                command = f"UID {command}"
            name = command.upper()
            self.box.heard.append(name)
            if not self.is_secure:
                self.box.said_in_clear.append(name)
            await self.misbehave(name.removeprefix("UID "))
            act = getattr(self, f"do_{name.lower().replace(' ', '_')}", None)
            try:
                answer = await act(arguments) if act else self.wrong(f"unknown: {name}")
            except ValueError:
                answer = self.wrong(f"{name}: {arguments}")
            if answer:
                self.say(f"{self.tag} {answer}")
            await self.writer.drain()
            if name == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.writer.write(f"{line}\r\n".encode())

    def wrong(self, what: str) -> str:
        self.box.complaints.append(what)
        return "BAD I do not understand"

    async def misbehave(self, name: str) -> None:
        self.counts[name] += 1
        if self.box.hangs.get(name) == self.counts[name]:
            await asyncio.Event().wait()
        if self.box.cuts.get(name) == self.counts[name] and name != "FETCH":
            raise _Gone

    def letters(self) -> list[Stored]:
        if self.folder is None:
            raise ValueError("nothing selected")
        return self.box.folders[self.folder]

    async def do_capability(self, arguments: str) -> str:
        extra = " MOVE" if self.box.has_move else ""
        tls = " STARTTLS" if self.starttls and not self.is_secure else ""
        self.say(f"* CAPABILITY IMAP4rev1 AUTH=PLAIN{extra}{tls}")
        return "OK done"

    async def do_starttls(self, arguments: str) -> str:
        if self.starttls is None or self.is_secure:
            return "NO not here"
        self.say(f"{self.tag} OK begin")
        await self.writer.drain()
        await self.writer.start_tls(self.starttls)
        self.is_secure = True
        return ""

    async def do_login(self, arguments: str) -> str:
        user, password = _words(arguments)
        return self._enter(user, password)

    async def do_authenticate(self, arguments: str) -> str:
        if arguments != "PLAIN":
            raise ValueError(arguments)
        self.say("+ ")
        await self.writer.drain()
        given = base64.b64decode((await self.reader.readline()).strip()).decode()
        _, user, password = given.split("\0")
        return self._enter(user, password)

    def _enter(self, user: str, password: str) -> str:
        if self.is_in:
            return self.wrong("already in")
        self.is_in = (user, password) == (USER, self.box.password)
        return "OK welcome" if self.is_in else "NO [AUTHENTICATIONFAILED] bounces@school.example?"

    async def do_select(self, arguments: str) -> str:
        [folder] = _words(arguments)
        if not self.is_in:
            raise ValueError("not in")
        self.folder = None
        if folder not in self.box.folders:
            return "NO [NONEXISTENT] no such folder"
        self.folder = folder
        self.say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self.say(f"* {len(self.letters())} EXISTS")
        self.say("* 0 RECENT")
        self.say(f"* OK [UIDVALIDITY {self.box.validity}] ok")
        self.say(f"* OK [UIDNEXT {self.box._next}] ok")
        return "OK [READ-WRITE] selected"

    async def do_create(self, arguments: str) -> str:
        [folder] = _words(arguments)
        if folder in self.box.folders or not self.box.makes_folders:
            return "NO cannot be made"
        self.box.folders[folder] = []
        return "OK made"

    async def do_uid_search(self, arguments: str) -> str:
        found, words = list(self.letters()), arguments.split()
        while words:
            key = words.pop(0).upper()
            if key == "UID":
                low, _, high = words.pop(0).partition(":")
                if high != "*":
                    raise ValueError(high)
                last = max((each.uid for each in found), default=0)
                first = min(int(low), last)  # RFC 3501, 6.4.8: `*` is the last one, always
                found = [each for each in found if first <= each.uid]
            elif key == "UNDELETED":
                found = [each for each in found if "\\Deleted" not in each.flags]
            else:
                raise ValueError(key)
        self.say("* SEARCH " + " ".join(str(each.uid) for each in reversed(found)))
        return "OK done"

    async def do_uid_fetch(self, arguments: str) -> str:
        uid, _, parts = arguments.partition(" ")
        cut = re.fullmatch(r"\(BODY\.PEEK\[(HEADER|)\]<(\d+)\.(\d+)>\)", parts)
        if cut is None and parts != "(RFC822.SIZE)":
            raise ValueError(parts)
        for number, letter in enumerate(self.letters(), 1):
            if letter.uid == int(uid) and cut is None:
                size = letter.claims or len(letter.raw)
                self.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {size})")
            elif letter.uid == int(uid) and cut is not None:
                start, most = int(cut[2]), int(cut[3])
                whole = letter.raw
                if cut[1]:
                    whole = whole[: whole.find(b"\r\n\r\n") + 4]
                raw = whole[start : start + most]
                said = f"* {number} FETCH (UID {uid} BODY[{cut[1]}]<{start}> {{{len(raw)}}}\r\n"
                self.writer.write(said.encode())
                if self.box.cuts.get("FETCH") == self.counts["FETCH"]:
                    self.writer.write(raw[: len(raw) // 2])
                    await self.writer.drain()
                    raise _Gone
                self.writer.write(raw + b")\r\n")
        return "OK done"

    async def do_uid_store(self, arguments: str) -> str:
        found = re.fullmatch(r"(\d+) \+FLAGS \(([^)]+)\)", arguments)
        if found is None:
            raise ValueError(arguments)
        for letter in self.letters():
            if letter.uid == int(found[1]):
                letter.flags |= set(found[2].split())
        return "OK done"

    async def do_uid_move(self, arguments: str) -> str:
        if not self.box.has_move:
            raise ValueError("not offered")
        uid, target = _words(arguments)
        if target not in self.box.folders:
            return "NO [TRYCREATE] no such folder"
        moved = [each for each in self.letters() if each.uid == int(uid)]
        for letter in moved:
            number = self.letters().index(letter) + 1
            self.letters().remove(letter)
            self.box.folders[target].append(letter)
            self.say(f"* {number} EXPUNGE")
        return "OK done"

    async def do_logout(self, arguments: str) -> str:
        self.say("* BYE until later")
        return "OK bye"


def _words(text: str) -> list[str]:
    """Quoted strings and atoms."""
    return shlex.split(text)


class ImapServer:
    """Serves a box on a free loopback port, in a thread of its own."""

    def __init__(
        self, box: ImapBox, *, tls: SSLContext | None = None, starttls: SSLContext | None = None
    ) -> None:
        self.box, self.port = box, 0
        self._tls, self._starttls = tls, starttls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="imap", daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The address for IMAP_URL."""
        return f"imap://{quote(USER)}:{quote(PASSWORD)}@{HOST}:{self.port}/INBOX"

    def start(self) -> None:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._talk, HOST, 0, ssl=self._tls))
        self.port = int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Conversation(self.box, reader, writer, self._starttls)
        try:
            with suppress(_Gone, ConnectionError):
                await talk.run()
            writer.close()
            with suppress(ConnectionError, SSLError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(3):  # transports close in the next turns of the loop
            await asyncio.sleep(0)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


@contextmanager
def serve_imap(box: ImapBox, **options: Any) -> Iterator[ImapServer]:
    """A running server, stopped afterwards."""
    server = ImapServer(box, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
