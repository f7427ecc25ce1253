"""Notices of what was done to an account, without any secret: cards, and the gaps of letters."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.accounts import freezing
from bot.services.accounts.notices import AccountMoved, PasswordReset
from bot.settings import Settings
from bot.texts import Translator, translator
from bot.texts.dates import shown_time


def letter(notice: PasswordReset | AccountMoved, t: Translator) -> dict[str, str]:
    """What stands in the letter of either; it is written to whoever has an account only."""
    authority, settings = notice.authority or "", notice.settings
    return {
        "when": shown_time(notice.at, t.language),
        "freeze_link": freezing.url(settings.public_url, authority, t.language),
        "contact": school_contact(settings, t.language),
    }


def school_contact(settings: Settings, language: str) -> str:
    """How to reach the school, in one line for a letter."""
    t, school = translator(language), settings.school
    lines = []
    if school.phone:
        lines.append(t("Phone: {phone}", phone=school.phone))
    if school.email:
        lines.append(t("E-mail: {email}", email=school.email))
    return " · ".join(lines) or t("The school’s contact details stand in the privacy notice.")


def reset_card(notice: PasswordReset, t: Translator) -> list[Message]:
    """That there is a new password, and the button for whoever did not ask for it."""
    card = line.card(
        t("Your password was reset"),
        [
            line.fact(t("When"), shown_time(notice.at, t.language)),
            t("If it was you, there is nothing to do."),
            t(
                "If it was not you, freeze the account now: nobody can sign in any more, and "
                "our staff help you from there."
            ),
        ],
        [
            line.entry(t("Freeze my account"), "freeze", k=notice.authority),
            line.entry(t("Ask our staff"), "human", topic="account"),
        ],
    )
    return [card]


def moved_card(notice: AccountMoved, t: Translator) -> list[Message]:
    """What the old chat hears last."""
    buttons = [line.entry(t("Ask our staff"), "human", topic="account")]
    if notice.authority is not None:
        buttons.insert(0, line.entry(t("Freeze my account"), "freeze", k=notice.authority))
    card = line.card(
        t("Your account moved"),
        [
            line.fact(t("When"), shown_time(notice.at, t.language)),
            t(
                "Your E-Learning account now belongs to another LINE account. This chat is "
                "cut off from it."
            ),
            t(
                "If it was not you, freeze the account now: nobody can sign in any more, and "
                "our staff help you from there."
            ),
        ],
        buttons,
    )
    return [card]
