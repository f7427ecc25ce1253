"""The archive's page is for people: what our rows call things is said in Thai."""

import re

from bot.clock import system_clock
from bot.presentation import archive_files, history_words
from bot.services.privacy import data_map, data_rows
from bot.services.privacy.personal_data_export import Archive, Section
from bot.settings import Settings
from models.base import Base

NAMES = {"LINE", "E-Learning", "English"}  # the same in Thai
THAI = re.compile(r"[ก-๛]")


def said(table: str, named: dict[str, str] | None = None, **row: str) -> list[str]:
    """The cells of a page with one row."""
    archive = Archive("1", system_clock(), [Section(table, "Your details", [dict(row)])])
    return re.findall(r"<td>(.*?)</td>", archive_files.page(archive, named or {}), re.S)


def test_no_value_of_a_fixed_list_stands_as_the_row_has_it() -> None:
    raw, tried = [], 0
    for table in data_map.TABLES:
        if table.rows is data_rows.nothing:
            continue
        for column in Base.metadata.tables[table.name].columns:
            kind = getattr(column.type, "kind", None)
            if kind is None or column.name not in archive_files.FROM_A_LIST:
                continue
            for member in kind:
                tried += 1
                (shown,) = said(table.name, **{column.name: str(member.value)})
                if not THAI.search(shown) and shown not in NAMES:
                    raw.append(f"{table.name}.{column.name}: {shown}")
    assert tried > 40
    assert raw == []


def test_what_has_no_list_of_its_own_is_said_too() -> None:
    for table, column, value in (
        ("account", "provider", "local"),
        ("mail", "stream", "transactional"),
        ("one_time_token", "purpose", "archive"),
        ("guardianship", "role", "child"),
        ("suppression", "reason", "complaint"),
        ("suppression", "reason", "soft bounces"),
        ("recipient", "reason", "enough this month"),
        ("inquiry", "topic", "registration"),
        ("audit_entry", "action", "consent:record"),
        ("audit_entry", "actor", "bot"),
    ):
        (shown,) = said(table, **{column: value})
        assert shown != value, (table, column)
        assert THAI.search(shown) or shown in NAMES, (table, column)
    assert said("conversation", draft="name: สมชาย\nemail: a@b.test") == [
        "ชื่อ-นามสกุล: สมชาย\nอีเมล: a@b.test"
    ]
    assert said("disclosure", items="name, phone") == ["ชื่อ-นามสกุล, เบอร์โทรศัพท์"]


def test_reasons_that_people_typed_stand_as_they_typed_them() -> None:
    for table in ("privacy_request", "unmasking", "legal_hold"):
        assert said(table, reason="closed") == ["closed"]


def test_courses_lessons_and_topics_go_by_their_titles(settings: Settings) -> None:
    named = dict(history_words.titles(settings, "th"))
    shown = said("lesson_progress", named, course="everyday-english", lesson="greetings")
    assert all(THAI.search(each) for each in shown)
    assert len(shown) == 2
    (topic,) = said("subscription", named, topic="courses")
    assert topic != "courses"
    gone = said("lesson_progress", named, course="gone", lesson="gone-too")
    assert gone == ["gone", "gone-too"]
