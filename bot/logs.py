"""Structured logs: one JSON line an event, ids only, to standard output."""

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO, cast

import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_ROOT = f"{Path(__file__).resolve().parent.parent}/"


class _Output:
    """Standard output as it is at the moment of writing: servers and tests replace it."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def configure(level: str) -> None:
    """Log from this level on; what a log line may carry is a matter of review and of a test."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Output())),
        cache_logger_on_first_use=True,
    )
    # Libraries log requests and parameters at lower levels; those may hold personal data.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    for name in ("sqlalchemy", "urllib3", "linebot", "apscheduler", "werkzeug"):
        logging.getLogger(name).setLevel(logging.ERROR)


def failure(error: BaseException) -> dict[str, str]:
    """The keys that every log line about an error has: its type, its place and what caused it.

    Never its text or its arguments: those could hold what a person typed.
    """
    keys = {"error": type(error).__name__, "where": _place(error)}
    if causes := ", ".join(type(cause).__name__ for cause in _causes(error)):
        keys["causes"] = causes
    return keys


def _place(error: BaseException) -> str:
    """File, line and function of the innermost frame that is ours; of a library's, if none is."""
    found, is_ours = "", False
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        mine = code.co_filename.startswith(_ROOT) and "site-packages" not in code.co_filename
        if mine or not is_ours:
            name = code.co_filename.removeprefix(_ROOT) if mine else Path(code.co_filename).name
            found, is_ours = f"{name}:{line} {code.co_qualname}", mine
    return found


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What an error was raised from, or while handling; the nearest first."""
    seen = {id(error)}
    while True:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            return
        seen.add(id(cause))
        yield cause
        error = cause
