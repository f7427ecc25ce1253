"""Whoever has to sign in or prove themselves again finds what they typed in its form."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.auth.sessions import IDLE
from bot.services.staff import kept_forms, sessions
from bot.services.staff.kept_forms import FilledForm
from handlers.console import cookies, filled_forms
from models.staff import KeptForm, Role, Stage
from tests.console.people import enrolled

pytestmark = pytest.mark.sql

WRITER = re.compile(r'name="writer" value="([^"]+)"')
WORDS = 'สวัสดี "ทุกคน" <b>\n2+2=4 & more'


def sent(desk, page, action=None, headers=None, **form):
    """Open a page, let time pass by the caller's hand, then send its form."""
    text = desk.get(page).text
    hidden = {"token": desk.token(page), "writer": html.unescape(WRITER.search(text)[1])}

    def press(**more):
        come_from = {"Referer": f"https://bot.example.test{page}"}
        return desk.post(
            action or page, {**hidden, **form, **more}, headers={**come_from, **(headers or {})}
        )

    return press


def signed_in(bot, desk, clock, member_id=None):
    """The same browser, behind the door again."""
    ticket = bot.database.write(
        lambda s: sessions.open_session(s, member_id or desk.member_id, Stage.IN, clock())
    )
    desk.set_cookie(ticket.seal(bot.cookie_keys, cookies.PLACE))


def wish(answer):
    """Where the door leads on to."""
    assert answer.status_code == 303
    found = re.search(r"next=([^&]+)", answer.location)
    assert found, answer.location
    return found[1].replace("%2F", "/").replace("%3F", "?").replace("%3D", "=")


def rows(bot):
    return bot.database.read(lambda s: s.scalars(select(KeptForm)).all())


ANNOUNCEMENT = {
    "name": "เปิดเทอม",
    "topic": "",
    "channels": "line",
    "th.parts.0.type": "text",
    "th.parts.0.text": "ก่อน",
    "th.parts.1.type": "text",
    "th.parts.1.text": WORDS,
}


def test_an_announcement_outlives_the_session(bot, clock, author):
    press = sent(author, "/console/campaigns/new", **ANNOUNCEMENT)
    clock.advance(seconds=IDLE.total_seconds() + 1)
    answer = press(do="save")
    assert answer.location.startswith("/console/sign-in")
    assert "สวัสดี" not in answer.location, "never in an address"
    back = wish(answer)
    assert "เก็บข้อความที่คุณพิมพ์ไว้แล้ว" in author.get(answer.location).text
    signed_in(bot, author, clock)
    text = author.get(back).text
    assert 'value="เปิดเทอม"' in text
    assert html.escape(WORDS) in text
    assert "Nothing was done yet" in author.get(f"{back}&lang=en").text


def test_what_is_kept_is_sealed_and_its_writers_alone(bot, clock, author, approver):
    press = sent(author, "/console/campaigns/new", **ANNOUNCEMENT)
    clock.advance(hours=1)
    back = wish(press())
    [row] = rows(bot)
    assert "เปิดเทอม".encode() not in row.content_sealed
    signed_in(bot, author, clock, approver.member_id)
    assert "เปิดเทอม" not in author.get(back).text
    signed_in(bot, author, clock)
    clock.advance(seconds=kept_forms.LIFE.total_seconds() + 1)
    signed_in(bot, author, clock)
    assert "เปิดเทอม" not in author.get(back).text, "for minutes"


@pytest.mark.parametrize("way", ["fresh", "ended", "other tab"])
def test_a_new_colleague_is_typed_once(bot, clock, console, way):
    desk = console(Role.ADMIN)
    headers = {"Sec-Fetch-Site": "same-origin"}
    press = sent(
        desk, "/console/team", headers=headers, name="ครูใหม่", username="kru.mai", role="author"
    )
    clock.advance(minutes=11)
    if way == "ended":
        clock.advance(hours=8)
    if way == "other tab":
        signed_in(bot, desk, clock)
    answer = press()
    back = answer.location if way == "other tab" else wish(answer)
    signed_in(bot, desk, clock)
    text = desk.get(back).text
    assert 'value="ครูใหม่"' in text
    assert 'value="kru.mai"' in text
    [tick] = re.findall(r'<input[^>]*value="author"[^>]*>', text)
    assert "checked" in tick
    [other] = re.findall(r'<input[^>]*value="support"[^>]*>', text)
    assert "checked" not in other
    kept = re.search(r'name="kept" value="([0-9a-f]+)"', text)[1]
    done = desk.post(
        "/console/team",
        {"token": desk.token(back), "kept": kept, "name": "ก", "username": "kru.mai",
         "role": "author"},
    )  # fmt: skip
    assert done.status_code == 200
    assert rows(bot) == [], "once it was sent nothing is kept"


def test_a_form_of_a_page_that_only_a_button_makes(bot, database, clock, console):
    desk = console(Role.SUPPORT)
    learner_id = database.write(lambda s: enrolled(s, clock()))
    page = f"/console/learners/{learner_id}"
    press = sent(desk, page, f"{page}/unmask", category="check", reason="ผู้ปกครองโทรมาถาม")
    clock.advance(hours=1)
    answer = press()
    back = wish(answer)
    assert back.startswith(f"{page}?kept=")
    signed_in(bot, desk, clock)
    text = desk.get(back).text
    assert "ผู้ปกครองโทรมาถาม</textarea>" in text
    assert re.search(r'<option value="check" selected>', text)
    # The language that was switched to stays, and what was kept before does not pile up.
    press = sent(desk, page, f"{page}/unmask", {"Referer": f"{page}?kept=1f&lang=en"}, reason="x")
    clock.advance(hours=1)
    assert wish(press()).startswith(f"{page}?lang=en%26kept=")
    signed_in(bot, desk, clock)
    # After a refusal the browser names the address that takes forms only.
    press = sent(desk, page, f"{page}/unmask", {"Referer": f"{page}/unmask"}, reason="x")
    clock.advance(hours=1)
    assert wish(press()).startswith(f"{page}?kept=")


def test_secrets_are_not_kept(bot, clock, author):
    press = sent(author, "/console/me/password", current="old one", chosen="new", again="new")
    clock.advance(hours=1)
    assert wish(press()) == "/console/me/password"
    assert rows(bot) == []


def test_nobody_keeps_anything_in_anothers_name(bot, clock, author):
    press = sent(author, "/console/campaigns/new", **ANNOUNCEMENT)
    clock.advance(hours=1)
    for made_up in ("", "x", author.member_id, "ก", "A" * 60):
        press(writer=made_up)
    foreign = sent(
        author_again(bot, author, clock), "/console/campaigns/new", None,
        {"Sec-Fetch-Site": "cross-site"}, **ANNOUNCEMENT,
    )  # fmt: skip
    clock.advance(hours=1)
    assert foreign().status_code == 403
    assert rows(bot) == []


def author_again(bot, author, clock):
    signed_in(bot, author, clock)
    return author


def test_a_member_keeps_a_few_only(bot, clock, author):
    press = sent(author, "/console/campaigns/new", **ANNOUNCEMENT)
    clock.advance(hours=1)
    for _ in range(kept_forms.MOST + 2):
        press()
        clock.advance(seconds=1)
    assert len(rows(bot)) == kept_forms.MOST
    clock.advance(seconds=kept_forms.LIFE.total_seconds() + 1)
    press()
    assert len(rows(bot)) == 1, "what is over goes with the next one"


PAGE = """<form method="post" action="/console/a?lang=th">
<input type="hidden" name="token" value="t"><input name="name" value="old" required>
<input type="checkbox" name="tag" value="ก"><input type="checkbox" name="tag" value="ข" checked>
<select name="day"><option>1</option><option value="2" selected>two</option></select>
<textarea name="words" rows="2">old</textarea><input type="file" name="upload"></form>
<form method="post" action="/console/b"><input name="name" value="other"></form>"""


def test_every_kind_of_field_is_filled():
    typed = (("name", '"<new>'), ("tag", "ก"), ("day", "1"), ("words", "\n\u2028<ใหม่>"))
    text = filled_forms.fill(PAGE, FilledForm("1f", "/console/a", typed))
    assert '<input name="name" value="&quot;&lt;new&gt;" required>' in text
    assert '<input type="checkbox" name="tag" value="ก" checked>' in text
    assert '<input type="checkbox" name="tag" value="ข">' in text
    assert "<option selected>1</option>" in text
    assert '<option value="2">two</option>' in text
    assert '<textarea name="words" rows="2">\n\n\u2028&lt;ใหม่&gt;</textarea>' in text
    assert '<input name="name" value="other">' in text, "another form stays as it is"
    assert '<input type="hidden" name="kept" value="1f">' in text
    assert filled_forms.fill(PAGE, FilledForm("1f", "/console/c", typed)) == PAGE


def test_the_time_is_minutes():
    assert timedelta(minutes=10) <= kept_forms.LIFE <= timedelta(hours=1)
