"""What is wrong with a form, in words, by the code of an InputError."""

from bot.services.auth import passwords
from bot.services.staff.sign_in import StaffSignInOutcome
from bot.texts import Translator
from bot.texts import marked as _
from handlers import figures
from handlers.web import dates, keyboard, language

_WORDS = {
    "password_common": _(
        "Many people use this password, so it is easy to guess. Please choose another one."
    ),
    "password_pattern": _(
        "A row of keys or a repetition is easy to guess. Please choose another one."
    ),
    "password_context": _(
        "The school's name, the subject or your username is easy to guess. "
        "Please choose another one."
    ),
    "password_differs": _("The two passwords are not the same. Please type them again."),
    "current_wrong": _("Your present password is not right."),
    "code_wrong": _("This code is not right, or it was used before. Please wait for the next one."),
    "passkey_wrong": _("This passkey could not be used. Please try again."),
    "stale": _("This page was open for too long. Please start again."),
    "name_needed": _("Please type the name of the person, at most {most_name} characters."),
    "username_form": _(
        "Please use {least_username} to {most_username} small letters, digits, dots and "
        "hyphens, beginning with a letter."
    ),
    "username_taken": _("Somebody has this username already."),
    "roles_needed": _("Please choose at least one role."),
    "not_oneself": _("Nobody changes their own rights. Please ask another administrator."),
    "last_admin": _("This is the last administrator. Please give somebody else the role first."),
    "not_allowed": _("You are no administrator any more."),
    "disabled": _("This member may not enter. Please let them in again first."),
}
FIELDS = {
    "password_differs": "again",
    "current_wrong": "current",
    "current_wait": "current",
    "code_wrong": "code",
    "code_wait": "code",
    "name_needed": "name",
    "username_form": "username",
    "username_taken": "username",
    "roles_needed": "roles",
}


def refused(t: Translator, said: str) -> str:
    """Why a secret was not taken, and what may be the cause."""
    if not keyboard.is_on_thai():
        return said
    return " ".join((said, t("Thai letters were typed: is the keyboard on Thai?")))


def words(code: str) -> str:
    """The sentence that says what is wrong."""
    t = language.translate()
    if code in {"current_wrong", "code_wrong"}:
        return refused(t, t(_WORDS[code]))
    if code == "password_short":
        return t(
            "That is too short. Please use at least {least} characters.", least=passwords.MIN_LENGTH
        )
    if code == "current_wait":
        return t(
            "There were too many tries. Please try again in {span}.",
            span=figures.Figures(t).sign_in_span,
        )
    if code == "password_long":
        return t(
            "That is too long. Please use at most {most} characters.", most=passwords.MAX_LENGTH
        )
    return figures.fill(t, _WORDS.get(code, _WORDS["stale"]))


def of(code: str) -> dict[str, str]:
    """The field that a problem belongs to (`chosen`: a new password), and the words."""
    return {FIELDS.get(code, "chosen" if code.startswith("password_") else ""): words(code)}


def of_factor(outcome: StaffSignInOutcome) -> dict[str, str]:
    """Why a second factor was not taken."""
    if outcome.wait:
        return {"code": too_many(language.translate(), outcome)}
    return of("code_wrong")


def too_many(t: Translator, outcome: StaffSignInOutcome) -> str:
    """How long one has to wait."""
    return t(
        "There were too many tries. Please try again in {minutes} minutes.",
        minutes=dates.minutes(outcome.wait),
    )
