"""One label for each value of a fixed list: who adds a value, or a second table, meets this."""

import ast
from enum import StrEnum
from importlib import import_module

import pytest

from bot.presentation import labels
from bot.services.learners import exports, search
from bot.services.learners import import_words as import_columns
from bot.texts import translator
from handlers.console import exports as exports_page
from handlers.console import import_words, learner_words
from tests.architecture.sources import name, product, tree

# A second table is there on purpose; why stands beside it.
SEVERAL = {
    "Action": {  # to staff, to the person in a sentence; the archive's are by stored value
        "bot/presentation/history_words.py",
        "handlers/console/audit_words.py",
    },
    "CampaignState": {"bot/presentation/campaign_words.py", "handlers/console/dashboard.py"},
    "ConsentState": {"bot/presentation/history_words.py", "bot/presentation/labels.py"},
    "ExclusionReason": {"bot/presentation/campaign_words.py"},
    "Channel": {"bot/presentation/formatting.py", "bot/presentation/labels.py"},
    "RequestKind": {  # what somebody asks for themselves, and what a guardian asks
        "bot/presentation/labels.py",
        "bot/presentation/request_words.py",
    },
    "Role": {"handlers/console/role_words.py"},
    "RolloutStage": {"bot/presentation/campaign_words.py"},
}


def tables() -> dict[str, list[str]]:
    """Where dictionaries stand that give the members of one enum a sentence."""
    found: dict[str, list[str]] = {}
    for path in product():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Dict) or not node.keys:
                continue
            if not all(_is_sentence(value) for value in node.values):
                continue
            kinds = {_enum_of(key) for key in node.keys}
            if len(kinds) == 1 and None not in kinds:
                found.setdefault(str(kinds.pop()), []).append(name(path))
    return found


def _is_sentence(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    said_by = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return said_by in {"t", "_"}


def _enum_of(key: ast.expr | None) -> str | None:
    if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name):
        return key.value.id
    return None


def test_each_value_has_one_label() -> None:
    found = tables()
    assert {"AgeBand", "CampaignState", "ExclusionReason", "Role"} <= set(found)
    several = {kind: set(places) for kind, places in found.items() if len(places) > 1}
    assert several == SEVERAL


@pytest.mark.parametrize("kind", labels.LABELS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("language", ["th", "en"])
def test_every_member_has_its_label(kind: type[StrEnum], language: str) -> None:
    said = [labels.label(value, translator(language)) for value in kind]
    assert all(said)
    assert len(set(said)) == len(said)


WHOLE = {
    "bot.presentation.campaign_words": (
        "STATES",
        "WAVES",
        "WAVES_AT_PRESENT",
        "VERDICTS",
        "EXCLUSIONS",
        "BATCHES",
    ),
    "bot.presentation.request_words": ("OF_A_CHILD",),
    "handlers.console.audit_words": ("ACTS",),
    "handlers.console.exports": ("STATES",),
    "handlers.console.import_words": ("FATES", "STATES"),
    "handlers.console.learner_words": ("LOOKS", "CAUSES"),
    "handlers.console.role_words": ("ROLE_WORDS", "ROLE_DUTIES", "PERMISSION_WORDS"),
}


@pytest.mark.parametrize(
    ("module", "named"), [(module, named) for module, names in WHOLE.items() for named in names]
)
def test_every_table_is_whole(module: str, named: str) -> None:
    table = getattr(import_module(module), named)
    kinds = {type(value) for value in table}
    assert len(kinds) == 1
    assert set(table) == set(kinds.pop())


def test_tables_over_a_learners_fields_are_whole() -> None:
    """Their keys are the registry's fields and what stands beside them."""
    assert set(exports_page.COLUMNS) == set(exports.CHOICES)
    assert set(import_words.FIELDS) == set(import_columns.COLUMNS)
    assert set(learner_words.BY) == set(search.WAYS)
