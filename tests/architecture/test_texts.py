"""The Thai catalogue: complete, without leftovers, the same gaps to fill."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from bot import texts
from bot.settings import ROOT

KEYWORDS = {"t": None, "both": None, "ours": None, "_": None}
HOLES = re.compile(r"\{(\w*)[^{}]*\}")


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


def faults(english: str, thai: str) -> Iterator[str]:
    """What is wrong with one translation."""
    if sorted(HOLES.findall(thai)) != sorted(HOLES.findall(english)):
        yield "other gaps"
    if "เเ" in thai:
        yield "two sara e where one sara ae is meant"
    if "\u0e4d\u0e32" in thai:
        yield "sara am in two pieces"
    if thai != thai.strip() or english != english.strip():
        yield "white space around it"
    if "  " in thai:
        yield "two spaces"


def test_a_translation_keeps_the_gaps_and_the_tone() -> None:
    wrong = [
        f"{path.name}:{message.lineno}: {fault}: {message.id}"
        for path, message in catalogue()
        for fault in faults(str(message.id), str(message.string))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("thai", "fault"),
    [
        ("{นี่} {b}", "other gaps"),
        ("{a} {b} {b}", "other gaps"),
        ("{a} {b} เเล้ว", "two sara e where one sara ae is meant"),
        ("{a} {b} ท\u0e4d\u0e32", "sara am in two pieces"),
        ("{a} {b} ", "white space around it"),
        ("{a}  {b}", "two spaces"),
    ],
)
def test_a_fault_of_a_translation_is_seen(thai: str, fault: str) -> None:
    assert list(faults("{a} {b}", "{a} {b}")) == []
    assert fault in list(faults("{a} {b}", thai))


def test_long_texts_keep_the_gaps() -> None:
    """Thai and English of a version have the same facts to be filled in."""
    wrong = []
    for path in sorted((texts.HERE / "policy").rglob("*.md")):
        other = path.with_name(
            path.name.replace(".th.", ".en.")
            if ".th." in path.name
            else path.name.replace(".en.", ".th.")
        )
        mine, theirs = (set(HOLES.findall(p.read_text(encoding="utf-8"))) for p in (path, other))
        if mine != theirs:
            wrong.append(f"{path.relative_to(texts.HERE)}: {sorted(mine ^ theirs)}")
    assert not wrong, "\n".join(wrong)


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
