"""Levers: what goes wrong on the next call, on purpose."""

from dataclasses import dataclass

OF_STATUS = ("400", "500", "500_after_accept", "409", "429_rate", "429_quota")
# Refusals that are not in LINE's words: some proxy between us made them.
UNREADABLE = {
    "400_brackets": b"[" * 100_000,
    "400_html": b"<!doctype html><title>400 Bad Request</title>",
    "400_binary": bytes(range(256)) * 40,
    "400_list": b'["no"]',
}
KINDS = (*OF_STATUS, *UNREADABLE, "400_null", "lost_response", "hang", "token_expired")
ANY = "*"


@dataclass
class Fault:
    """One lever that is pulled; `endpoint` is a route's name, its path, or `*`."""

    endpoint: str
    kind: str
    times: int
    seconds: float


class Faults:
    """Armed faults in the order in which they were added; each call uses up one at most."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def add(self, endpoint: str, kind: str, times: int = 1, *, seconds: float = 3.0) -> None:
        """Arm a fault; `seconds` is how long a "hang" keeps the caller waiting."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}")
        if times < 1:
            raise ValueError("a fault happens at least once")
        self._armed.append(Fault(endpoint, kind, times, seconds))

    def take(self, name: str, path: str) -> Fault | None:
        for fault in self._armed:
            if fault.endpoint in {ANY, name, path}:
                fault.times -= 1
                if fault.times == 0:
                    self._armed.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self._armed.clear()

    @property
    def armed(self) -> list[Fault]:
        return list(self._armed)
