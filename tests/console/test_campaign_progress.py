"""Watching an announcement, holding it, and stopping it with one press."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.runtime import Bot, campaigning
from bot.services.campaigns.workflow import campaigns
from models.campaign import CampaignState
from models.recipient import BatchState
from models.staff import Role
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.console.announcing import TEXT, approved, begin, draft, link, row, settle, subscribers
from tests.console.conftest import Desk

pytestmark = pytest.mark.sql


@pytest.fixture
def held(author: Desk, approver: Desk, bot: Bot, line: Platform) -> str:
    """Approved, and held back for five minutes."""
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    approved(bot, campaign_id, author.member_id, approver.member_id)
    return campaign_id


def progress(campaign_id: str) -> str:
    return f"/console/campaigns/{campaign_id}/progress"


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.APPROVER, Role.ADMIN])
def test_one_press_stops_it(console: Callable[..., Desk], held: str, bot: Bot, role: Role) -> None:
    desk = console(role, name="ใครก็ได้")
    page = desk.get(progress(held)).text
    assert page.index("หยุดทันที") < page.index("อนุมัติแล้ว ยังอยู่ในช่วงที่กดหยุดได้")
    desk.submit(progress(held), f"/console/campaigns/{held}/stop")
    assert row(bot, held).state is CampaignState.STOPPED
    answer = desk.get(f"/console/campaigns/{held}")
    assert answer.location.endswith("/results")
    page = desk.get(answer.location).text
    assert "หยุดทันที" not in page
    desk.post(f"/console/campaigns/{held}/stop", {"token": desk.token("/console/me")})
    assert "สถานะเปลี่ยนไปแล้ว" in desk.get("/console/campaigns").text


def test_who_may_only_look_cannot_stop(console: Callable[..., Desk], held: str, bot: Bot) -> None:
    privacy = console(Role.PRIVACY)
    assert "หยุดทันที" not in privacy.get(progress(held)).text
    token = privacy.token(progress(held))
    answer = privacy.post(f"/console/campaigns/{held}/stop", {"token": token})
    assert answer.status_code == 403
    assert row(bot, held).state is CampaignState.APPROVED


def test_the_moving_part_says_where_to_ask_until_nothing_moves(
    author: Desk, held: str, bot: Bot, clock: FakeClock
) -> None:
    page = author.get(progress(held)).text
    assert f'data-poll="{progress(held)}/live"' in page
    assert "<noscript>" in page
    assert "connect-src 'self'" in author.get(progress(held)).headers["Content-Security-Policy"]
    clock.advance(minutes=3)
    part = author.get(f"{progress(held)}/live").text
    assert "2:00 นาที" in part
    assert "<html" not in part
    begin(bot, held)
    clock.advance(seconds=4)
    settle(bot, held, "line", BatchState.SENT)
    part = author.get(f"{progress(held)}/live").text
    assert "ดำเนินการแล้ว 2 จาก 3 คน (66 เปอร์เซ็นต์)" in part
    assert "คนต่อวินาที" in part
    assert "data-poll" in part
    author.submit(progress(held), f"/console/campaigns/{held}/pause")
    assert "data-poll" not in author.get(f"{progress(held)}/live").text
    assert row(bot, held).state is CampaignState.PAUSED


def test_errors_stand_by_kind_and_each_batch_in_its_table(
    author: Desk, held: str, bot: Bot
) -> None:
    begin(bot, held)
    settle(bot, held, "line", BatchState.REFUSED, "400 The request body has 1 error(s)")
    settle(bot, held, "email", BatchState.UNKNOWN, "retry key expired")
    page = author.get(progress(held)).text
    assert "The request body has 1 error(s)" in page
    assert "ไม่ทราบผล" in page
    page = author.get(f"/console/campaigns/{held}/batches").text
    assert "retry key expired" in page
    page = author.get(f"/console/campaigns/{held}/batches?state=unknown").text
    assert "The request body" not in page
    assert author.get(f"/console/campaigns/{held}/batches?after=9999&state=x").status_code == 200


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("late", "เลยเวลาส่งมาเกิน 30 นาที"),
        ("quota", "โควตาข้อความ LINE ของเดือนนี้ไม่พอ"),
        ("errors", "LINE ปฏิเสธคำขอหลายครั้งเกินไป"),
        ("blocks", "บล็อกเรามากผิดปกติ"),
        ("changed", "ไม่ตรงกับที่อนุมัติแล้ว"),
    ],
)
def test_why_it_paused_by_itself_and_what_to_do(
    author: Desk, approver: Desk, held: str, bot: Bot, reason: str, said: str
) -> None:
    begin(bot, held)
    bot.database.write(
        lambda session: campaigns.pause(
            session, campaigns.locked(session, held), None, reason, bot.clock()
        )
    )
    page = author.get(progress(held)).text
    assert said in page
    assert "โดยระบบ" in page
    waits = "รอคุณดำเนินการ"
    assert waits in approver.get("/console/campaigns").text
    assert waits not in author.get("/console/campaigns").text, "who may not go on with it"
    author.submit(progress(held), f"/console/campaigns/{held}/go-on")
    assert row(bot, held).state is CampaignState.PAUSED, "an approver's decision"
    approver.submit(progress(held), f"/console/campaigns/{held}/go-on")
    assert row(bot, held).state is CampaignState.SENDING


def test_what_is_approved_goes_back_to_the_draft_and_is_approved_no_more(
    author: Desk, held: str, bot: Bot
) -> None:
    author.submit(progress(held), f"/console/campaigns/{held}/edit-again")
    kept = row(bot, held)
    assert (kept.state, kept.approved_digest) == (CampaignState.DRAFT, None)
    begin_again = author.submit(
        f"/console/campaigns/{held}/preview", f"/console/campaigns/{held}/copy"
    )
    new = begin_again.location.split("/")[3]
    assert row(bot, new).content == TEXT
    author.submit(f"/console/campaigns/{held}/preview", f"/console/campaigns/{held}/discard")
    assert row(bot, held).state is CampaignState.STOPPED


def test_after_a_pause_it_says_what_it_is(
    author: Desk, approver: Desk, held: str, bot: Bot, clock: FakeClock
) -> None:
    """What goes out at once has no time: it is held back again, and not “scheduled”."""
    later = draft(bot, author.member_id, send_at=clock() + timedelta(days=1))
    approved(bot, later, author.member_id, approver.member_id)
    for campaign_id, state, said in (
        (held, CampaignState.APPROVED, "อนุมัติแล้ว"),
        (later, CampaignState.SCHEDULED, "ตั้งเวลาไว้"),
    ):
        author.submit(progress(campaign_id), f"/console/campaigns/{campaign_id}/pause")
        author.submit(progress(campaign_id), f"/console/campaigns/{campaign_id}/go-on")
        assert row(bot, campaign_id).state is state
        assert re.search(
            rf'<span class="badge[^>]*>{said}</span>', author.get(progress(campaign_id)).text
        )


def queries(bot: Bot, act: Callable[[], object]) -> int:
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    engines = {bot.database.engine, bot.database._engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", counted)
    act()
    for engine in engines:
        event.remove(engine, "before_cursor_execute", counted)
    return count


def test_the_list_asks_no_more_of_the_database_when_it_grows(author: Desk, bot: Bot) -> None:
    draft(bot, author.member_id)
    path = "/console/campaigns"
    few = queries(bot, lambda: author.get(path))
    for number in range(35):
        draft(bot, author.member_id, name=f"เรื่องที่ {number:02}")
    many = queries(bot, lambda: author.get(path))
    assert many == few
    page = author.get(path).text
    assert "เรื่องที่ 34" in page
    assert "เรื่องที่ 04" not in page
    further = page.split('href="/console/campaigns?before=')[1].split('"')[0]
    assert "เรื่องที่ 04" in author.get(f"{path}?before={further}").text
    assert "ไม่มีรายการ" in author.get(f"{path}?group=over").text


def test_a_series_says_when_it_comes(
    author: Desk, approver: Desk, bot: Bot, line: Platform
) -> None:
    subscribers(bot, line)
    until = bot.clock() + timedelta(days=60)
    campaign_id = draft(bot, author.member_id, rule="0 10 * * mon", rule_until=until)
    approved(bot, campaign_id, author.member_id, approver.member_id)
    assert row(bot, campaign_id).state is CampaignState.SCHEDULED
    assert "ทุกวันจันทร์" in author.get(progress(campaign_id)).text
    assert "ทุกวันจันทร์" in author.get("/console/campaigns").text


def test_colleagues_stand_in_the_waves_and_one_wave_is_everybody(
    console: Callable[..., Desk], author: Desk, held: str, bot: Bot, line: Platform
) -> None:
    announced = "เจ้าหน้าที่ที่เชื่อม LINE จะได้รับก่อน"
    assert announced not in author.get(progress(held)).text
    link(bot, line, console(Role.SUPPORT).member_id, "มานี")
    assert announced in author.get(progress(held)).text
    bot.clock.advance(minutes=6)
    campaigning.move_on(bot)
    page = author.get(progress(held)).text
    assert announced not in page
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in page.split("<tr")]
    assert ["เจ้าหน้าที่ก่อน", "LINE", "0", "1"] in rows
    assert ["ผู้รับทั้งหมด", "LINE", "0", "2"] in rows
    assert "ลำดับการส่ง" in page
