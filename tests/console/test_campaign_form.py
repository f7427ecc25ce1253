"""Writing an announcement: nothing typed is lost, whatever button is pressed, without script."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image

from bot.runtime import Bot
from bot.services.campaigns.audience.filters import Audience
from models.campaign import Campaign, CampaignState
from models.picture import Picture
from models.staff import Role
from simulator.platform import Platform
from tests.console.announcing import FORM, asked, draft, fields, row, subscribers
from tests.console.conftest import Desk

NEW = "/console/campaigns/new"


def saved(answer) -> str:
    assert answer.status_code == 303, answer.text
    return answer.location.split("/")[3]


def test_a_draft_is_written_and_comes_back_as_it_was(author: Desk, bot: Bot) -> None:
    text = "บรรทัดแรก\r\n\r\nบรรทัดสาม 🎉 <b>ไม่หนา</b>"
    campaign_id = saved(author.submit(NEW, NEW, **FORM | {"th.parts.0.text": text}))
    kept = row(bot, campaign_id)
    assert (kept.state, kept.author_id) == (CampaignState.DRAFT, author.member_id)
    assert kept.content["th"]["parts"] == [{"type": "text", "text": text.replace("\r\n", "\n")}]
    assert "en" not in kept.content
    page = author.get(f"/console/campaigns/{campaign_id}/edit").text
    assert fields(page)["th.parts.0.text"] == text
    assert "<b>ไม่หนา" not in page
    edit = f"/console/campaigns/{campaign_id}/edit"
    again = author.post(edit, fields(page) | {"do": "save"})
    assert again.status_code == 303
    assert row(bot, campaign_id).content == kept.content
    assert row(bot, campaign_id).revision == 1


def test_parts_are_added_moved_and_removed_without_losing_a_word(author: Desk, bot: Bot) -> None:
    form = FORM | {"token": author.token(NEW), "do": "add:th.parts:set"}
    form = fields(author.post(NEW, form).text)
    assert form["th.parts.0.text"] == "เปิดแล้ววันนี้"
    assert form["th.parts.1.type"] == "cards"
    form |= {"th.parts.1.cards.0.title": "ใบแรก", "th.parts.1.cards.1.title": "ใบสอง"}
    form = fields(author.post(NEW, form | {"do": "add:th.parts.1.cards.1.buttons"}).text)
    form |= {"th.parts.1.cards.1.buttons.0.label": "อ่าน"}
    form = fields(author.post(NEW, form | {"do": "up:th.parts.1.cards.1"}).text)
    assert form["th.parts.1.cards.0.title"] == "ใบสอง"
    assert form["th.parts.1.cards.0.buttons.0.label"] == "อ่าน"
    form = fields(author.post(NEW, form | {"do": "up:th.parts.1"}).text)
    assert form["th.parts.0.type"] == "cards"
    assert form["th.parts.1.text"] == "เปิดแล้ววันนี้"
    form = fields(author.post(NEW, form | {"do": "copy:en"}).text)
    assert form["en.parts.0.type"] == "cards"
    assert form["en.parts.1.text"] == ""
    form = fields(author.post(NEW, form | {"do": "remove:th.parts.1"}).text)
    assert "th.parts.1.type" not in form
    assert form["name"] == "คอร์สใหม่"
    assert form["topic"] == "courses"
    assert bot.database.read(lambda session: session.query(Campaign).count()) == 0


def test_no_more_parts_than_line_takes(author: Desk) -> None:
    form = FORM | {"token": author.token(NEW)}
    for _ in range(6):
        form = fields(author.post(NEW, form | {"do": "add:th.parts:text"}).text)
    assert "th.parts.3.type" in form
    assert "th.parts.4.type" not in form


@pytest.mark.parametrize(
    "wish", ["up:xx", "remove:th.parts.9", "add:th.title:x", "remove:th", "add:th.parts:evil",
             "clear:th.parts.0.type", "up:th.parts.x", "copy:xx", "remove:"],
)  # fmt: skip
def test_a_forged_button_does_no_harm(author: Desk, wish: str) -> None:
    answer = author.post(NEW, FORM | {"token": author.token(NEW), "do": wish})
    assert answer.status_code in {200, 303}


def photo(size: tuple[int, int] = (3000, 2000), **save: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG", **save)
    return out.getvalue()


def test_a_picture_goes_in_with_any_button(author: Desk, bot: Bot) -> None:
    form = FORM | {"token": author.token(NEW), "do": "add:th.parts:picture"}
    form = fields(author.post(NEW, form).text)
    form |= {
        "do": "save",
        "upload:th.parts.1.picture": (io.BytesIO(photo()), "IMG_1.jpg"),
    }
    campaign_id = saved(author.post(NEW, form))
    picture = row(bot, campaign_id).content["th"]["parts"][1]["picture"]
    answer = author.client.get(f"/pictures/{picture}.jpg")
    assert answer.content_type == "image/jpeg"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    shown = Image.open(io.BytesIO(answer.data))
    assert max(shown.size) == 1024
    assert bot.database.read(lambda s: s.get_one(Picture, picture).put_by) == author.member_id
    assert f"/pictures/{picture}.jpg" in author.get(f"/console/campaigns/{campaign_id}/edit").text


def test_what_is_no_picture_is_said_beside_its_field_and_the_rest_stays(author: Desk) -> None:
    form = FORM | {"token": author.token(NEW), "do": "add:th.parts:picture"}
    form = fields(author.post(NEW, form).text)
    form |= {"do": "save", "upload:th.parts.1.picture": (io.BytesIO(b"%PDF-1.7"), "x.jpg")}
    answer = author.post(NEW, form)
    assert answer.status_code == 422
    assert 'id="th.parts.1.picture-problem"' in answer.text
    assert "JPEG, PNG, WebP" in answer.text
    assert fields(answer.text)["th.parts.0.text"] == "เปิดแล้ววันนี้"


def test_wrong_fields_are_named_and_everything_else_stays(author: Desk) -> None:
    form = FORM | {
        "token": author.token(NEW), "topic": "", "active_days": "many", "send": "at",
        "send_day": "2026-12-24",
    }  # fmt: skip
    answer = author.post(NEW, form)
    assert answer.status_code == 422
    for name in ("active_days", "send_day"):
        assert f'href="#{name}"' in answer.text
        assert f'id="{name}"' in answer.text
    summary = re.search(r'<div [^>]*role="alert"[^>]*>', answer.text)
    assert summary
    assert 'tabindex="-1" autofocus' in summary[0]
    assert fields(answer.text)["active_days"] == "many"
    answer = author.post(NEW, form | {"active_days": "30", "send": "now"})
    assert answer.status_code == 303, "what has no topic yet is kept"
    assert 'id="topic-problem"' in author.get(f"{answer.headers['Location']}?check=1").text
    assert author.get("/console/campaigns").status_code == 200
    assert author.get(answer.headers["Location"].replace("edit", "preview")).status_code == 200


def test_when_it_goes_out(author: Desk, bot: Bot) -> None:
    form = FORM | {"token": author.token(NEW)}
    at = form | {"send": "at", "send_day": "2569-12-24", "send_time": "10:30"}
    kept = row(bot, saved(author.post(NEW, at)))
    assert kept.send_at is not None
    assert kept.send_at.isoformat() == "2026-12-24T03:30:00+00:00"
    weekly = form | {
        "send": "rule",
        "repeat": "weekly",
        "weekdays": ["thu", "mon"],
        "time": "10:00",
    }
    kept = row(bot, saved(author.post(NEW, weekly)))
    assert kept.rule == "0 10 * * mon,thu"
    page = author.get(f"/console/campaigns/{kept.id}/edit").text
    assert fields(page)["weekdays"] == ["mon", "thu"]
    answer = author.post(NEW, weekly | {"weekdays": [], "time": ""})
    assert answer.status_code == 422
    assert 'id="time-problem"' in answer.text


def test_the_audience_is_counted_while_it_is_written(
    author: Desk, bot: Bot, line: Platform
) -> None:
    subscribers(bot, line)
    form = FORM | {"token": author.token(NEW)}
    page = author.post(NEW, form | {"do": "count"}).text
    assert "ประมาณ 3 คน" in page
    assert fields(page)["th.parts.0.text"] == "เปิดแล้ววันนี้"
    part = author.post("/console/campaigns/count", form | {"channels": ["line"]}).text
    assert "ประมาณ 2 คน" in part
    assert "<html" not in part
    assert "ประมาณ 1 คน" in author.post("/console/campaigns/count", form | {"language": "en"}).text
    assert "3 คน" not in author.post("/console/campaigns/count", form | {"topic": "x"}).text


def test_who_saves_second_sees_both_and_loses_nothing(
    console: Callable[..., Desk], author: Desk, bot: Bot
) -> None:
    campaign_id = draft(bot, author.member_id)
    edit = f"/console/campaigns/{campaign_id}/edit"
    mine = fields(author.get(edit).text)
    other = console(Role.AUTHOR, name="ครูฝน")
    theirs = fields(other.get(edit).text) | {"do": "save", "th.title": "เปลี่ยนแล้ว"}
    assert other.post(edit, theirs).status_code == 303
    answer = author.post(edit, mine | {"do": "save", "en.title": "Mine"})
    assert answer.status_code == 409
    assert "ครูฝน" in answer.text
    assert "เปลี่ยนแล้ว" in answer.text
    form = fields(answer.text)
    assert form["en.title"] == "Mine"
    assert row(bot, campaign_id).content["en"]["title"] == "A new course"
    assert author.post(edit, form | {"do": "save"}).status_code == 303
    assert row(bot, campaign_id).content["en"]["title"] == "Mine"


def rows_of(page: str) -> dict[str, tuple[str, str]]:
    """The table of differences: field, mine, theirs."""
    found = re.findall(
        r'<tr><th scope="row">([^<]*)</th><td class="words">(.*?)</td><td class="words">(.*?)</td>',
        page,
    )
    return {place: (mine, theirs) for place, mine, theirs in found}


def test_differences_are_said_in_words_and_only_where_there_are_any(
    console: Callable[..., Desk], author: Desk, bot: Bot
) -> None:
    narrow = Audience(tags=("ครู", "มอ 6"), active_days=30)
    campaign_id = draft(
        bot, author.member_id, audience=narrow, rule="0 10 * * mon,thu", rule_until=None
    )
    edit = f"/console/campaigns/{campaign_id}/edit"
    mine = fields(author.get(edit).text)
    other = console(Role.AUTHOR, name="ครูฝน")
    theirs = fields(other.get(edit).text)
    assert other.post(edit, theirs | {"do": "save", "tags": ["ครู", "มอ 6"]}).status_code == 303
    # The same in another order and another spelling.
    same = {
        "do": "save",
        "channels": ["line", "email"],
        "tags": ["มอ 6", "ครู"],
        "weekdays": ["thu", "mon"],
        "time": "10.00",
    }
    page = author.post(edit, mine | same).text
    assert rows_of(page) == {}
    assert "ทั้งสองฉบับเหมือนกัน" in page

    changed = {
        "topic": "videos",
        "language": "th",
        "channels": ["line"],
        "tags": ["ครู"],
        "active_days": "7",
        "send": "now",
        "th.parts.0.type": "picture",
        "th.parts.0.picture": "0" * 32,
    }
    page = author.post(edit, mine | same | changed).text
    assert rows_of(page) == {
        "หัวข้อ": ("วิดีโอ", "ข่าวคอร์ส"),
        "ภาษาไทย, ส่วนที่ 1": ("รูปภาพ", "ข้อความ"),
        "ภาษาไทย, ส่วนที่ 1, รูปภาพ": (
            f'<img class="thumb" src="/pictures/{"0" * 32}.jpg" alt="รูปภาพ">',
            "–",
        ),
        "ภาษาไทย, ส่วนที่ 1, ข้อความ": ("–", "เปิดแล้ววันนี้"),
        "ช่องทาง": ("LINE", "อีเมล, LINE"),
        "ภาษา": ("เฉพาะผู้ที่ใช้ภาษาไทย", "ทุกภาษา"),
        "เข้าใช้ E-Learning ภายใน (วัน)": ("7 วัน", "30 วัน"),
        "กลุ่ม": ("ครู", "ครู, มอ 6"),
        "เวลาส่ง": (
            "5 นาทีหลังอนุมัติ (ไม่ส่งในช่วง 21:00–08:00\u00a0น.)",
            "ทุกวันจันทร์และพฤหัสบดี เวลา 10:00 น.",
        ),
    }


def test_the_language_is_switched_without_losing_a_word(author: Desk) -> None:
    form = FORM | {"token": author.token(NEW), "do": "add:th.parts:text", "th.title": "ยังไม่บันทึก"}
    page = author.post(NEW, form).text
    assert 'hreflang="en"' not in page, "the link would go away from what was typed"
    assert f'formaction="{NEW}?lang=en&amp;keep=1"' in page
    answer = author.post(f"{NEW}?lang=en&keep=1", fields(page) | {"do": "language"})
    assert "Save draft" in answer.text
    assert fields(answer.text)["th.title"] == "ยังไม่บันทึก"
    assert "Announcements" in author.get("/console/campaigns").text, "the choice is kept"


def test_what_is_no_draft_any_more_is_not_changed(author: Desk, bot: Bot, line: Platform) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    edit = f"/console/campaigns/{campaign_id}/edit"
    form = fields(author.get(edit).text)
    asked(bot, campaign_id, author.member_id)
    before = row(bot, campaign_id)
    answer = author.post(edit, form | {"do": "save", "th.title": "x"})
    assert answer.location == f"/console/campaigns/{campaign_id}"
    assert row(bot, campaign_id).content == before.content
    assert author.get(edit).status_code == 303


def test_what_is_missing_is_shown_when_asked(author: Desk, bot: Bot) -> None:
    content = {"th": {"title": "", "parts": [{"type": "card", "title": "", "text": "x",
               "buttons": [{"label": "ไป", "url": "http://x.test"}]}]}}  # fmt: skip
    campaign_id = draft(bot, author.member_id, content, name="")
    page = author.get(f"/console/campaigns/{campaign_id}/edit?check=1").text
    for path in ("name", "th.title", "th.parts.0.title", "th.parts.0.buttons.0.url"):
        assert f'id="{path}-problem"' in page, path
        assert f'href="#{path}"' in page
    assert "-problem" not in author.get(f"/console/campaigns/{campaign_id}/edit").text


def test_putting_in_without_a_file_says_what_to_do(author: Desk) -> None:
    form = FORM | {"token": author.token(NEW), "do": "add:th.parts:picture"}
    page = author.post(NEW, form).text
    assert 'value="upload:th.parts.1.picture"' in page
    answer = author.post(NEW, fields(page) | {"do": "upload:th.parts.1.picture"})
    assert answer.status_code == 422
    assert "กรุณาเลือกไฟล์ก่อน แล้วกด “ใส่รูป”" in answer.text
    assert 'id="th.parts.1.picture-problem"' in answer.text


def test_a_text_may_be_typed_too_long_and_the_limit_is_said(author: Desk, bot: Bot) -> None:
    page = author.get(NEW).text
    assert "ไม่เกิน 4,000 ตัวอักษร" in page
    [area] = re.findall(r"<textarea[^>]*>", page)
    assert "maxlength" not in area, "the browser would cut it without a word"
    form = FORM | {"token": author.token(NEW), "th.parts.0.text": "ก" * 4001}
    campaign_id = saved(author.post(NEW, form))
    checked = author.get(f"/console/campaigns/{campaign_id}/edit?check=1").text
    assert "ไม่เกิน 4000 ตัวอักษร" in checked
    assert "ก" * 4001 in checked


def test_the_list_of_what_is_wrong_calls_a_field_as_the_form_does(author: Desk) -> None:
    form = FORM | {"token": author.token(NEW), "active_days": "0", "quiet_days": "x"}
    page = author.post(NEW, form).text
    for label in ("เข้าใช้ E-Learning ภายใน (วัน)", "ไม่ได้เข้าใช้ E-Learning มาแล้ว (วัน)"):
        assert f"{label}</label>" in page
        assert f"{label}: " in page
