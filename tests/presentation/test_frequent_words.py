"""Which frequent question people ask, in wordings that stand in no file."""

import pytest

from bot.presentation import frequent_words
from bot.services.chat import frequent_questions
from bot.settings import ROOT

QUESTIONS = frequent_questions.read(ROOT / "answers")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("ราคาเท่าไหร่คะ", "price"),
        ("อยากทราบว่าคอร์สราคาเท่าไหร่ครับ", "price"),
        ("คอร์สละเท่าไร", "price"),
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
        "price" * 50,
        "0812345678",
        "x" * 99999,
    ],
)
def test_anything_else_is_none(text):
    assert frequent_words.asked(text, QUESTIONS) is None
