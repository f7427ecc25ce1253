"""The pattern finds what it is for; a token with the same digits is not the phone number."""

import pytest

from tests.traces import PHONE_END


@pytest.mark.parametrize(
    "printed",
    ["+66812345678", "0812345678", "081-234-5678", "•••5678", "เบอร์ 5678", "<dd>xxx 5678</dd>"],
)
def test_a_number_is_found(printed: str) -> None:
    assert PHONE_END.search(printed)


@pytest.mark.parametrize(
    "printed",
    ["104ebf391556781e68bf", "a5678", "2026-11-23 12:00:00.567801", "5678abcd", "081-2•••"],
)
def test_chance_is_not_taken_for_one(printed: str) -> None:
    assert not PHONE_END.search(printed)
