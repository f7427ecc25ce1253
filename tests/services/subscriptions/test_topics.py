"""The owner's file of topics: what is wrong with it is named, and the last good one stays."""

import os
from pathlib import Path

import pytest

from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import NewsKind, TopicsError
from bot.settings import ROOT

GOOD = """
[[topic]]
id = "courses"
kind = "course_info"
title.th = "ข่าวหลักสูตร"
title.en = "Course news"
about.th = "หลักสูตรใหม่"
about.en = "New courses"
default = true
"""


def problems(directory: Path, text: str) -> str:
    (directory / "topics.toml").write_text(text, encoding="utf-8")
    with pytest.raises(TopicsError) as refused:
        topics.read(directory)
    return str(refused.value)


def test_ours_has_the_four_kinds_of_the_policy() -> None:
    ours = topics.read(ROOT / "news")

    assert {topic.kind for topic in ours} == set(NewsKind)
    assert [topic.id for topic in ours if topic.is_default] == ["courses", "articles", "videos"]
    assert [topic.id for topic in ours if not topic.is_default] == ["promotions"]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"courses"', '"My courses"', "an id has only a-z"),
        ('"courses"', f'"{"x" * 41}"', "an id has only a-z"),
        ('"course_info"', '"advert"', "courses: kind must be one of news, article, video"),
        ("default = true", 'default = "yes"', "courses: default must be true or false"),
        ("default = true", "", "courses: default must be true or false"),
        ('title.en = "Course news"', "", "courses: title.en is missing"),
        ('"New courses"', '"  "', "courses: about.en is missing"),
        ('"Course news"', f'"{"x" * 41}"', "courses: title.en is longer than 40"),
        ("[[topic]]", "[[topics]]", "needs at least one [[topic]]"),
        ("[[topic]]", "[topic]", "needs at least one [[topic]]"),
        ('"courses"', '"courses', "topics.toml"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, named: str, tmp_path: Path) -> None:
    assert named in problems(tmp_path, GOOD.replace(old, new))


def test_an_id_stands_once_and_there_are_not_too_many(tmp_path: Path) -> None:
    assert "topic id courses stands twice" in problems(tmp_path, GOOD * 2)
    many = "".join(GOOD.replace('"courses"', f'"t{number}"') for number in range(11))
    assert "has 11 topics" in problems(tmp_path, many)


def test_a_slip_keeps_the_last_good_file(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"

    def write(text: str, at: int) -> None:
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(at, at))

    write(GOOD, 1)
    assert [topic.id for topic in topics.load(tmp_path)] == ["courses"]
    write("[[topic", 2)
    assert [topic.id for topic in topics.load(tmp_path)] == ["courses"]
    write(GOOD.replace('"courses"', '"films"'), 3)
    assert [topic.id for topic in topics.load(tmp_path)] == ["films"]
    assert topics.find(tmp_path, "courses") is None


def test_no_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(TopicsError, match=r"topics\.toml"):
        topics.load(tmp_path / "nowhere")
