"""What goes when a period is over: a rule for each kind of data, purged a batch at a time.

The periods themselves, with their legal basis and the notice's words, stand in bot.texts.periods.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.privacy import retention_steps
from bot.services.privacy.retention_steps import Find, Remove
from bot.settings import School
from bot.texts.periods import BY_KEY, PERIODS, Period, undecided

__all__ = ["RULES", "RetentionRule", "count", "purge_batch", "undecided"]

BATCH = 200


@dataclass(frozen=True)
class RetentionRule:
    """What is looked at when one period is over.

    ids: a query for the rows whose time has come. remove: what is done about some of them.
    """

    name: str
    period: Period
    tables: tuple[str, ...]
    ids: Find
    remove: Remove


def _rule(name: str, key: str, *tables: str) -> RetentionRule:
    ids, remove = retention_steps.STEPS[name]
    return RetentionRule(name, BY_KEY[key], tables, ids, remove)


UNUSED = "account"  # the rule that goes by sign-ins, among others

RULES: tuple[RetentionRule, ...] = (
    _rule("draft", "draft", "conversation"),
    _rule("requests to guardians", "guardianship", "guardianship"),
    _rule("stranger", "stranger", "conversation"),
    # Through the erasure, hence every table of the data map.
    _rule(
        UNUSED,
        "account",
        "learner",
        "account",
        "portal_account",
        "lesson_progress",
        "subscription",
        "possible_duplicate",
        "learner_merge",
        "learner_tag",
        "learner_name_word",
        "unmasking",
        "guardianship",
    ),
    _rule("list", "list", "recipient"),
    _rule("picture", "picture", "picture"),
    _rule("mail", "archive", "mail"),
    _rule("archived mail", "archive", "archived_mail", "archived_chunk"),
    _rule("body of a campaign", "archive", "archived_body"),
    _rule("push", "archive", "push"),
    _rule("inquiry", "archive", "inquiry"),
    _rule("token", "token", "one_time_token"),
    _rule("errand", "token", "errand"),
    _rule("link", "link", "secret_link"),
    _rule("link of staff", "link", "staff_link"),
    _rule("session of staff", "link", "staff_session"),
    _rule("form of staff", "session", "kept_form"),
    _rule("session", "session", "portal_session"),
    _rule("stay", "stay", "portal_stay"),
    _rule("known network", "network", "known_network"),
    _rule("throttle", "throttle", "throttle"),
    _rule("waiting letter", "letter", "waiting_letter"),
    _rule("mail pace", "session", "mail_pace"),
    _rule("event", "event", "webhook_event"),
    _rule("consent", "proof", "consent_event"),
    _rule("request", "proof", "privacy_request"),
    _rule("hold", "proof", "legal_hold"),
    _rule("disclosure", "proof", "disclosure"),
    _rule("erasure", "proof", "erasure"),
    _rule("audit", "audit", "audit_entry"),
)

# Periods that end without the purge, and what ends them.
OTHERWISE: dict[str, str] = {
    "news": "the fold of the ledger: a consent that ran out permits nothing",
    "suppression": "the person, who asks for news again",
    "staff": "an administrator, who shuts a member out: the factors go at once, the name stays",
    "backup": "the backup command and the nightly job, which delete older files",
    "import": "the job that goes through the file, and forgets what is left after a day",
    "export": "the same job, which forgets wishes of long ago",
    "pending": "the e-learning system, which confirms",
}


def count(session: Session, rule: RetentionRule, school: School, now: datetime) -> int:
    """How many rows a purge would meet now: the dry run."""
    moment = retention_steps.moment(session, rule.period, school, now)
    if moment is None:
        return 0
    found = rule.ids(session, moment).order_by(None).subquery()
    return session.execute(select(func.count()).select_from(found)).scalar_one()


def purge_batch(
    session: Session, rule: RetentionRule, school: School, now: datetime
) -> tuple[int, bool]:
    """Remove what is over, a batch: how many rows, and whether there may be more.

    What has gone is not found again, so a purge that was killed goes on where it was.
    """
    moment = retention_steps.moment(session, rule.period, school, now)
    if moment is None:
        return 0, False
    ids = list(session.scalars(rule.ids(session, moment).limit(BATCH)))
    if not ids:
        return 0, False
    rows = rule.remove(session, ids, moment)
    audit.record(
        session,
        Action.DATA_PURGED,
        actor="system",
        subject=None,
        now=now,
        rule=rule.name,
        rows=rows,
    )
    return rows, len(ids) == BATCH


def unpurged() -> set[str]:
    """Keys of periods that no rule serves."""
    return {period.key for period in PERIODS} - {rule.period.key for rule in RULES}
