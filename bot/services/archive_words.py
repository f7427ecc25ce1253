"""What values in the archive mean, for readers who are not machines."""

from bot.texts import Translator


def values(t: Translator) -> dict[str, str]:
    """Values that come out of a fixed list; names that the system uses are explained."""
    return {
        "th": "ภาษาไทย",
        "en": "English",
        "line": "LINE",
        "portal": t("the portal"),
        "self": t("the person"),
        "learner": t("the person"),
        "guardian": t("the guardian"),
        "staff": t("the staff"),
        "system": t("the system"),
        "bot": t("the system"),
        "active": t("active"),
        "pending": t("being prepared"),
        "frozen": t("frozen"),
        "closed": t("closed"),
        "given": t("You agreed"),
        "refused": t("You declined"),
        "withdrawn": t("You withdrew"),
        "expired": t("It has run out"),
        "invalidated": t("It does not count"),
        "enrolment": t("Your details for E-Learning"),
        "line_news": t("News on LINE"),
        "email_news": t("News by e-mail"),
        "up_to_10": t("Up to 10 years"),
        "from_11_to_19": t("11 to 19 years"),
        "from_20": t("20 years and over"),
        "queued": t("waiting to be sent"),
        "sent": t("sent"),
        "failed": t("not delivered"),
        "dropped": t("not sent"),
        "received": t("received"),
        "acknowledged": t("being worked on"),
        "held": t("being examined"),
        "done": t("carried out"),
        "access": t("See and download my data"),
        "correct": t("Correct my data"),
        "object": t("Object to all news"),
        "restrict": t("Stop the use of my data"),
        "unrestrict": t("Allow the use of my data again"),
        "withdraw": t("Withdraw my consent"),
        "erase": t("Erase my data"),
    }
