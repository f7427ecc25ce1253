"""NUL, and numbers without an end, which no database takes: kindly answered at every door."""

import pytest
from sqlalchemy import select

from bot.runtime import Bot
from bot.services.learners import imports
from handlers.web.plain_requests import (
    LONGEST,
    LONGEST_ADDRESS,
    LONGEST_HEADER,
    LONGEST_NAME,
    PlainHeaders,
)
from models.campaign import Campaign, CampaignState
from models.inbox import EventState, WebhookEvent
from models.staff import Role
from tests.factories import make_campaign
from tests.samples import every, sampled
from tests.scenarios.campaigns.announcing import linked, settle, writes
from tests.scenarios.story import EVERY_STEP, reach, register
from tests.services.learners.csv_files import GOOD, file

NUL = "a\0b"
LONG = "9" * 5000
ADDRESSES = (
    "/console/campaigns?before=%00",
    "/console/campaigns/%00",
    "/console/learners?before=%00",
    "/console/learners/a%00b",
    "/console/imports/%00",
    "/console/team/%00",
    "/console/start/%00",
    "/console/%00",
    "/pictures/%00.jpg",
    "/s/%00",
    "/portal/sign-in?lang=%00",
    "/portal/courses/%00",
)


def test_an_address_with_nul_leads_nowhere(console, new_desk) -> None:
    everybody = (new_desk(), console(*Role))

    def leads_nowhere(address: str) -> None:
        for desk in everybody:
            answer = desk.get(address)
            assert answer.status_code in {400, 404}
            assert "<h1" in answer.text

    every({address: address for address in ADDRESSES}, leads_nowhere)


@pytest.mark.parametrize("page", ["/console/sign-in", "/portal/sign-in"])
def test_nobody_signs_in_with_nul(page, new_desk) -> None:
    desk = new_desk()
    for form in ({"username": NUL, "password": "x"}, {"username": "x", "password": NUL}):
        answer = desk.submit(page, page, **form)
        assert answer.status_code == 400
        assert "<h1" in answer.text
    many = {"multipart/form-data": "in parts", "application/x-www-form-urlencoded": "in one"}
    for kind in many:
        data = {"token": desk.token(page), "username": NUL, "password": "x"}
        assert desk.request("POST", page, data=data, content_type=kind).status_code == 400


FORMS = (
    ("/console/exports", {"column": "name", "tag": NUL, "reason": "long enough a reason"}),
    ("/console/learners/search", {"typed": NUL, "by": "username"}),
    ("/console/campaigns/{campaign}/preview", {"username": NUL}),
    ("/console/campaigns/new", {"name": NUL, "topic": NUL}),
    ("/console/team", {"name": NUL, "username": NUL, "role": "author"}),
    ("/console/audit", {"actor": NUL}),
    ("/console/prove", {"code": NUL}),
    ("/console/tags", {"word": NUL}),
)


def test_no_form_with_nul_is_taken(bot: Bot, console) -> None:
    desk = console(*Role)
    campaign = bot.database.write(lambda s: make_campaign(s, bot.clock(), [], bot.settings).id)
    token = desk.token("/console/me/password")

    def is_refused(given: tuple[str, dict[str, str]]) -> None:
        path, form = given
        answer = desk.post(path.format(campaign=campaign), {"token": token, **form})
        assert answer.status_code in {400, 404}
        assert "<h1" in answer.text

    every({path: (path, form) for path, form in FORMS}, is_refused)


def test_a_passkey_with_nul_is_no_passkey(bot: Bot, console) -> None:
    """The browser's answer is JSON, in which a NUL is written out."""
    desk = console(Role.ADMIN)
    asked = {"clientDataJSON": "e30", "authenticatorData": "oA", "signature": "oA"}
    parts = f'"rawId":"YQ","type":"public-key","response":{asked}'.replace("'", '"')
    token = desk.token("/console/me/password")
    for name in ("a\\u0000", "\\ud800"):
        credential = f'{{"id":"{name}",{parts}}}'
        answer = desk.post("/console/prove", {"token": token, "credential": credential})
        assert answer.status_code == 403


@pytest.mark.parametrize("number", [LONG, "9" * 25, "๓", "99999"])
def test_a_column_s_number_has_an_end(number, bot: Bot, console) -> None:
    desk = console(Role.SUPPORT)
    row = bot.database.write(lambda s: imports.bring(s, file(GOOD), desk.member_id, bot.clock()))
    page = f"/console/imports/{row.id}/columns"
    form = {"name": "0", "phone": "1", "email": "2", "age": "4", "consent_date": number}
    assert desk.submit(page, page, **form).status_code == 303
    assert desk.get(f"/console/imports/{row.id}").status_code == 200


@pytest.mark.parametrize("number", [LONG, "9" * 30, "9999999999"])
def test_a_batch_s_number_has_an_end(number, bot: Bot, console, new_desk) -> None:
    desk = console(*Role)
    campaign = bot.database.write(
        lambda s: make_campaign(s, bot.clock(), [], bot.settings, state=CampaignState.DONE).id
    )
    token = desk.token("/console/me/password")
    path = f"/console/campaigns/{campaign}/batches/{number}"
    for decision in ("again", "leave"):
        assert desk.post(path, {"token": token, "decision": decision}).status_code == 404
    assert new_desk().post(path).status_code == 404
    good = path.replace(number, "999999999")
    assert desk.post(good, {"token": token, "decision": "leave"}).status_code == 303


TYPED = (
    NUL,
    f"ลืมรหัสผ่าน {NUL}",
    f"ผู้ปกครอง {NUL}",
    f"ย้ายบัญชี {NUL}",
    f"เจ้าหน้าที่ {NUL}",
    "ย้ายบัญชี",
    NUL,
    "ยกเลิก",
    "ลืมรหัสผ่าน",
    NUL,
)


def test_what_is_said_in_the_chat_is_answered(bot: Bot, someone) -> None:
    registered, stranger = someone("มะลิ"), someone("คนแปลกหน้า")
    register(registered)
    for chat in (registered, stranger):
        for typed in TYPED:
            assert chat.says(typed), typed
    assert states(bot) == {EventState.DONE}


@pytest.mark.parametrize("step", sampled(EVERY_STEP, EVERY_STEP[1::2]))
def test_at_every_step_too(step, bot: Bot, someone) -> None:
    chat = someone("มะลิ")
    reach(chat, step)
    assert chat.says(NUL)
    assert states(bot) == {EventState.DONE}


def test_what_staff_write_in_the_chat_is_taken(bot: Bot, line, engine) -> None:
    """Their words are kept as they are, unlike a learner's, which are sealed."""
    author, approver = linked(bot, line, Role.AUTHOR), linked(bot, line, Role.APPROVER, name="ข")
    assert "เปิด" in writes(author, f"เปิด{NUL}", NUL)
    author.taps("นับผู้รับและขออนุมัติ")
    settle(bot, engine)
    approver.heard()
    approver.taps("ส่งกลับแก้ไข")
    assert approver.says(NUL)
    assert states(bot) == {EventState.DONE}
    campaign = bot.database.read(lambda s: s.scalars(select(Campaign)).one())
    assert campaign.state is CampaignState.DRAFT


def states(bot: Bot) -> set[EventState]:
    return set(bot.database.read(lambda s: s.scalars(select(WebhookEvent.state)).all()))


def test_a_host_that_is_none_is_refused(new_desk) -> None:
    desk = new_desk()
    wrong = ("a..b", "x" * 64, "a." * 130, "", " ", "a/b", "a\\b", "é.example", "[::1", "a:123456",
             "-a", "a_-", "a,b", "user@a", "a b")  # fmt: skip
    right = ("bot.example.test", "bot.example.test.", "localhost:8000", "127.0.0.1", "[::1]:80",
             "x" * 63, "a_b.example", "xn--12c.example")  # fmt: skip
    for pages in ("/portal/sign-in", "/console/sign-in", "/console", "/health", "/nowhere"):
        answers = {host: desk.get(pages, headers={"Host": host}).status_code for host in wrong}
        assert set(answers.values()) == {400}, answers
        answers = {host: desk.get(pages, headers={"Host": host}).status_code for host in right}
        assert 400 not in answers.values(), answers


@pytest.mark.parametrize("host", ["xn--a", "a.xn--", "xn--0:80", "a:99999"])
def test_a_host_that_cannot_be_put_in_letters_is_refused(host: str) -> None:
    """The test client fails on it itself, so it is asked without one."""
    asked: list[str] = []
    door = PlainHeaders(lambda environ, start: [b"in"])
    said = b"".join(door({"HTTP_HOST": host, "REQUEST_METHOD": "GET"}, _starts(asked)))
    assert said == b"Bad Request: Host"
    assert asked == ["400 BAD REQUEST"]


@pytest.mark.parametrize(
    "name", ["Accept-Language", "User-Agent", "Origin", "Referer", "Content-Type"]
)
def test_a_header_longer_than_any_browsers_is_refused_before_it_is_read(name, new_desk) -> None:
    desk = new_desk()
    for page in ("/portal/sign-in", "/console/sign-in", "/nowhere"):
        for text in ("a" * (LONGEST_HEADER + 1), "th;q=0.1," * 7000, "a=b;" * 16_000):
            assert desk.get(page, headers={name: text}).status_code == 431
        assert desk.get(page, headers={name: "a" * 4000}).status_code != 431


def test_all_cookies_together_are_one_header() -> None:
    """The test client has its own, so the door is asked without one."""
    asked: list[str] = []
    door = PlainHeaders(lambda environ, start: [b"in"])
    many = "a=b; " * (LONGEST_HEADER // 5 + 1)
    assert door({"HTTP_COOKIE": many[:LONGEST_HEADER]}, _starts(asked)) == [b"in"]
    said = {"HTTP_COOKIE": many, "REQUEST_METHOD": "GET"}
    assert b"".join(door(said, _starts(asked))) == b"A header is too long"
    assert asked == ["431 REQUEST HEADER FIELDS TOO LARGE"]


def _starts(asked: list[str]):
    return lambda status, headers, exc_info=None: asked.append(status)


def test_no_answer_leads_to_a_host_that_the_request_named(new_desk) -> None:
    desk = new_desk()
    for path in (
        "/portal//",
        "//portal",
        "/portal/",
        "/portal//sign-in",
        "/console//",
        "//evil.example/..",
    ):
        answer = desk.get(path, headers={"Host": "evil.example"})
        assert "evil.example" not in answer.headers.get("Location", ""), path


def test_a_value_longer_than_anybody_types_is_refused_before_it_is_read(new_desk) -> None:
    desk = new_desk()
    for page in ("/console/sign-in", "/portal/sign-in"):
        token = desk.token(page)
        for name in ("token", "username", "password", "x"):
            answer = desk.post(page, {"token": token, name: "a" * (LONGEST + 1)})
            assert answer.status_code == 413, (page, name)
            assert "<h1" in answer.text
        assert desk.post(page, {"token": token, "a" * (LONGEST_NAME + 1): ""}).status_code == 413
        assert desk.get(f"{page}?lang={'a' * LONGEST_ADDRESS}").status_code == 400
    assert desk.get(f"/s/{'a' * LONGEST_ADDRESS}").status_code == 404
