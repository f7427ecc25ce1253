"""A campaign's figures sum up, whatever became of its list; the month's messages say what for."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete

from bot.services.campaigns.reporting import month, progress, results
from bot.services.campaigns.reporting.month import Use
from models.base import new_id
from models.campaign import Campaign, CampaignState, RolloutStage
from models.conversation import Language
from models.outbox import Push, PushState
from models.recipient import ACCEPTED, Batch, BatchState, ExclusionReason, Recipient
from models.subscription import Channel
from tests.factories import make_campaign
from tests.samples import every, numbered


def make_batch(session, campaign, now, **overrides):
    values = {
        "campaign_id": campaign.id,
        "number": session.query(Batch).filter(Batch.campaign_id == campaign.id).count(),
        "wave": RolloutStage.REST,
        "channel": Channel.LINE,
        "language": Language.THAI,
        "retry_key": new_id(),
        "due_at": now,
    }
    session.add(Batch(**values | overrides))
    session.flush()


def make_recipient(session, campaign, number, dropped):
    row = Recipient(
        campaign_id=campaign.id,
        subject_id=new_id(),
        learner_id=new_id(),
        language=Language.THAI,
        channel=Channel.LINE,
        batch=number,
        revision=0,
        dropped=dropped,
    )
    session.add(row)
    session.flush()
    return row


def history(session, seed, now):
    """A list of which every batch came to an end of its own, with people taken off and erased."""
    chance = random.Random(seed)
    campaign = make_campaign(session, now, state=CampaignState.SENDING, started_at=now)
    left = {"sent": 0, "off": 0, "people": 0, "erased": 0}
    for number in range(chance.randint(1, 6)):
        state, size = chance.choice(list(BatchState)), chance.randint(1, 9)
        off = size if state is BatchState.EMPTY else chance.randint(0, size)
        named = size - off
        # Erased before its turn, or after: what went out counts, whoever has left since.
        before = chance.randint(0, off)
        is_out = state in {*ACCEPTED, BatchState.REFUSED, BatchState.UNKNOWN}
        make_batch(
            session,
            campaign,
            now,
            number=number,
            size=size,
            state=state,
            channel=chance.choice(list(Channel)),
            reached=named if is_out else 0 if state is BatchState.EMPTY else None,
        )
        ids = []
        for place in range(size):
            dropped = ExclusionReason.BLOCKED if place < off - before else None
            if off - before <= place < off:
                continue  # erased
            row = make_recipient(session, campaign, number, dropped)
            ids.append((row.subject_id, dropped))
        if is_out and named and chance.random() < 0.5:
            later = next(subject for subject, why in ids if why is None)
            session.execute(delete(Recipient).where(Recipient.subject_id == later))
        left["people"] += size
        left["off"] += off - before
        left["erased"] += before
        left["sent"] += named if state in ACCEPTED else 0
    return campaign, left


def test_the_lines_add_up_to_the_list(database, clock):
    def adds_up(seed):
        def run(session):
            campaign, left = history(session, seed, clock())
            session.flush()
            found = results.outcomes(session, campaign.id)
            assert found.people == left["people"]
            assert found.taken_off == left["off"]
            assert found.erased == left["erased"]
            assert sum(found.by_state.values()) + found.taken_off + found.erased == found.people
            sent = sum(found.by_state.get(state, 0) for state in ACCEPTED)
            assert sent == left["sent"] == sum(found.by_channel.values())
            live = progress.of(session, campaign, clock())
            assert (live.people, live.accepted) == (found.people, sent)
            assert live.settled <= live.people

        database.write(run)

    every(numbered(range(25)), adds_up)


def push(session, cause, sent_at):
    session.add(
        Push(
            id=new_id(),
            cause=cause,
            person=new_id(),
            retry_key=new_id(),
            state=PushState.SENT if sent_at else PushState.FAILED,
            created_at=sent_at,
            due_at=sent_at,
            sent_at=sent_at,
        )
    )


def test_every_message_of_the_month_is_counted_once_by_what_it_was_for(database, clock):
    now = clock()

    def plant(session):
        campaign = make_campaign(session, now, state=CampaignState.DONE, started_at=now)
        for state, channel, reached in (
            (BatchState.SENT, Channel.LINE, 7),
            (BatchState.ACCEPTED_BEFORE, Channel.LINE, 2),
            (BatchState.REFUSED, Channel.LINE, 3),
            (BatchState.SENT, Channel.EMAIL, 50),
        ):
            make_batch(
                session, campaign, now, state=state, channel=channel, reached=reached, size=60,
                settled_at=now,
            )  # fmt: skip
        for cause in (
            f"campaign:{campaign.id}:staff:{new_id()}",
            "test:abc",
            "test:def",
            "01K9ZZZZZZZZZZZZZZZZZZZZZZ",
            "account-ready:1",
            "guardian-agreed:1",
            "merged:1",
        ):
            push(session, cause, now)
        push(session, "account-ready:2", now - timedelta(days=40))

    database.write(plant)
    assert database.read(lambda s: month.by_use(s, now)) == {
        Use.ANNOUNCEMENTS: 9,
        Use.STAFF_COPIES: 1,
        Use.TESTS: 2,
        Use.ANSWERS: 1,
        Use.NOTICES: 3,
    }


@pytest.mark.parametrize(
    ("state", "days", "rule", "planned"),
    [
        (CampaignState.SCHEDULED, 1, None, 5),
        (CampaignState.APPROVED, 0, None, 5),
        (CampaignState.PAUSED, 0, None, 5),
        (CampaignState.IN_REVIEW, 1, None, 0),
        (CampaignState.STOPPED, 1, None, 0),
        (CampaignState.SCHEDULED, 40, None, 0),
        (CampaignState.SCHEDULED, 1, "0 10 * * *", 3 * 4),
        (CampaignState.STOPPED, 1, "0 10 * * *", 0),
    ],
)
def test_what_is_approved_is_planned(state, days, rule, planned, database, clock):
    """Four times of a series are left of the month, each as large as its pattern was counted."""
    ends = month.quota.month_of(clock())[1]
    now = ends - timedelta(days=5)

    def plant(session):
        campaign = make_campaign(
            session, now, state=state, due_at=now + timedelta(days=days, hours=10), rule=rule,
            cost_messages=3,
        )  # fmt: skip
        make_batch(session, campaign, now, size=5, channel=Channel.LINE)

    database.write(plant)
    assert database.read(lambda s: month.planned(s, now)) == planned


def test_a_series_that_ended_or_was_stopped_has_no_time_left(database, clock):
    def plant(session):
        make_campaign(
            session, clock(), state=CampaignState.STOPPED, rule="0 10 * * *", due_at=clock()
        )

    database.write(plant)
    assert database.read(lambda s: month.planned(s, clock())) == 0
    assert database.read(lambda s: s.query(Campaign).count()) == 1
