"""Learners in words for staff: states, consents, why something may not be done."""

from collections.abc import Callable

from bot.presentation import input_words, labels
from bot.services.learners.search import WAYS, Way
from bot.services.learners.suspending import Cause
from bot.services.people.fields import FIELDS, Item
from bot.texts import Translator
from bot.texts import marked as _
from handlers import figures
from handlers.web import language
from models.account import AccountState
from models.consent import ConsentState, Purpose
from models.conversation import Language
from models.guardianship import Relation
from models.learner import AgeBand, LearnerState
from models.merges import Look
from models.privacy import RequestKind, RequestState
from models.subscription import Channel

# Of others: what a label says to the person itself is said otherwise here.
OF_OTHERS: dict[str, str] = {
    AccountState.FROZEN: _("suspended"),  # staff do that, and undo it
    LearnerState.WITHDRAWN: _("consent withdrawn"),
    Purpose.ENROLMENT: _("Enrolment and E-Learning"),
    ConsentState.GIVEN: _("agreed"),
    ConsentState.REFUSED: _("declined"),
    ConsentState.EXPIRED: _("has run out"),
    ConsentState.INVALIDATED: _("does not count"),
    Relation.PARENT: _("parent"),
    Relation.GUARDIAN: _("the guardian"),
    Relation.OTHER: _("somebody else"),
}
STATES: dict[str, str] = {
    **labels.sentences(
        RequestState, RequestKind, AgeBand, AccountState, Channel, Language, Purpose
    ),
    **OF_OTHERS,
    "self": _("the person"),
    "learner": _("the person"),
    "staff": _("the staff"),
    "system": _("the system"),
    "import": _("import"),
    "console": _("console"),
    "portal": _("the portal"),
    **{item: field.label for item, field in FIELDS.items()},
}
BY: dict[Way, str] = {
    way: FIELDS[way].label if isinstance(way, Item) else _("Username") for way in WAYS
}
LOOKS: dict[Look, str] = {
    Look.ASKED: _("The person asked for help"),
    Look.CHECK: _("To check a detail, or whether it is the same person"),
    Look.RIGHTS: _("A request under the PDPA"),
    Look.ORDER: _("An order of a court or an authority"),
    Look.OTHER: _("Something else"),
}
CAUSES: dict[Cause, str] = {
    Cause.ASKED: _("The person asked for it (for a child: the guardian)"),
    Cause.MISUSE: _("Somebody else may be using the account"),
    Cause.ENDED: _("The course or the contract is over"),
    Cause.OTHER: _("Something else"),
}
PROBLEMS: dict[str, str] = {
    "no_category": _("Please choose what it is for."),
    "short_reason": _("Please write the reason in at least {least_reason} characters."),
    "long_reason": _("Please write the reason in at most {most_reason} characters."),
    "enough": _(
        "You have looked at as many details as one may within {looks_span}. Please ask the "
        "privacy officer."
    ),
    "username_invalid": _("A username has at most {username_limit} characters."),
    "nothing_typed": _("Please type the whole detail that you search for."),
    "no_cause": _("Please choose why."),
    "tag_invalid": _(
        "A group has {least_group} to {most_group} letters, digits, spaces, hyphens, dots and "
        "slashes, and no phone number."
    ),
    "tag_gone": _("This group is not there any more."),
    "tag_taken": _("There is a group of this name already."),
    "tag_worn": _("Learners are in this group. Please tick that it is to go."),
    "tag_used": _(
        "An announcement that has not gone out yet is narrowed to this group. Please change or "
        "stop that one first."
    ),
    "no_lines": _("Please write who it is, one person a line."),
    "many_lines": _("Please take at most {most_people} lines at once."),
    "tags_full": _("There are {most_groups} groups already. Please use one of them."),
    "tags_many": _("A learner can be in at most {most_each} groups."),
    # Why two registrations may not be made one.
    "same": _("This is one registration, not two."),
    "state": _("One of the two is not active any more."),
    "hold": _("A legal order stands on one of the two: everything has to stay as it is."),
    "ages": _(
        "The two are not in the same age group. A child with a parent’s phone or e-mail is "
        "another person."
    ),
    "guardians": _("The two do not have the same guardian."),
    "guards": _(
        "The one that would be closed is the guardian of somebody. Please keep that one instead."
    ),
    "pending": _("An account is still being prepared. Please try again in a few minutes."),
    "request": _(
        "The one that would be closed has an open request under the PDPA. It has to be answered "
        "first."
    ),
    "unsettled": _("One of the two was merged within the last {undo}."),
    "gone": _("One of the two is not there any more."),
}


def words() -> Callable[[str], str]:
    """Says a value out of a fixed list in the language of the page."""
    t = language.translate()
    return lambda value: t(STATES[value]) if value in STATES else value


def problem(code: str, t: Translator | None = None) -> str:
    """The sentence that says what is wrong."""
    t = t or language.translate()
    if input_words.is_known(code):
        return input_words.why(t, code)
    return figures.fill(t, PROBLEMS[code])
