"""After a sending: numbers that can be trusted, hidden ones said honestly, a person who decides."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.runtime import Bot
from bot.services.audit.audit import Action
from bot.services.campaigns.sending import batch_members
from bot.services.campaigns.workflow import campaigns
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignState, RolloutStage
from models.conversation import Conversation, Language
from models.recipient import Batch, BatchState
from models.staff import Role
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.console.announcing import approved, draft, row, subscribers
from tests.console.conftest import Desk

pytestmark = pytest.mark.sql


@pytest.fixture
def over(
    author: Desk, console: Callable[..., Desk], bot: Bot, line: Platform, clock: FakeClock
) -> str:
    """Sent: one batch taken at an earlier try, one unknown; one person was dropped, one blocked."""
    first, second, _ = subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    approved(bot, campaign_id, author.member_id, console(Role.APPROVER).member_id)

    def work(session) -> None:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.started_at, campaign.wave = bot.clock(), RolloutStage.REST
        campaigns.move(campaign, CampaignState.SENDING)
        batch_members.drop(session, campaign_id, first.subject_id, "no consent")
        for channel, state, reason in (
            ("line", BatchState.ACCEPTED_BEFORE, None),
            ("email", BatchState.UNKNOWN, "=retry key expired"),
        ):
            session.execute(
                update(Batch)
                .where(Batch.campaign_id == campaign_id, Batch.channel == channel)
                .values(state=state, reached=1, reason=reason, settled_at=bot.clock())
            )
        campaigns.move(campaign, CampaignState.DONE)
        campaign.ended_at = bot.clock()

    bot.database.write(work)
    clock.advance(minutes=10)

    def block(session) -> None:
        session.get_one(Conversation, second.subject_id).blocked_at = bot.clock()

    bot.database.write(block)
    return campaign_id


def results(campaign_id: str) -> str:
    return f"/console/campaigns/{campaign_id}/results"


def test_the_numbers(author: Desk, over: str) -> None:
    assert author.get(f"/console/campaigns/{over}").location == results(over)
    page = author.get(results(over)).text
    for label, value in (
        ("ในรายชื่อที่ล็อกไว้", 3),
        ("ส่งแล้วในครั้งก่อนหน้า", 1),
        ("ไม่ทราบผล", 1),
        ("ตัดออกหลังล็อกรายชื่อ", 1),
    ):
        assert label in page
        assert f">{value}</td></tr>" in page.split(label)[1][:400], label
    assert "ถอนความยินยอมแล้ว" in page
    assert "<dt>บล็อกเราใน LINE</dt><dd>1</dd>" in page
    assert "LINE ยังไม่แจ้งตัวเลข" in page


def test_what_line_hides_is_no_zero(author: Desk, over: str, bot: Bot) -> None:
    def read(session) -> None:
        session.get_one(Campaign, over).results = {
            "read_at": bot.clock().isoformat(),
            "unique_impression": 431,
            "unique_click": None,
            "clicks": [{"seq": 1, "url": "https://x.test/?a=<b>", "unique_click": 25}],
        }

    bot.database.write(read)
    page = author.get(results(over)).text
    assert "<dd>431</dd>" in page
    assert "<dd>น้อยกว่า 20 คน หรือไม่มี</dd>" in page
    assert "https://x.test/?a=&lt;b&gt;" in page
    assert "<dd>25</dd>" in page


def test_a_person_decides_on_what_nobody_knows(author: Desk, over: str, bot: Bot) -> None:
    [number] = bot.database.read(
        lambda s: s.scalars(select(Batch.number).where(Batch.state == BatchState.UNKNOWN)).all()
    )
    page = author.get(results(over)).text
    assert "ไม่ทราบว่าชุดเหล่านี้ไปถึงหรือไม่" in page
    act = f"/console/campaigns/{over}/batches/{number}"
    author.submit(results(over), act, decision="leave")
    assert "ไม่ทราบว่าชุดเหล่านี้ไปถึงหรือไม่" not in author.get(results(over)).text
    author.submit(results(over), act, decision="again")
    assert row(bot, over).state is CampaignState.DONE, "it was decided before"
    query = select(AuditEntry).where(AuditEntry.action == Action.CAMPAIGN_SETTLED)
    entry = bot.database.read(lambda session: session.scalars(query).one())
    assert entry.data == {"campaign_id": over, "batch": number, "decision": "leave"}


def test_what_is_unknown_is_sent_again_when_somebody_says_so(
    author: Desk, console: Callable[..., Desk], over: str, bot: Bot
) -> None:
    """It costs once more: whoever approves decides."""
    [number] = bot.database.read(
        lambda s: s.scalars(select(Batch.number).where(Batch.state == BatchState.UNKNOWN)).all()
    )
    act = f"/console/campaigns/{over}/batches/{number}"
    assert author.submit(results(over), act, decision="again").status_code == 403
    assert row(bot, over).state is CampaignState.DONE
    console(Role.APPROVER, name="ครูวิชัย").submit(results(over), act, decision="again")
    assert row(bot, over).state is CampaignState.SENDING


def test_of_a_stopped_one_it_can_only_be_left(author: Desk, over: str, bot: Bot) -> None:
    def stopped(session) -> None:
        session.get_one(Campaign, over).state = CampaignState.STOPPED

    bot.database.write(stopped)
    [number] = bot.database.read(
        lambda s: s.scalars(select(Batch.number).where(Batch.state == BatchState.UNKNOWN)).all()
    )
    page = author.get(results(over)).text
    assert 'value="leave"' in page
    assert 'value="again"' not in page
    author.submit(results(over), f"/console/campaigns/{over}/batches/{number}", decision="leave")
    assert "ไม่ทราบว่าชุดเหล่านี้ไปถึงหรือไม่" not in author.get(results(over)).text


def test_the_file_holds_every_batch_and_no_formula(author: Desk, over: str) -> None:
    answer = author.submit(results(over), f"/console/campaigns/{over}/results.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert sorted(each["ผล (รหัส)"] for each in rows) == ["accepted_before", "unknown"]
    assert {each["ผล"] for each in rows} == {"ส่งแล้วในครั้งก่อนหน้า", "ไม่ทราบผล"}
    assert {each["เหตุผล"] for each in rows} == {"", "'=retry key expired"}


def test_the_file_speaks_as_its_reader_counts_from_one_and_tells_bangkok_time(
    author: Desk, console: Callable[..., Desk], over: str, bot: Bot
) -> None:
    reader = console(Role.PRIVACY, name="Ann", language=Language.ENGLISH)
    answer = reader.submit(results(over), f"/console/campaigns/{over}/results.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    kept = bot.database.read(lambda s: s.scalars(select(Batch).order_by(Batch.number)).all())
    assert [each["Batch"] for each in rows] == [str(batch.number + 1) for batch in kept]
    assert rows[0]["Outcome"] in {"Sent at an earlier try", "Unknown"}
    settled = kept[0].settled_at
    assert settled is not None
    assert rows[0]["Time (Bangkok)"] == f"{settled + timedelta(hours=7):%Y-%m-%d %H:%M:%S}"


def test_pages_count_batches_from_one_and_addresses_from_nought(
    author: Desk, over: str, bot: Bot
) -> None:
    [number] = bot.database.read(
        lambda s: s.scalars(select(Batch.number).where(Batch.state == BatchState.UNKNOWN)).all()
    )
    page = author.get(results(over)).text
    assert f"<strong>ชุดที่ {number + 1}</strong>" in page
    assert f'/batches/{number}"' in page
    table = author.get(f"/console/campaigns/{over}/batches?state=unknown").text
    assert re.findall(r'<td data-head="ชุดที่" class="num"><span>(\d+)</span></td>', table) == [
        str(number + 1)
    ]


def test_who_left_later_left_for_another_reason(author: Desk, over: str, bot: Bot) -> None:
    def earlier(session) -> None:
        campaign = session.get_one(Campaign, over)
        assert campaign.started_at is not None
        campaign.started_at -= timedelta(hours=60)

    bot.database.write(earlier)
    assert "<dt>บล็อกเราใน LINE</dt><dd>0</dd>" in author.get(results(over)).text
