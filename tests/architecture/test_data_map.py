"""Every table with personal data is in export, erasure and retention; the registers cannot rot."""

import ast
import re

import pytest

from bot.services.privacy import data_map, erasure, requirements, retention
from bot.services.privacy.data_map import ErasureAction
from bot.settings import ROOT, School
from bot.texts import LANGUAGES, periods, policy
from models.tables import metadata
from tests.architecture import sources
from tests.samples import every

MAPPED = {table.name: table for table in data_map.TABLES}


def test_every_table_is_in_the_map_or_says_why_not() -> None:
    assert set(MAPPED) | set(data_map.WITHOUT_PERSONAL_DATA) == set(metadata.tables)
    assert not set(MAPPED) & set(data_map.WITHOUT_PERSONAL_DATA)
    assert len(MAPPED) == len(data_map.TABLES)
    assert all(data_map.WITHOUT_PERSONAL_DATA.values())


def test_a_table_that_the_map_calls_impersonal_can_hold_nobody() -> None:
    """No sealed column, no reference to a person."""
    personal = re.compile(r"_sealed$|^(learner|subject|conversation|account|child|guardian)_id$")
    for name in data_map.WITHOUT_PERSONAL_DATA:
        assert not [c for c in metadata.tables[name].columns.keys() if personal.search(c)]  # noqa: SIM118


def test_every_table_of_the_map_is_exported() -> None:
    def is_exported(table: data_map.Table) -> None:
        assert table.title
        assert table.holds
        assert bool(table.withheld) == (table.rows.__name__ == "nothing")

    every(MAPPED, is_exported)


def test_every_table_of_the_map_is_erased_or_says_why_not() -> None:
    def is_erased_or_kept(table: data_map.Table) -> None:
        is_erased = table.name in erasure.STEPS or table.name in erasure.WITH_ANOTHER
        assert is_erased == (table.fate is not ErasureAction.KEPT)
        assert bool(table.why_kept) == (table.fate is ErasureAction.KEPT)

    every(MAPPED, is_erased_or_kept)


def test_every_table_of_the_map_has_its_period() -> None:
    """And a rule that purges it, or somebody else who does."""
    purged = {name for rule in retention.RULES for name in rule.tables}

    def has_period(table: data_map.Table) -> None:
        assert table.rule in periods.BY_KEY
        assert table.name in purged or table.rule in retention.OTHERWISE

    every(MAPPED, has_period)


def test_every_period_is_served_by_a_rule_or_otherwise() -> None:
    assert retention.unpurged() == set(retention.OTHERWISE)
    assert len({rule.name for rule in retention.RULES}) == len(retention.RULES)


def test_fixed_periods_are_what_the_services_go_by() -> None:
    from bot.dispatch import DRAFT_LIFE
    from bot.services.auth import sessions, tokens
    from bot.services.chat import inbox
    from bot.services.consent import consents

    assert {
        "draft": DRAFT_LIFE,
        "news": consents.NEWS_VALIDITY,
        "event": inbox.KEEP_IDS,
        "token": tokens.KEPT,
        "link": tokens.LINKS_KEPT,
        "session": sessions.ABSOLUTE,
    }.items() <= {key: period.fixed for key, period in periods.BY_KEY.items()}.items()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_says_every_period_that_the_purge_goes_by(language: str) -> None:
    school = School(account_years=2, archive_years=3, proof_years=7, audit_years=4)
    text = policy.notice(policy.CURRENT, language, school)
    told = [period for period in periods.PERIODS if period.is_told]
    assert len(told) >= 10
    for period in told:
        line = period.said(school, language, "?")
        assert f"- {line}" in text
        assert "{" not in line
    served = {rule.period.key for rule in retention.RULES if rule.period.sentence}
    assert served <= {period.key for period in told}
    unset = policy.notice(policy.CURRENT, language, School())
    assert unset.count(policy.not_set(language)) >= 4


def test_the_database_lets_go_of_no_younger_proof_than_the_owner_can_choose() -> None:
    """The triggers' days against the settings' least years."""
    versions = (ROOT / "models" / "migrations" / "versions").glob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in versions)
    assert 'deletable_after("consent_event", 3 * 365)' in text
    assert 'deletable_after("audit_entry", 365)' in text
    assert 'append_only_for("audit_link", 365)' in text
    assert "YEAR = 365" in text
    assert (periods.PROOF_LEAST, periods.AUDIT_LEAST) == (3, 1)
    for key, years in (
        ("proof", "proof_years"),
        ("audit", "audit_years"),
        ("archive", "archive_years"),
    ):
        least = {"proof": 3, "audit": 1, "archive": 1}[key]
        span = periods.BY_KEY[key].span(School(**{years: least}))
        assert span is not None
        assert span.days >= least * 365


def test_only_the_adapters_speak_to_the_outside() -> None:
    """R21: no other code can send anything to a third party."""
    speakers = {
        "linebot",
        "urllib3",
        "requests",
        "httpx",
        "smtplib",
        "http.client",
        "aiosmtplib",
        "imaplib",
        "imap_tools",
    }
    allowed = ("bot/line/", "bot/mail/", "bot/providers/", "simulator/", "simulator/")
    found = {
        sources.name(path)
        for path in sources.product()
        if not sources.name(path).startswith(allowed)
        and any(
            module in speakers or module.split(".")[0] in speakers
            for module in sources.imports(path)
        )
    }
    assert found == set()


def test_the_requirements_are_complete_and_in_order() -> None:
    ids = [requirement.id for requirement in requirements.load()]
    numbers = [int(found[0]) for id_ in ids if (found := re.findall(r"\d+", id_))]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 52))
    assert len(set(ids)) == len(ids) == 52  # R34a too


def test_every_named_test_exists() -> None:
    wrong = [r.id for r in requirements.load() if not (r.proofs or r.open)]
    wrong += [
        f"{requirement.id}: {proof}"
        for requirement in requirements.load()
        for proof in requirement.proofs
        if not is_a_test(proof)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_claim_of_the_security_page_names_a_test_that_exists() -> None:
    """R3: a standard that is claimed has its test; so a clause's row has one that is there."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:NIST|OWASP|RFC|PDPC|ISO).+?) \|.*\|(.*)\|$", page, re.MULTILINE)
    assert len(rows) > 15
    for clause, proof in rows:
        named = re.findall(r"`([^`]+)`", proof)
        assert named, clause
        assert [name for name in named if not is_a_test(name)] == [], clause


def is_a_test(proof: str) -> bool:
    """Whether `file` or `file::test` is there, in tests/."""
    file, _, name = proof.partition("::")
    path = ROOT / "tests" / file
    if not path.exists():
        return False
    found = {
        node.name
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return name in found if name else any(test.startswith("test_") for test in found)
