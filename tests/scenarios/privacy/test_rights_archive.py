"""The archive by chat: the link, its two proofs, and what stands in the file."""

import csv
import io
import json
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest

from bot.presentation import archive_files
from bot.services.auth import tokens
from bot.services.privacy import data_map, requests
from bot.services.privacy.personal_data_export import Archive, Section
from bot.texts import letters, translator
from models.audit import AuditEntry
from models.mail import Mail
from models.one_time_token import OneTimeToken, TokenPurpose
from models.privacy import PrivacyRequest, RequestState
from tests.chat import actions, words
from tests.scenarios.story import EMAIL, LINE_ID, NAME, language_of, register, tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
HOST = "https://bot.example.test"
RIGHT, THAI_RIGHT, WRONG = "5678", "๕๖๗๘", "0000"


def link_of(chat):
    chat.posts("a=rights_download")
    return chat.opens(language_of(chat)("Get my data")).removeprefix(HOST)


def opened(answer):
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.data))


@pytest.fixture
def chat(someone, request):
    made = someone("มะลิ", getattr(request, "param", "th"))
    register(made)
    return made


@LANGUAGES
def test_the_link_downloads_everything_once(language, someone, client, rows):
    chat = someone("มะลิ", language)
    register(chat)
    link = link_of(chat)
    assert client.get(link).status_code == 200
    assert rows(PrivacyRequest)[0].state is RequestState.ACKNOWLEDGED
    answer = client.post(link, data={"digits": RIGHT})

    found = opened(answer)
    assert found.testzip() is None
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert re.fullmatch(
        r'attachment; filename="english-planet-data-\d{4}-\d\d-\d\d\.zip"',
        answer.headers["Content-Disposition"],
    )
    (request,) = rows(PrivacyRequest)
    assert request.state is RequestState.DONE
    assert "archive:make" in [entry.action for entry in rows(AuditEntry)]
    assert client.post(link, data={"digits": RIGHT}).status_code == 410


def test_the_page_in_the_file_has_contents_that_lead_somewhere(chat, client, rows):
    page = opened(client.post(link_of(chat), data={"digits": RIGHT})).read("index.html").decode()
    contents = page[page.index("<nav") : page.index("</nav>")]
    ways = re.findall(r'href="#(\w+)"', contents)
    assert "learner" in ways
    assert ways == re.findall(r'<h2 id="(\w+)"', page.replace('<h2 id="contents"', ""))
    number = requests.number(rows(PrivacyRequest)[0].id)
    assert number in page
    assert len(number) == 9


def test_the_link_leaves_lines_browser_which_keeps_no_files(chat, client):
    link = link_of(chat)
    assert "openExternalBrowser=1" in link
    bare = client.get(link)
    assert "data-downloads" in bare.text
    assert "openExternalBrowser" not in bare.text
    inside = client.get(link, headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari Line/15.1.0"})
    assert "openExternalBrowser=1" in inside.text


def test_the_mail_for_a_file_that_is_ready_promises_no_day(chat, rows):
    link_of(chat)
    assert len(rows(Mail, Mail.template == "request_ready")) == 1
    assert rows(Mail, Mail.template == "request_received") == []
    for language in ("th", "en"):  # the letter has no gap for a day
        letter = letters.letter("request_ready", language, {"what": "W", "number": "AB12-CD34"})
        assert "AB12-CD34" in letter.text


def test_the_file_holds_a_page_json_and_a_csv_for_each_table(chat, client):
    found = opened(client.post(link_of(chat), data={"digits": RIGHT}))
    page = found.read("index.html").decode()
    content = json.loads(found.read("data.json"))
    tables = {table.name for table in data_map.TABLES}

    assert set(content["tables"]) == tables
    for detail in (NAME, EMAIL, LINE_ID, "+66812345678", chat.user_id):
        assert detail in page
        assert detail in json.dumps(content, ensure_ascii=False)
    learner = content["tables"]["learner"]["rows"][0]
    assert learner["name"] == NAME
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", learner["created_at"])
    for name, table in content["tables"].items():
        if table["rows"]:
            raw = found.read(f"csv/{name}.csv")
            assert raw.startswith(b"\xef\xbb\xbf")
            read = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
            assert len(read) == len(table["rows"])
            assert set(read[0]) == set(table["rows"][0])
    assert "index.html" in found.read("README.txt").decode("utf-8-sig")


def test_the_page_is_thai_first_and_brings_nothing_from_elsewhere(chat, client):
    page = opened(client.post(link_of(chat), data={"digits": RIGHT})).read("index.html").decode()

    assert '<html lang="th">' in page
    assert page.index("ข้อมูลทั้งหมดที่ English Planet") < page.index("Everything that English")
    assert re.search(r"25\d\d เวลา", page), "times are shown with Buddhist years"
    assert not re.search(r"<script|<link|<img|<iframe|src=|href=.(?!#)|\son\w+=", page)
    HTMLParser(convert_charrefs=True).feed(page)


def test_the_archive_holds_no_secret(chat, client, rows):
    chat.posts("a=link")
    secret = chat.opens("ดูรหัสผ่าน").removeprefix(f"{HOST}/s/").split("?")[0]
    link = link_of(chat)
    found = opened(client.post(link, data={"digits": RIGHT}))
    everything = "".join(found.read(name).decode() for name in found.namelist())

    assert secret not in everything
    assert link.removeprefix("/s/data/").split("?")[0] not in everything
    for token in rows(OneTimeToken):
        assert token.digest not in everything
    assert "$argon2" not in everything


@pytest.mark.parametrize("digits", [RIGHT, THAI_RIGHT, " 56 78 ", "56-78"])
def test_digits_count_however_they_are_typed(digits, chat, client):
    assert client.post(link_of(chat), data={"digits": digits}).status_code == 200


def test_five_wrong_tries_kill_the_link(chat, client):
    link = link_of(chat)
    for left in (4, 3, 2):
        answer = client.post(link, data={"digits": WRONG})
        assert answer.status_code == 422
        assert str(left) in answer.text
    assert client.post(link, data={"digits": "12"}).status_code == 422, "a slip is no try"
    assert client.post(link, data={"digits": WRONG}).status_code == 422
    assert client.post(link, data={"digits": WRONG}).status_code == 410
    assert client.post(link, data={"digits": RIGHT}).status_code == 410


def test_the_fifth_try_may_still_be_right(chat, client):
    link = link_of(chat)
    for _ in range(4):
        client.post(link, data={"digits": WRONG})
    assert client.post(link, data={"digits": RIGHT}).status_code == 200


def test_wrong_tries_at_once_are_counted_one_by_one(chat, app, rows):
    link = link_of(chat)

    def attempt(_):
        return app.test_client().post(link, data={"digits": WRONG}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(12)))
    assert answers.count(422) == 4
    assert answers.count(410) == 8
    token = rows(OneTimeToken, OneTimeToken.purpose == TokenPurpose.ARCHIVE)[0]
    assert token.tries == tokens.MAX_TRIES


def test_right_tries_at_once_download_one_file(chat, app):
    link = link_of(chat)

    def attempt(_):
        return app.test_client().post(link, data={"digits": RIGHT}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(8)))
    assert sorted(answers) == [200] + [410] * 7


def test_the_link_lives_ten_minutes(chat, client, clock):
    first = link_of(chat)
    clock.advance(minutes=9, seconds=59)
    assert client.post(first, data={"digits": WRONG}).status_code == 422
    clock.advance(seconds=1)
    assert client.post(first, data={"digits": RIGHT}).status_code == 410


def test_a_newer_link_replaces_the_older_and_is_the_same_request(chat, client, rows):
    first, second = link_of(chat), link_of(chat)

    assert first != second
    assert client.post(first, data={"digits": RIGHT}).status_code == 410
    assert client.post(second, data={"digits": RIGHT}).status_code == 200
    assert len(rows(PrivacyRequest)) == 1
    link_of(chat)
    assert len(rows(PrivacyRequest)) == 2, "after the answer a wish is a new request"


def test_the_same_message_answered_again_gets_the_same_link(chat, bot, client, rows):
    """After a crash nobody knows whether the first answer arrived."""
    first = link_of(chat)
    (request,) = rows(PrivacyRequest)
    answer_again = bot.dispatcher.afters["archive"]

    def link_for(cause):
        said = answer_again(bot, {"request": request.id, "event_id": cause}, translator("th"))
        (found,) = [
            action["uri"].removeprefix(HOST)
            for message in said.now
            for action in actions(message)
            if action["type"] == "uri"
        ]
        return found

    assert link_for("one") == link_for("one") != first
    repeated = link_for("one")
    assert client.post(first, data={"digits": RIGHT}).status_code == 410
    assert link_for("one") == repeated
    assert link_for("two") != repeated
    assert client.post(repeated, data={"digits": RIGHT}).status_code == 410


def test_what_is_pushed_in_place_of_an_answer_carries_no_link(chat, bot, rows):
    chat.posts("a=rights_download")
    said = bot.dispatcher.afters["archive"](
        bot, {"request": rows(PrivacyRequest)[0].id, "event_id": "late"}, translator("th")
    )
    assert "/s/data/" in str(said.now)
    assert "/s/data/" not in str(said.later)


def test_a_form_on_another_page_downloads_nothing(chat, client):
    link = link_of(chat)
    foreign = client.post(link, data={"digits": RIGHT}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert client.post(link, data={"digits": RIGHT}).status_code == 200


def test_the_page_is_the_same_for_every_token(chat, client):
    link = link_of(chat)
    path, _, query = link.partition("?")
    known = client.get(link)
    unknown = client.get(f"/s/data/{'x' * 43}?{query}")

    assert unknown.status_code == known.status_code == 200
    assert unknown.text == known.text
    answer = client.post(f"{path}x?{query}", data={"digits": RIGHT})
    assert answer.status_code == 410


def test_the_link_is_stored_nowhere(chat, all_words, platform):
    token = link_of(chat).removeprefix("/s/data/").split("?")[0]
    assert token not in all_words()


def test_a_strangers_archive_needs_no_digits(someone, client):
    chat = someone("มะลิ")
    chat.adds_the_account()
    found = opened(client.post(link_of(chat)))
    content = json.loads(found.read("data.json"))

    assert content["tables"]["learner"]["rows"] == []
    assert len(content["tables"]["conversation"]["rows"]) == 1


def test_after_an_erasure_an_open_link_is_dead(chat, client):
    link = link_of(chat)
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")
    assert client.post(link, data={"digits": RIGHT}).status_code == 410


def test_my_requests_say_that_the_data_is_ready(chat, client):
    link = link_of(chat)
    assert "พร้อมให้ดาวน์โหลด" in words(chat.says("คำขอของฉัน"))
    client.post(link, data={"digits": RIGHT})
    said = words(chat.says("คำขอของฉัน"))
    assert "พร้อมให้ดาวน์โหลด" not in said
    assert "ตอบเมื่อ" in said


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start, clock):
    section = Section("learner", "Your details", [{"name": f"{start}cmd()", "age": 7}])
    text = archive_files.as_csv(section)
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))

    assert read[1][0] == f"'{start}cmd()"
    assert read[1][1] == "7"


def test_what_people_wrote_is_escaped_on_the_page(clock):
    section = Section("learner", "Your details", [{"name": "<script>alert(1)</script>&"}])
    page = archive_files.page(Archive("1", clock(), [section]), {})
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page


def test_what_people_wrote_stands_as_they_wrote_it(clock):
    """A name that is also a word of ours is not translated."""
    section = Section("learner", "Your details", [{"name": "active", "state": "active"}])
    page = archive_files.page(Archive("1", clock(), [section]), {})
    assert page.count("<td>active</td>") == 1
    assert page.count("<td>ใช้งานอยู่</td>") == 1
