"""What is asked for each of the four details, and what is wrong with an answer."""

from bot.texts import THAI, Translator, translator


def item_name(t: Translator, item: str) -> str:
    """A detail by its name."""
    return {
        "name": t("Full name"),
        "phone": t("Phone"),
        "email": t("E-mail"),
        "line_id": t("LINE ID"),
    }[item]


def question(t: Translator, item: str) -> str:
    """How a detail is asked for, with an example."""
    return {
        "name": t("What is your full name? For example: สมชาย ใจดี or Somchai Jaidee"),
        "phone": t("What is your phone number? For example: 081-234-5678"),
        "email": t("What is your e-mail address? For example: somchai@gmail.com"),
        "line_id": t(
            "What is your LINE ID? You find it in LINE under Settings > Profile > LINE ID. "
            "For example: somchai.j. It is optional."
        ),
    }[item]


def why(t: Translator, code: str) -> str:
    """What is wrong with an answer."""
    return _problems(t)[code]


def why_on_page(t: Translator, code: str) -> str:
    """The same, asked for in Thai as a page asks and not as a chat does."""
    return why(t, code).replace("กรุณา", "โปรด")


def is_known(code: str) -> bool:
    """Whether a code is about one of the four details."""
    return code in _problems(translator(THAI))


def _problems(t: Translator) -> dict[str, str]:
    return {
        "name_empty": t("I could not find a name in that. Please write it in letters."),
        "name_long": t("That is longer than 100 characters. Please write name and surname only."),
        "name_digits": t("A name has no digits. Please write name and surname in letters."),
        "name_link": t("That looks like a link or an address. Please write your name only."),
        "name_letters": t(
            "A name has Thai or Latin letters only; I found a symbol or emoji in it. "
            "Please write it without."
        ),
        "name_single": t(
            "Please write name and surname, with a space between. "
            "If you have one name only, send it once more."
        ),
        "phone_letters": t("A phone number has digits only. Please write it without letters."),
        "phone_invalid": t(
            "That is not a valid phone number. A Thai mobile number has 10 digits and begins "
            "with 06, 08 or 09."
        ),
        "phone_country": t(
            "That is not a valid phone number. Begin with 0 for Thailand, or with + and the "
            "country code, e.g. +44 20 7946 0958."
        ),
        "email_invalid": t(
            "That is not a complete e-mail address. It has a name, an @ and a domain."
        ),
        "line_id_invalid": t(
            "A LINE ID has 4 to 20 characters: a-z, 0-9, dot, hyphen or underscore. "
            "It is not the name that your friends see."
        ),
    }
