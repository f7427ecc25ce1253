"""What the school's policy demands, sentence by sentence, and the tests that prove it.

They stand in bot/texts/requirements.toml, which the product has with it where the tests are not.
"""

import tomllib
from dataclasses import dataclass
from functools import cache

from bot.settings import ROOT

FILE = ROOT / "bot" / "texts" / "requirements.toml"


@dataclass(frozen=True)
class Requirement:
    """One demand. proofs: `file::test`, in tests/. open: what no test proves yet, if anything."""

    id: str
    sentence: str
    proofs: tuple[str, ...] = ()
    open: str = ""


@cache
def load() -> tuple[Requirement, ...]:
    """All demands, in the policy's order."""
    listed = tomllib.loads(FILE.read_text(encoding="utf-8"))["requirement"]
    return tuple(
        Requirement(**{**each, "proofs": tuple(each.get("proofs", ()))}) for each in listed
    )
