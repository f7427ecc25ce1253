"""The rich menus: what their tiles say and start."""

from bot.line import messages as line
from bot.line.menus import Menu, Tile
from bot.services.chat.rich_menus import MenuAudience, key_of
from bot.texts import LANGUAGES, THAI, Translator, translator


def all_menus() -> list[Menu]:
    """The three menus in both languages; the default comes first."""
    return [
        Menu(key_of(audience, language), t("Menu"), tiles(t))
        for audience, tiles in TILES.items()
        for language in LANGUAGES
        for t in (translator(language),)
    ]


def guest_tiles(t: Translator) -> tuple[Tile, ...]:
    other = (
        line.entry("English", "english") if t.language == THAI else line.entry("ภาษาไทย", "thai")
    )
    return (
        Tile("register", line.entry(t("Register"), "register")),
        Tile("book", line.entry(t("Courses"), "courses")),
        Tile("talk", line.entry(t("Ask our staff"), "human")),
        Tile("phone", line.entry(t("Contact\nthe school"), "contact")),
        Tile("document", line.entry(t("Privacy\npolicy"), "policy")),
        Tile("globe", other),
    )


def learner_tiles(t: Translator) -> tuple[Tile, ...]:
    return (
        Tile("lessons", line.entry(t("My lessons"), "courses")),
        Tile("account", line.entry(t("My account"), "account")),
        Tile("key", line.entry(t("Reset\npassword"), "reset")),
        Tile("bell", line.entry(t("My news"), "news")),
        Tile("scales", line.entry(t("My rights"), "rights")),
        Tile("talk", line.entry(t("Ask our staff"), "human")),
    )


def staff_tiles(t: Translator) -> tuple[Tile, ...]:
    """What staff do in the chat, and what they need as people who may learn here too.

    A picture stands still: how much waits is said once the button is tapped.
    """
    return (
        Tile("shield", line.entry(t("Waiting for\napproval"), "approvals")),
        Tile("talk", line.entry(t("New\nannouncement"), "announce")),
        Tile("bell", line.entry(t("Going out\nnow"), "sending")),
        Tile("account", line.entry(t("My account"), "account")),
        Tile("book", line.entry(t("Courses"), "courses")),
        Tile("document", line.entry(t("Privacy\npolicy"), "policy")),
    )


TILES = {
    MenuAudience.GUEST: guest_tiles,
    MenuAudience.LEARNER: learner_tiles,
    MenuAudience.STAFF: staff_tiles,
}
