"""What closing an account means, as it is told before it is confirmed."""

from bot.texts import Translator


def meaning(t: Translator) -> tuple[str, str]:
    """What ends at once, and what stays for a time."""
    return (
        t(
            "Your E-Learning account is closed at once: you cannot get into your lessons any "
            "more, and all news stops."
        ),
        t(
            "We keep your details for as long as the privacy notice says, so that our staff can "
            "open the account again for you. If you want them erased, that is another right: "
            "“My rights”."
        ),
    )
