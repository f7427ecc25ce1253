"""Drains the queued mails: each is a row before, one attempt at a time, over a few connections.

A lane is a thread with a connection of its own and a name of its own for its leases. There is one
while there is little to send; each that gets a full claim opens the next one, up to
MAIL_CONNECTIONS. What the lanes of all processes may send to one domain stands in
bot/services/delivery/mail_rate_limit.py.
"""

import hashlib
import re
import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy.orm import Session

from bot.errors import DeliveryError
from bot.logs import failure
from bot.mail.mime import Envelope, Written, compose
from bot.mail.smtp import Connection, Mailer, MailError
from bot.runtime.parts import Bot
from bot.services.delivery import mail_archive, mail_claims, mail_delivery
from bot.services.delivery.mail_archive import HandedMail, SharedBody
from bot.services.delivery.mail_claims import ClaimedMail
from bot.services.delivery.mail_delivery import OutgoingMail
from bot.services.subscriptions import subscriptions
from bot.texts.letters import fill_kept
from models.conversation import Language

ROUNDS = 50  # of claims of one lane in one tick; the next tick goes on
CLAIM = 20  # mails


@dataclass
class _Drain:
    """One tick's lanes."""

    bot: Bot
    mailer: Mailer
    pool: ThreadPoolExecutor
    name: str = field(default_factory=lambda: secrets.token_hex(3))
    lock: threading.Lock = field(default_factory=threading.Lock)
    lanes: list[Future[int]] = field(default_factory=list)
    bodies: dict[tuple[str, Language], SharedBody] = field(default_factory=dict)

    def add_lane(self) -> None:
        """One connection more, where it may be."""
        with self.lock:
            number = len(self.lanes)
            if number < self.bot.settings.mail_connections:
                self.lanes.append(self.pool.submit(_run, self, number))

    def wait(self) -> int:
        """How many mails all lanes looked at, once the last one is done."""
        seen = done = 0
        while True:
            with self.lock:
                running = self.lanes[done:]
            if not running:
                return seen
            seen += sum(lane.result() for lane in running)
            done += len(running)


@dataclass
class _MailLane:
    """One thread's connection, and the mail that the server took and that is not yet noted.

    The receipt is written with the beginning of the next mail, at once: two commits in one.
    """

    bot: Bot
    mailer: Mailer
    connection: Connection
    worker: str
    bodies: dict[tuple[str, Language], SharedBody]  # of campaigns, for all lanes
    accepted: OutgoingMail | None = None

    def begin(self, claimed: ClaimedMail) -> OutgoingMail | None:
        """Begin a mail and note the receipt of the one before it."""

        def work(session: Session) -> OutgoingMail | None:
            now, head, gate = self.bot.clock(), self.mailer.head, self.bot.gate
            # In this order: it locks a person, and locks of mails come after those of persons.
            found = mail_delivery.begin(session, claimed, self.worker, now, head, gate)
            if self.accepted is not None:
                mail_delivery.sent(session, self.accepted, self.worker, now)
            return found

        begun = self.bot.database.write(work)
        self.accepted = None
        return begun

    def settle(self) -> None:
        """Note the receipt of the last mail, where nothing follows it."""
        accepted = self.accepted
        if accepted is not None:
            self.bot.database.write(
                lambda session: mail_delivery.sent(session, accepted, self.worker, self.bot.clock())
            )
            self.accepted = None


def drain(bot: Bot) -> int:
    """Send what is due; how many mails were looked at. Without a mail server they wait."""
    if bot.mailer is None:
        return 0
    with ThreadPoolExecutor(bot.settings.mail_connections, "mail") as pool:
        tick = _Drain(bot, bot.mailer, pool)
        tick.add_lane()
        return tick.wait()


def _run(tick: _Drain, number: int) -> int:
    bot, seen = tick.bot, 0
    with tick.mailer.connected() as connection:
        worker = f"{bot.worker}-{tick.name}{number}"
        lane = _MailLane(bot, tick.mailer, connection, worker, tick.bodies)
        for turn in range(ROUNDS):
            # The first lane has mails before it knocks. The others are helpers: where the server
            # takes no more connections, no mail has been tried for it.
            if number and not _opens(lane):
                break
            claimed = bot.database.write(partial(_claim, lane))
            seen += len(claimed)
            # Through the door first: a server that takes one connection takes this one.
            if turn == 0 and len(claimed) == CLAIM and _opens(lane):
                tick.add_lane()
            if not claimed or not _send_all(lane, claimed):
                break
    return seen


def _opens(lane: _MailLane) -> bool:
    try:
        lane.connection.open()
    except MailError as error:
        lane.bot.log.warning("mail.lane_closed", status=error.status, reason=error.reason)
        return False
    return True


def _claim(lane: _MailLane, session: Session) -> list[ClaimedMail]:
    bot, rate = lane.bot, lane.bot.settings.mail_per_domain
    return mail_claims.claim(session, lane.worker, bot.clock(), bot.gate, CLAIM, rate)


def _send_all(lane: _MailLane, claimed: list[ClaimedMail]) -> bool:
    """Send some mails; False where the server cannot be reached and the rest has to wait."""
    log = lane.bot.log
    try:
        for index, one in enumerate(claimed):
            if not lane.connection.is_open:
                lane.settle()  # before anything that may take its time
                try:
                    lane.connection.open()
                except MailError as error:
                    log.warning("mail.unreachable", status=error.status, reason=error.reason)
                    _postpone(lane, claimed[index:], error)
                    return False
            try:
                _send(lane, one)
            except Exception as error:  # one mail's trouble must not hold up the others
                log.error("mail.broken", mail=one.id, **failure(error))
                # Its attempt may have been counted already: one of the two is how the row stands.
                stands = [replace(one, attempts=one.attempts + 1), one]
                _postpone(lane, stands, DeliveryError(type(error).__name__))
    finally:
        lane.settle()
    return True


def _send(lane: _MailLane, claimed: ClaimedMail) -> None:
    bot, worker = lane.bot, lane.worker
    outgoing = lane.begin(claimed)
    if outgoing is None:
        return
    try:
        written = _in_full(bot, outgoing, outgoing.written)
        envelope = compose(written, lane.mailer.head)
        if outgoing.handed is not None:
            # Signed at another moment they would be other bytes: one mail would be two.
            envelope = replace(envelope, content=outgoing.handed)
        lane.connection.address(envelope)
        handed = _handed(lane, outgoing, written, envelope)
        if not bot.database.write(
            lambda session: mail_delivery.hand_over(
                session, outgoing, worker, bot.clock(), bot.gate, handed
            )
        ):
            lane.connection.skip()
            return
        lane.connection.hand_in(envelope)
    except DeliveryError as error:
        _fail(lane, outgoing, error)
        return
    lane.accepted = outgoing


def _handed(
    lane: _MailLane, outgoing: OutgoingMail, written: Written, envelope: Envelope
) -> HandedMail:
    """What the archive keeps: the very bytes, or those with a gap where a secret goes."""
    raw, sent_sha256 = envelope.content, None
    if outgoing.gapped is not None:
        sent_sha256 = hashlib.sha256(raw).hexdigest()
        # Unsigned: a signature of words that were never sent would prove what is not true.
        unsigned = replace(lane.mailer.head, dkim=None)
        raw = compose(_in_full(lane.bot, outgoing, outgoing.gapped), unsigned).content
    body = _shared_body(lane, outgoing.campaign_id, written) if outgoing.campaign_id else None
    return HandedMail(raw, written.to, written.message_id, written.date, sent_sha256, body)


def _shared_body(lane: _MailLane, campaign_id: str, written: Written) -> SharedBody:
    """What the campaign's mails have in common: made once, from a mail that goes to nobody."""
    key = campaign_id, Language(written.language)
    found = lane.bodies.get(key)
    if found is None:
        blank = written
        if written.unsubscribe:
            stop, nobody = written.unsubscribe, re.sub(r"\w", "x", written.unsubscribe)
            blank = replace(
                written,
                id="0" * len(written.id),
                text=written.text.replace(stop, nobody),
                html=written.html.replace(stop, nobody),
            )
        raw = compose(blank, replace(lane.mailer.head, dkim=None)).content
        database, now = lane.bot.database, lane.bot.clock()
        found = database.write(lambda session: mail_archive.share(session, *key, raw, now))
        lane.bodies[key] = found
    return found


def _in_full(bot: Bot, outgoing: OutgoingMail, written: Written) -> Written:
    """The mail with the address that ends the news, in its header and in its words."""
    if outgoing.subject_id is None or outgoing.purpose is None:
        return written
    stop = subscriptions.unsubscribe_url(
        bot.keyring, bot.settings, outgoing.subject_id, outgoing.purpose
    )
    found = {"unsubscribe": stop}
    return replace(
        written,
        text=fill_kept(written.text, found),
        html=fill_kept(written.html, found, is_html=True),
        unsubscribe=stop if written.is_news else None,
    )


def _fail(lane: _MailLane, outgoing: OutgoingMail, error: DeliveryError) -> None:
    bot, rate = lane.bot, lane.bot.settings.mail_per_domain
    bot.log.warning("mail.failed", mail=outgoing.id, status=error.status, reason=error.reason)
    bot.database.write(
        lambda session: mail_delivery.failed(
            session, outgoing, lane.worker, error, bot.clock(), bot.gate, rate
        )
    )


def _postpone(lane: _MailLane, claimed: list[ClaimedMail], error: DeliveryError) -> None:
    bot = lane.bot
    bot.database.write(
        lambda session: mail_delivery.postpone(session, claimed, lane.worker, error, bot.clock())
    )
