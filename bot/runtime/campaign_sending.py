"""Sends the batches of campaigns: threads that call LINE, and a hand-over to the mail queue.

Each thread settles its last batch and begins the next one in one unit of work, so that a batch
costs one commit; in between it waits for its turn and calls, with no transaction open.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import is_waiting
from bot.errors import DeliveryError
from bot.logs import failure
from bot.receipts import Shortage
from bot.runtime import quota_reading
from bot.runtime.parts import Bot
from bot.services.campaigns.content.bodies import Bodies
from bot.services.campaigns.sending import batch_mails, batches
from bot.services.campaigns.sending.batches import Claim, OutgoingBatch
from bot.services.campaigns.workflow import rollout
from bot.services.delivery.line_rate_limit import PATIENCE
from bot.services.shared import quiet_hours
from models.campaign import Campaign, CampaignState
from models.subscription import Channel

SENDERS = 20  # threads: enough to hide LINE's answering time at the ceiling's 200 calls a second
CLAIM = 4  # batches leased at a time by one thread
QUOTA_EVERY = timedelta(seconds=15)
RATE_WAIT = timedelta(seconds=1)  # after a 429 that means "too fast"
RESERVED_WAIT = timedelta(minutes=1)  # while another sending of the account holds messages back
MAIL_WAIT = timedelta(minutes=1)

Settle = Callable[[Session], None]


class CampaignSending:
    """Sends what is due of all campaigns that are on."""

    def __init__(self, bot: Bot, *, senders: int = SENDERS) -> None:
        self.bot = bot
        self._senders = senders
        self._bodies = Bodies(bot.settings)
        self._quota_lock = threading.Lock()
        self._quota_asked_at: datetime | None = None

    def drain(self) -> int:
        """Send on LINE until nothing is due; how many calls were begun."""
        # Threads begin at once for what is due, and hire others where more becomes due meanwhile.
        claimed = self._claim(most=CLAIM * self._senders)
        crew = WorkerPool(self._senders, self._guarded)
        for number in range(self._senders):
            if share := claimed[number :: self._senders]:
                crew.hire(share)
        return crew.join()

    def drain_mails(self) -> int:
        """Hand batches for e-mail over to the mail queue; how many mails that made."""
        bot, made = self.bot, 0
        while claims := self._claim(Channel.EMAIL):
            for claimed in claims:
                try:
                    made += bot.database.write(partial(self._queue_mails, claimed))
                except Exception as error:  # one batch's trouble must not hold up the others
                    self._log(claimed, error)
                    reason, until = type(error).__name__, bot.clock() + MAIL_WAIT
                    bot.database.write(
                        partial(
                            batch_mails.postpone,
                            claimed=claimed,
                            worker=bot.worker,
                            reason=reason,
                            until=until,
                        )
                    )
        return made

    def _queue_mails(self, claimed: Claim, session: Session) -> int:
        bot = self.bot
        return batch_mails.queue(
            session, claimed, bot.worker, bot.clock(), bot.settings, self._bodies.letter
        )

    def _claim(
        self, channel: Channel = Channel.LINE, settle: Settle | None = None, most: int = CLAIM
    ) -> list[Claim]:
        bot, now = self.bot, self.bot.clock()

        def work(session: Session) -> list[Claim]:
            if settle is not None:
                settle(session)
                session.flush()
            if bot.settings.keeps_quiet and quiet_hours.is_quiet(now):
                return []
            return batches.claim(session, bot.worker, now, channel, most)

        return bot.database.write(work)

    # What follows runs in the threads.

    def _guarded(self, crew: "WorkerPool", claims: list[Claim]) -> int:
        try:
            return self._send_all(crew, claims or self._claim())
        except Exception as error:  # its leases end by themselves
            self.bot.log.error("campaign.sender_ended", **failure(error))
            return 0

    def _send_all(self, crew: "WorkerPool", claims: list[Claim]) -> int:
        calls, settle = 0, None
        while claims:
            for claimed in claims:
                outgoing = self._begin(claimed, settle)
                settle = None
                if outgoing is not None:
                    settle = self._call(outgoing)
                    calls += 1
            claims, settle = self._claim(settle=settle), None
            if len(claims) == CLAIM:
                crew.hire([])
            self._watch_quota()
        return calls

    def _begin(self, claimed: Claim, settle: Settle | None) -> OutgoingBatch | None:
        bot = self.bot

        def work(session: Session) -> OutgoingBatch | None:
            if settle is not None:
                settle(session)
                session.flush()
            return batches.begin(
                session, claimed, bot.worker, bot.clock(), bot.settings, self._bodies.messages
            )

        try:
            return bot.database.write(work)
        except Exception as error:  # one batch's trouble must not hold up the others
            self._log(claimed, error)
        if settle is not None:
            bot.database.write(settle)
        return None

    def _call(self, outgoing: OutgoingBatch) -> Settle:
        """Call LINE; what is to be written down of it."""
        bot, worker = self.bot, self.bot.worker
        if not bot.rate_limiter.take("multicast", PATIENCE):
            # Called by nobody: it comes again, and everything is asked anew.
            until = bot.clock() + timedelta(seconds=PATIENCE)
            return lambda session: batches.rate_limited(session, outgoing, worker, "no turn", until)
        try:
            receipt = bot.gateway.multicast(outgoing.body, outgoing.retry_key)
        except DeliveryError as error:
            return self._failed(outgoing, error)
        now, before = bot.clock(), receipt.was_accepted_before

        def sent(session: Session) -> None:
            request_id = receipt.request_id
            batches.sent(session, outgoing, worker, request_id, now, before=before)

        return sent

    def _failed(self, outgoing: OutgoingBatch, error: DeliveryError) -> Settle:
        bot, now, worker = self.bot, self.bot.clock(), self.bot.worker
        bot.log.warning(
            "batch.failed",
            campaign=outgoing.claim.campaign_id,
            batch=outgoing.claim.number,
            status=error.status,
        )
        if error.status != 429:
            return lambda session: batches.failed(session, outgoing, worker, error, now)
        shortage = bot.gateway.shortage(error, len(outgoing.subjects))
        bot.log.warning("campaign.held_up", shortage=shortage)
        if shortage is Shortage.RATE:
            bot.rate_limiter.back_off("multicast", RATE_WAIT.total_seconds())
        if shortage is Shortage.QUOTA:
            quota_reading.used_up(bot)
        wait = RATE_WAIT if shortage is Shortage.RATE else RESERVED_WAIT

        def held_up(session: Session) -> None:
            if shortage is Shortage.QUOTA:
                campaign_id = outgoing.claim.campaign_id
                rollout.hold_for_quota(session, campaign_id, bot.settings, now)
            batches.rate_limited(session, outgoing, worker, f"429 {shortage}", now + wait)

        return held_up

    def _watch_quota(self) -> None:
        """Between batches: ask LINE now and then, and hold what does not fit any more."""
        bot, now = self.bot, self.bot.clock()
        with self._quota_lock:
            last = self._quota_asked_at
            if last is not None and is_waiting(last + QUOTA_EVERY, now, QUOTA_EVERY):
                return
            self._quota_asked_at = now
        if not quota_reading.read(bot):
            return
        sending = select(Campaign.id).where(Campaign.state == CampaignState.SENDING)
        for campaign_id in bot.database.read(lambda session: list(session.scalars(sending))):
            held = bot.database.write(partial(self._check_quota, campaign_id))
            if held is not None:
                bot.log.warning("campaign.held", campaign=campaign_id, why=held)

    def _check_quota(self, campaign_id: str, session: Session) -> rollout.PauseReason | None:
        bot = self.bot
        return rollout.check_quota(session, campaign_id, bot.settings, bot.clock())

    def _log(self, claimed: Claim, error: Exception) -> None:
        campaign, batch = claimed.campaign_id, claimed.number
        self.bot.log.error("batch.broken", campaign=campaign, batch=batch, **failure(error))


class WorkerPool:
    """The threads of one drain."""

    def __init__(self, most: int, work: "Callable[[WorkerPool, list[Claim]], int]") -> None:
        self._most, self._work = most, work
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._working = self._calls = 0

    def hire(self, claims: list[Claim]) -> None:
        """One thread more, for these claims or for what it finds; none where all are at work."""
        with self._lock:
            if self._working == self._most:
                return
            self._working += 1
            thread = threading.Thread(
                target=self._run, args=(claims,), name="campaign", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def join(self) -> int:
        """Wait until all have ended, also those who were hired meanwhile; how many calls."""
        for thread in self._threads:  # whoever hires is waited for first, and sees to the list
            thread.join()
        return self._calls

    def _run(self, claims: list[Claim]) -> None:
        calls = self._work(self, claims)
        with self._lock:
            self._calls += calls
            self._working -= 1
