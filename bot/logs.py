"""Structured logs: one JSON line an event, ids only, to standard output."""

import logging
import sys
from typing import TextIO, cast

import structlog

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


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


def place_of(error: BaseException) -> str:
    """Function and line of an error: its text could hold what a person typed."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        last = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return last
