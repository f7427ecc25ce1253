"""The demo's school: invented people and a past in which no job has anything left to do."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from app import create_app
from bot.runtime import campaigning, counting, mailing
from bot.runtime.campaign_sending import CampaignSending
from bot.runtime.engine import Engine
from bot.services.campaigns.reporting import listing, month, results
from bot.services.statistics.dashboard import dashboard
from models.audit import AuditEntry
from models.campaign import OVER, Campaign, CampaignState
from models.conversation import Conversation
from models.learner import Learner
from models.recipient import BatchState
from simulator import school
from tests.factories import make_conversation
from tests.simulator.conftest import TOKEN


@pytest.fixture
def bot(settings, clock, platform):
    """The demo's product, which calls the LINE of the tests."""
    made = create_app(replace(settings, simulator=True, access_token=TOKEN), clock=clock)
    yield made.extensions["bot"]
    made.extensions["bot"].close()


@pytest.fixture
def database(bot):
    return bot.database


@pytest.fixture
def settled(bot, database):
    """The past alone; the present needs a LINE that answers."""
    assert database.write(lambda session: school.found_school(session, bot))
    return bot


def names(database):
    rows = select(Learner).order_by(Learner.phone_index)
    return database.read(lambda s: sorted((row.phone, row.name) for row in s.scalars(rows)))


@pytest.mark.long
def test_every_page_has_something_to_show_and_nothing_is_sent(settled, database, clock, platform):
    bot = settled
    counting.count(bot)
    found = database.read(lambda s: dashboard(s, bot.settings, clock()))
    assert found.learners.value == school.LEARNERS + school.IMPORTED_ONES
    assert all(week.total.value for week in found.weeks[2:-1])
    assert all(cell.value for cell in found.funnel)
    assert all(cell.value for cell in found.reached.values())

    def past(session):
        for campaign in session.scalars(select(Campaign)):
            outcome = results.outcomes(session, campaign.id)
            assert outcome.people == sum(campaign.counts.values())
            assert sum(outcome.by_state.values()) + outcome.taken_off == outcome.people
            assert outcome.by_state.get(BatchState.QUEUED, 0) == 0
            assert campaign.state in OVER
        rows, _ = listing.page(session, "over", None)
        assert {row.state for row in rows} == OVER
        assert sum(month.by_use(session, clock()).values()) > 0

    database.read(past)
    engine = Engine(bot)
    engine.drain_pushes()
    campaigning.move_on(bot)
    sending = CampaignSending(bot, senders=1)
    sending.drain_mails()
    sending.drain()
    mailing.drain(bot)
    assert engine.drain_accounts() == engine.erase_due() == 0
    assert platform.calls == []


def test_everybody_is_invented_and_the_same_each_time(settled, database):
    found = names(database)
    assert len(found) == school.LEARNERS + school.IMPORTED_ONES
    assert found[:2] == names(database)[:2]
    emails = database.read(lambda s: [row.email for row in s.scalars(select(Learner))])
    assert all(email.endswith("@example.com") for email in emails)
    assert all(re.fullmatch(r"\+668\d0000\d{3}", phone) for phone, _ in found)
    assert database.read(lambda s: s.query(AuditEntry).count()) > len(found)


def test_whoever_is_there_already_keeps_their_database(bot, database, clock):
    database.write(lambda session: make_conversation(session, clock()).id)
    assert not database.write(lambda session: school.found_school(session, bot))
    assert database.read(lambda s: s.query(Conversation).count()) == 1
    assert database.read(lambda s: s.query(Learner).count()) == 0


def test_the_present_goes_the_usual_ways(bot, database, platform, clock):
    platform.usage.quota = school.QUOTA
    database.write(lambda session: school.found_school(session, bot))
    school.present(bot)
    query = select(Campaign.name, Campaign.state).where(Campaign.started_at.is_(None))
    found = database.read(lambda s: {row.name: row.state for row in s.execute(query)})
    assert sorted(state.value for state in found.values()) == sorted(
        state.value
        for state in (
            CampaignState.DRAFT,
            CampaignState.DRAFT,
            CampaignState.IN_REVIEW,
            CampaignState.SCHEDULED,
            CampaignState.SCHEDULED,
            CampaignState.PAUSED,
        )
    )
