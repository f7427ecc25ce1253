"""How long each kind of data is kept: one table for the purge, the notice and the record (s.39).

What is purged when a period is over stands in bot.services.privacy.retention, under the same keys.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

from bot.settings import School
from bot.texts import Translator, translator
from bot.texts.dates import shown_span


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


@dataclass(frozen=True)
class Period:
    """One kind of data and its time: fixed, or the owner's figure, or as long as a fact holds.

    years_of: the field of School with the owner's figure; None there means: kept, with a warning.
    is_told: whether it stands in the notice (what only keeps the system going does not).
    """

    key: str
    sentence: str
    basis: str
    fixed: timedelta | None = None
    years_of: str | None = None
    is_told: bool = True

    def span(self, school: School) -> timedelta | None:
        """How long, or None where nothing may go by time alone."""
        if self.years_of is None:
            return self.fixed
        years: int | None = getattr(school, self.years_of)
        return None if years is None else timedelta(days=math.ceil(365.25 * years))

    def is_undecided(self, school: School) -> bool:
        """Whether the owner has yet to give the figure."""
        return self.years_of is not None and getattr(school, self.years_of) is None

    def said(self, school: School, language: str, not_set: str) -> str:
        """The line of the notice."""
        t = translator(language)
        return t(self.sentence, span=self._span_said(school, t, not_set))

    def _span_said(self, school: School, t: Translator, not_set: str) -> str:
        if self.years_of is not None:
            years = getattr(school, self.years_of)
            return not_set if years is None else t("{n} year(s)", n=years)
        if self.fixed is None:
            return ""
        return shown_span(t, self.fixed)


# What is enforced elsewhere too, or said in other sentences.
DRAFT = timedelta(hours=24)
NEWS = timedelta(days=730)  # 24 months
EVENTS = timedelta(days=30)
BACKUPS = timedelta(days=60)
NETWORKS = timedelta(days=30)
STAY = timedelta(days=30)  # the most that R40 allows
PROOF_LEAST, AUDIT_LEAST = 3, 1  # years: the database refuses to delete what is younger

PERIODS: tuple[Period, ...] = (
    Period(
        "draft",
        _("A registration that was not finished: {span}"),
        "PDPA s.22",
        fixed=DRAFT,
    ),
    Period(
        "account",
        _("The account and the four details: as long as they are used, and {span} after that"),
        "PDPA s.24(3), s.37(3)",
        years_of="account_years",
    ),
    Period(
        "archive",
        _("E-mails, messages and answers to questions: {span} after the last contact"),
        "PDPA s.24(5), s.37(3): the policy's promise to keep them for reference",
        years_of="archive_years",
    ),
    Period(
        "news",
        _("A consent to news: {span}, then we ask again"),
        "PDPA s.19",
        fixed=NEWS,
    ),
    Period(
        "proof",
        _(
            "Records of consents, requests and disclosures, under a pseudonym: as long as the "
            "account, and {span} after that, because the law demands proof"
        ),
        "PDPA s.24(6), s.39",
        years_of="proof_years",
    ),
    Period(
        "audit",
        _("The record of who did what with data, under pseudonyms: {span}"),
        "PDPA s.37(1), security notification B.E. 2565",
        years_of="audit_years",
    ),
    Period(
        "guardianship",
        _("A request to a guardian that did not lead to consent: {span} after it ended"),
        "PDPA s.20, s.22",
        fixed=timedelta(days=7),
    ),
    Period(
        "stranger",
        _(
            "Where the chat of somebody who has not registered stands (no messages, under a "
            "pseudonym): {span} after the last message"
        ),
        "PDPA s.24(5)",
        fixed=timedelta(days=30),
    ),
    Period(
        "event",
        _("Ids of events from LINE (without content): {span}"),
        "PDPA s.37(1): the guard against replay",
        fixed=EVENTS,
    ),
    Period(
        "suppression",
        _("That an address wants no more news, as a digest: until news are asked for again"),
        "PDPA s.32",
    ),
    Period(
        "backup",
        _("Backups, encrypted: {span} at most; what was erased is erased again after a restore"),
        "PDPA s.33, s.37(1)",
        fixed=BACKUPS,
    ),
    Period(
        "list",
        _("Who was on the list of an announcement, under a pseudonym: {span}"),
        "PDPA s.24(5), s.39: that nobody gets too much, and who was sent what",
        fixed=timedelta(days=90),
    ),
    Period(
        "stay",
        _("A phone or computer on which you asked to stay signed in, and when it was used: {span}"),
        "PDPA s.24(3): the learner's own tick",
        fixed=STAY,
    ),
    Period(
        "network",
        _("From which networks you signed in, as digests that nobody can read: {span}"),
        "PDPA s.37(1): that strangers cannot lock anybody out",
        fixed=NETWORKS,
    ),
    Period(
        "picture",
        "",
        "PDPA s.22: one that no announcement shows",
        fixed=timedelta(days=30),
        is_told=False,
    ),
    Period("letter", "", "PDPA s.24(5)", fixed=timedelta(days=30), is_told=False),
    Period("token", "", "PDPA s.37(1)", fixed=timedelta(days=7), is_told=False),
    Period("link", "", "PDPA s.37(1)", fixed=timedelta(days=30), is_told=False),
    Period("session", "", "PDPA s.37(1)", fixed=timedelta(hours=12), is_told=False),
    Period("throttle", "", "PDPA s.37(1)", fixed=timedelta(days=1), is_told=False),
    Period("import", "", "PDPA s.22", fixed=timedelta(days=1), is_told=False),
    Period("export", "", "PDPA s.37(1)", fixed=timedelta(days=30), is_told=False),
    Period("staff", "", "PDPA s.24(3), s.37(1)", is_told=False),
    Period("pending", "", "PDPA s.33", is_told=False),
)
BY_KEY = {period.key: period for period in PERIODS}


def notice(school: School, language: str, not_set: str) -> str:
    """Section "How long" of the notice, as a CommonMark list."""
    told = (period.said(school, language, not_set) for period in PERIODS if period.is_told)
    return "\n".join(f"- {line}" for line in told)


def undecided(school: School) -> list[Period]:
    """Periods that only the owner can decide and has not: their data is kept meanwhile."""
    return [period for period in PERIODS if period.is_undecided(school)]
