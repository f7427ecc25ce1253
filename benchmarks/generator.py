"""The load generator's engine: raw sockets, one epoll, requests that were built beforehand."""

import errno
import select
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Sequence

from benchmarks.http1 import Message, take_message

PATIENCE = 20.0  # seconds to wait for the last answers
TROUBLE_LIMIT = 2000


class Connection:
    __slots__ = ("inbox", "number", "requests", "sock", "unsent", "writes")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.inbox = b""
        self.unsent = b""
        self.number = -1  # the request it carries
        self.requests = 0
        self.writes = False


class Generator:
    """Sends each request once; `begun` is when it was due, `ended` when its answer was in."""

    def __init__(self, address: tuple[str, int], requests: Sequence[bytes]) -> None:
        self.address = address
        self.requests = requests
        self.poll = select.epoll()
        self.connections: dict[int, Connection] = {}
        self.idle: list[Connection] = []
        self.begun = array("d", bytes(8 * len(requests)))
        self.ended = array("d", bytes(8 * len(requests)))
        self.status = array("i", bytes(4 * len(requests)))
        self.troubles: Counter[str] = Counter()
        self.retried: set[int] = set()
        self.in_flight = 0
        self.sent = 0
        self.opened = 0
        self.lateness: list[float] = []

    def closed_loop(self, connections: int, seconds: float | None) -> tuple[float, float]:
        """Keeps `connections` requests in flight until time or requests are up."""
        started = time.monotonic()
        until = started + seconds if seconds else float("inf")
        total = len(self.requests)

        def refill() -> None:
            while self.in_flight < connections and self.sent < total:
                now = time.monotonic()
                if now >= until:
                    return
                self.begun[self.sent] = now
                self.sent += 1
                self.start(self.sent - 1)

        refill()
        quiet_since = started
        while self.in_flight:
            for fd, events in self.poll.poll(0.5):
                quiet_since = time.monotonic()
                self.handle(fd, events)
                refill()
            if time.monotonic() - quiet_since > PATIENCE:
                break
            refill()
        self.give_up()
        return started, min(until, time.monotonic())

    def open_loop(self, due: Sequence[float], connections: int) -> tuple[float, float]:
        """Sends each request at its time, however slow the answers are."""
        started = time.monotonic() + 0.02
        for number, offset in enumerate(due):
            self.begun[number] = started + offset
        ready: deque[int] = deque()
        total, upcoming = len(due), 0
        quiet_since = started
        while upcoming < total or ready or self.in_flight:
            now = time.monotonic()
            while upcoming < total and self.begun[upcoming] <= now:
                ready.append(upcoming)
                upcoming += 1
            while ready and self.in_flight < connections:
                number = ready.popleft()
                self.lateness.append(time.monotonic() - self.begun[number])
                self.sent += 1
                self.start(number)
            wait = 0.5
            if upcoming < total:
                wait = min(wait, max(0.0, self.begun[upcoming] - time.monotonic()))
                quiet_since = now
            # epoll rounds up to a millisecond, select does not.
            select.select([self.poll], (), (), wait)
            for fd, events in self.poll.poll(0):
                quiet_since = now
                self.handle(fd, events)
            if now - quiet_since > PATIENCE:
                break
        self.give_up()
        return started, time.monotonic()

    def start(self, number: int) -> None:
        self.in_flight += 1
        while self.idle:
            connection = self.idle.pop()
            if connection.sock.fileno() >= 0:
                break
        else:
            sock = socket.socket()
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex(self.address)
            if code not in (0, errno.EINPROGRESS):
                sock.close()
                self.trouble(number, f"connect: {errno.errorcode.get(code, code)}")
                return
            connection = Connection(sock)
            self.opened += 1
            self.connections[sock.fileno()] = connection
            self.poll.register(sock.fileno(), select.EPOLLIN)
        connection.number = number
        connection.requests += 1
        connection.unsent = self.requests[number]
        self.send(connection)

    def send(self, connection: Connection) -> None:
        try:
            count = connection.sock.send(connection.unsent)
        except BlockingIOError:  # still connecting, or the window is full
            count = 0
        except OSError as error:
            self.lost(connection, f"send: {type(error).__name__}")
            return
        connection.unsent = connection.unsent[count:]
        if bool(connection.unsent) != connection.writes:
            connection.writes = bool(connection.unsent)
            wanted = select.EPOLLIN | (select.EPOLLOUT if connection.writes else 0)
            self.poll.modify(connection.sock.fileno(), wanted)

    def handle(self, fd: int, events: int) -> None:
        connection = self.connections.get(fd)
        if connection is None:
            return
        if events & select.EPOLLOUT and connection.unsent:
            self.send(connection)
        if events & ~select.EPOLLOUT and connection.sock.fileno() >= 0:
            self.receive(connection)

    def receive(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self.lost(connection, f"receive: {type(error).__name__}")
            return
        if data:
            connection.inbox = connection.inbox + data if connection.inbox else data
        message = take_message(connection.inbox, is_response=True, at_end=not data)
        if message is None:
            if not data:
                self.lost(connection, "closed without an answer")
        elif connection.number < 0:
            self.drop(connection)  # nobody asked
        else:
            self.finish(connection, message, closed=not data)

    def finish(self, connection: Connection, message: Message, *, closed: bool) -> None:
        number, connection.number = connection.number, -1
        self.ended[number] = time.monotonic()
        self.status[number] = int(message.first_line[9:12])
        self.in_flight -= 1
        connection.inbox = message.rest
        if closed or message.closes:
            self.drop(connection)
        else:
            self.idle.append(connection)

    def lost(self, connection: Connection, what: str) -> None:
        number, was_reused = connection.number, connection.requests > 1
        answered_nothing = not connection.inbox
        self.drop(connection)
        if number < 0:  # an idle connection timed out on the server's side
            return
        if was_reused and answered_nothing and number not in self.retried:
            # It went out as the server closed an idle connection: any client asks again.
            self.retried.add(number)
            self.in_flight -= 1
            self.start(number)
            return
        self.trouble(number, what)

    def trouble(self, number: int, what: str) -> None:
        self.troubles[what] += 1
        self.in_flight -= 1
        if self.troubles.total() > TROUBLE_LIMIT:
            raise RuntimeError(f"the server does not answer: {dict(self.troubles)}")

    def drop(self, connection: Connection) -> None:
        fd = connection.sock.fileno()
        if fd >= 0:
            self.connections.pop(fd, None)
            self.poll.unregister(fd)
            connection.sock.close()

    def give_up(self) -> None:
        late = [c for c in self.connections.values() if c.number >= 0]
        self.troubles["no answer in time"] += len(late)
        self.troubles += Counter()  # drops the zero
        for connection in list(self.connections.values()):
            self.drop(connection)
