"""The overview: what stands on it, for whom, and that a page counts nothing."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from bot.runtime import counting
from bot.services.campaigns.sending import quota
from models.base import new_id
from models.campaign import Campaign, CampaignState
from models.staff import Role
from models.subscription import Channel, Subscription
from tests.factories import make_conversation, make_learner

pytestmark = pytest.mark.sql

PAGE = "/console/overview"


@pytest.fixture
def author(console):
    return console(Role.AUTHOR)


def text_of(response) -> str:
    """A page as it is read, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def people(session, count, at):
    for _ in range(count):
        chat = make_conversation(session, at)
        chat.learner_id = make_learner(session, at, conversation_id=chat.id).id
        session.add(
            Subscription(
                id=new_id(),
                subject_id=chat.id,
                channel=Channel.LINE,
                topic="promotions",
                chosen_at=at,
            )
        )


def campaign(session, name, state, due_at, now):
    session.add(
        Campaign(
            id=new_id(),
            name=name,
            kind="news",
            topic="promotions",
            content={},
            audience={},
            state=state,
            author_id=new_id(),
            created_at=now,
            changed_at=now,
            due_at=due_at,
            cost_messages=1234,
            unit=new_id()[:30],
        )
    )


def test_whoever_may_not_see_announcements_gets_no_way_to_them(console, database, clock):
    state = CampaignState.SCHEDULED
    database.write(lambda session: campaign(session, "ข่าว", state, clock(), clock()))
    assert 'href="/console/campaigns/' not in console(Role.SUPPORT).get(PAGE).text


@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_staff_sees_it(console, role):
    assert console(role).get(PAGE).status_code == 200


def test_before_the_first_count_it_says_so(author):
    assert "ยังไม่มีตัวเลข" in author.get(PAGE).text


def test_it_shows_what_was_counted(author, bot, database, clock):
    database.write(lambda session: people(session, 7, clock()))
    counting.count(bot)
    said = text_of(author.get(PAGE))
    assert "ผู้เรียนทั้งหมด 7" in said
    assert "ได้รับข้อความต้อนรับ 7" in said
    assert "เข้าสู่ระบบ น้อยกว่า 5" in said
    assert "บล็อกบัญชีของเรา น้อยกว่า 5" in said
    said = text_of(author.get(f"{PAGE}?lang=en"))
    assert "Learners in all 7" in said
    assert "Signed in fewer than 5" in said


def test_figures_that_are_old_say_so(author, bot, database, clock):
    counting.count(bot)
    assert "ระบบนับไม่ทำงาน" not in author.get(PAGE).text
    clock.advance(minutes=20)
    assert "ระบบนับไม่ทำงาน" not in author.get(PAGE).text


def test_the_job_that_stopped_is_told(console, bot, clock):
    counting.count(bot)
    clock.advance(hours=2)
    assert "ระบบนับจำนวนไม่ทำงาน" in console(Role.AUTHOR).get(PAGE).text


def test_the_quota_and_its_forecast(author, bot, database, clock):
    database.write(lambda session: quota.record(session, 15000, 8321, clock()))
    said = text_of(author.get(PAGE))
    assert "8,321 จาก 15,000" in said
    assert "เหลือ 6,679" in said
    assert "บาท" in said


def test_a_quota_without_a_limit(author, database, clock):
    database.write(lambda session: quota.record(session, None, 42, clock()))
    assert "ข้อความ LINE เดือนนี้ 42" in text_of(author.get(PAGE))


def test_what_goes_out_next(author, database, clock):
    now = clock()

    def plant(session):
        campaign(session, "ข่าวพรุ่งนี้", CampaignState.SCHEDULED, now + timedelta(days=1), now)
        campaign(session, "ข่าววันนี้", CampaignState.APPROVED, now + timedelta(hours=1), now)
        campaign(session, "ฉบับร่าง", CampaignState.DRAFT, None, now)
        campaign(session, "ส่งแล้ว", CampaignState.DONE, now, now)

    database.write(plant)
    found = author.get(PAGE)
    assert 'href="/console/campaigns/' in found.text
    said = text_of(found)
    assert said.index("ข่าววันนี้") < said.index("ข่าวพรุ่งนี้")
    assert "1,234 ข้อความ" in said
    assert "ฉบับร่าง" not in said
    assert "ส่งแล้ว" not in said


def test_charts_need_neither_script_nor_style_and_have_words(author, bot, database, clock):
    database.write(lambda session: people(session, 7, clock()))
    counting.count(bot)
    found = author.get(PAGE)
    assert found.text.count("<svg") >= 2
    assert "<rect" in found.text
    assert "<script" not in found.text.partition("<main")[2]
    assert not re.search(r'<style|\sstyle="|\son\w+="', found.text)
    for name in ("days", "weeks"):
        assert f'aria-labelledby="{name}-title {name}-about"' in found.text
        assert f'<title id="{name}-title">' in found.text
        assert f'<desc id="{name}-about">' in found.text
    assert found.text.count("<table") >= 4


def test_the_number_of_queries_does_not_grow(author, bot, database, clock):
    def queries() -> int:
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_):
            asked.append(statement)

        engines = {database.engine, database._engine}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        assert author.get(PAGE).status_code == 200
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
        return len([statement for statement in asked if statement.startswith("SELECT")])

    counting.count(bot)
    before = queries()
    database.write(lambda session: people(session, 40, clock()))
    waiting, now = CampaignState.SCHEDULED, clock()
    database.write(lambda s: [campaign(s, f"{n}", waiting, now, now) for n in range(9)] and None)
    clock.advance(minutes=10)
    counting.count(bot)
    assert queries() == before
    assert before < 12
