"""R21, R24: nothing of a person goes out past the register of processors or the gate."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest

from bot.line.gateway import Gateway
from bot.mail.mime import Written
from bot.providers.base import NewAccount, Provider
from bot.services.learners import exports
from bot.services.privacy import disclosures
from bot.services.shared import processors
from bot.services.shared.processors import DOORS, ELEARNING, NEEDS, STAFF, DisclosureError
from bot.settings import School
from tests.architecture import sources

# What an adapter is told besides: nothing of it is about a person.
PLAIN = {
    "line": {
        "aliases", "alias_id", "first", "image", "kind", "last", "menu", "menu_id", "media_type",
        "most", "recipients", "refused", "retry_key", "seconds", "start", "unit",
    },
    "mail": {"id", "message_id", "date", "is_news"},
    # A password is made for the system that keeps it; the key is an id of ours.
    ELEARNING: {"key", "password", "now", "public_url", "account"},
}  # fmt: skip


def parameters(adapter: type) -> Iterator[str]:
    """What the public methods of an adapter take."""
    for name, method in inspect.getmembers(adapter, inspect.isfunction):
        if not name.startswith("_"):
            yield from (each for each in inspect.signature(method).parameters if each != "self")


TOLD: dict[str, Callable[[], set[str]]] = {
    "line": lambda: set(parameters(Gateway)),
    "mail": lambda: {field.name for field in fields(Written)},
    ELEARNING: lambda: set(parameters(Provider)) | {field.name for field in fields(NewAccount)},
}


@pytest.mark.parametrize("processor", TOLD)
def test_a_door_takes_nothing_that_is_not_in_the_register(processor: str) -> None:
    told = TOLD[processor]() - PLAIN[processor]
    assert told == set(DOORS[processor]), "say in processors.DOORS what of a person this is"
    processors.check(processor, DOORS[processor].values())


def test_every_processor_that_we_speak_to_has_its_door() -> None:
    registered = {known.id: known.items for known in processors.register(School())}
    assert set(registered) - {"hosting"} == set(DOORS)
    assert registered == {name: NEEDS[name] for name in registered}
    assert set(NEEDS) - set(registered) == {STAFF}, "staff are no recipient outside"


def test_nobody_is_told_what_is_not_needed() -> None:
    with pytest.raises(DisclosureError, match="does not need"):
        processors.check(ELEARNING, ["full name", "phone number"])
    with pytest.raises(DisclosureError, match="register"):
        processors.check("adverts", [])


def test_staff_get_the_items_of_the_columns_and_nothing_else() -> None:
    assert set(exports.ITEM_OF) == set(exports.CHOICES)
    assert set(exports.ITEM_OF.values()) == set(NEEDS[STAFF])


def callers(wanted: str) -> dict[str, set[str]]:
    """Who calls something, by file: the names of the functions around the calls."""
    found: dict[str, set[str]] = {}
    for path in sources.product():
        for node in ast.walk(sources.tree(path)):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(call, ast.Call) and ast.unparse(call.func) == wanted
                for call in ast.walk(node)
            ):
                found.setdefault(sources.name(path), set()).add(node.name)
    return found


@pytest.mark.parametrize(
    ("makes", "where", "function", "asks"),
    [
        ("NewAccount", "accounts.py", "request_of", "processors.check"),
        ("_lines", "learners/exports.py", "made", "processors.check"),
        ("disclosures.content", "disclosures.py", "work", "disclosures.disclose"),
    ],
)
def test_what_goes_out_is_made_in_one_place_which_asks_first(
    makes: str, where: str, function: str, asks: str
) -> None:
    made = {
        file: names
        for file, names in callers(makes).items()
        if makes != "_lines" or file.endswith(where)
    }
    assert len(made) == 1
    ((file, names),) = made.items()
    assert file.endswith(where)
    assert function in names
    assert function in callers(asks)[file]


def test_every_item_that_can_be_given_is_read_somewhere() -> None:
    """And whatever a processor is told of a person can be asked for, but what is ours alone."""
    own = {"all stored data, sealed", "groups"}
    told: set[Any] = {item for items in NEEDS.values() for item in items}
    assert told - own <= disclosures.ITEMS


def test_every_file_that_can_be_taken_out_is_known() -> None:
    """A new one says here why it needs no gate, or goes through one."""
    known = {
        "handlers/console/audit_trail.py": "acts under ids, and names of staff alone",
        "handlers/console/exports.py": "learners for staff: csv_exports asks the register",
        "handlers/console/campaign_results.py": "batches, nobody in them",
        "handlers/console/campaign_review.py": "pseudonyms only",
        "handlers/console/imports.py": "a sample without people",
        "handlers/pictures.py": "pictures of announcements",
        "handlers/portal/archive.py": "to the person themselves (PDPA s.30)",
        "handlers/portal/receipts.py": "to the person themselves",
    }
    makes = re.compile(r"Content-Disposition|pages\.download\(")
    found = {
        sources.name(path)
        for path in sources.product()
        if makes.search(path.read_text(encoding="utf-8"))
    }
    assert found - {"handlers/web/pages.py"} == set(known)  # that one hands over what it is given
