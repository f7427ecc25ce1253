"""Floors, docstrings and sizes."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.architecture import sources

LINES = 350


def test_imports_keep_to_their_floors() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sources.files("bot", "handlers", "models"), ids=sources.name)
def test_nothing_imports_the_roof_nor_the_tests(path: Path) -> None:
    found = {module.split(".")[0] for module in sources.imports(path)}
    assert not found & {"app", "tests", "benchmarks"}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in [*sources.product(), *sources.files("tests", "benchmarks")]
        if path.read_bytes().strip()
    ],
    ids=sources.name,
)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    """One sentence that begins with a capital letter and ends."""
    said = ast.get_docstring(sources.tree(path))
    assert said, f"{sources.name(path)} has no docstring"
    first = said.splitlines()[0]
    assert first.rstrip().endswith((".", ";", "?", ":")) or len(said.splitlines()) > 1, first


@pytest.mark.parametrize("path", sources.product(), ids=sources.name)
def test_no_file_is_longer_than_a_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES


def loaded_with(**more: str) -> set[str]:
    """Which modules an app loads that is built in a process of its own."""
    code = (
        "import json, sys\n"
        "from app import create_app\n"
        "from bot.settings import Settings\n"
        "create_app(Settings.from_env())\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    env = {
        "PATH": os.environ["PATH"],
        "PUBLIC_URL": "https://bot.example.test",
        "SECRET_KEY": "x" * 40,
        "DATA_KEYS": "k1:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY",
        "LINE_CHANNEL_SECRET": "secret",
        "LINE_CHANNEL_ACCESS_TOKEN": "token",
        "LINE_BOT_USER_ID": "U" + "b" * 32,
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_simulator_is_not_even_loaded_outside_development(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    assert not {m for m in loaded_with(DATABASE_URL=url) if m.startswith("simulator")}
    assert "simulator" in loaded_with(DATABASE_URL=url, SIMULATOR="1")


def test_the_procfile_and_the_demo_start_the_server_alike() -> None:
    from handlers.commands import server_arguments

    arguments = server_arguments(8000)
    threads = arguments[arguments.index("--blocking-threads") + 1]
    for file in ("Procfile", "Makefile"):
        said = (ROOT / file).read_text(encoding="utf-8")
        assert f"--blocking-threads {threads}" in said, file
        assert "--respawn-failed-workers" in said, file


@pytest.mark.parametrize("path", sources.product(), ids=sources.name)
def test_nobody_prints_nor_takes_the_time_where_a_clock_is_passed_in(path: Path) -> None:
    """Time comes from bot.clock; output goes through the log or click."""
    for written, node in sources.calls(path):
        assert written != "print", f"{sources.name(path)}:{node.lineno}"
        if written in {"datetime.now", "datetime.utcnow", "date.today", "datetime.today"}:
            assert sources.name(path) == "bot/clock.py", f"{sources.name(path)}:{node.lineno}"
