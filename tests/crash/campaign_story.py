"""What happens to one campaign whose workers die, by a seed, and what LINE delivered of it."""

import secrets
from random import Random
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.runtime import quota_reading
from bot.runtime.campaign_sending import CampaignSending
from bot.services.campaigns.sending.batches import LEASE
from bot.services.campaigns.workflow import unknown_outcomes
from bot.services.consent.consents import ConsentStatement
from bot.services.shared import quiet_hours
from bot.services.subscriptions import subscriptions
from models.campaign import Campaign
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.recipient import Batch, BatchState, Recipient
from tests.crash.campaign_stage import Stage
from tests.crash.campaign_worker import POINTS, WITHDRAWING
from tests.factories import make_campaign

MOST_ROUNDS = 60  # after the deaths; more of them would be "stuck"
FAULTS = ("500", "500_after_accept", "lost_response", "hang", "429_rate")
SETTLED = {BatchState.SENT, BatchState.ACCEPTED_BEFORE, BatchState.EMPTY, BatchState.UNKNOWN}


class Story:
    """What happens to one campaign."""

    def __init__(self, stage: Stage, seed: int, draw: Random, *, has_keys: bool) -> None:
        self.stage, self.seed, self.draw, self.has_keys = stage, seed, draw, has_keys
        self.bot, self.clock = stage.bot, stage.clock
        draw.shuffle(stage.crowd)
        self.people = {each.subject_id: each for each in stage.people(draw.randrange(6, 16))}
        self.text = f"ข่าวที่ {seed} {secrets.token_hex(4)}"
        self.said_no: dict[str, bool] = {}  # and whether nothing had been tried before
        self.id = self.bot.database.write(self._make)

    def _make(self, session: Session) -> str:
        learners = [session.get_one(Learner, each.learner_id) for each in self.people.values()]
        size = self.draw.randrange(2, 5)
        groups = [learners[at : at + size] for at in range(0, len(learners), size)]
        content = {"th": {"title": "ข่าว", "parts": [{"type": "text", "text": self.text}]}}
        return make_campaign(session, self.clock(), groups, self.bot.settings, content=content).id

    def suffer(self) -> None:
        """One or two rounds of workers that die, with what else can go wrong."""
        draw = self.draw
        for kind in draw.sample(FAULTS, draw.choice((0, 1, 1, 2))):
            self.stage.platform.faults.add("multicast", kind, draw.choice((1, 1, 2)), seconds=0.1)
        for turn in range(draw.choice((1, 1, 2))):
            if draw.random() < 0.4:
                self._says_no()
            point = POINTS[(self.seed + turn) % len(POINTS)]
            jobs = [self._job(point=point, nth=draw.choice((1, 1, 2, 3)))]
            # On SQLite one process does the work; on PostgreSQL any number.
            if not self.bot.database.is_sqlite and draw.random() < 0.5:
                jobs.append(self._job(point=draw.choice((None, *POINTS)), nth=draw.choice((1, 2))))
            if draw.random() < 0.25:
                self._dies_saying_no(jobs)
            else:
                self.stage.jobs(*jobs)
            self._later()

    def recover(self) -> bool:
        """Workers that live go on until nothing is left; whether that came about."""
        sending = CampaignSending(self.bot, senders=2)
        if not self.has_keys:
            for _ in range(MOST_ROUNDS):
                self.stage.jobs(self._job(point=None))
                if not self._is_open():
                    return True
                self._later()
            return False
        for _ in range(MOST_ROUNDS):
            sending.drain()
            if self.draw.random() < 0.1:
                self._says_no()
            if not self._is_open() and not self._decide():
                return True
            self._later()
        return False

    def judge(self, *, is_over: bool) -> None:
        """What LINE delivered, against what was meant."""
        tally, problems = self.stage.tally, []
        if not is_over:
            problems.append("stuck")
        for row, batch in self._rows():
            got = self._got(row.subject_id)
            tally.delivered += min(got, 1)
            tally.duplicates += max(0, got - 1)
            if got > 1:
                problems.append(f"batch {batch.number}: {got} times ({batch.state})")
            if batch.state not in SETTLED:
                problems.append(f"batch {batch.number}: {batch.state}")
            is_forbidden = self.said_no.get(row.subject_id, False) or row.dropped is not None
            if is_forbidden and got:
                problems.append(f"batch {batch.number}: sent to somebody who had said no")
            if row.subject_id not in self.said_no and row.dropped is None and not got:
                problems.append(f"batch {batch.number}: not sent ({batch.state}, {batch.reason})")
        if self.has_keys:
            tally.problems += [f"seed {self.seed}: {problem}" for problem in problems]
        gone = set(self.said_no)
        self.stage.crowd = [each for each in self.stage.crowd if each.subject_id not in gone]

    def _job(self, **of_job: Any) -> dict[str, Any]:
        return {"clock": self.clock().isoformat(), "keys": self.has_keys, **of_job}

    def _later(self) -> None:
        """Past every lease; now and then past the life of a retry key."""
        hours = 25 if self.draw.random() < 0.03 else 0
        self.clock.advance(hours=hours, seconds=LEASE.total_seconds() + self.draw.randrange(1, 400))
        self.clock.time = quiet_hours.next_open(self.clock())
        # The ticks that look after campaigns are no part of this.
        alive = update(Campaign).where(Campaign.id == self.id).values(alive_at=self.clock())
        self.bot.database.write(lambda session: session.execute(alive) and None)

    def _someone(self) -> str | None:
        left = [subject_id for subject_id in self.people if subject_id not in self.said_no]
        return self.draw.choice(left) if left else None

    def _says_no(self) -> None:
        """Between two workers somebody takes their yes back."""
        subject_id = self._someone()
        if subject_id is None:
            return

        def stop(session: Session) -> bool:
            conversation = session.get_one(Conversation, subject_id, with_for_update=True)
            said, now = ConsentStatement("หยุด"), self.clock()
            school = self.bot.settings.school
            subscriptions.stop(session, conversation, Purpose.LINE_NEWS, said, school, now)
            row = session.get_one(Recipient, (self.id, subject_id))
            batch = session.get_one(Batch, (self.id, row.batch))
            return batch.state is BatchState.QUEUED and batch.tried_at is None

        self.said_no[subject_id] = self.bot.database.write(stop)
        self.stage.tally.withdrawn += 1

    def _dies_saying_no(self, jobs: list[dict[str, Any]]) -> None:
        """The process that takes somebody's no dies inside of it, or right after it."""
        subject_id = self._someone()
        if subject_id is None:
            return
        is_before = self.draw.random() < 0.5
        no = self._job(point=WITHDRAWING, subject=subject_id, nth=1 if is_before else 2)
        if self.bot.database.is_sqlite or self.draw.random() < 0.5:
            is_untried = self._is_untried(subject_id)
            self.stage.jobs(no)
            self.stage.jobs(*jobs)
        else:
            is_untried = False  # nobody can say which was first
            self.stage.jobs(no, *jobs)
        if not is_before:
            self.said_no[subject_id] = is_untried
            self.stage.tally.withdrawn += 1

    def _is_untried(self, subject_id: str) -> bool:
        return any(
            row.subject_id == subject_id
            and batch.state is BatchState.QUEUED
            and batch.tried_at is None
            for row, batch in self._rows()
        )

    def _decide(self) -> bool:
        """A person looks at LINE's figures and decides on what nobody knows."""

        def decide(session: Session) -> int:
            waiting = unknown_outcomes.waiting(session, self.id)
            for batch in waiting:
                theirs = [row.subject_id for row, it in self._rows() if it.number == batch.number]
                about = (session, self.id, batch.number, "b" * 32)
                if any(map(self._got, theirs)):
                    unknown_outcomes.leave(*about, self.clock())
                else:
                    unknown_outcomes.send_again(*about, self.bot.settings, self.clock())
            return len(waiting)

        quota_reading.read(self.bot)
        decided = self.bot.database.write(decide)
        self.stage.tally.decided += decided
        return decided > 0

    def _rows(self) -> list[tuple[Recipient, Batch]]:
        query = (
            select(Recipient, Batch)
            .join(
                Batch,
                (Batch.campaign_id == Recipient.campaign_id) & (Batch.number == Recipient.batch),
            )
            .where(Recipient.campaign_id == self.id)
        )
        return self.bot.database.read(lambda session: [(a, b) for a, b in session.execute(query)])

    def _is_open(self) -> bool:
        return any(batch.state is BatchState.QUEUED for _, batch in self._rows())

    def _got(self, subject_id: str) -> int:
        bubbles = self.people[subject_id].chat.bubbles()
        return sum(bubble.message.get("text") == self.text for bubble in bubbles)
