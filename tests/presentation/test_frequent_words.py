"""Which frequent question people ask, in wordings that stand in no file."""

from dataclasses import replace

import pytest

from bot.presentation import frequent_words
from bot.presentation.words import Heard
from bot.services.chat import frequent_questions
from bot.settings import ROOT

QUESTIONS = frequent_questions.read(ROOT / "answers")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("ราคาเท่าไหร่คะ", "price"),
        ("อยากทราบว่าคอร์สราคาเท่าไหร่ครับ", "price"),
        ("คอร์สละเท่าไร", "price"),
        ("ขอทราบราคาหน่อยค่ะ", "price"),
        ("ฟรีป่าวคะ", "price"),
        ("how much?", "price"),
        ("What's the price", "price"),
        ("พร้อมเพย์ได้มั้ย", "payment"),
        ("ชำระเงิน อย่างไร", "payment"),
        ("จบแล้วได้ใบรับรองหรือเปล่า", "certificate"),
        ("กี่ขวบเรียนได้คะ", "age"),
        ("เรียนบนมือถือได้รึเปล่า", "sign-in"),
        ("อยากได้เงินคืน", "refund"),
        ("เสาร์อาทิตย์เปิดมั้ยคะ", "office-hours"),
        ("How much does the course cost?", "price"),
        ("จ่ายเงินยังไงคะ", "payment"),
        ("โอนเงินยังไงครับ", "payment"),
        ("Can I pay by card here?", "payment"),
        ("เรียนจบมีใบประกาศไหมคะ", "certificate"),
        ("Do you give certificates?", "certificate"),
        ("ลูก 7 ขวบ เด็กเรียนได้ไหมคะ", "age"),
        ("เรียนที่ไหนคะ", "sign-in"),
        ("ต้องโหลดแอพไหม", "sign-in"),
        ("ถ้าไม่ชอบขอเงินคืนได้ไหม", "refund"),
        ("วันเสาร์เปิดไหมคะ", "office-hours"),
        ("WHEN ARE YOU OPEN??", "office-hours"),
    ],
)
def test_a_question_is_known_in_other_words(text, question):
    assert frequent_words.asked(text, QUESTIONS).id == question


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "ก",
        "สวัสดีค่ะ",
        "แมวของฉันหาย",
        "my cat is lost",
        "โอนเงินแล้วยังเข้าเรียนไม่ได้ค่ะ",
        "ใบประกาศชื่อผิด",
        "ได้เงินคืนแล้ว ขอบคุณค่ะ",
        "I never got my certificate",
        "price" * 50,
        "0812345678",
        "x" * 99999,
    ],
)
def test_anything_else_is_none(text):
    assert frequent_words.asked(text, QUESTIONS) is None


@pytest.mark.parametrize(
    ("text", "heard", "may"),
    [
        ("ราคาเท่าไหร่", Heard.TAP, True),
        ("ราคาเท่าไหร่", Heard.VALUE, True),
        ("price@school.example", Heard.VALUE, False),
        ("ราคาเท่าไหร่", Heard.NAME, True),
        ("ใบประกาศนียบัตร", Heard.NAME, True),
        ("bank transfer", Heard.NAME, True),
        ("ฟรี แพง", Heard.NAME, False),
        ("วุฒิ ใบประกาศ", Heard.NAME, False),
        ("promptpay", Heard.NAME, False),
        ("ราคาเท่าไหร่", Heard.TEXT, False),
    ],
)
def test_an_answer_to_an_open_step_is_no_question(text, heard, may):
    set_ones = [replace(each, says={"th": "ค่ะ", "en": "Yes."}) for each in QUESTIONS]
    assert (frequent_words.heard_as(text, heard, set_ones) is not None) is may
