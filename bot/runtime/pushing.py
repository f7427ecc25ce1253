"""Drains the queued pushes: many threads call LINE, one writes down what came of it, in bulk."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue

from bot.clock import is_waiting
from bot.errors import DeliveryError
from bot.logs import failure
from bot.receipts import Receipt, Shortage
from bot.runtime import quota_reading
from bot.runtime.parts import Bot
from bot.services.delivery import outbox
from bot.services.delivery.line_rate_limit import PATIENCE
from bot.services.delivery.outbox import OutgoingPush

SENDERS = 64  # threads, and so connections to LINE
CLAIM = 512  # leased at a time
BEGIN = 96  # attempts counted at a time
AHEAD = 192  # begun and not yet settled: few enough to be out within a moment
SETTLE = 64  # results that wake the one who writes
LONGEST_REST = timedelta(seconds=max(outbox.WAITS.values()))
MOMENT = 0.05  # seconds between two looks where nobody wakes them


@dataclass(frozen=True)
class Result:
    """What came of one push that was begun; nothing at all where it may not go out any more."""

    outgoing: OutgoingPush
    receipt: Receipt | None = None
    error: DeliveryError | None = None
    is_untried: bool = False  # LINE had just said that it takes no more

    @property
    def is_held(self) -> bool:
        """Whether a limit of LINE's kept it from being sent."""
        return self.is_untried or (self.error is not None and self.error.status == 429)


class Pushing:
    """Sends what is due, unless LINE said a moment ago that it takes nothing."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self._rests_until: datetime | None = None

    def drain(self, most: int | None = None) -> int:
        """Send until nothing is due (or `most` were claimed); how many were looked at."""
        now = self.bot.clock()
        if is_waiting(self._rests_until, now, LONGEST_REST):
            return 0
        run = _Run(self.bot, most)
        seen = run.go()
        self._rests_until = None
        if run.shortage is not None:
            self._rests_until = now + timedelta(seconds=outbox.WAITS[run.shortage])
        return seen


class _Run:
    """One drain: the caller's thread claims, begins and settles; the senders only call."""

    def __init__(self, bot: Bot, most: int | None) -> None:
        self.bot, self.most = bot, most
        self.shortage: Shortage | None = None  # of which waiting a moment is no cure
        self._seen = 0
        self._claimed: deque[OutgoingPush] = deque()
        self._busy: Counter[str] = Counter()  # people to whom something is on its way
        self._senders: list[threading.Thread] = []
        self._ready: SimpleQueue[list[OutgoingPush] | None] = SimpleQueue()
        self._begun = 0
        self._results: deque[Result] = deque()
        self._has_results = threading.Event()
        self._is_refused = threading.Event()

    def go(self) -> int:
        """Run until nothing is left to do, or LINE takes nothing."""
        try:
            while True:
                self._settle()
                if self.shortage is None:
                    self._feed()
                if not self._begun:
                    return self._seen
                self._has_results.wait(MOMENT)
                self._has_results.clear()
        finally:
            for _ in self._senders:
                self._ready.put(None)
            for sender in self._senders:
                sender.join()
            if self._claimed:
                left, worker = list(self._claimed), self.bot.worker
                self.bot.database.write(lambda session: outbox.release(session, left, worker))

    def _feed(self) -> None:
        """Keep a little more begun than the senders have in hand."""
        while self._begun < AHEAD:
            if len(self._claimed) < BEGIN:
                self._claim()
            few = self._begin(self._next())
            if not few:
                return
            self._begun += len(few)
            together: dict[str, list[OutgoingPush]] = {}
            for one in few:
                together.setdefault(one.person, []).append(one)
            self._busy.update(one.person for one in few)
            for theirs in together.values():
                self._ready.put(theirs)
                if len(self._senders) < SENDERS:
                    self._hire()

    def _claim(self) -> None:
        bot, wanted = self.bot, CLAIM
        if self.most is not None:
            wanted = min(wanted, self.most - self._seen)
        if wanted <= 0:
            return
        claimed = bot.database.write(
            lambda session: outbox.claim(session, bot.worker, bot.clock(), wanted)
        )
        self._seen += len(claimed)
        self._claimed.extend(claimed)

    def _next(self) -> list[OutgoingPush]:
        """Some of what is claimed; one person's pushes go out in the order in which they came."""
        few: list[OutgoingPush] = []
        later: list[OutgoingPush] = []
        while self._claimed and len(few) < BEGIN:
            one = self._claimed.popleft()
            (later if one.person in self._busy else few).append(one)
        self._claimed.extendleft(reversed(later))
        return few

    def _begin(self, few: Sequence[OutgoingPush]) -> list[OutgoingPush]:
        """Count the attempts; for news each sender does, as it asks whether it may go out."""
        bot, plain = self.bot, [one for one in few if not one.is_news]
        if not plain:
            return list(few)
        begun = bot.database.write(
            lambda session: outbox.begin_all(session, plain, bot.worker, bot.clock(), bot.gate)
        )
        counted = {one.id: one for one in begun}
        return [counted.get(one.id, one) for one in few if one.is_news or one.id in counted]

    def _settle(self) -> None:
        """Write down what has come of pushes until now."""
        results = [self._results.popleft() for _ in range(len(self._results))]
        if not results:
            return
        bot, now = self.bot, self.bot.clock()
        self._begun -= len(results)
        self._busy -= Counter(result.outgoing.person for result in results)
        taken = [(one.outgoing, one.receipt) for one in results if one.receipt is not None]
        if taken:
            bot.database.write(lambda session: outbox.sent(session, taken, bot.worker, now))
        held = [result for result in results if result.is_held]
        if held:
            self._hold_up(held)
        for result in results:
            if result.error is not None and not result.is_held:
                self._fail(result.outgoing, result.error)

    def _fail(self, outgoing: OutgoingPush, error: DeliveryError) -> None:
        bot = self.bot
        bot.log.warning("push.failed", push=outgoing.id, status=error.status)
        bot.database.write(
            lambda session: outbox.failed(session, outgoing, bot.worker, error, bot.clock())
        )

    def _hold_up(self, held: Sequence[Result]) -> None:
        """LINE said "too many": find out what of, and let the senders go on where that passes."""
        bot = self.bot
        refused = next((result.error for result in held if result.error is not None), None)
        shortage = self.shortage or Shortage.RATE
        if refused is not None and self.shortage is None:
            shortage = bot.gateway.shortage(refused, 1)
            bot.log.warning("push.held_up", shortage=shortage, reason=refused.reason)
            if shortage is Shortage.RATE:
                bot.rate_limiter.back_off("push")
                self._is_refused.clear()
            else:
                self.shortage = shortage
            if shortage is Shortage.QUOTA:
                quota_reading.used_up(bot)
        outgoing = [result.outgoing for result in held]
        bot.database.write(
            lambda session: outbox.rate_limited(
                session, outgoing, bot.worker, shortage, bot.clock()
            )
        )

    # What follows runs in the senders.

    def _hire(self) -> None:
        sender = threading.Thread(target=self._send_all, name="push", daemon=True)
        self._senders.append(sender)
        sender.start()

    def _send_all(self) -> None:
        while (theirs := self._ready.get()) is not None:
            for one in theirs:
                self._results.append(self._guarded(one))
            if len(self._results) >= SETTLE or self._ready.empty():
                self._has_results.set()

    def _guarded(self, one: OutgoingPush) -> Result:
        try:
            return self._send(one)
        except Exception as error:  # one push's trouble must not hold up the others
            self.bot.log.error("push.broken", push=one.id, **failure(error))
            return Result(one)  # its lease ends by itself

    def _send(self, one: OutgoingPush) -> Result:
        bot, outgoing = self.bot, one
        if one.is_news:
            begun = bot.database.write(
                lambda session: outbox.begin(session, one, bot.worker, bot.clock(), bot.gate)
            )
            if begun is None:
                return Result(one)
            outgoing = begun
        if not bot.rate_limiter.take("push", PATIENCE) or self._is_refused.is_set():
            return Result(outgoing, is_untried=True)
        try:
            receipt = bot.gateway.send("push", outgoing.body, outgoing.retry_key)
        except DeliveryError as error:
            if error.status == 429:
                self._is_refused.set()
            return Result(outgoing, error=error)
        return Result(outgoing, receipt)
