"""A cheap stand-in for api.line.me with a fixed latency and a memory of when each reply came."""

import argparse
import gc
import json
import select
import signal
import socket
import sys
import time
from collections import Counter, deque
from urllib.parse import parse_qs, urlsplit

from benchmarks.http1 import Message, take_message
from benchmarks.line_sendings import Sendings
from benchmarks.traffic import TOKEN_PREFIX

MAX_MESSAGES = 5
OK = b"HTTP/1.1 200 OK\r\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\n"
HEADERS = (
    b"Content-Type: application/json\r\n"
    b"x-line-request-id: 5b59509c-c57b-11e9-aa8c-2a2ae2dbcce4\r\nContent-Length: %d\r\n\r\n"
)
FIXED = {
    "/v2/bot/info": {
        "userId": "U" + "0" * 32,
        "basicId": "@bench",
        "displayName": "bench",
        "chatMode": "bot",
        "markAsReadMode": "auto",
    },
    "/v2/bot/message/quota": {"type": "none"},
    "/v2/bot/message/quota/consumption": {"totalUsage": 0},
}
SENDINGS = {"/v2/bot/message/push": "push", "/v2/bot/message/multicast": "multicast"}
TOKEN_ANSWER = {"token_type": "Bearer", "access_token": "bench-token", "expires_in": 2592000}


class Connection:
    __slots__ = ("closes", "inbox", "sock", "unsent")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.inbox = b""
        self.unsent = b""
        self.closes = False


class LineStub:
    def __init__(self, port: int, latency: float) -> None:
        self.latency = latency
        self.connections: dict[int, Connection] = {}
        # One latency for all, so the answers leave in the order in which they were asked for.
        self.waiting: deque[tuple[float, Connection, bytes, bool]] = deque()
        self.listener = socket.create_server(("127.0.0.1", port), backlog=4096)
        self.listener.setblocking(False)
        # Woken once for a new connection, when its first request is there, and not twice.
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
        # Accepted sockets inherit it.
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.poll = select.epoll()
        self.poll.register(self.listener.fileno(), select.EPOLLIN)
        self.reset()

    def reset(self) -> None:
        self.times: dict[str, float] = {}
        self.sendings = Sendings()
        self.calls: Counter[str] = Counter()
        self.duplicates = self.unknown = self.malformed = self.sent_messages = 0
        self.cpu_before, self.wall_before = time.process_time(), time.monotonic()

    def serve(self) -> None:
        listening = self.listener.fileno()
        while True:
            timeout = max(0.0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            for fd, events in self.poll.poll(timeout):
                if fd == listening:
                    self.accept()
                elif (connection := self.connections.get(fd)) is not None:
                    if events & select.EPOLLOUT:
                        self.send(connection)
                    if events & ~select.EPOLLOUT:
                        self.receive(connection)
            now = time.monotonic()
            while self.waiting and self.waiting[0][0] <= now:
                _, connection, answer, closes = self.waiting.popleft()
                self.give(connection, answer, closes)

    def accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except BlockingIOError:
            return
        connection = self.connections[sock.fileno()] = Connection(sock)
        self.poll.register(sock.fileno(), select.EPOLLIN)
        self.receive(connection)

    def receive(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(262144, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(connection)
            return
        connection.inbox = connection.inbox + data if connection.inbox else data
        while connection.inbox:
            message = take_message(connection.inbox)
            if message is None:
                return
            connection.inbox = message.rest
            self.take(connection, message)

    def take(self, connection: Connection, message: Message) -> None:
        now = time.monotonic()
        verb, target, _ = message.first_line.decode("latin-1").split(" ", 2)
        is_control = target.startswith("/__")
        if is_control:
            line, payload = OK, self.control(target)
        else:
            line, payload = self.answer(verb, target, message.head, message.body, now)
        body = json.dumps(payload).encode()
        answer = line + HEADERS % len(body) + body
        if is_control or not self.latency:
            self.give(connection, answer, message.closes)
        else:
            self.waiting.append((now + self.latency, connection, answer, message.closes))

    def control(self, target: str) -> dict[str, object]:
        url = urlsplit(target)
        if url.path == "/__seconds":
            return {kind: self.sendings.seconds(kind) for kind in self.sendings.accepted}
        if url.path == "/__times":
            return dict(self.times)
        if url.path == "/__reset":
            self.reset()
            if latency := parse_qs(url.query).get("latency_ms"):
                self.latency = float(latency[0]) / 1000
        wall = time.monotonic() - self.wall_before
        return {
            "count": len(self.times),
            "duplicates": self.duplicates,
            "unknown": self.unknown,
            "malformed": self.malformed,
            "messages": self.sent_messages,
            "calls": dict(self.calls),
            "sendings": self.sendings.figures(),
            "latency_ms": self.latency * 1000,
            "cpu_seconds": time.process_time() - self.cpu_before,
            "wall_seconds": wall,
        }

    def answer(
        self, verb: str, target: str, head: bytes, body: bytes, now: float
    ) -> tuple[bytes, object]:
        path = target.partition("?")[0]
        if path == "/v2/bot/message/reply":
            self.calls["reply"] += 1
            return self.reply(body, now)
        if (kind := SENDINGS.get(path)) is not None:
            self.calls[kind] += 1
            return self.sendings.take(kind, head, body, now)
        if path.startswith("/v2/bot/profile/"):
            self.calls["profile"] += 1
            return OK, {"userId": path[16:], "displayName": "Bench", "language": "th"}
        self.calls[f"{verb} {path}"] += 1
        if path == "/v2/bot/chat/loading/start":
            return ACCEPTED, {}
        if "/oauth" in path:
            return OK, TOKEN_ANSWER
        return OK, FIXED.get(path, {})

    def reply(self, body: bytes, now: float) -> tuple[bytes, object]:
        try:
            request = json.loads(body)
            token, messages = request["replyToken"], len(request["messages"])
        except (ValueError, KeyError, TypeError):
            token, messages = "", 0
        if not 1 <= messages <= MAX_MESSAGES:
            self.malformed += 1
            return BAD_REQUEST, {"message": "The request body has 1 error(s)"}
        if not token.startswith(TOKEN_PREFIX):
            self.unknown += 1
            return BAD_REQUEST, {"message": "Invalid reply token"}
        if token in self.times:
            self.duplicates += 1
            return BAD_REQUEST, {"message": "Invalid reply token"}
        self.times[token] = now
        return self.sent(messages)

    def sent(self, messages: int) -> tuple[bytes, object]:
        first = self.sent_messages
        self.sent_messages += messages
        numbers = range(first, first + messages)
        return OK, {
            "sentMessages": [
                {"id": str(461230966842064897 + n), "quoteToken": f"q{n}"} for n in numbers
            ]
        }

    def give(self, connection: Connection, answer: bytes, closes: bool) -> None:
        connection.closes = connection.closes or closes
        if connection.unsent:
            connection.unsent += answer
            return
        connection.unsent = answer
        self.send(connection)

    def send(self, connection: Connection) -> None:
        if connection.sock.fileno() < 0:  # the caller left before the answer was due
            return
        try:
            count = connection.sock.send(connection.unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            count = 0
        except OSError:
            self.drop(connection)
            return
        was_partial = len(connection.unsent) - count
        connection.unsent = connection.unsent[count:] if was_partial else b""
        if was_partial:
            self.poll.modify(connection.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)
        elif connection.closes:
            self.drop(connection)

    def drop(self, connection: Connection) -> None:
        fd = connection.sock.fileno()
        if fd >= 0:
            self.connections.pop(fd, None)
            connection.sock.close()  # which also ends its registration


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gc.disable()  # nothing here makes cycles, and a pause would look like the bot's own
    LineStub(options.port, options.latency_ms / 1000).serve()


if __name__ == "__main__":
    main()
