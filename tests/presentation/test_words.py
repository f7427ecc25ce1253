"""Typed words that mean a button, and those that must not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.presentation import wishes, words
from bot.presentation.words import Heard

ACTIONS = set(words.COMMANDS) | {rule.entry for rule in wishes.RULES}
HEARD = tuple(Heard)
STEADY = settings(deadline=None, derandomize=True)


def test_every_listed_word_works_from_the_menu():
    meant = {(action, word) for action, listed in words.COMMANDS.items() for word in listed}
    understood = {(words.command(word), word) for _, word in meant}
    assert len(meant) > 200
    assert understood == meant, sorted(meant ^ understood, key=str)


@pytest.mark.parametrize(
    ("said", "action"),
    [
        # politeness, spaces, punctuation
        ("สมัครครับ", "register"),
        ("สมัครเรียนค่ะ", "register"),
        ("สมัครเรียน นะคะ", "register"),
        ("  สมัคร   เรียน  ", "register"),
        ("เมนูหน่อยครับ", "menu"),
        ("ยกเลิกค่ะ!", "cancel"),
        ("help please", "help"),
        ("Menu, pls", "menu"),
        ("(help)", "help"),
        # upper case, full width, invisible marks
        ("REGISTER", "register"),
        ("Sign Up", "register"),
        ("ＨＥＬＰ", "help"),
        ("ｅｎｇｌｉｓｈ", "english"),
        ("he\u200blp", "help"),
        ("เมนู\u200b", "menu"),
        # near misses
        ("registr", "register"),
        ("regsiter", "register"),
        ("cancell", "cancel"),
        ("ยกเลก", "cancel"),
        ("สมัครเรีน", "register"),
        ("privcy policy", "policy"),
        # long words inside a Thai sentence, which has no spaces
        ("ขอสมัครเรียนหน่อยได้ไหม", "register"),
        ("อยากสมัครเรียนภาษาอังกฤษ", "register"),
        ("ขอลิงก์ใหม่ด้วยนะ", "link"),
        ("มีหลักสูตรอะไรบ้าง", "courses"),
        ("ขอคุยกับเจ้าหน้าที่", "human"),
        ("ยกเลิกการสมัคร", words.UNREGISTER),
        ("how do I register?", "register"),
        ("I want to cancel this", "cancel"),
        # as people really type
        ("ลืมพาสเวิร์ดอ่ะ", "reset"),
        ("เข้าไม่ได้อ่ะ ทำไงดี", "reset"),
        ("หนูเข้าเรียนไม่ได้ค่ะ", "reset"),
        ("จำรหัสไม่ได้แล้ว", "reset"),
        ("i can't log in", "reset"),
        ("ไม่อยากได้ข่าวแล้ว", "news_stop"),
        ("ยกเลิกการรับข่าวสาร", "news_stop"),
        ("please don't send news", "news_stop"),
        ("ลบข้อมูลหนูด้วย", "rights_erase"),
        ("ลบข้อมูลลูกให้หน่อย", "children"),
        ("อยากลบบัญชี", "close"),
        ("เปลี่ยนเบอร์ใหม่", "change"),
        ("ไลน์เก่าเข้าไม่ได้ ใช้ไลน์ใหม่", "relink"),
        ("เปลี่ยนไลน์ใหม่ อยากได้บัญชีเดิม", "relink"),
        ("ลูกให้รหัสมาค่ะ BX7C-58PK", "guardian"),
        ("ขอบคุณมากค่ะ", "thanks"),
        ("โอเคค่ะ", "thanks"),
        ("thank you so much", "thanks"),
        ("ขอบคุณค่ะ แล้วสมัครเรียนยังไง", "register"),
        # sara am in two parts
        ("ค\u0e4d\u0e32แนะน\u0e4d\u0e32ด้านความปลอดภัย", "advice"),
        # small talk
        ("สวัสดีค่ะ", "hello"),
        ("หวัดดีจ้า", "hello"),
        ("Hi!", "hello"),
    ],
)
def test_what_people_type_from_the_menu(said, action):
    assert words.command(said) == action


@pytest.mark.parametrize(
    ("said", "not_action"),
    [
        ("อยากเรียนภาษาอังกฤษ", "english"),
        ("เรียนภาษาอังกฤษ", "english"),
        ("สอนภาษาอังกฤษไหม", "english"),
        ("englsh", "english"),
        ("englishman", "english"),
        ("ภาษาไท", "thai"),
        ("คนไทย", "thai"),
        ("discount", "account"),
        ("unlinked", "link"),
        ("polite", "policy"),
        ("police", "policy"),
        ("resource", "courses"),
        ("shop", "cancel"),
        ("stuff", "human"),
        ("stamp", "menu"),
        ("ไม่สบาย วันนี้ไม่ได้เข้าเรียน", "courses"),
        ("ราคา 1200-1500", "guardian"),
        ("ห้อง ab12-cd34-ef56", "guardian"),
    ],
)
def test_what_only_looks_like_a_command(said, not_action):
    assert words.command(said) != not_action


@pytest.mark.parametrize(
    "said",
    [
        "",
        " ",
        "...",
        "ๆ",
        "ฝนตก",
        "🙏🙏🙏",
        "12345",
        "x" * 201,
        "สมัคร" * 41,
        "\x00",
        "http://example.com",
    ],
)
def test_what_means_nothing(said):
    assert words.command(said) is None


@pytest.mark.parametrize(
    "said",
    ["โรงเรียนอยู่ที่ไหน", "นักเรียนคนเก่ง", "โรงเรียนเปิดกี่โมง"],
)
def test_a_command_word_is_no_part_of_another_thai_word(said):
    """โรงเรียน (school) and นักเรียน (pupil) are not เรียน (to study)."""
    assert words.command(said) != "courses"


@pytest.mark.parametrize("said", ["ไม่สมัคร", "ไม่อยากเรียน", "ยังไม่อยากสมัคร"])
def test_not_wanting_to_register_does_not_begin_it(said):
    assert words.command(said) != "register"


WHOLE = {
    "ยกเลิก": "cancel",
    "ยกเลิกค่ะ": "cancel",
    "CANCEL": "cancel",
    "หยุดค่ะ": words.STOP,
    "help": "help",
    "?": "help",
    "English": "english",
    "ภาษาไทย": "thai",
    "เจ้าหน้าที่": "human",
    "ขอคุยกับเจ้าหน้าที่ค่ะ": "human",
    "ความเป็นส่วนตัว": "policy",
    "สวัสดีค่ะ": "hello",
    "เมนู": "menu",
    "หยุดข่าว": "news_stop",
    "อยากลบบัญชี": "close",
    "ลบข้อมูลของฉัน": "rights_erase",
    "ลืมรหัสผ่านค่ะ": "reset",
    "ขอลิงก์ใหม่หน่อยค่ะ": "link",
    "สมัครเรียน": "register",
    "บุตรหลานของฉัน": "children",
    "คอร์ส": "courses",
}


def test_whole_commands_work_at_every_kind_of_step():
    found = {(heard, said): words.command(said, heard) for heard in HEARD for said in WHOLE}
    wrong = {key: action for key, action in found.items() if action != WHOLE[key[1]]}
    assert wrong == {}


ANSWERS = {
    Heard.TEXT: (
        "ยกเลก",
        "cancle",
        "เบอร์ผิดค่ะ ที่ถูกคือเบอร์ใหม่",
        "หยุดส่งงานวันศุกร์ โรงเรียนปิด",
        "สวัสดีค่ะ พรุ่งนี้โรงเรียนหยุด เปิดสมัครคอร์สใหม่ ราคาพิเศษ",
        "ขอยกเลิกคอร์สวันเสาร์ ติดต่อเจ้าหน้าที่ได้ที่โรงเรียน",
        "Cancel the class on Friday, please contact staff",
        "อยากลบบัญชีของลูกที่ซ้ำ เพราะสมัครสองครั้ง",
        "ลืมรหัสผ่านเลยสมัครใหม่ ขอรวมบัญชี",
    ),
    Heard.NAME: (
        "สมัคร ใจดี",
        "สมชาย ใจดี",
        "สมชาย ไทย",
        "ดวงใจ ข่าวดี",
        "ลืมตน คนขยัน",
        "ขอนแก่น บัญชีงาม",
        "Thaina English",
        "Ann Course",
        "Hope Staff",
        "ครูสมศรี",
        "ตาล เมนูเด็ด",
        "staff.member",
        "help_me.pls",
        "ดี",
    ),
    Heard.VALUE: (
        "help@gmail.com",
        "0812345678",
        "เบอร์ใหม่ 081 234 5678 ค่ะ",
        "๐๘๑๒๓๔๕๖๗๘ ค่ะ เบอร์ผิดบอกด้วย",
        "epabc234de",
        "staff@school.ac.th ค่ะ",
    ),
    Heard.TAP: (
        "โอเค",
        "ใช่ค่ะ",
        "ไม่",
        "ok",
        "no",
        "ยินยอมค่ะ",
        "ไม่ยินยอม",
        "I do not agree",
        "20 ปีขึ้นไป",
        "อายุ 12 ปีค่ะ",
        "ข้อมูลอันบน",
    ),
}


def test_an_answer_stays_an_answer():
    """What is typed where something typed is asked, though command words stand in it."""
    found = {
        said: words.command(said, heard) for heard, listed in ANSWERS.items() for said in listed
    }
    assert {said: action for said, action in found.items() if action is not None} == {}


def test_sentences_that_ask_are_no_names_and_no_values():
    asked = {
        "ขอสอบถาม ราคาก่อนได้ไหมคะ": "question",
        "ขอคุยกับแอดมินหน่อยค่ะ": "human",
        "how much is it?": "question",
        "ไม่รับข่าวแล้วค่ะ": "news_stop",
        "อยากลบบัญชีทิ้งค่ะ": "close",
    }
    found = {
        (heard, said): words.command(said, heard)
        for heard in (Heard.NAME, Heard.VALUE, Heard.TAP)
        for said in asked
    }
    assert {key: action for key, action in found.items() if action != asked[key[1]]} == {}


@STEADY
@given(st.text(max_size=300), st.sampled_from((None, *Heard)))
def test_any_text_gives_an_action_or_nothing(said, heard):
    assert words.command(said, heard) in ACTIONS | {None}


@STEADY
@given(st.sampled_from(sorted(words._EXACT)), st.sampled_from(["ครับ", "ค่ะ", "คะ", "นะคะ", ""]))
def test_politeness_changes_nothing(word, polite):
    assert words.command(word + polite) == words.command(word)


@STEADY
@given(st.text(max_size=60))
def test_the_normal_form_is_stable(said):
    once = words.normal(said)
    assert words.normal(once) == once


CODES = ["รหัสคือ 319132 ค่ะ", "รหัส ๓๑๙ ๑๓๒", "รหัส: 319132", "รหัสคือ AB2D-EFG2 ค่ะ"]


@pytest.mark.parametrize("said", CODES)
def test_a_code_that_is_asked_for_is_no_password(said):
    assert words.command(said, Heard.VALUE) is None


@pytest.mark.parametrize("said", ["รหัสผ่านคือ 319132", "รหัสคือ hunter2", "รหัส 7K2M-9D4X-AAAA-BBBB"])
def test_a_password_beside_such_a_word_stays_one(said):
    assert words.command(said, Heard.VALUE) == "password"


@pytest.mark.parametrize("heard", [None, Heard.TAP, Heard.NAME, Heard.TEXT])
def test_six_digits_are_a_code_only_where_one_is_asked_for(heard):
    assert words.command(CODES[0], heard) == "password"
