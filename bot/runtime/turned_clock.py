"""What a clock that was wrong has written down, put right once it is set back.

Rows say when they are due, until when they are leased and when something was. While a clock runs
ahead (a wrong time server, a restored machine) it writes moments that have yet to come: whoever
waits for one would wait for as long as the clock was wrong, and whatever lives until one would live
too long. So what lies further ahead than its own length is void:

* a due time is now (a try too early does no harm: every gate is asked again),
* a lease, and whatever lives for a while, ends after its own length from now,
* what was, was now at the latest.

Limits are void in the same way where they are read (`gcra.standing`), and what is remembered in a
process too (`bot.clock.is_waiting`). Threads wait by the monotonic clock. What staff or people
chose for a later day is left alone, and so are records that are proof.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true, update
from sqlalchemy.orm import Session

from bot.dispatch import DRAFT_LIFE
from bot.providers.local import INITIAL_LIFETIME
from bot.runtime.parts import Bot
from bot.services.accounts import accounts, provider_erasures
from bot.services.auth import tokens
from bot.services.campaigns.sending import batches
from bot.services.chat import inbox
from bot.services.delivery import (
    mail_claims,
    mail_delivery,
    mail_rate_limit,
    mailbox_cursor,
    mails,
    outbox,
)
from bot.services.guardians import guardians
from bot.services.learners import exports, imports, merging
from bot.services.staff import kept_forms
from bot.services.subscriptions import subscriptions
from models import inbox as inbox_model
from models import mail, recipient
from models import outbox as outbox_model
from models.account import IS_DUE, Account
from models.base import Base, UTCDateTime
from models.conversation import Conversation
from models.database import Database, database_of
from models.guardianship import Guardianship
from models.imports_exports import ExportRequest, Import
from models.inbox import WebhookEvent
from models.learner import Learner
from models.mail import Mail, MailboxCursor, MailPace
from models.merges import Merge
from models.outbox import Push
from models.portal import PortalAccount
from models.privacy import PendingErasure
from models.recipient import Batch
from models.staff import KeptForm

SKEW = timedelta(seconds=10)  # clocks of two machines differ
EVERY_ROW = true()
EVERYTHING = 3600.0  # seconds between two looks at all that there is
STEP = 2.0  # seconds between two looks, from which a clock was set and not only regulated


@dataclass(frozen=True)
class _Span:
    """A column that names a moment to come, and how far ahead that can be at most."""

    column: Any
    longest: timedelta
    where: Any = EVERY_ROW
    begun: Any = None  # the column that says when the row was made
    slack: timedelta = timedelta()  # so much more is no fault yet


LEASES = (
    _Span(WebhookEvent.lease_until, inbox.LEASE, inbox_model.IS_OPEN, slack=inbox.LONGEST_WAIT),
    _Span(Push.lease_until, outbox.LEASE, outbox_model.IS_QUEUED),
    _Span(Batch.lease_until, batches.LEASE, recipient.IS_QUEUED),
    _Span(Mail.lease_until, mail_claims.LEASE, mail.IS_QUEUED),
    _Span(MailboxCursor.lease_until, mailbox_cursor.LEASE),
)
QUEUES = (
    # Longest waits are varied by chance; news that wait for the morning ask their gate again.
    _Span(Push.due_at, 1.25 * outbox.MAX_WAIT, outbox_model.IS_QUEUED, Push.created_at),
    _Span(Mail.due_at, 1.25 * mail_delivery.MAX_WAIT, mail.IS_QUEUED, Mail.created_at),
    _Span(Batch.due_at, batches.MAX_WAIT, recipient.IS_QUEUED),
    _Span(Account.due_at, accounts.RETRY_LONGEST, IS_DUE, Account.created_at),
    _Span(PendingErasure.due_at, provider_erasures.MAX_WAIT, begun=PendingErasure.asked_at),
)
LIVES = (
    *(
        _Span(
            kind.table.expires_at,
            kind.lifetime,
            kind.table.purpose == purpose if kind.has("purpose") else EVERY_ROW,
        )
        for purpose, kind in tokens.KINDS.items()
    ),
    _Span(KeptForm.expires_at, kept_forms.LIFE),
    _Span(MailPace.paused_until, mail_rate_limit.PAUSE),
    _Span(Mail.useful_until, mails.LINK_USEFUL, mail.IS_QUEUED),
    _Span(Conversation.expires_at, DRAFT_LIFE),
    _Span(PortalAccount.initial_until, INITIAL_LIFETIME),
    _Span(Guardianship.expires_at, guardians.TO_FINISH),
    _Span(Import.expires_at, imports.KEPT),
    _Span(ExportRequest.expires_at, exports.LIFE),
    _Span(Merge.undo_until, merging.UNDO),
    _Span(Learner.news_paused_until, subscriptions.PAUSE),
)
# What nobody changes afterwards, and what lies ahead because somebody wants it so.
LEFT = {
    "archived_mail": "append-only",
    "audit_anchor": "proof",
    "audit_chain.purged_before": "how far a purge came",
    "audit_chain.named_since": "signed: entries without a name are older",
    "audit_entry": "proof, under a chain of hashes",
    "audit_link": "proof, under a chain of hashes",
    "campaign_event": "proof; nothing goes by its time",
    "consent_event": "proof; a newer word is always dated after it (`consents.record`)",
    "disclosure": "proof",
    "erasure": "proof",
    "legal_hold": "proof",
    "privacy_request": "proof, with deadlines of the law",
    "webhook_event.happened_at": "LINE's clock; it says the order",
    "campaign.send_at": "staff chose it",
    "campaign.rule_until": "staff chose it",
    "campaign.due_at": "follows from what staff chose",
    "campaign.wave_due_at": "read with its own bound (`rollout.step`)",
    "recipient.until": "how long a consent was good for",
    "throttle.at": "read with its own bound (`throttles.take`)",
    "mail_pace.at": "read with its own bound (`mail_rate_limit`)",
    "mail_pace.dated_to": "read with its own bound (`mail_rate_limit`)",
    "mail_pace.held_until": "read with its own bound (`mail_rate_limit`)",
    "line_rate.at": "read with its own bound (`line_rate_limit.reserve`)",
}


class ClockWatch:
    """Looks now and then whether the clock was set back, and puts right what it had written.

    All is gone through when a step was seen, at the first look of a process (a clock may have been
    wrong while nobody was up), where an open row bears the sign of a clock that was ahead, and once
    an hour: it may have been so for a moment between two looks.
    """

    def __init__(self, bot: Bot, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bot, self._monotonic = bot, monotonic
        self._ahead: float | None = None
        self._all_seen_at = -EVERYTHING  # by the monotonic clock

    def look(self) -> int:
        """How many rows were put right."""
        bot, uptime = self._bot, self._monotonic()
        step = self._set_back(uptime)
        if step >= STEP:
            bot.log.warning("clock.set_back", seconds=round(step))
        found = sum(_shortened(bot.database, lease) for lease in LEASES)
        is_time = uptime - self._all_seen_at >= EVERYTHING
        now = bot.clock()
        if not (found or is_time or step >= STEP or bot.database.read(partial(_shows, now=now))):
            return 0
        self._all_seen_at = uptime
        return found + put_right(bot.database, now, everything_due=step >= STEP)

    def _set_back(self, uptime: float) -> float:
        """By how many seconds the clock was set back since the last look."""
        ahead = self._bot.clock().timestamp() - uptime
        before, self._ahead = self._ahead, ahead
        return 0.0 if before is None else before - ahead


def _shows(session: Session, now: datetime) -> bool:
    """Whether something that is waiting was written by a clock that was ahead; quick to find."""
    signs = [and_(queue.where, _is_late(queue, now)) for queue in QUEUES]
    signs.append(WebhookEvent.received_at > now + SKEW)
    return any(session.scalar(select(1).where(sign).limit(1)) for sign in signs)


def _is_late(queue: _Span, now: datetime, *, everything: bool = False) -> ColumnElement[bool]:
    late: ColumnElement[bool] = queue.column > (now if everything else now + queue.longest)
    if queue.begun is None:
        return late
    return or_(late, and_(queue.column > now, queue.begun > now + SKEW))


def put_right(database: Database, now: datetime, *, everything_due: bool = False) -> int:
    """Void whatever lies further ahead than it can; how many rows that were.

    everything_due: the clock was seen to step, so that every wait was counted from a wrong moment:
    what waits is tried at once.
    """
    found = 0
    for queue in QUEUES:  # first, as it goes by when a row was made
        late = _is_late(queue, now, everything=everything_due)
        found += _set(database, queue.column, and_(queue.where, late), now)
    for life in LIVES:
        last = now + life.longest
        found += _set(database, life.column, and_(life.where, life.column > last + SKEW), last)
    for column in moments_that_were():
        found += _set(database, column, column > now + SKEW, now)
    return found


def moments_that_were() -> Iterator[Any]:
    """Every column that says when something was, but for those that are left as they are.

    Such a name ends in `at`, and only `due_at` and its like, which are spans, do so too.
    """
    ahead = {(each.column.class_, each.column.key) for each in (*LEASES, *QUEUES, *LIVES)}
    for mapper in Base.registry.mappers:
        table: Any = mapper.local_table
        for column in table.columns:
            is_moment = isinstance(column.type, UTCDateTime) and column.name.endswith("at")
            is_left = table.name in LEFT or f"{table.name}.{column.name}" in LEFT
            found: Any = mapper.get_property_by_column(column).class_attribute
            if is_moment and not is_left and (mapper.class_, found.key) not in ahead:
                yield found


def _shortened(database: Database, lease: _Span) -> int:
    """Have leases that are longer than a lease end after one; by the clock that leases go by.

    Whoever works under one may still be at it: nobody else takes its row before that is over.
    """

    def clause(session: Session) -> ColumnElement[bool]:
        last = database_of(session).time(lease.longest + lease.slack + SKEW)
        return and_(lease.where, lease.column > last)

    return _changed(
        database, lease.column, clause, lambda session: database_of(session).time(lease.longest)
    )


def _set(database: Database, column: Any, where: ColumnElement[bool], to: datetime) -> int:
    return _changed(database, column, lambda _: where, lambda _: to)


def _changed(
    database: Database,
    column: Any,
    where: Callable[[Session], ColumnElement[bool]],
    to: Callable[[Session], Any],
) -> int:
    """Looked for on a snapshot first: nobody who writes waits where nothing is wrong."""
    if database.read(lambda session: session.scalar(select(1).where(where(session)).limit(1))):
        return database.write(partial(_write, column=column, where=where, to=to))
    return 0


def _write(
    session: Session,
    column: Any,
    where: Callable[[Session], ColumnElement[bool]],
    to: Callable[[Session], Any],
) -> int:
    done: Any = session.execute(
        update(column.class_)
        .where(where(session))
        .values({column.key: to(session)})
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)
