"""What is installed is decided beforehand: every package, its version, its files’ hashes."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import ROOT

LOCKS = ("requirements", "requirements-dev")


def wanted(name):
    """The direct dependencies of `<name>.in`, by package."""
    lines = (ROOT / f"{name}.in").read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in found}


def locked(name):
    """The entries of `<name>.txt`: package, then its version and how many hashes it has."""
    text = (ROOT / f"{name}.txt").read_text().replace("\\\n", "")
    entries = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = {}
    for entry in entries:
        pinned, *hashes = entry.split("--hash=")
        package, version = re.fullmatch(
            r"([^=\[]+)(?:\[.*\])?==([^ ]+)(?: ;.*)?", pinned.strip()
        ).groups()
        found[canonicalize_name(package)] = (version, len(hashes))
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", each) for each in hashes), package
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_each_direct_dependency_is_locked_at_its_version(name):
    entries = locked(name)
    for package, specifier in wanted(name).items():
        assert [each.operator for each in specifier] == ["=="], f"{package} is not pinned"
        assert specifier.contains(entries[package][0]), f"run `make lock`: {package}"


@pytest.mark.parametrize("name", LOCKS)
def test_each_locked_package_has_hashes(name):
    assert not [package for package, (_, hashes) in locked(name).items() if not hashes]


def test_tests_run_on_what_the_bot_runs_on():
    tested = locked("requirements-dev")
    assert {package: tested.get(package) for package in locked("requirements")} == locked(
        "requirements"
    )
