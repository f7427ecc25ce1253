"""Conversations are whole: every step is handled, every button leads somewhere."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import handlers.line
from bot.dispatch import LEADS_TO, Flow
from bot.presentation import staff_words, wishes, words
from bot.settings import ROOT
from bot.texts import translator
from handlers.line import FLOWS, build_dispatcher
from simulator.characters import grapheme_count
from tests.architecture import sources

QUICK, FLEX = 20, 40  # graphemes of a label in a quick reply and on a Flex button
BUTTONS = {"line.entry", "line.choice", "line.link", "line.postback"}


def modules() -> list[object]:
    found = pkgutil.walk_packages(handlers.line.__path__, "handlers.line.")
    return [importlib.import_module(module.name) for module in found]


def test_every_flow_is_listed() -> None:
    made = {
        id(value): (value.name, module.__name__)  # type: ignore[attr-defined]
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, Flow)
    }
    assert {id(flow) for flow in FLOWS} == set(made), sorted(made.values())


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_step_asks_and_answers(flow: Flow) -> None:
    flow.check()
    steps = {str(step) for step in flow.steps} if flow.steps else set()
    assert set(flow.handlers) == set(flow.prompts) == steps


def test_names_are_unlike() -> None:
    assert len({flow.name for flow in FLOWS}) == len(FLOWS)


def entries_of_buttons() -> dict[str, str]:
    """Every entry action that a button carries, and where."""
    found = {}
    for path in sources.files("bot", "handlers"):
        for written, node in sources.calls(path):
            if written not in {"line.entry", "entry"} or len(node.args) < 2:
                continue
            action = node.args[1]
            where = f"{sources.name(path)}:{node.lineno}"
            if sources.name(path) == "bot/line/messages.py":
                continue
            assert isinstance(action, ast.Constant), f"{where}: the action is not written out"
            found[str(action.value)] = where
    return found


def test_every_button_leads_somewhere() -> None:
    dispatcher = build_dispatcher()
    buttons = entries_of_buttons()
    assert len(buttons) > 10
    assert {a: w for a, w in buttons.items() if a not in dispatcher.entries} == {}


def entries_of_words() -> set[str]:
    """What whole commands and sentences lead to where nothing is open."""
    meant = {*words.COMMANDS, *staff_words.STAFF_COMMANDS, *(rule.entry for rule in wishes.RULES)}
    return {LEADS_TO.get(action, action) for action in meant}


def test_every_word_leads_somewhere() -> None:
    assert entries_of_words() <= set(build_dispatcher().entries)


def test_what_the_dispatcher_counts_on_is_there() -> None:
    needed = {"follow", "unfollow", "unsend", "stale", "attachment", "cancel", "help"}
    assert needed <= set(build_dispatcher().entries)


def test_every_entry_can_be_reached() -> None:
    """By a button, a word or an event: an entry that nothing leads to is dead code."""
    by_event = {"follow", "unfollow", "unsend", "stale", "attachment"}
    by_event.add("staff_link")  # a text that is a code of the console
    reached = set(entries_of_buttons()) | entries_of_words() | by_event
    assert set(build_dispatcher().entries) == reached


def test_every_after_work_exists() -> None:
    asked = {
        str(node.args[0].value)
        for path in sources.files("handlers/line")
        for written, node in sources.calls(path)
        if written == "PostCommitTask" and isinstance(node.args[0], ast.Constant)
    }
    assert asked
    assert asked == set(build_dispatcher().afters)


def labels() -> list[tuple[str, str, int]]:
    """Every label of a button with where it stands and how long it may be.

    In a function that makes quick replies all labels count as quick replies.
    """
    found = []
    for path in sources.files("handlers/line"):
        for function in ast.walk(sources.tree(path)):
            if not isinstance(function, ast.FunctionDef):
                continue
            inside = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            quick = function.name == "main_menu" or any(
                ast.unparse(node.func) == "line.quick" for node in inside
            )
            for node in inside:
                if ast.unparse(node.func) not in BUTTONS or not node.args:
                    continue
                label = node.args[0]
                if isinstance(label, ast.Call) and ast.unparse(label.func).endswith("t"):
                    label = label.args[0]
                if isinstance(label, ast.Constant):
                    limit = QUICK if quick else FLEX
                    found.append((str(label.value), f"{sources.name(path)}:{node.lineno}", limit))
    return found


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_label_fits(language: str) -> None:
    t = translator(language)
    assert len(labels()) > 30
    too_long = [
        (t(label), where, grapheme_count(t(label)))
        for label, where, limit in labels()
        if grapheme_count(t(label)) > limit
    ]
    assert too_long == []


def test_flows_live_in_their_own_files() -> None:
    """No flow file knows another one: what two share is a service or stands in shared.py."""
    flows = {"account", "courses", "credentials", "menu", "welcome", "registration"}
    for path in sources.files("handlers/line"):
        own = path.relative_to(ROOT / "handlers/line").parts[0].removesuffix(".py")
        if own not in flows:
            continue
        others = {f"handlers.line.{name}" for name in flows - {own}}
        assert not others & set(sources.imports(Path(path))), sources.name(path)
