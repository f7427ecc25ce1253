"""A queue for each campaign: what may not go now is not looked at, whatever lies there."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.runtime import Bot
from bot.services.campaigns.sending import batch_mails, circuit_breaker
from bot.services.delivery import mail_claims
from models.base import new_id
from models.campaign import Campaign, CampaignState
from models.database import Database
from models.mail import Mail, MailState, Stream
from tests.clock import FakeClock
from tests.factories import make_campaign
from tests.mail.conftest import news_of

Queue = Callable[..., str]


class Sending:
    """Campaigns with mails in the queue, and claims of whoever sends."""

    def __init__(self, bot: Bot, queue: Queue) -> None:
        self.bot, self.queue = bot, queue

    def campaign(self, state: CampaignState = CampaignState.SENDING) -> str:
        return self.bot.database.write(
            lambda session: (
                make_campaign(
                    session,
                    self.bot.clock(),
                    [],
                    self.bot.settings,
                    state=state,
                    counts={"email": 9},
                ).id
            )
        )

    def mail(self, campaign_id: str | None = None) -> str:
        """A second later than the one before."""
        self.bot.clock.advance(seconds=1)  # type: ignore[attr-defined]
        mail_id = new_id()
        to = f"{mail_id}@{mail_id}.test"
        return self.queue(to=to, mail_id=mail_id, news=news_of(new_id(), campaign_id))

    def claim(self, session: Session, most: int = 20) -> list[str]:
        found = mail_claims.claim(session, new_id(), self.bot.clock(), self.bot.gate, most)
        return [one.id for one in found]

    def claims(self, most: int = 20) -> list[str]:
        return self.bot.database.write(lambda session: self.claim(session, most))


@pytest.fixture
def sending(bot: Bot, queue: Queue) -> Sending:
    return Sending(bot, queue)


def plans(database: Database, work: Callable[[Session], Any], of: str = "mail") -> list[str]:
    """By what SQLite finds the mails in each of some work's questions to one table."""
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses by its statistics, and there are few mails here")
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, is_many: bool) -> None:
        if not is_many and re.match(rf"SELECT [^()]*(count\(\*\)[^()]*)?\nFROM {of}\b", statement):
            asked.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        database.write(work)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)

    def explain(session: Session) -> list[str]:
        connection = session.connection()
        found = (
            row.detail
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        )
        return [detail for detail in found if " mail " in detail or "TEMP B-TREE" in detail]

    return database.write(explain)


ALONE = "SEARCH mail USING INDEX ix_mail_queued (stream=? AND due_at<?)"
OF_A_CAMPAIGN = "SEARCH mail USING INDEX ix_mail_queued_by_campaign (campaign_id=? AND due_at<?)"


def test_each_queue_is_asked_by_its_own_index(sending: Sending, database: Database) -> None:
    campaign_id = sending.campaign()
    sending.mail(campaign_id)
    found = plans(database, sending.claim)
    assert found == [ALONE, ALONE, OF_A_CAMPAIGN], "notices, news; and nothing is sorted"
    assert plans(database, sending.claim, of="campaign") == [OF_A_CAMPAIGN], "has it any at all?"


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.DONE])
def test_of_a_campaign_that_is_not_on_no_mail_is_read(
    state: CampaignState, sending: Sending, database: Database
) -> None:
    sending.mail(sending.campaign(state))
    assert sending.claims() == []
    assert plans(database, sending.claim) == [ALONE, ALONE]


def test_at_night_no_campaigns_queue_is_read(sending: Sending, bot: Bot, clock: FakeClock) -> None:
    campaign_id = sending.campaign()
    sending.mail(campaign_id)
    clock.time = clock().astimezone(BANGKOK).replace(hour=22)

    def is_still_looked_after(session: Session) -> None:
        session.execute(update(Campaign).values(alive_at=clock()))

    bot.database.write(is_still_looked_after)
    assert sending.claims() == []
    assert plans(bot.database, sending.claim) == [ALONE, ALONE]


def test_how_a_campaign_fares_and_whether_mails_wait_is_read_off_an_index(
    sending: Sending, database: Database
) -> None:
    campaign_id = sending.campaign()
    sending.mail(campaign_id)

    def work(session: Session) -> None:
        circuit_breaker.of(session, session.get_one(Campaign, campaign_id))
        batch_mails.is_waiting(session, campaign_id)

    fares, waits = plans(database, work)
    assert fares == "SEARCH mail USING COVERING INDEX ix_mail_went_wrong (campaign_id=?)"
    assert waits == "SEARCH mail USING INDEX ix_mail_queued_by_campaign (campaign_id=?)"


def test_only_what_went_wrong_since_it_began_is_counted_and_once(
    sending: Sending, database: Database, clock: FakeClock
) -> None:
    campaign_id = sending.campaign()
    mail_ids = [sending.mail(campaign_id) for _ in range(6)]
    clock.advance(minutes=1)
    now, before = clock(), clock() - timedelta(days=1)

    def work(session: Session) -> int:
        refused, back, both, early, other, _waits = (
            session.get_one(Mail, each) for each in mail_ids
        )
        for mail in (refused, both, early):
            mail.state, mail.first_tried_at = MailState.FAILED, now
        early.first_tried_at = before
        back.state = MailState.SENT
        back.bounced_at = both.bounced_at = now
        other.state, other.bounced_at, other.campaign_id = MailState.SENT, now, new_id()
        session.flush()
        return circuit_breaker.of(session, session.get_one(Campaign, campaign_id)).failed

    assert database.write(work) == 3


def test_what_waited_longest_goes_first_over_all_open_queues(sending: Sending) -> None:
    one, two, paused = (
        sending.campaign(),
        sending.campaign(),
        sending.campaign(CampaignState.PAUSED),
    )
    held = [sending.mail(paused) for _ in range(5)]
    order = [sending.mail(each) for each in (one, two, None, two, one, None, two)]
    first = sending.claims(most=4)
    assert sorted(first) == sorted(order[:4])
    assert sorted(sending.claims()) == sorted(order[4:])
    assert sending.claims() == []
    sending.bot.database.write(
        lambda session: session.execute(
            update(Campaign).where(Campaign.id == paused).values(state=CampaignState.SENDING)
        )
    )
    assert sorted(sending.claims()) == sorted(held)


def test_the_mails_of_a_stopped_campaign_come_up_to_be_dropped(sending: Sending) -> None:
    mail_id = sending.mail(sending.campaign(CampaignState.STOPPED))
    assert sending.claims() == [mail_id]


def test_a_campaigns_mail_is_never_a_notice(queue: Queue, mail_of: Callable[[str], Mail]) -> None:
    mail = mail_of(queue(news=news_of(new_id(), new_id())))
    assert mail.stream is Stream.NEWS
