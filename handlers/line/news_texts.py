"""What is asked before news is sent; the exact text goes into the consent ledger."""

from bot.texts import Translator
from models.consent import Purpose


def news_question(t: Translator, purpose: Purpose) -> tuple[str, str]:
    """Title and text of the question. News on LINE is not in the policy: it says so itself."""
    if purpose is Purpose.LINE_NEWS:
        return (
            t("News on LINE?"),
            t(
                "May we send you news, articles, videos and course information here on LINE, now "
                "and then? The school’s policy speaks of e-mail only, so this is a consent of its "
                "own, for 24 months. We use your LINE account for it. Saying no changes nothing "
                "about your course, and you can stop it in “My account” at any time."
            ),
        )
    return (
        t("News by e-mail?"),
        t(
            "May we send you news, articles, videos and course information by e-mail, now and "
            "then? We use your e-mail address and name for it, for 24 months. Saying no changes "
            "nothing about your course, and you can stop it in “My account” at any time."
        ),
    )
