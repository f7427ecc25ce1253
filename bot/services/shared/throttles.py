"""How often something may be tried: one row a key, under a row lock.

Signing in, at each door for itself (NIST SP 800-63B-4, 3.2.2; OWASP ASVS 5.0, 6.3.1; OWASP, "Slow
Down Online Guessing Attacks with Device Cookies"):

* PAIR: one name from one network. Five tries, then WAITS after each, forgotten after a day.
* NETWORK: 30 in 15 minutes from one network, and NAME: 100 a day for one name. What succeeds is
  given back. They hold strangers back, and strangers alone: a network from which the name's owner
  came within 30 days answers to PAIR only, and a device that the owner uses, wherever it is, to
  DEVICE only. A stranger cannot make either known, and whoever is locked out while away from home
  asks for a link in chat, which makes their network known.

A known network must not show. So its tries are counted like a stranger's, and a wrong one is told
to wait where a stranger's would not have been tried.

Keys are keyed hashes: an address or a username cannot be read or tried out from the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.services.shared import gcra
from bot.texts import periods
from models import inserts
from models.base import new_id, session_keyring
from models.portal import KnownNetwork, Throttle

NOW = timedelta()
FORGOTTEN = timedelta(days=1)  # after which a row holds nobody back, whatever its kind


@dataclass(frozen=True)
class Limit:
    """So many times in a span, spread out after that."""

    kind: str
    times: int
    span: timedelta

    @property
    def interval(self) -> timedelta:
        return self.span / self.times

    def wait(self, row: Throttle, now: datetime) -> timedelta:
        """How long until one more may be tried."""
        return gcra.wait(gcra.standing(row.at, now, self.span), now, self.interval, self.span)

    def count(self, row: Throttle, now: datetime) -> None:
        """One more is tried."""
        row.at = gcra.taken(gcra.standing(row.at, now, self.span), now, self.interval)

    def give_back(self, row: Throttle, now: datetime) -> None:
        """One was no wrong one."""
        row.at = max(gcra.standing(row.at, now, self.span) - self.interval, now)


@dataclass(frozen=True)
class Growing:
    """So many times at once, then waits that grow; all is forgotten a day after the last."""

    kind: str
    free: int
    waits: tuple[timedelta, ...]

    @property
    def longest(self) -> timedelta:
        return self.waits[-1]

    def wait(self, row: Throttle, now: datetime) -> timedelta:
        """How long until one more may be tried."""
        return max(gcra.standing(row.at, now, self.longest) - now, NOW)

    def count(self, row: Throttle, now: datetime) -> None:
        """One more is tried."""
        row.tries = 1 if now - row.at >= FORGOTTEN else row.tries + 1
        over = row.tries - self.free
        row.at = now if over < 0 else now + self.waits[min(over, len(self.waits) - 1)]

    def give_back(self, row: Throttle, now: datetime) -> None:
        """One was no wrong one."""
        row.tries, row.at = max(row.tries - 1, 0), now


Wanted = tuple[Limit | Growing, str]
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))
PAIR = Growing("pair", 5, WAITS)
DEVICE = Growing("device", 5, WAITS)
PROOF = Growing("proof", 5, WAITS)  # of somebody who is signed in, once more
NETWORK = Limit("network", 30, timedelta(minutes=15))
NAME = Limit("name", 100, timedelta(days=1))
KNOWN_FOR = periods.NETWORKS
KNOWN_MOST = 20  # networks of one owner; telephones change theirs


@dataclass(frozen=True)
class Try:
    """Somebody tries to get in: by which door and name, and from where.

    owner_id: whose name it is, None where it is nobody's. device: a device that this owner is
    known to use, as its cookie proved. names_count: whether many names tried from one network count
    (not where the name is known already, as for a second factor).
    """

    door: str
    name: str
    ip: str
    owner_id: str | None = None
    device: str | None = None
    names_count: bool = True

    @property
    def network(self) -> str:
        return network(self.ip)


@dataclass(frozen=True)
class CountedTry:
    """What became of a try: it waits, or it may be made.

    told: how long a wrong one is told to wait, because nobody else's would have been made.
    """

    wait: timedelta = NOW
    told: timedelta = NOW
    is_counted: bool = True  # against NETWORK and NAME


def take(session: Session, wanted: Sequence[Wanted], now: datetime) -> timedelta:
    """Count one try against every limit, or none: returns how long to wait, zero where admitted.

    The try is counted before it is made, so that a hundred tries at once are a hundred. Every
    caller names its limits in the same order, hence their row locks cannot wait in a circle.
    """
    rows = [
        (limit, _locked(session, _key(session, limit.kind, value), now)) for limit, value in wanted
    ]
    longest = max((limit.wait(row, now) for limit, row in rows), default=NOW)
    if longest > NOW:
        return longest
    for limit, row in rows:
        limit.count(row, now)
    return NOW


def refund(session: Session, limit: Limit | Growing, value: str, now: datetime) -> None:
    """Give one counted try back."""
    limit.give_back(_locked(session, _key(session, limit.kind, value), now), now)


def reset(session: Session, limit: Limit | Growing, value: str) -> None:
    """Forget all counted tries of a key."""
    session.execute(delete(Throttle).where(Throttle.key == _key(session, limit.kind, value)))


def begin(session: Session, tried: Try, now: datetime) -> CountedTry:
    """Count a try to get in."""
    if tried.device is not None:
        return CountedTry(wait=take(session, [(DEVICE, _of_device(tried))], now), is_counted=False)
    own, everybody = (PAIR, _of_pair(tried)), _of_everybody(tried)
    wanted: list[Wanted] = [own, *everybody]
    waits: dict[Limit | Growing, timedelta] = {
        limit: limit.wait(_locked(session, _key(session, limit.kind, value), now), now)
        for limit, value in wanted
    }
    if waits[PAIR] > NOW:
        return CountedTry(wait=max(waits.values()), is_counted=False)
    # Counted whoever it is: otherwise the waits would tell whose network is known.
    take(session, [own], now)
    held = max((waits[limit] for limit, _ in everybody), default=NOW)
    if held == NOW:
        take(session, everybody, now)
        return CountedTry()
    if is_known_network(session, tried.owner_id, tried.ip, now):
        return CountedTry(told=held, is_counted=False)
    return CountedTry(wait=held, told=held, is_counted=False)


def end(session: Session, tried: Try, begun: CountedTry, now: datetime) -> None:
    """It was the owner: what was counted is given back, and the network is known from now on.

    What strangers tried at the name stays counted, however often its owner gets in.
    """
    if tried.device is not None:
        reset(session, DEVICE, _of_device(tried))
    reset(session, PAIR, _of_pair(tried))
    for limit, value in _of_everybody(tried) if begun.is_counted else ():
        refund(session, limit, value, now)
    if tried.owner_id is not None:
        remember_network(session, tried.owner_id, tried.ip, now)


def owner_proven(session: Session, tried: Try, now: datetime) -> None:
    """The owner showed otherwise who they are: no try at the name from here holds them back."""
    reset(session, PAIR, _of_pair(tried))
    if tried.owner_id is not None:
        remember_network(session, tried.owner_id, tried.ip, now)


def remember_network(session: Session, owner_id: str, ip: str, now: datetime) -> None:
    """Put a network on the list of those from which somebody came; the oldest ones go."""
    key = _network_key(session, owner_id, ip)
    row = session.scalars(
        select(KnownNetwork).where(KnownNetwork.key == key).with_for_update()
    ).one_or_none()
    if row is not None:
        row.seen_at = now
        return
    made = {"id": new_id(), "key": key, "owner_id": owner_id, "seen_at": now}
    inserts.insert_if_new(session, KnownNetwork, made)
    old = select(KnownNetwork.id).where(KnownNetwork.owner_id == owner_id)
    old = old.order_by(KnownNetwork.seen_at.desc(), KnownNetwork.id.desc()).offset(KNOWN_MOST)
    session.execute(
        delete(KnownNetwork)
        .where(KnownNetwork.id.in_(session.scalars(old).all()))
        .execution_options(synchronize_session=False)
    )


def is_known_network(session: Session, owner_id: str | None, ip: str, now: datetime) -> bool:
    """Whether somebody came from this network lately."""
    key = _network_key(session, owner_id or "", ip)
    seen = session.scalar(select(KnownNetwork.seen_at).where(KnownNetwork.key == key))
    return owner_id is not None and seen is not None and now - seen < KNOWN_FOR


def forget_networks(session: Session, owner_ids: Sequence[str]) -> int:
    """Forget from where some people came; how many networks that were."""
    gone = delete(KnownNetwork).where(KnownNetwork.owner_id.in_(owner_ids))
    return len(session.execute(gone.returning(KnownNetwork.id)).all())


def purge(session: Session, now: datetime) -> int:
    """Delete rows that no longer hold anybody back; returns how many."""
    over = delete(Throttle).where(Throttle.at < now - FORGOTTEN)
    return len(session.execute(over.returning(Throttle.key)).all())


def network(ip: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one IPv6 subscriber gets."""
    try:
        address = ip_address(ip)
    except ValueError:
        return "unknown"
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return str(address.ipv4_mapped or address) if address.version == 6 else str(address)


def _of_pair(tried: Try) -> str:
    return f"{tried.door}|{tried.name}|{tried.network}"


def _of_device(tried: Try) -> str:
    return f"{tried.door}|{tried.name}|{tried.device}"


def _of_everybody(tried: Try) -> list[Wanted]:
    name: Wanted = (NAME, f"{tried.door}|{tried.name}")
    return [(NETWORK, f"{tried.door}|{tried.network}"), name] if tried.names_count else [name]


def _network_key(session: Session, owner_id: str, ip: str) -> str:
    return session_keyring(session).blind("known_network.key", f"{owner_id}|{network(ip)}")


def _key(session: Session, kind: str, value: str) -> str:
    return session_keyring(session).blind("throttle.key", f"{kind}|{value}")


def _locked(session: Session, key: str, now: datetime) -> Throttle:
    return inserts.locked(session, Throttle, {"key": key, "at": now, "tries": 0})
