"""What runs in a process: lanes that answer, and the drains that the clock's ticks call."""

from collections.abc import Callable
from typing import Any

from bot.logs import failure
from bot.runtime import purging
from bot.runtime.answering import Answering
from bot.runtime.campaign_sending import CampaignSending
from bot.runtime.leadership import Leadership
from bot.runtime.parts import Bot
from bot.runtime.per_user_queue import PerUserQueue
from bot.runtime.pushing import Pushing
from bot.runtime.turned_clock import ClockWatch
from bot.services.accounts import accounts, provisioning
from bot.services.accounts.provisioning import ProvisioningOutcome
from bot.services.chat import drafts, inbox
from bot.services.chat.inbox import Stored
from bot.services.guardians import ends
from bot.services.learners import search
from bot.services.subscriptions import renewals
from models.account import AccountState

WORKER_HANDLERS = 48


class Engine:
    """Answers people and drains what is due. Every drain may run anywhere, twice, or late."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.answering = Answering(bot)
        self.pushing = Pushing(bot)
        self.campaigns = CampaignSending(bot)
        self.clock_watch = ClockWatch(bot)
        # A web process may leave answering to a worker (0); the worker itself then has threads.
        self.lanes = PerUserQueue(
            self.answering.work, bot.settings.inbox_handlers or WORKER_HANDLERS
        )
        self._leadership = Leadership(bot.settings.database_url) if bot.settings.is_sqlite else None

    def start(self, then: Callable[[], Any] = lambda: None) -> bool:
        """Start answering and call then; False where that has to wait until another one ends.

        On SQLite one process answers, and the others take over from it; on PostgreSQL all do.
        """
        if self._leadership is None or self._leadership.take():
            self._begin(then)
            return True
        self.bot.log.info("engine.waits", database="sqlite")
        self._leadership.wait(lambda: self._begin(then))
        return False

    def _begin(self, then: Callable[[], Any]) -> None:
        if self._leadership is not None:
            # We are the only one that answers: whatever is open was left by our last life, and
            # its leases bind nobody.
            for person in self.bot.database.write(inbox.reclaim):
                self.lanes.submit(person, swept=True)
        self.lanes.start()
        then()
        self.bot.log.info("engine.answers", worker=self.bot.worker)

    def is_answered(self) -> bool:
        """Whether some process answers what this one stores; on PostgreSQL that is not known
        here where it is left to a worker."""
        return self._leadership is None or self._leadership.is_somebodys()

    def wait_no_more(self) -> None:
        """Stop asking whether this process may answer."""
        if self._leadership is not None:
            self._leadership.ask_no_more()

    def stop(self) -> None:
        """Finish what is being answered, and let another process take over."""
        self.wait_no_more()
        self.lanes.stop()
        if self._leadership is not None:
            self._leadership.release()

    def received(self, stored: list[Stored]) -> None:
        """Answer events that have just been stored, while their reply tokens are fresh."""
        if self.lanes.are_running:
            for event in stored:
                self.lanes.submit(event.person)

    def sweep(self) -> int:
        """Take up events that a crash or a refusal left behind."""
        people = self.bot.database.read(lambda session: inbox.waiting(session, self.bot.clock()))
        for person in people:
            # Through the lanes: two threads on one person would be one worker to the leases.
            if self.lanes.are_running:
                self.lanes.submit(person, swept=True)
            else:
                self.answering.work(person, swept=True)
        return len(people)

    def drain_pushes(self, most: int | None = None) -> int:
        """Send queued pushes that are due."""
        return self.pushing.drain(most)

    def drain_accounts(self) -> int:
        """Make, freeze, unfreeze and close accounts at a provider that could not be reached."""
        bot = self.bot
        due = bot.database.read(lambda session: accounts.due(session, bot.clock()))
        for account_id, state in due:
            try:
                self._provision(account_id, state)
            except Exception as error:  # one account's trouble must not hold up the others
                bot.log.error("account.failed", account=account_id, **failure(error))
                provisioning.postpone(bot.database, account_id, type(error).__name__, bot.clock)
        return len(due) + purging.tell_erasures(bot)

    def _provision(self, account_id: str, state: AccountState) -> None:
        bot = self.bot
        made = provisioning.settle(
            bot.database, bot.provider, account_id, state, bot.settings, bot.clock
        )
        if made is ProvisioningOutcome.NOW:
            self._announce(account_id)

    def _announce(self, account_id: str) -> None:
        bot = self.bot
        bot.database.write(
            lambda session: bot.dispatcher.account_ready(session, account_id, bot.clock())
        )

    def expire_drafts(self) -> int:
        """Erase what unfinished conversations collected, once their 24 hours are over."""
        bot = self.bot
        return bot.database.write(
            lambda session: drafts.expire_due(session, bot.settings.school, bot.clock())
        )

    def expire_guardianships(self) -> int:
        """End requests to guardians whose seven days are over."""
        bot = self.bot
        return bot.database.write(
            lambda session: ends.expire_due(session, bot.settings.school, bot.clock())
        )

    def renew_consents(self) -> int:
        """End the news consents whose time is over, and ask once more for each."""
        bot, ended = self.bot, 0
        while found := bot.database.write(
            lambda session: renewals.run_out(session, bot.settings, bot.clock())
        ):
            ended += found
        return ended

    def index_names(self) -> int:
        """Let learners of before be found by the words of their names, a batch a transaction."""
        done = 0
        while found := self.bot.database.write(search.index_names):
            done += found
        return done

    def purge(self) -> None:
        """Forget what has served its time; counts only are logged."""
        counts = purging.purge(self.bot)
        self.bot.log.info("purge.done", rows=counts)

    def erase_due(self) -> int:
        """Erase whoever withdrew, before the day that they were told is over."""
        return purging.erase_due(self.bot)

    def list_erasures(self) -> int:
        """Bring the list of erasures that lies beside the backups up to date."""
        return purging.list_erasures(self.bot)
