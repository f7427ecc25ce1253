"""The stand-in's paid endpoints: LINE's rates to the call, retry keys, and who got how much."""

import json
import re
from bisect import bisect_left
from collections import Counter
from itertools import count

OK = b"HTTP/1.1 200 OK\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\n"
CONFLICT = b"HTTP/1.1 409 Conflict\r\nx-line-accepted-request-id: earlier\r\n"
TOO_MANY = b"HTTP/1.1 429 Too Many Requests\r\n"
RETRY_KEY = re.compile(rb"\r\nx-line-retry-key:[ \t]*([0-9a-f-]{36})\r\n")
RATES = {"push": 2000.0, "multicast": 200.0}  # calls a second, and one second's worth at once
MAX_RECIPIENTS, MOST_MESSAGES = 500, 5


class Sendings:
    """Counts what arrives, refuses what is above the rate, and does each key once."""

    def __init__(self) -> None:
        self.left = dict(RATES)
        self.filled = dict.fromkeys(RATES, 0.0)
        self.keys: set[bytes] = set()
        self.accepted: dict[str, list[float]] = {kind: [] for kind in RATES}
        self.limited = Counter[str]()
        self.again = Counter[str]()  # 409
        self.keyless = Counter[str]()
        self.received = Counter[str]()
        self.numbers = count(461230966842064897)

    def take(self, kind: str, head: bytes, body: bytes, now: float) -> tuple[bytes, object]:
        """One call: the rate first, for a repeat counts too; then its key, then its body."""
        rate = RATES[kind]
        left = min(rate, self.left[kind] + (now - self.filled[kind]) * rate)
        self.filled[kind] = now
        if left < 1:
            self.left[kind] = left
            self.limited[kind] += 1
            return TOO_MANY, {"message": "The API rate limit has been exceeded. Try again later."}
        self.left[kind] = left - 1
        found = RETRY_KEY.search(head)
        if found is None:
            self.keyless[kind] += 1
        elif found[1] in self.keys:
            self.again[kind] += 1
            return CONFLICT, {"message": "The retry key is already accepted"}
        request = json.loads(body)
        to = request["to"] if kind == "multicast" else [request["to"]]
        messages = len(request["messages"])
        if not 1 <= len(to) <= MAX_RECIPIENTS or not 1 <= messages <= MOST_MESSAGES:
            return BAD_REQUEST, {"message": "The request body has 1 error(s)"}
        if found is not None:
            self.keys.add(found[1])
        self.accepted[kind].append(now)
        self.received.update(to)
        if kind == "multicast":
            return OK, {}
        sent = [{"id": str(next(self.numbers)), "quoteToken": "q"} for _ in range(messages)]
        return OK, {"sentMessages": sent}

    def figures(self) -> dict[str, object]:
        """What the rig asks for: counts, and how dense the densest second was."""
        return {
            "people": len(self.received),
            "twice": sum(times > 1 for times in self.received.values()),
            "limited": dict(self.limited),
            "again": dict(self.again),
            "keyless": dict(self.keyless),
            "accepted": {kind: len(times) for kind, times in self.accepted.items()},
            "first": {kind: times[0] for kind, times in self.accepted.items() if times},
            "last": {kind: times[-1] for kind, times in self.accepted.items() if times},
        }

    def seconds(self, kind: str) -> dict[str, int]:
        """The densest rolling second of calls that were accepted."""
        times = self.accepted[kind]
        return {
            "densest": max(
                (bisect_left(times, at + 1.0) - index for index, at in enumerate(times)), default=0
            )
        }
