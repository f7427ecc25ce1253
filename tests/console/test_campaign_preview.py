"""Looking at an announcement: as LINE draws it, as a mail, for a named learner, on a real phone."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.presentation import preview_banners
from bot.runtime import Bot
from bot.services.audit.audit import Action
from bot.texts import translator
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignState
from models.conversation import Conversation
from models.learner import Learner
from models.outbox import Push
from models.staff import Role
from simulator.platform import Platform
from tests.console.announcing import TEXT, draft, fields, link, row, subscribers
from tests.console.conftest import Desk
from tests.factories import make_account

CARDS = {
    "th": {
        "title": "สองเรื่อง <i>ใหม่</i>",
        "parts": [
            {"type": "picture", "picture": "ab" * 16},
            {
                "type": "cards",
                "cards": [
                    {
                        "title": "ใบหนึ่ง & ใบ",
                        "text": "ดู https://school.example.test/a?b=1&c=2",
                        "picture": "cd" * 16,
                        "buttons": [{"label": "อ่านต่อ", "url": "https://school.example.test/1"}],
                    },
                    {"title": "ใบสอง", "text": "{unsubscribe} {link}"},
                ],
            },
        ],
    }
}


def audited(bot: Bot, action: Action) -> list[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.action == action)
    return bot.database.read(lambda session: list(session.scalars(query)))


def test_the_preview_shows_every_part_and_why_it_comes(author: Desk, bot: Bot) -> None:
    campaign_id = draft(bot, author.member_id, CARDS)
    page = author.get(f"/console/campaigns/{campaign_id}/preview").text
    assert f'src="/pictures/{"ab" * 16}.jpg"' in page
    assert "ใบหนึ่ง &amp; ใบ" in page
    assert "คุณได้รับ" in page
    assert "หยุดรับข่าวทาง LINE" in page
    assert "ไม่มีภาษาอังกฤษ" in page
    assert "<i>ใหม่" not in page
    assert "style=" not in page


def test_both_languages_stand_side_by_side_or_alone(author: Desk, bot: Bot) -> None:
    campaign_id = draft(bot, author.member_id)
    page = author.get(f"/console/campaigns/{campaign_id}/preview").text
    assert "เปิดแล้ววันนี้" in page
    assert "It opens today" in page
    page = author.get(f"/console/campaigns/{campaign_id}/preview?in=en").text
    assert "เปิดแล้ววันนี้" not in page
    assert "You get this because you chose" in page


def test_the_mail_looks_as_it_will_and_can_do_nothing(author: Desk, bot: Bot) -> None:
    campaign_id = draft(bot, author.member_id, CARDS)
    answer = author.get(f"/console/campaigns/{campaign_id}/mail/th")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;")
    assert "frame-ancestors 'self'" in policy
    assert "script" not in policy
    html = answer.text
    assert f'src="/pictures/{"cd" * 16}.jpg"' in html
    assert 'href="https://school.example.test/a?b=1&amp;c=2"' in html
    assert "สองเรื่อง &lt;i&gt;ใหม่" in html
    assert "(unsubscribe) (link)" in html, "what an author typed is no gap of ours"
    assert "อนุญาตให้ส่งข่าวสารทางอีเมล" in html
    assert "/news/stop" in html
    assert author.get(f"/console/campaigns/{campaign_id}/mail/en").status_code == 404


def test_a_named_learner_gets_it_in_their_language_on_their_channel(
    author: Desk, console: Callable[..., Desk], bot: Bot, line: Platform
) -> None:
    _, second, ben = subscribers(bot, line)

    def accounts(session) -> list[str]:
        return [
            make_account(session, session.get_one(Learner, each.learner_id), bot.clock()).username
            for each in (ben, second)
        ]

    mail_reader, line_reader = bot.database.write(accounts)
    campaign_id = draft(bot, author.member_id)
    path = f"/console/campaigns/{campaign_id}/preview"
    page = author.submit(path, path, username=f" {mail_reader.upper()} ").text
    assert "<strong>ได้รับทาง:</strong> อีเมล" in page
    assert "It opens today" in page
    assert "เปิดแล้ววันนี้" not in page

    def block(session) -> None:
        session.get_one(Conversation, second.subject_id).blocked_at = bot.clock()

    bot.database.write(block)
    page = author.submit(path, path, username=line_reader).text
    assert "ไม่ได้รับ</strong> (ดูจำนวนตามเหตุผลได้ในหน้าตรวจ)" in page
    assert "บล็อกเราใน LINE" not in page, "why is for those who may look learners up"
    helper = console(Role.AUTHOR, Role.SUPPORT, name="ครูฝน")
    assert "บล็อกเราใน LINE" in helper.submit(path, path, username=line_reader).text
    answer = author.submit(path, path, username="nobody")
    assert answer.status_code == 422
    assert "ไม่มีชื่อบัญชีนี้" in answer.text
    found = [entry.data for entry in audited(bot, Action.LEARNERS_SEARCHED)]
    assert found == [{"kind": "username", "found": 1}] * 3 + [{"kind": "username", "found": 0}]


def test_a_member_sees_it_as_they_get_it_themselves(author: Desk, bot: Bot, line: Platform) -> None:
    reader, *_ = subscribers(bot, line)
    path = f"/console/campaigns/{draft(bot, author.member_id)}/preview"
    assert "ดูแบบที่ฉันได้รับเอง" not in author.get(path).text
    person = link(bot, line, author.member_id, "ครูฝน")

    def is_theirs(session) -> None:
        session.get_one(Conversation, reader.subject_id).person = person

    bot.database.write(is_theirs)
    assert "<strong>ได้รับทาง:</strong> LINE" in author.submit(path, path, who="me").text

    def objects(session) -> None:
        session.get_one(Learner, reader.learner_id).objected_at = bot.clock()

    bot.database.write(objects)
    assert "ไม่ได้รับ</strong>: " in author.submit(path, path, who="me").text, "it is about oneself"
    assert audited(bot, Action.LEARNERS_SEARCHED) == [], "nobody was looked up"


def test_a_member_who_is_no_learner_is_told(author: Desk, bot: Bot, line: Platform) -> None:
    path = f"/console/campaigns/{draft(bot, author.member_id)}/preview"
    link(bot, line, author.member_id, "ครูฝน")
    answer = author.submit(path, path, who="me")
    assert answer.status_code == 422
    assert "ยังไม่ได้สมัครเรียน" in answer.text


def test_a_test_goes_to_oneself_or_to_the_staff(
    author: Desk, console: Callable[..., Desk], bot: Bot, line: Platform
) -> None:
    campaign_id = draft(bot, author.member_id)
    path, test = (f"/console/campaigns/{campaign_id}/{end}" for end in ("preview", "test"))
    assert author.submit(path, test, to="me").status_code == 303
    assert "ยังไม่ได้เชื่อมบัญชี LINE" in author.get(path).text
    mine = link(bot, line, author.member_id, "แก้ว")
    other = link(bot, line, console(Role.APPROVER, name="ครูวิชัย").member_id, "วิชัย")
    assert "ส่งถึงเจ้าหน้าที่ที่เชื่อม LINE ทั้งหมด (2 ข้อความ)" in author.get(path).text
    author.submit(path, test, to="me")
    bot.clock.advance(seconds=30)
    author.submit(path, test, to="staff")
    pushes = bot.database.read(lambda s: [p.person for p in s.scalars(select(Push))])
    assert sorted(pushes) == sorted([mine, mine, other])
    copies = [entry.data["copies"] for entry in audited(bot, Action.CAMPAIGN_TESTED)]
    assert copies == [1, 2]


def test_a_second_press_within_half_a_minute_costs_nothing(
    author: Desk, console: Callable[..., Desk], bot: Bot, line: Platform
) -> None:
    """The same words to the same phone; after an edit, or later, it is a test of its own."""
    campaign_id = draft(bot, author.member_id)
    path, test = (f"/console/campaigns/{campaign_id}/{end}" for end in ("preview", "test"))
    mine = link(bot, line, author.member_id, "แก้ว")
    other = link(bot, line, console(Role.APPROVER, name="ครูวิชัย").member_id, "วิชัย")

    def press(to: str, seconds: float) -> str:
        bot.clock.advance(seconds=seconds)
        token = author.token(path)
        author.post(test, {"token": token, "to": to})
        return author.get(path).text

    def pushed() -> list[str]:
        return bot.database.read(
            lambda s: [p.person for p in s.scalars(select(Push).order_by(Push.id))]
        )

    press("me", 25)  # so that the next press is in another half minute of the clock
    assert "จึงไม่ส่งซ้ำ" in press("me", 29.9)
    assert pushed() == [mine]
    page = press("staff", 0)
    assert "1 บัญชี LINE" in page
    assert pushed() == [mine, other], "whoever did not have it gets it"
    assert "จึงไม่ส่งซ้ำ" not in press("me", 0.1)
    assert pushed() == [mine, other, mine]

    def edit(session) -> None:
        session.get_one(Campaign, campaign_id).revision += 1

    bot.database.write(edit)
    press("me", 0.1)
    assert pushed() == [mine, other, mine, mine]
    copies = [entry.data["copies"] for entry in audited(bot, Action.CAMPAIGN_TESTED)]
    assert copies == [1, 1, 1, 1], "what did not go out is no act"


def test_a_test_says_that_it_is_one_even_where_five_messages_are_full() -> None:
    t = translator("th")
    text, card = {"type": "text", "text": "ก"}, {"type": "flex", "altText": "ข", "contents": {}}
    assert preview_banners.as_test([text, card], t)[0] == {"type": "text", "text": "[ทดสอบ]"}
    full = preview_banners.as_test([card, text, text, text, card], t)
    assert len(full) == 5
    assert full[1]["text"] == "[ทดสอบ] ก"
    full = preview_banners.as_test([card] * 5, t)
    assert full[-1]["altText"] == "[ทดสอบ] ข"


def test_line_is_asked_before_anybody_else(author: Desk, bot: Bot, line: Platform) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    path, ask = (f"/console/campaigns/{campaign_id}/{end}" for end in ("preview", "ask"))
    answer = author.submit(path, ask, revision="0")
    assert answer.location.endswith("/review")
    assert row(bot, campaign_id).state is CampaignState.IN_REVIEW
    assert [call.path for call in line.calls if "validate" in call.path] == [
        "/v2/bot/message/validate/multicast"
    ] * 2


def test_what_line_refuses_stays_a_draft_and_is_said_by_place(
    author: Desk, bot: Bot, line: Platform
) -> None:
    """LINE fetches pictures by https only; our own checks know nothing of our address."""
    bot.settings = replace(bot.settings, public_url="http://bot.example.test")
    campaign_id = draft(bot, author.member_id, CARDS)
    path, ask = (f"/console/campaigns/{campaign_id}/{end}" for end in ("preview", "ask"))
    answer = author.submit(path, ask, revision="0")
    assert answer.status_code == 422
    assert "LINE ไม่รับข้อความนี้ ภาษาไทย, ส่วนที่ 1:" in answer.text
    assert row(bot, campaign_id).state is CampaignState.DRAFT


@pytest.mark.parametrize("fault", ["500", "429_rate", "lost_response"])
def test_where_line_cannot_be_asked_nothing_is_lost(
    author: Desk, bot: Bot, line: Platform, fault: str
) -> None:
    campaign_id = draft(bot, author.member_id)
    line.faults.add("/v2/bot/message/validate/multicast", fault)
    path, ask = (f"/console/campaigns/{campaign_id}/{end}" for end in ("preview", "ask"))
    answer = author.submit(path, ask, revision="0")
    assert answer.status_code == 422
    assert "ติดต่อ LINE เพื่อตรวจข้อความไม่ได้" in answer.text
    assert row(bot, campaign_id).state is CampaignState.DRAFT
    assert author.submit(path, ask, revision="0").location.endswith("/review")


def test_an_unfinished_draft_leads_back_to_its_form(author: Desk, bot: Bot) -> None:
    content = {"th": {"title": "", "parts": TEXT["th"]["parts"]}}
    campaign_id = draft(bot, author.member_id, content)
    path, ask = (f"/console/campaigns/{campaign_id}/{end}" for end in ("preview", "ask"))
    assert "ภาษาไทย, หัวเรื่อง" in author.get(path).text
    answer = author.submit(path, ask, revision="0")
    assert answer.location.endswith("/edit?check=1")
    assert author.submit(path, ask, revision="7").location.endswith("/preview")
    assert fields(author.get(f"/console/campaigns/{campaign_id}/edit?check=1").text)
