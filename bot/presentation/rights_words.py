"""What ending things means, told before it is confirmed: one wording for chat and portal."""

from bot.texts import Translator, periods
from bot.texts.dates import shown_span
from models.learner import CHILD_UP_TO


def of_withdrawal(t: Translator) -> str:
    """What withdrawing means (PDPA s.19, sixth paragraph); it goes into the ledger."""
    return t(
        "If you withdraw your consent, your E-Learning account is closed at once, you cannot get "
        "into your lessons any more, and all news stops. Our staff then erase your details as the "
        "privacy notice says."
    )


def of_erasure(t: Translator) -> str:
    """What goes, at once (PDPA s.33)."""
    return t(
        "We erase everything at once: your details, your account and lessons, your settings, and "
        "our messages and e-mails to you. You cannot get into your lessons any more, and nobody "
        "can bring it back."
    )


def of_erasure_for_strangers(t: Translator) -> str:
    """The same for somebody who never registered."""
    return t("We forget where this chat stands, its language, and what you asked us here.")


def of_erasure_for_guardians(t: Translator) -> str:
    """What the erasure of a guardian’s own data means for the children they agreed for."""
    return t(
        "You have agreed for a child. We erase your name there too, the child gets no more news, "
        "and “My children” is empty after that. If you want to withdraw your agreement, do that "
        "first. A child who has not finished registering has to ask again."
    )


def what_stays(t: Translator) -> str:
    """What the law makes us keep after an erasure."""
    return t(
        "What stays, as the law asks: the proof of your consents and of this request, "
        "under a number that leads to nobody; and encrypted backups, which are gone after "
        "{span} at most.",
        span=shown_span(t, periods.BACKUPS),
    )


def of_objection(t: Translator) -> str:
    """What objecting means; it goes into the ledger."""
    return t(
        "I object to all news: no news on any channel from now on, and nobody asks me again "
        "(PDPA s.32)."
    )


def is_held(t: Translator, due: str, *, may_tell: bool) -> str:
    """Why an erasure does not happen now, as far as the order lets us tell."""
    if may_tell:
        return t(
            "An order of a court or an authority obliges us to keep your data for now. Your "
            "request is noted; we erase as soon as the order is lifted."
        )
    return t(
        "Your request is noted. We have to examine it before we can erase, and answer you by "
        "{due} at the latest.",
        due=due,
    )


def child_is_held(t: Translator, due: str, *, may_tell: bool) -> str:
    """The same to a guardian: whose data it is, is not the reader."""
    if may_tell:
        return t(
            "An order of a court or an authority obliges us to keep the child’s data for now. Your "
            "request is noted; we erase as soon as the order is lifted."
        )
    return t(
        "Your request is noted. We have to examine it before we can erase, and answer you by "
        "{due} at the latest.",
        due=due,
    )


def for_guardian(t: Translator) -> str:
    """Up to ten years somebody else decides (PDPA s.20)."""
    return t(
        "Up to {age} years of age, a parent or guardian decides this. Please ask yours to "
        "do it in their own LINE chat with us under “My children”, or ask our staff.",
        age=CHILD_UP_TO,
    )


def of_childs_withdrawal(t: Translator) -> str:
    """To a guardian: what withdrawing means (PDPA s.19); it goes into the ledger."""
    return t(
        "If you withdraw your agreement, the child’s E-Learning account is closed at once, the "
        "child cannot get into the lessons any more, and all news stops. The details are then "
        "erased as the privacy notice says, and so is what we keep about you. We tell the child."
    )


def of_childs_erasure(t: Translator) -> str:
    """To a guardian: what goes, at once (PDPA s.33)."""
    return t(
        "We erase at once everything that we keep about the child: details, account and lessons. "
        "Nobody can bring it back. We tell the child."
    )


def of_childs_objection(t: Translator) -> str:
    """To a guardian: what objecting means; it goes into the ledger."""
    return t(
        "I object to all news for the child: no news on any channel from now on, and nobody asks "
        "again (PDPA s.32)."
    )


def stays_of_child(t: Translator) -> str:
    """To a guardian: what the law makes us keep after the erasure, and where it can be seen."""
    return t(
        "What stays, as the law asks: the proof of the consents and of this request, without the "
        "child’s name, and your own line in “My requests”; and encrypted backups, which are gone "
        "after {span} at most.",
        span=shown_span(t, periods.BACKUPS),
    )
