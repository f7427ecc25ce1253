"""Lengths as LINE counts them: what the eye sees, and UTF-16 units."""

import pytest

from simulator.characters import grapheme_count, graphemes, utf16_units


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("ก", 1),
        ("ที่นี่", 2),
        ("น้ำ", 1),
        ("เก้าอี้", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("👍🏽", 1),
        ("👩‍👩‍👧‍👦", 1),
        ("❤️", 1),
        ("🇹🇭🇬🇧", 2),
        ("1️⃣", 1),
        ("\r\n", 1),
    ],
)
def test_grapheme_clusters(words, count):
    assert grapheme_count(words) == count
    assert "".join(graphemes(words)) == words


def test_utf16_units():
    assert utf16_units("ก😀") == 3
