"""Floors, docstrings and the clock."""

import ast
import os
import subprocess
import sys
from pathlib import Path

from bot.settings import ROOT
from tests.architecture import sources


def test_imports_keep_to_their_floors() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_imports_the_roof_nor_the_tests() -> None:
    wrong = [
        f"{sources.name(path)}: imports {module}"
        for path in sources.files(*sources.PRODUCT)
        for module in sources.imports(path)
        if module.split(".")[0] in {"app", "tests", "benchmarks"}
    ]
    assert not wrong, "\n".join(wrong)


def test_every_file_says_what_it_is_for() -> None:
    """One sentence that begins with a capital letter and ends."""
    wrong = []
    for path in [*sources.product(), *sources.files("tests", "benchmarks")]:
        if not path.read_bytes().strip():
            continue
        said = ast.get_docstring(sources.tree(path))
        if not said:
            wrong.append(f"{sources.name(path)}:1: no docstring")
            continue
        first, *more = said.splitlines()
        if not first.rstrip().endswith((".", ";", "?", ":")) and not more:
            wrong.append(f"{sources.name(path)}:1: the sentence does not end: {first}")
    assert not wrong, "\n".join(wrong)


def test_a_function_fits_a_screen() -> None:
    """Ruff counts parameters, statements and ways; how long one may be on paper stands here."""
    most = 60  # lines
    wrong = [
        f"{sources.name(path)}:{node.lineno}: {node.name} has {length} lines"
        for path in [*sources.product(), *sources.files("benchmarks")]
        if "versions" not in path.parts
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.FunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > most
    ]
    assert not wrong, "\n".join(wrong)


def test_the_simulator_is_not_even_loaded_outside_development(tmp_path: Path) -> None:
    """By an app in a process of its own; the same process loads it once it is told to."""
    code = (
        "import os, sys\n"
        "from app import create_app\n"
        "from bot.settings import Settings\n"
        "def loaded(**more):\n"
        "    create_app(Settings.from_env({**os.environ, **more}))\n"
        "    return sorted(m for m in sys.modules if 'simulator' in m.split('.'))\n"
        "print([loaded(), bool(loaded(SIMULATOR='1'))])\n"
    )
    env = {
        "PATH": os.environ["PATH"],
        "PUBLIC_URL": "https://bot.example.test",
        "SECRET_KEY": "x" * 40,
        "DATA_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY",
        "LINE_CHANNEL_SECRET": "secret",
        "LINE_CHANNEL_ACCESS_TOKEN": "token",
        "LINE_BOT_USER_ID": "U" + "b" * 32,
        "DATABASE_URL": f"sqlite:///{tmp_path}/bot.db",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[-2:] == ["[[], True]", ""]


def test_the_server_is_started_in_one_way() -> None:
    for file in ("Procfile", "Makefile"):
        said = (ROOT / file).read_text(encoding="utf-8")
        assert "python -m handlers.server" in said, file
    for path in (*sources.product(), ROOT / "Procfile", ROOT / "Makefile"):
        said = path.read_text(encoding="utf-8")
        assert "--interface" not in said or path.name == "server.py", path


def test_nobody_prints_nor_takes_the_time_where_a_clock_is_passed_in() -> None:
    """Time comes from bot.clock; output goes through the log or click."""
    clocks = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today"}
    wrong = []
    for path in sources.product():
        for written, node in sources.calls(path):
            is_clock = written in clocks and sources.name(path) != "bot/clock.py"
            if written == "print" or is_clock:
                wrong.append(f"{sources.name(path)}:{node.lineno}: {written}")
    assert not wrong, "\n".join(wrong)
