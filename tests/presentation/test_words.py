"""Typed words that mean a button, and those that must not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.presentation import words

ACTIONS = set(words.COMMANDS)
STEADY = settings(deadline=None, derandomize=True)


def test_every_listed_word_works_from_the_menu():
    meant = {(action, word) for action, listed in words.COMMANDS.items() for word in listed}
    understood = {(words.command(word, inside=False), word) for _, word in meant}
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
        ("ยกเลิกการสมัคร", "cancel"),
        ("how do I register?", "register"),
        ("I want to cancel this", "cancel"),
        # as people really type
        ("ลืมพาสเวิร์ดอ่ะ", "reset"),
        ("เข้าไม่ได้อ่ะ ทำไงดี", "reset"),
        ("หนูเข้าเรียนไม่ได้ค่ะ", "reset"),
        ("จำรหัสไม่ได้แล้ว", "reset"),
        ("i can't log in", "reset"),
        ("ไม่อยากได้ข่าวแล้ว", "news"),
        ("ยกเลิกการรับข่าวสาร", "news"),
        ("please don't send news", "news"),
        ("ลบข้อมูลหนูด้วย", "rights"),
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
    assert words.command(said, inside=False) == action


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
    assert words.command(said, inside=False) != not_action


@pytest.mark.parametrize(
    "said",
    [
        "",
        " ",
        "...",
        "ๆ",
        "ราคาเท่าไหร่",
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
    assert words.command(said, inside=False) is None


@pytest.mark.parametrize(
    "said",
    ["โรงเรียนอยู่ที่ไหน", "นักเรียนคนเก่ง", "โรงเรียนเปิดกี่โมง"],
)
def test_a_command_word_is_no_part_of_another_thai_word(said):
    """โรงเรียน (school) and นักเรียน (pupil) are not เรียน (to study)."""
    assert words.command(said, inside=False) != "courses"


@pytest.mark.parametrize("said", ["ไม่สมัคร", "ไม่อยากเรียน", "ยังไม่อยากสมัคร"])
def test_not_wanting_to_register_does_not_begin_it(said):
    assert words.command(said, inside=False) != "register"


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ("ยกเลิก", "cancel"),
        ("ยกเลิกค่ะ", "cancel"),
        ("CANCEL", "cancel"),
        ("help", "help"),
        ("?", "help"),
        ("English", "english"),
        ("ภาษาไทย", "thai"),
        ("เจ้าหน้าที่", "human"),
        ("ความเป็นส่วนตัว", "policy"),
    ],
)
def test_what_works_inside_a_flow(said, action):
    assert words.command(said, inside=True) == action


@pytest.mark.parametrize(
    "said",
    [
        "สมัคร",
        "บัญชี",
        "คอร์ส",
        "เมนู",
        "สวัสดี",
        "ยกเลก",
        "cancle",
        "helpp",
        "ขอยกเลิกการสมัคร",
        "สมชาย ไทย",
        "Thaina English",
        "สมชาย ใจดี",
        "help@gmail.com",
        "staff.member",
        "0812345678",
    ],
)
def test_inside_a_flow_an_answer_is_an_answer(said):
    assert words.command(said, inside=True) is None


@STEADY
@given(st.text(max_size=300), st.booleans())
def test_any_text_gives_an_action_or_nothing(said, inside):
    assert words.command(said, inside=inside) in ACTIONS | {None}


@STEADY
@given(st.sampled_from(sorted(words._EXACT)), st.sampled_from(["ครับ", "ค่ะ", "คะ", "นะคะ", ""]))
def test_politeness_changes_nothing(word, polite):
    assert words.command(word + polite, inside=False) == words.command(word, inside=False)


@STEADY
@given(st.text(max_size=60))
def test_the_normal_form_is_stable(said):
    once = words.normal(said)
    assert words.normal(once) == once
