"""Foreign text is brought into a normal form by one module, at a cost that its length bounds."""

import re
import unicodedata
from pathlib import Path

import pytest

from bot.unicode import MOST_MARKS, nfc, nfkc

ROOT = Path(__file__).parents[2]


def test_nobody_else_normalises() -> None:
    """Any other call sorts a stranger's combining marks for as long as the stranger likes."""
    found = [
        str(path.relative_to(ROOT))
        for room in ("bot", "handlers", "models", "simulator", "app.py")
        for path in ([ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py")))
        if re.search(r"unicodedata\.normalize|import normalize", path.read_text())
    ]
    assert found == ["bot/unicode.py"]


@pytest.mark.parametrize("mark", ["\u0300", "\u0315\u0300", "\u0e38\u0e48", "\U000e0100\u0301"])
def test_no_run_of_marks_is_longer_than_a_writing_has(mark: str) -> None:
    longest = max(len(run) for run in re.findall(r"[\u0300-\u036f\u0e38-\u0e4b]*",
                                                 nfkc("ก" + mark * 30_000 + "ก")))  # fmt: skip
    assert longest <= MOST_MARKS


def test_what_people_write_stays_as_the_standard_has_it() -> None:
    texts = ["น้ำใจ กุ้งแก้ว ที่นี่", "Nguyễn Thị Ngọc", "ＡＢＣ①ﬁ", "한국어", "e\u0301\u0323", "", "plain"]
    assert [nfc(text) for text in texts] == [unicodedata.normalize("NFC", text) for text in texts]
    assert [nfkc(text) for text in texts] == [unicodedata.normalize("NFKC", text) for text in texts]
