"""What is asked before news is sent, and of a guardian; the exact text goes into the ledger."""

import hashlib

from bot.line import messages as line
from bot.line.messages import Action, Message
from bot.services.consent import consents
from bot.services.subscriptions.renewals import ConsentRanOut
from bot.texts import LANGUAGES, Translator, translator
from bot.texts.dates import shown_span
from models.consent import Purpose


def card_id(text: str) -> str:
    """Binds the buttons to the words above them: another wording is another consent."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def news_text(t: Translator, purpose: Purpose) -> str:
    """The whole text of a question, as it goes into the ledger."""
    return "\n".join(news_question(t, purpose))


def seen_news(purpose: Purpose, bound: str | None) -> tuple[str, str] | None:
    """Text and language of the question whose button was tapped; None for words of the past."""
    for language in LANGUAGES:
        text = news_text(translator(language), purpose)
        if card_id(text) == bound:
            return text, language
    return None


def question_card(t: Translator, purpose: Purpose, buttons: list[Action]) -> Message:
    """The question as a card; its buttons look alike: neither answer is the expected one."""
    title, body = news_question(t, purpose)
    return line.card(title, [body], buttons, columns=True, even=True)


def asking_card(t: Translator, purpose: Purpose) -> Message:
    """The question with buttons that are understood from anywhere, at any later time."""
    bound = card_id(news_text(t, purpose))
    return question_card(
        t,
        purpose,
        [
            line.entry(t("Yes, please"), "news_yes", p=purpose, c=bound),
            line.entry(t("No, thank you"), "news_no", p=purpose, c=bound),
        ],
    )


def again(notice: ConsentRanOut, t: Translator) -> list[Message]:
    """That the consent has run out, and the question once more."""
    over = t(
        "Your consent to news on LINE has run out after {span}. May we ask once more?",
        span=shown_span(t, consents.NEWS_VALIDITY),
    )
    return [line.text(over), asking_card(t, notice.purpose)]


def news_question(t: Translator, purpose: Purpose) -> tuple[str, str]:
    """Title and text of the question."""
    if purpose is Purpose.LINE_NEWS:
        return (
            t("News on LINE?"),
            t(
                "May we send you news, articles, videos and course information here on LINE, now "
                "and then? This is a consent of its own, for {span}. We use your LINE account for "
                "it. Saying no changes nothing about your course, and you can stop it in “My "
                "account” at any time.",
                span=shown_span(t, consents.NEWS_VALIDITY),
            ),
        )
    return (
        t("News by e-mail?"),
        t(
            "May we send you news, articles, videos and course information by e-mail, now and "
            "then? We use your e-mail address and name for it, for {span}. Saying no changes "
            "nothing about your course, and you can stop it in “My account” at any time.",
            span=shown_span(t, consents.NEWS_VALIDITY),
        ),
    )


def guardian_text(t: Translator, purpose: Purpose, account_years: int | None) -> list[str]:
    """What a guardian is asked, title first; this exact text goes into the ledger.

    The child is named on the card before it and not here: the ledger knows no names.
    """
    if purpose is Purpose.LINE_NEWS:
        return [
            t("News on LINE for the child?"),
            t(
                "May we send the child news, articles, videos and course information on LINE, now "
                "and then? This is a consent of its own, for {span}. We use the child’s LINE "
                "account for it. Saying no changes nothing about the course, and you can stop it "
                "in “My children” at any time.",
                span=shown_span(t, consents.NEWS_VALIDITY),
            ),
        ]
    if purpose is Purpose.EMAIL_NEWS:
        return [
            t("News by e-mail for the child?"),
            t(
                "May we send the child news, articles, videos and course information by e-mail, "
                "now and then? We use the child’s e-mail address and name for it, for {span}. "
                "Saying no changes nothing about the course, and you can stop it in “My children” "
                "at any time.",
                span=shown_span(t, consents.NEWS_VALIDITY),
            ),
        ]
    keep = (
        t(
            "How long: while the child has the account, and {years} years after.",
            years=account_years,
        )
        if account_years
        else t("How long: while the child has the account, and after that as the notice says.")
    )
    return [
        t("May we keep the child’s details?"),
        t("We ask the child for four details: full name, phone number, e-mail and LINE ID."),
        t(
            "What for: to create the child’s E-Learning account and look after it, so that the "
            "child can study."
        ),
        keep,
        t(
            "Who receives them: English Planet, and LINE, our hosting and our mail provider, who "
            "work for us; state agencies only where the law demands it."
        ),
        t(
            "You can withdraw at any time in “My children”; the account is then closed. Without "
            "these details (the LINE ID is optional) we cannot create one."
        ),
    ]


def seen_by_guardian(
    purpose: Purpose, bound: str | None, account_years: int | None
) -> tuple[str, str] | None:
    """Text and language of the question that a guardian answered; None for words of the past."""
    for language in LANGUAGES:
        text = "\n".join(guardian_text(translator(language), purpose, account_years))
        if card_id(text) == bound:
            return text, language
    return None
