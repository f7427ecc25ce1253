"""The list of announcements: what each line says of where it stands, and when it went out."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.campaigns.workflow import campaigns
from bot.texts.dates import shown_time
from models.campaign import OVER, CampaignState
from models.recipient import BatchState
from models.subscription import Channel
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.console.announcing import approved, asked, begin, draft, settle, subscribers
from tests.console.conftest import Desk
from tests.factories import make_campaign

pytestmark = pytest.mark.sql

LIST = "/console/campaigns"


def listed(desk: Desk, campaign_id: str) -> str:
    """The line of one announcement, without its tags."""
    page = desk.get(LIST).text
    [line] = [each for each in page.split("<li>") if f'/campaigns/{campaign_id}"' in each]
    return " ".join(re.sub(r"<[^>]+>", " ", line.partition("</li>")[0]).split())


def act(bot: Bot, campaign_id: str, do: Callable[..., None], *values: object) -> None:
    """Do something to it as the services do."""

    def write(session: Session) -> None:
        do(session, campaigns.locked(session, campaign_id), *values, bot.clock())

    bot.database.write(write)


def test_a_draft_that_was_sent_back_says_so_until_it_is_asked_for_again(
    author: Desk, approver: Desk, bot: Bot, line: Platform
) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    asked(bot, campaign_id, author.member_id)
    act(bot, campaign_id, campaigns.send_back, approver.member_id, "วันที่ผิด")
    assert "ส่งกลับแก้ไข" in listed(author, campaign_id)
    assert "ส่งกลับแก้ไข</span>" in author.get(f"{LIST}/{campaign_id}/edit").text
    asked(bot, campaign_id, author.member_id)
    assert "รออนุมัติ" in listed(author, campaign_id)
    act(bot, campaign_id, campaigns.send_back, author.member_id, "")
    assert "ร่าง" in listed(author, campaign_id), "taken back by its author, not refused"


@pytest.mark.parametrize("state", [CampaignState.SCHEDULED, *sorted(OVER)])
def test_a_series_that_is_over_has_no_next_time(
    state: CampaignState, author: Desk, bot: Bot
) -> None:
    def write(session: Session) -> str:
        series = {"rule": "0 10 * * mon", "started_at": None, "due_at": bot.clock()}
        return make_campaign(session, bot.clock(), (), bot.settings, state=state, **series).id

    campaign_id = bot.database.write(write)
    said = listed(author, campaign_id)
    assert ("ครั้งถัดไป" in said) == (state is CampaignState.SCHEDULED)
    assert "จันทร์" in said
    if state in OVER:
        assert "รอบถัดไป" not in author.get(f"{LIST}/{campaign_id}/review").text


def test_a_draft_that_was_thrown_away_was_not_stopped(author: Desk, bot: Bot) -> None:
    campaign_id = draft(bot, author.member_id)
    act(bot, campaign_id, campaigns.stop, author.member_id)
    said = listed(author, campaign_id)
    assert "ทิ้งแล้ว" in said
    assert "หยุดแล้ว" not in said
    assert "ไม่ได้ส่งถึงใคร" in said


def test_what_goes_out_says_when_and_what_went_out_how_many_got_it(
    author: Desk, approver: Desk, bot: Bot, line: Platform, clock: FakeClock
) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    approved(bot, campaign_id, author.member_id, approver.member_id)
    assert "จะส่ง 23 พฤศจิกายน 2569" in listed(author, campaign_id)
    begin(bot, campaign_id)
    began = shown_time(clock(), "th")
    settle(bot, campaign_id, "line", BatchState.SENT)
    clock.advance(minutes=10)
    act(bot, campaign_id, campaigns.stop, approver.member_id)
    said = listed(author, campaign_id)
    assert f"ส่งเมื่อ {began} · มีผู้ได้รับ 2 คน" in said
    assert "หยุดแล้ว" in said


@pytest.mark.parametrize(
    ("state", "standing"), [(BatchState.SENT, "ส่งครบแล้ว"), (BatchState.EMPTY, "ไม่มีผู้ได้รับ")]
)
def test_an_end_that_reached_nobody_is_no_full_one(
    author: Desk, approver: Desk, bot: Bot, line: Platform, state: BatchState, standing: str
) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    approved(bot, campaign_id, author.member_id, approver.member_id)
    begin(bot, campaign_id)
    for channel in Channel:
        settle(bot, campaign_id, channel, state)

    def end(session: Session) -> None:
        campaigns.move(campaigns.locked(session, campaign_id), CampaignState.DONE)

    bot.database.write(end)
    assert standing in listed(author, campaign_id)
    for page in ("results", "progress"):
        assert f">{standing}</" in author.get(f"{LIST}/{campaign_id}/{page}").text
