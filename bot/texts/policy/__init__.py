"""The school's privacy policy and the notice that the law demands beside it, by version."""

import hashlib
from functools import cache
from pathlib import Path

from bot.settings import School
from bot.texts import periods

HERE = Path(__file__).parent
CURRENT = "1"


def versions() -> tuple[str, ...]:
    """Every version there has been, oldest first; old ones stay readable."""
    return tuple(sorted((path.name for path in HERE.iterdir() if path.name.isdigit()), key=int))


@cache
def _source(version: str, name: str, language: str) -> str:
    return (HERE / version / f"{name}.{language}.md").read_text(encoding="utf-8")


def policy(version: str, language: str) -> str:
    """The school's policy as CommonMark; raises KeyError for a version that never was."""
    if version not in versions():
        raise KeyError(version)
    return _source(version, "policy", language)


def notice(version: str, language: str, school: School) -> str:
    """The notice of PDPA s.23 as CommonMark, the owner's facts filled in."""
    if version not in versions():
        raise KeyError(version)
    return _source(version, "notice", language).format(**_facts(language, school))


def text_hash(version: str) -> str:
    """SHA-256 over all texts of a version, as they stand before facts are filled in."""
    if version not in versions():
        raise KeyError(version)
    whole = "\0".join(
        _source(version, name, language)
        for name in ("policy", "notice")
        for language in ("th", "en")
    )
    return hashlib.sha256(whole.encode()).hexdigest()


def not_set(language: str) -> str:
    """What stands where the owner has not given a fact yet."""
    return "**(ยังไม่ได้กำหนด)**" if language == "th" else "**(not yet set)**"


def _facts(language: str, school: School) -> dict[str, str]:
    missing = not_set(language)
    return {
        "controller": school.controller or missing,
        "address": school.address or missing,
        "phone": school.phone or missing,
        "email": school.email or missing,
        "dpo": school.dpo or missing,
        "hosting": school.hosting or missing,
        "retention": periods.notice(school, language, missing),
        "policy_date": school.policy_date or missing,
    }
