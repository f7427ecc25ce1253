"""The levers of the page: each makes one thing go wrong that goes wrong on the real LINE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.faults import ANY, KINDS
from simulator.platform import Platform


class LeverError(Exception):
    """The lever has nothing to act on."""


@dataclass(frozen=True)
class Pull:
    """Who pulled, and for which endpoint a fault is meant."""

    person: str
    endpoint: str = ANY
    seconds: float = 0.0


Lever = Callable[[Platform, Pull], None]


def redeliver(platform: Platform, pull: Pull) -> None:
    with platform.lock:
        event = platform.webhooks.sent[-1] if platform.webhooks.sent else None
    if event is None:
        raise LeverError("no event was delivered yet")
    platform.redeliver(event)


def twice(platform: Platform, pull: Pull) -> None:
    with platform.lock:
        platform.webhooks.doubling = not platform.webhooks.doubling


def hold(platform: Platform, pull: Pull) -> None:
    with platform.lock:
        platform.webhooks.holding = True


def release(platform: Platform, pull: Pull) -> None:
    platform.webhooks.release()


def release_reversed(platform: Platform, pull: Pull) -> None:
    platform.webhooks.release(reverse=True)


def unsend(platform: Platform, pull: Pull) -> None:
    mine = [b for b in platform.room(pull.person) if b.who == "person" and not b.unsent]
    sent = [b for b in mine if b.via == "message"]
    if not sent:
        raise LeverError("there is no message to unsend")
    platform.unsend(pull.person, sent[-1].message_id)


def late_token(platform: Platform, pull: Pull) -> None:
    """The next call comes when all open reply tokens are too old."""
    platform.faults.add("reply", "token_expired")


def slow(platform: Platform, pull: Pull) -> None:
    platform.latency = min(max(pull.seconds, 0.0), 30.0)


def clear(platform: Platform, pull: Pull) -> None:
    with platform.lock:
        platform.faults.clear()
        platform.latency = 0.0
        platform.webhooks.doubling = False


def _fault(kind: str) -> Lever:
    def pulled(platform: Platform, pull: Pull) -> None:
        with platform.lock:
            platform.faults.add(pull.endpoint, kind)

    return pulled


LEVERS: Mapping[str, Lever] = {
    "redeliver": redeliver,
    "twice": twice,
    "hold": hold,
    "release": release,
    "release-reversed": release_reversed,
    "unsend": unsend,
    "late-token": late_token,
    "latency": slow,
    "clear": clear,
    **{kind.replace("_", "-"): _fault(kind) for kind in KINDS if kind != "token_expired"},
}
