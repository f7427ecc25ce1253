"""Two registrations put together, or parted again, in the words for their owner."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.notices import school_contact
from bot.services.learners.merge_notices import AccountsMerged, AccountsParted
from bot.texts import Translator
from bot.texts.dates import shown_time


def merged_letter(notice: AccountsMerged, t: Translator) -> dict[str, str]:
    """What stands in the letter."""
    until = shown_time(notice.until, t.language)
    return {"until": until, "contact": school_contact(notice.settings, t.language)}


def merged_card(notice: AccountsMerged, t: Translator) -> list[Message]:
    """Where to go from here, and until when a mistake can be undone."""
    until = shown_time(notice.until, t.language)
    mistaken = t("If they were not both yours, please tell us before {until}.", until=until)
    blocks = [line.paragraph(use_the_other(t)), line.paragraph(mistaken)]
    button = line.entry(t("Ask our staff"), "human", topic="account")
    return [line.card(t("Your two accounts are one now"), blocks, [button])]


def parted_card(notice: AccountsParted, t: Translator) -> list[Message]:
    """That it is open again, and that only the password is gone."""
    blocks = [line.paragraph(t("We undid the merge of your accounts. Everything is as before."))]
    buttons = []
    if notice.has_account:
        blocks.append(line.paragraph(t("Only your password has to be a new one.")))
        buttons.append(line.entry(t("Forgot password"), "reset"))
    return [line.card(t("Your account is open again"), blocks, buttons)]


def use_the_other(t: Translator) -> str:
    """Where to go from here."""
    return t("We merged this account with your other one. Please use that one from now on.")
