"""How fast mails go to one domain: a GCRA row each, which all processes share.

A mail that finds no room is not waited for: it gets a later date, one behind the other at the
domain's rate, and the next claim goes on with other domains. Where a domain's servers say "too
fast", its rate is halved and its news are held for a while; the rate doubles again every ten
minutes. Notices about somebody's own account go on while news are held: they are few, and a code
lives for ten minutes.

Where a domain's servers refuse us whatever we send (a list of senders of spam, a signature that
they do not accept), its news wait for hours, or until a person has looked and lets them go on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.shared import gcra
from models import inserts
from models.base import session_keyring
from models.database import database_of
from models.mail import Mail, MailPace

# At once where nothing went before: more than the time between two ticks of the drain.
BURST = timedelta(seconds=3)
# No later than this: a rate that was raised, or a campaign that was stopped, frees the days.
FURTHEST = timedelta(minutes=15)
IDLE = timedelta(seconds=30)  # after which nobody stands in the line that was handed out
HOLD = timedelta(seconds=30)
LEVELS = 6  # one 64th of the rate, and a hold of 16 minutes
RECOVERY = timedelta(minutes=10)
LONGEST_HOLD = HOLD * 2 ** (LEVELS - 1)
# Bounded, because one reader can forge a refusal of a mail to themselves; a domain that goes on
# refusing is paused again by the next mail.
PAUSE = timedelta(hours=6)
REMEMBERED = timedelta(days=7)  # servers give a mail up within five days


@dataclass(frozen=True)
class Admission:
    """How many may go now, and when those that find no room are to ask again."""

    now: int
    later: tuple[datetime, ...]


@dataclass(frozen=True)
class PausedDomain:
    """A domain whose servers refuse us; its name only for as long as the mail knows its reader."""

    key: str
    name: str | None
    code: str
    at: datetime
    until: datetime


def domain_of(session: Session, address: str) -> str:
    """The digest of an address's domain."""
    domain = address.rpartition("@")[2].casefold()
    return session_keyring(session).blind("mail_pace.domain", domain)


def moment(session: Session, now: datetime) -> datetime:
    """The time that all processes agree on: the database's, where it has a clock of its own."""
    database = database_of(session)
    if not database.has_own_clock:
        return now
    return cast("datetime", session.execute(select(cast("Any", database.time()))).scalar_one())


def admit(
    session: Session,
    domain: str,
    wanted: int,
    most: int,
    per_second: int,
    now: datetime,
    *,
    is_news: bool,
) -> Admission:
    """Let as many mails to a domain go as its rate allows, but `most`; date those beyond the rate.

    `now` is of `moment`. The row stays locked until the transaction ends; whoever needs several
    asks for them in order.
    """
    row = _locked(session, domain, now)
    step = timedelta(seconds=2 ** level_of(row, now) / per_second)
    held_until = max(
        (until for until in (row.held_until, row.paused_until) if until and now < until),
        default=None,
    )
    if held_until is None and row.at < now - IDLE:
        row.dated_to = now
    burst = max(BURST, step)
    free = 0 if is_news and held_until else gcra.room(row.at, now, step, burst)
    granted = min(wanted, free, most)
    row.at = gcra.taken(row.at, now, granted * step)
    # The k-th of the others finds room when k steps have passed; notices do not stand behind news.
    room_at = max(row.at - burst, now)
    line = max(row.dated_to, room_at, held_until or now) if is_news else room_at
    later = []
    for _ in range(wanted - free):
        line = min(line + step, now + FURTHEST)
        later.append(line)
    if is_news and later:
        row.dated_to = line
    return Admission(granted, tuple(later))


def slow_down(session: Session, address: str, per_second: int, now: datetime) -> bool:
    """A server said "too fast": halve the rate and hold the news; False where that was done.

    Several mails were on their way to it, and all of them were told: that counts once.
    """
    row = _locked(session, domain_of(session, address), now)
    if row.held_until is not None and now < row.held_until:
        return False
    row.level = min(level_of(row, now) + 1, LEVELS)
    row.slowed_at = now
    row.held_until = now + max(
        HOLD * 2 ** (row.level - 1), timedelta(seconds=2**row.level / per_second)
    )
    return True


def pause(session: Session, mail: Mail, code: str, now: datetime) -> MailPace | None:
    """The servers of a mail's domain refuse us: hold its news. None where that is known already.

    They may say so at once or in a report that comes back. What was sent before the last pause, or
    before a person let it go on, says nothing new.
    """
    row = _locked(session, domain_of(session, mail.to or ""), now)
    known = max((at for at in (row.paused_at, row.released_at) if at), default=None)
    if known is not None and (mail.first_tried_at or now) <= known:
        return None
    row.paused_at, row.paused_until = now, moment(session, now) + PAUSE
    row.paused_by, row.pause_code = mail.id, code[:16]
    audit.record(
        session,
        Action.DOMAIN_PAUSED,
        actor="system",
        subject=mail.subject_id,
        now=now,
        mail_id=mail.id,
        code=code,
    )
    return row


def paused(session: Session, now: datetime) -> list[PausedDomain]:
    """The domains whose news wait, the newest first."""
    query = select(MailPace).where(MailPace.paused_until > moment(session, now))
    rows = session.scalars(query.order_by(MailPace.paused_at.desc(), MailPace.domain))
    return [
        PausedDomain(
            row.domain, _name(session, row), row.pause_code or "", row.paused_at, row.paused_until
        )
        for row in rows
        if row.paused_at and row.paused_until
    ]


def _name(session: Session, row: MailPace) -> str | None:
    mail = session.get(Mail, row.paused_by) if row.paused_by else None
    return mail.to.rpartition("@")[2] if mail is not None and mail.to else None


def go_on(session: Session, domain: str, now: datetime) -> bool:
    """A person has looked: the news of a domain go on; False where they do so already."""
    row = session.get(MailPace, domain, with_for_update=True, populate_existing=True)
    if row is None or row.paused_until is None or row.paused_until <= moment(session, now):
        return False
    row.paused_until, row.released_at, row.dated_to = None, now, moment(session, now)
    return True


def level_of(row: MailPace, now: datetime) -> int:
    """How often the rate is halved now; it recovers by the passing of time alone."""
    if row.slowed_at is None:
        return 0
    return max(row.level - max(now - row.slowed_at, timedelta()) // RECOVERY, 0)


def _locked(session: Session, domain: str, now: datetime) -> MailPace:
    new = {"domain": domain, "at": now, "dated_to": now, "level": 0}
    row = inserts.locked(session, MailPace, new)
    # What lies further ahead than it can was written by a clock that was wrong.
    row.at = gcra.standing(row.at, now, FURTHEST)
    row.dated_to = gcra.standing(row.dated_to, now, FURTHEST)
    if row.held_until is not None:
        row.held_until = gcra.standing(row.held_until, now, LONGEST_HOLD)
    if row.slowed_at is not None:
        row.slowed_at = min(row.slowed_at, now)
    return row
