"""The owner's file of frequent questions: what is wrong is named, what is not set is not shown."""

import pytest

from bot.services.chat import frequent_questions
from bot.services.chat.frequent_questions import AnswersError
from bot.settings import ROOT

GOOD = """
[[answer]]
id = "price"
title.th = "ราคา"
title.en = "Price"
asked.th = ["ราคาเท่าไหร่"]
asked.en = ["how much"]
says.th = "๑๐๐ บาทค่ะ"
says.en = "100 baht."
link = "https://school.example/price"
button = "courses"
"""


def read(folder, text):
    (folder / "answers.toml").write_text(text, encoding="utf-8")
    return frequent_questions.read(folder)


def test_what_comes_with_the_product_can_be_read_and_promises_nothing():
    """What only the owner knows is not yet set; how to get in is known."""
    questions = frequent_questions.read(ROOT / "answers")
    ids = {each.id: each.is_set for each in questions}
    assert ids.pop("sign-in")
    assert ids == dict.fromkeys(
        ["price", "payment", "certificate", "age", "refund", "office-hours"], False
    )


def test_every_field_is_read(tmp_path):
    [found] = read(tmp_path, GOOD)
    assert (found.id, found.asked, found.is_set) == ("price", ("ราคาเท่าไหร่", "how much"), True)
    assert (found.says["en"], found.link, found.button) == (
        "100 baht.",
        "https://school.example/price",
        "courses",
    )


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "price"', 'id = "A b"', "an id has only a-z"),
        ('title.th = "ราคา"', "", "price: title.th is missing"),
        ('asked.th = ["ราคาเท่าไหร่"]', 'asked.th = ["ก"]\nasked.x = [1]', "asked needs lists"),
        ('says.en = "100 baht."', 'says.en = ""', "says needs both languages"),
        ('says.en = "100 baht."', f'says.en = "{"x" * 501}"', "longer than 500 characters"),
        ("https://school", "javascript:school", "link must begin with https://"),
        ('button = "courses"', 'button = "erase"', "button must be one of"),
        ("[[answer]]", "[[answer", "answers.toml: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, named):
    assert old in GOOD
    with pytest.raises(AnswersError, match=named.replace("[", r"\[")):
        read(tmp_path, GOOD.replace(old, new))


def test_an_id_stands_once(tmp_path):
    with pytest.raises(AnswersError, match="price stands twice"):
        read(tmp_path, GOOD + GOOD)


def test_a_slip_takes_no_answer_off_line(tmp_path):
    assert frequent_questions.load(tmp_path) == ()
    read(tmp_path, GOOD)
    assert len(frequent_questions.load(tmp_path)) == 1
    (tmp_path / "answers.toml").write_text("[[answer", encoding="utf-8")
    assert len(frequent_questions.load(tmp_path)) == 1
