"""Figures that pages say: each is read from whoever enforces it at the moment when it is said."""

import re
from collections.abc import Callable
from datetime import timedelta

from bot.providers import local
from bot.services.accounts import details
from bot.services.auth import resets, sessions, stays, tokens
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.content import pictures
from bot.services.delivery import mails
from bot.services.guardians import guardians
from bot.services.learners import (
    exports,
    import_lines,
    imports,
    merging,
    search,
    spreadsheets,
    tags,
    unmasking,
)
from bot.services.shared import quiet_hours, throttles
from bot.services.staff import staff
from bot.services.statistics import dashboard, statistics
from bot.services.subscriptions import frequency_cap, subscriptions
from bot.texts import Translator
from bot.texts.dates import shown_span
from models.learner import ADULT_FROM, CHILD_UP_TO

_GAP = re.compile(r"\{(\w+)\}")
# How long, by the name that a template or a marked sentence gives it.
_SPANS: dict[str, Callable[[], timedelta]] = {
    "link_life": lambda: tokens.LINK_LIFE,
    "confirm_life": lambda: mails.LINK_USEFUL,
    "confirmation_span": lambda: details.SPAN,
    "initial_life": lambda: local.INITIAL_LIFETIME,
    "staff_link_life": lambda: tokens.STAFF_LINK_LIFE,
    "guardian_code_life": lambda: guardians.LIFE,
    "stay_life": lambda: stays.LIFE,
    "idle": lambda: sessions.IDLE,
    "sign_in_span": lambda: throttles.PROOF.longest,
    "news_span": lambda: frequency_cap.WINDOW,
    "pause": lambda: subscriptions.PAUSE,
    "undo": lambda: merging.UNDO,
    "export_span": lambda: exports.LIFE,
    "looks_span": lambda: unmasking.A_DAY,
    "lately": lambda: statistics.LATELY,
    "import_undo": lambda: imports.KEPT,
    "oldest": lambda: import_lines.OLDEST,
}
# How many, how old, from when to when.
_NUMBERS: dict[str, Callable[[], object]] = {
    "proof_digits": lambda: resets.DIGITS,
    "link_tries": lambda: tokens.MAX_TRIES,
    "data_link_tries": lambda: tokens.MAX_TRIES,
    "confirmations": lambda: details.MAX_CONFIRMATIONS,
    "adult_age": lambda: ADULT_FROM,
    "child_age": lambda: CHILD_UP_TO,
    "quiet_begin": quiet_hours.shown_begin,
    "quiet_end": quiet_hours.shown_end,
    "first_percent": lambda: recipient_snapshot.FIRST_PERCENT,
    "picture_megabytes": lambda: pictures.MAX_UPLOAD_BYTES // 1024**2,
    "weeks": lambda: statistics.WEEKS,
    "day_weeks": lambda: dashboard.DAY_WEEKS,
    "most_lines": lambda: f"{spreadsheets.MAX_LINES:,}",
    "columns": lambda: spreadsheets.MAX_COLUMNS,
    "least_reason": lambda: unmasking.MIN_REASON,
    "most_reason": lambda: unmasking.MAX_REASON,
    "username_limit": lambda: search.MAX_USERNAME,
    "least_group": lambda: tags.LEAST,
    "most_group": lambda: tags.LONGEST,
    "most_groups": lambda: tags.MAX_WORDS,
    "most_people": lambda: search.MAX_PEOPLE,
    "most_each": lambda: tags.MAX_EACH,
    "most_name": lambda: staff.MAX_NAME_LENGTH,
    "least_username": lambda: staff.LEAST_USERNAME,
    "most_username": lambda: staff.LONGEST_USERNAME,
}


class Figures:
    """The figures in one language: a template says `figures.link_life`."""

    def __init__(self, t: Translator) -> None:
        self._t = t

    def __getattr__(self, name: str) -> object:
        if name in _SPANS:
            return shown_span(self._t, _SPANS[name]())
        if name in _NUMBERS:
            return _NUMBERS[name]()
        raise AttributeError(name)


def fill(t: Translator, sentence: str) -> str:
    """A sentence of a table, whose gaps are named after the figures that it says."""
    figures = Figures(t)
    return t(sentence, **{name: getattr(figures, name) for name in _GAP.findall(sentence)})
