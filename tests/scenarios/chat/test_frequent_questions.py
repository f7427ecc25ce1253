"""A question that the owner has answered is answered; any other leads to a person."""

from dataclasses import replace

import pytest

from handlers.line.registration.flow import Step
from tests.chat import words
from tests.scenarios.story import reach
from tests.services.chat.test_frequent_questions import GOOD


@pytest.fixture
def answered(bot, tmp_path):
    (tmp_path / "answers.toml").write_text(GOOD, encoding="utf-8")
    bot.settings = replace(bot.settings, answers_dir=tmp_path)


@pytest.fixture
def somchai(someone):
    return someone("สมชาย")


def test_the_answer_comes_with_two_ways_on(somchai, answered):
    assert "๑๐๐ บาทค่ะ" in words(somchai.says("คอร์สราคาเท่าไหร่คะ"))
    assert {"ได้คำตอบแล้ว", "ถามเจ้าหน้าที่", "อ่านเพิ่มเติม", "คอร์ส"} <= set(somchai.labels())
    assert "ดีใจที่ช่วยได้" in words(somchai.taps("ได้คำตอบแล้ว"))


def test_what_is_not_set_is_never_said(somchai, bot, tmp_path):
    unset = GOOD.replace("๑๐๐ บาทค่ะ", "").replace("100 baht.", "")
    (tmp_path / "answers.toml").write_text(unset, encoding="utf-8")
    bot.settings = replace(bot.settings, answers_dir=tmp_path)
    somchai.says("ราคาเท่าไหร่คะ")
    assert "ได้คำตอบแล้ว" not in somchai.labels()
    assert "ถามเจ้าหน้าที่" in somchai.labels()


def test_an_open_conversation_goes_on_behind_the_answer(somchai, answered):
    asked = words(reach(somchai, Step.CONSENT))
    said = words(somchai.says("ราคาเท่าไหร่คะ"))
    assert "๑๐๐ บาทค่ะ" in said
    assert said.endswith(asked)


@pytest.mark.parametrize("step", [Step.CONSENT, Step.NAME, Step.PHONE, Step.EMAIL, Step.LINE_ID])
def test_the_owners_own_question_is_answered_at_every_step(somchai, bot, tmp_path, step):
    """No command and no wish says that "มีที่จอดรถไหม" is a question; the owner's file does."""
    own = GOOD.replace("ราคาเท่าไหร่", "มีที่จอดรถไหม").replace("๑๐๐ บาทค่ะ", "จอดได้ค่ะ")
    (tmp_path / "answers.toml").write_text(own, encoding="utf-8")
    bot.settings = replace(bot.settings, answers_dir=tmp_path)
    asked = words(reach(somchai, step))
    said = words(somchai.says("มีที่จอดรถมั้ยคะ"))
    assert "จอดได้ค่ะ" in said
    assert said.endswith(asked)
