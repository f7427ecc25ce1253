"""How people write what they want, and how much of it is understood."""

import tomllib
from pathlib import Path

import pytest

from bot.presentation import words
from bot.services.courses import courses
from handlers.line import FLOWS

HERE = Path(__file__).parent
OFFERED = courses.load(Path("courses"))
LEAST = {"wordings": 0.95, "wordings_unseen": 0.90}
HARMLESS = "harmless"
# What nobody may be led into who did not ask for it: an end, or a link that kills the last one.
NOT_BY_CHANCE = words.ENDING | words.ISSUING | {"withdraw", "freeze", "rights_restrict"}


def listed(name: str) -> dict[str, set[str]]:
    """The entries that would do, by wording."""
    table = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return {wording: set(key.split("/")) for key, each in table.items() for wording in each}


def heard(name: str) -> dict[str, tuple[set[str], str | None]]:
    """What would do, and what a wording leads to where nothing is open."""
    return {
        wording: (meant, words.command(wording, None, OFFERED))
        for wording, meant in listed(name).items()
    }


@pytest.mark.parametrize("name", LEAST)
def test_people_are_understood(name):
    found = heard(name)
    wrong = {
        wording: (sorted(meant), action)
        for wording, (meant, action) in found.items()
        if action not in meant and not (meant == {HARMLESS} and action not in NOT_BY_CHANCE)
    }
    assert len(found) >= {"wordings": 300, "wordings_unseen": 100}[name]
    assert 1 - len(wrong) / len(found) >= LEAST[name], wrong


@pytest.mark.parametrize("name", LEAST)
def test_nothing_ends_by_a_misunderstanding(name):
    hurt = {
        wording: action
        for wording, (meant, action) in heard(name).items()
        if action in NOT_BY_CHANCE and action not in meant
    }
    assert hurt == {}


def test_every_wording_stands_in_one_place_and_leads_to_something_that_is_there():
    entries = {entry for flow in FLOWS for entry in flow.entries}
    entries |= {words.STOP, words.UNREGISTER, HARMLESS}
    seen, every = listed("wordings"), listed("wordings_unseen")
    assert set(seen) & set(every) == set()
    assert {key for meant in (*seen.values(), *every.values()) for key in meant} <= entries


def test_what_the_first_users_wrote_is_understood():
    named = {
        "พาสหาย": "reset",
        "ลืม pass": "reset",
        "เข้าไม่ได้อ่ะ": "reset",
        "username คืออะไร": "account",
        "ขอรับข่าวน้อยลง": "news",
        "มีข้อมูลอะไรของฉันบ้าง": "rights",
        "ลบทุกอย่างของฉัน": "rights_erase",
        "ลูกเรียนถึงไหนแล้ว": "children",
        "เปลี่ยนเบอร์ค่ะ": "change",
        "สนใจคอร์ส everyday english สมัครยังไง": "courses",
        "อยากยกเลิกบัญชี": "close",
        "ยกเลิกคอร์ส ขอเงินคืน": "question",
        "ยกเลิกการสมัครของลูก": "children",
    }
    assert {said: words.command(said, None, OFFERED) for said in named} == named
