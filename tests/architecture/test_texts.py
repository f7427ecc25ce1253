"""The Thai catalogue: complete, without leftovers, one voice, the same gaps to fill."""

import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from bot import texts
from bot.settings import ROOT

KEYWORDS = {"t": None, "both": None, "_": None}
HOLES = re.compile(r"\{(\w*)[^{}]*\}")
PARTICLES = re.compile(r"ค่ะ|ครับ|(?<![ก-๛])คะ(?![ก-๛])|(?<=[ก-๛])นะคะ")


@cache
def said() -> dict[str, list[str]]:
    """Every sentence of the source, and where it is said."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file, "babel.cfg")
    found: dict[str, list[str]] = defaultdict(list)
    for folder in ("bot", "handlers"):
        for name, line, message, *_ in extract_from_dir(
            ROOT / folder, methods, options, keywords=KEYWORDS
        ):
            if name.startswith("simulator/"):
                continue  # a tool of developers, which speaks both languages at once
            sentence = message if isinstance(message, str) else message[0]
            found[sentence].append(f"{folder}/{name}:{line}")
    return found


@cache
def catalogue() -> list[tuple[Path, Message]]:
    return [
        (path, message)
        for path in sorted((texts.HERE / "th").glob("*.po"))
        for message in texts.read_file(path)
        if message.id
    ]


def test_the_extraction_sees_python_and_templates() -> None:
    places = [place for where in said().values() for place in where]
    assert sum(place.split(":")[0].endswith(".py") for place in places) > 150
    assert sum(place.split(":")[0].endswith(".html") for place in places) > 120


def test_nothing_is_missing() -> None:
    known = {str(message.id) for _, message in catalogue() if message.string}
    assert {s: where for s, where in said().items() if s not in known} == {}


def test_nothing_is_left_over() -> None:
    left = {f"{path.name}: {m.id}" for path, m in catalogue() if str(m.id) not in said()}
    assert left == set()


def test_nothing_is_fuzzy_or_obsolete_or_empty() -> None:
    assert [m.id for _, m in catalogue() if m.fuzzy or not m.string] == []
    for path in (texts.HERE / "th").glob("*.po"):
        assert not texts.read_file(path).obsolete, path.name
        assert "#~" not in path.read_text(encoding="utf-8")


def test_a_sentence_is_said_in_one_way() -> None:
    """What stands in two files means the same in both, and never twice in one."""
    thai: dict[str, set[str]] = defaultdict(set)
    for _, message in catalogue():
        thai[str(message.id)].add(str(message.string))
    assert {k: v for k, v in thai.items() if len(v) > 1} == {}
    for path in (texts.HERE / "th").glob("*.po"):
        written = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.M)
        assert [m for m, times in Counter(written).items() if times > 1] == []


@pytest.mark.parametrize(
    "message", [m for _, m in catalogue()], ids=lambda m: str(m.id)[:40].replace("::", ":")
)
def test_a_translation_keeps_the_gaps_and_the_tone(message: Message) -> None:
    english, thai = str(message.id), str(message.string)
    assert sorted(HOLES.findall(thai)) == sorted(HOLES.findall(english))
    assert not PARTICLES.search(thai)
    assert "เเ" not in thai, "two sara e where one sara ae is meant"
    assert "\u0e4d\u0e32" not in thai, "sara am in two pieces"
    assert thai == thai.strip()
    assert english == english.strip()
    assert "  " not in thai


@pytest.mark.parametrize(
    "path", sorted((texts.HERE / "policy").rglob("*.md")), ids=lambda p: p.name
)
def test_long_texts_keep_the_gaps(path: Path) -> None:
    """Thai and English of a version have the same facts to be filled in."""
    other = path.with_name(
        path.name.replace(".th.", ".en.")
        if ".th." in path.name
        else path.name.replace(".en.", ".th.")
    )
    mine, theirs = (set(HOLES.findall(p.read_text(encoding="utf-8"))) for p in (path, other))
    assert mine == theirs


def test_every_sentence_can_be_said() -> None:
    """No stray brace: format() takes every sentence of both languages."""
    for _, message in catalogue():
        for sentence in (str(message.id), str(message.string)):
            values = dict.fromkeys(HOLES.findall(sentence), "x")
            if values:
                sentence.format(**values)
            else:
                assert "{" not in sentence
                assert "}" not in sentence
