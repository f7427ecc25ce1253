"""`python -m benchmarks.slow`: what connections that say little do to webhooks and health checks.

For each kind of slow connection and each number of them: how long signed webhooks and `/healthz`
take meanwhile, and after which time the server has closed them all. Ends with 1 where one of the
answers is missing or took over a second, or a connection lives past twice the configured time.
"""

import contextlib
import resource
import select
import socket
import statistics
import sys
import time

from benchmarks.servers import OURS_PATH, ROOT, Server, Servers
from benchmarks.traffic import Factory

SECONDS = 10  # REQUEST_SECONDS of the server under attack
NUMBERS = (32, 200, 1100)
HEAD = f"POST {OURS_PATH} HTTP/1.1\r\nHost: bench.example\r\n".encode()
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: bench.example\r\n\r\n"
KINDS = {
    "silent": b"",
    "half a header": HEAD,
    "one byte of 1,000": HEAD + b"Content-Length: 1000\r\n\r\na",
    "a chunk, no end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
}
ASKED = 20  # webhooks and health checks, each
BOUND = 1000.0  # milliseconds


def main() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    failed = False
    with Servers(ROOT) as servers:
        stub = servers.start_stub(0)
        ours = servers.start_ours(
            stub, servers.sqlite_url(), workers=1, handlers=0, REQUEST_SECONDS=str(SECONDS)
        )
        print(f"REQUEST_SECONDS={SECONDS}; milliseconds, median and worst of {ASKED}")
        for number in NUMBERS:
            for kind, begun in KINDS.items():
                failed |= not under(ours, number, kind, begun)
    return 1 if failed else 0


def under(server: Server, number: int, kind: str, begun: bytes) -> bool:
    """Whether the server stands it; prints the figures."""
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(number):
            slow.append(stack.enter_context(socket.create_connection(("127.0.0.1", server.port))))
            slow[-1].sendall(begun)
        since = time.monotonic()
        webhooks = Factory(host="bench.example", path=OURS_PATH, users=ASKED, seed=number)
        knocks = [ask(server, webhook.request) for webhook in webhooks.texts(ASKED, "help")]
        health = [ask(server, HEALTH) for _ in range(ASKED)]
        still = number - len(closed(slow, 0))
        left = number - len(closed(slow, since + 2 * SECONDS + 2))
        took = time.monotonic() - since
    said = f"all closed after {took:.1f} s" if not left else f"{left} STILL OPEN"
    print(
        f"{number:>5} x {kind:<18} webhook {shown(knocks)}   /healthz {shown(health)}   "
        f"{still} open meanwhile, {said}",
        flush=True,
    )
    return not left and max(*knocks, *health) < BOUND


def ask(server: Server, request: bytes) -> float:
    """Milliseconds until a 200; infinity where there is none in five seconds."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
            sock.sendall(request)
            if b" 200 " not in sock.recv(65536).partition(b"\r\n")[0]:
                return float("inf")
    except OSError:
        return float("inf")
    return (time.monotonic() - began) * 1000


def closed(slow: list[socket.socket], until: float) -> list[socket.socket]:
    """Those whose server has closed them, as soon as all are or a moment of the clock is over."""
    waiting = select.poll()
    for one in slow:
        waiting.register(one, select.POLLIN)
    by_number, gone = {one.fileno(): one for one in slow}, []
    while by_number:
        found = waiting.poll(max(0.0, until - time.monotonic()) * 1000)
        if not found:
            break
        for number, _ in found:
            with contextlib.suppress(OSError):
                if by_number[number].recv(65536):
                    continue
            waiting.unregister(number)
            gone.append(by_number.pop(number))
    return gone


def shown(times: list[float]) -> str:
    return f"{statistics.median(times):6.1f} {max(times):7.1f}"


if __name__ == "__main__":
    sys.exit(main())
