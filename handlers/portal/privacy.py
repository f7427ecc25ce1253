"""The school's privacy policy, and beside it the notice of PDPA s.23, in every version."""

from datetime import date

from flask import Blueprint, Response, abort

from bot.texts import policy
from bot.texts.dates import shown_day
from handlers.portal import guard, markdown
from handlers.portal.pages import page
from handlers.web.language import chosen
from handlers.web.parts import the_bot

privacy = Blueprint("privacy", __name__)
privacy.before_request(guard.arrive)  # public; a signed-in reader still sees Log Out
privacy.after_request(guard.leave)


@privacy.get("/privacy")
def current() -> Response:
    """The version in force."""
    return _version(policy.CURRENT)


@privacy.get("/privacy/v/<version>")
def version(version: str) -> Response:
    """A version by its number; old ones stay readable (ISO/IEC 29184, 5.2.8)."""
    if version not in policy.versions():
        abort(404)
    return _version(version)


def _date(written: str | None, language: str) -> str | None:
    """The owner's yyyy-mm-dd in words; what is no date stands as it was written."""
    try:
        return shown_day(date.fromisoformat(written or ""), language)
    except ValueError:
        return written


def _version(version: str) -> Response:
    language, school = chosen(), the_bot().settings.school
    return page(
        "privacy",
        version=version,
        versions=policy.versions(),
        is_current=version == policy.CURRENT,
        date=_date(school.policy_date, language),
        text_hash=policy.text_hash(version),
        policy=markdown.render(policy.policy(version, language), language, below=1),
        notice=markdown.render(policy.notice(version, language, school), language, below=1),
    )
