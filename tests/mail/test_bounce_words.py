"""Answers of real servers, each with what it says of the address (bounces.toml)."""

import tomllib
from typing import Any

import pytest

from bot.mail import reports, status_codes
from bot.settings import ROOT
from tests.mail.returned import bounce

TABLE = tomllib.loads((ROOT / "tests/mail/bounces.toml").read_text(encoding="utf-8"))
NAMED = "<0123456789abcdef0123456789abcdef@news.school.example>"


@pytest.mark.parametrize("case", TABLE["report"], ids=lambda case: case["from"])
def test_a_code_and_the_words_beside_it(case: dict[str, Any]) -> None:
    found = reports.read(bounce(status=case["status"], said=case["said"], message_id=NAMED))
    assert (found.kind, found.code) == (reports.ReportKind.FAILED, case["status"])
    assert found.verdict == case["verdict"]
    assert found.message_id == NAMED


@pytest.mark.parametrize("case", TABLE["words"], ids=lambda case: case["from"])
def test_a_bounce_in_words_alone(case: dict[str, Any]) -> None:
    text = case["text"].replace("{id}", NAMED)
    raw = f"{case['headers'].strip()}\nTo: office@school.example\n\n{text}".replace("\n", "\r\n")
    found = reports.read(raw.encode(case.get("charset", "utf-8")))
    assert found.kind == case["kind"]
    if found.kind is reports.ReportKind.FAILED:
        assert (found.code, found.verdict) == (case["code"], case["verdict"])
        assert found.recipients == {"somying@example.test"}
        assert found.message_id == NAMED


def test_a_report_that_does_not_say_its_kind() -> None:
    raw = bounce(message_id=NAMED).replace(b"report-type=delivery-status; ", b"")
    assert reports.read(raw).verdict is status_codes.Verdict.DEAD


@pytest.mark.parametrize("padding", [" ", "a@", "0", "5.1.", "user ", "\u0300", "<"])
def test_what_is_far_behind_is_not_looked_at(padding: str) -> None:
    said = padding * 50_000 + "550 5.1.1 no such user"
    assert status_codes.judged("5.0.0", said) is status_codes.Verdict.SOFT
    assert status_codes.code_in(said) is None
