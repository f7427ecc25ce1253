"""Many cases in one test, and a few cases of a product that is long by nature."""

import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest


def every(cases: Mapping[str, Any], check: Callable[[Any], Any]) -> None:
    """Check every case; the failure at the end names each one that did not hold."""
    assert cases
    wrong = []
    for name, case in cases.items():
        try:
            check(case)
        except (Exception, pytest.fail.Exception) as failure:
            at = traceback.extract_tb(failure.__traceback__)[1:] or []
            where = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(at))
            wrong.append(f"{name}: {type(failure).__name__} at {where}: {failure}")
    if wrong:
        pytest.fail(f"{len(wrong)} of {len(cases)}\n" + "\n".join(wrong), pytrace=False)


def numbered(cases: Iterable[Any]) -> dict[str, Any]:
    """Names for cases: their number and how they are written."""
    return {f"{number} {case!r:.80}": case for number, case in enumerate(cases)}


def sampled(cases: Iterable[Any], kept: Collection[Any]) -> list[Any]:
    """All cases for `parametrize`; only those that are kept stand in every run."""
    found = list(cases)
    assert kept
    assert all(case in found for case in kept)
    return [
        case
        if case in kept
        else pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long)
        for case in found
    ]
