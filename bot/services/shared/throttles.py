"""How often something may be tried: one row a key, a GCRA step under a row lock.

Sign-in (NIST SP 800-63B-4, 3.2.2; OWASP ASVS 5.0, 6.3.1):

* PAIR: 5 in 15 minutes for one username from one network.
* NETWORK: 30 in 15 minutes from one network. What succeeds is given back, so that a class behind
  one router can sign in.
* NAME: 100 a day for one username from all networks; then one each 14 minutes. By itself this
  would let a stranger lock a learner out. So a network from which the learner has signed in (or
  opened a one-time link) within 30 days is exempt from it and answers to the first two alone;
  800-63B-4 names such an allow-list. A stranger cannot get onto it, and whoever is locked out
  while away from home asks for a link in chat, which puts their network on it.

Keys are keyed hashes: an address or a username cannot be read or tried out from the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.services.shared import gcra
from models import inserts
from models.base import session_keyring
from models.portal import Throttle


@dataclass(frozen=True)
class Limit:
    """So many times in a span, spread out after that."""

    kind: str
    times: int
    span: timedelta

    @property
    def interval(self) -> timedelta:
        return self.span / self.times


PAIR = Limit("pair", 5, timedelta(minutes=15))
NETWORK = Limit("network", 30, timedelta(minutes=15))
NAME = Limit("name", 100, timedelta(days=1))
KNOWN_FOR = timedelta(days=30)
NOW = timedelta()


def take(session: Session, wanted: Sequence[tuple[Limit, str]], now: datetime) -> timedelta:
    """Count one try against every limit, or none: returns how long to wait, zero where admitted.

    The try is counted before it is made, so that a hundred tries at once are a hundred. Every
    caller names its limits in the same order, hence their row locks cannot wait in a circle.
    """
    rows = [
        (limit, _locked(session, _key(session, limit.kind, value), now)) for limit, value in wanted
    ]
    waits = [gcra.wait(row.at, now, limit.interval, limit.span) for limit, row in rows]
    longest = max(waits, default=NOW)
    if longest > NOW:
        return longest
    for limit, row in rows:
        row.at = gcra.taken(row.at, now, limit.interval)
    return NOW


def refund(session: Session, limit: Limit, value: str, now: datetime) -> None:
    """Give one counted try back."""
    row = _locked(session, _key(session, limit.kind, value), now)
    row.at = max(row.at - limit.interval, now)


def reset(session: Session, limit: Limit, value: str) -> None:
    """Forget all counted tries of a key."""
    session.execute(delete(Throttle).where(Throttle.key == _key(session, limit.kind, value)))


def remember_network(session: Session, username: str, ip: str, now: datetime) -> None:
    """Put a network on a username's list of those from which its owner came."""
    row = _locked(session, _key(session, "known", pair(username, ip)), now)
    row.at = now + KNOWN_FOR


def owner_proven(session: Session, username: str, ip: str, now: datetime) -> None:
    """A one-time link was opened: its owner's tries at the old password hold nobody back here."""
    reset(session, PAIR, pair(username, ip))
    remember_network(session, username, ip, now)


def is_known_network(session: Session, username: str, ip: str, now: datetime) -> bool:
    """Whether the username's owner came from this network lately."""
    found = session.get(Throttle, _key(session, "known", pair(username, ip)))
    return found is not None and found.at > now


def begin_sign_in(session: Session, name: str, ip: str, now: datetime) -> timedelta:
    """Count a try to sign in; how long to wait, NOW where it may go on."""
    limits = [(PAIR, pair(name, ip)), (NETWORK, network(ip))]
    if not is_known_network(session, name, ip, now):
        limits.append((NAME, name))
    return take(session, limits, now)


def end_sign_in(session: Session, name: str, ip: str, now: datetime) -> None:
    """It was the owner: what was counted is forgotten, and the network is known from now on."""
    reset(session, PAIR, pair(name, ip))
    refund(session, NETWORK, network(ip), now)
    reset(session, NAME, name)
    remember_network(session, name, ip, now)


def purge(session: Session, now: datetime) -> int:
    """Delete rows that no longer hold anybody back; returns how many."""
    return len(
        session.execute(delete(Throttle).where(Throttle.at < now).returning(Throttle.key)).all()
    )


def network(ip: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one IPv6 subscriber gets."""
    try:
        address = ip_address(ip)
    except ValueError:
        return "unknown"
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ip_network((address, 64), strict=False))
    return str(address.ipv4_mapped or address) if address.version == 6 else str(address)


def pair(username: str, ip: str) -> str:
    """One username from one network."""
    return f"{username}|{network(ip)}"


def _key(session: Session, kind: str, value: str) -> str:
    return session_keyring(session).blind("throttle.key", f"{kind}|{value}")


def _locked(session: Session, key: str, now: datetime) -> Throttle:
    return inserts.locked(session, Throttle, {"key": key, "at": now})
