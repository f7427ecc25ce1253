"""What a learner is told of their account, without any secret: cards, and the gaps of letters."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.accounts import details, freezing
from bot.services.accounts.notices import AccountMoved, PasswordReset, Welcomed
from bot.services.learners.invitations import Invitation, WayToPassword
from bot.services.learners.merging import AccountsMerged, AccountsParted
from bot.settings import School, Settings
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


def contact_lines(school: School, t: Translator) -> list[str]:
    """How to reach the school, as far as the owner has set it."""
    lines = []
    if school.phone:
        lines.append(t("Phone: {phone}", phone=school.phone))
    if school.email:
        lines.append(t("E-mail: {email}", email=school.email))
    return lines


def school_contact(settings: Settings, language: str) -> str:
    """How to reach the school, in one line for a letter."""
    t = translator(language)
    lines = contact_lines(settings.school, t)
    page = f"{settings.public_url}/privacy?lang={language}"
    return " · ".join(lines) or t("Contact details: {page}", page=page)


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


def welcome_letter(notice: Welcomed | Invitation, t: Translator) -> dict[str, str]:
    """What stands in the letter to somebody who registered."""
    return {
        "page": details.link_page(notice.settings),
        "username": notice.username,
        "contact": school_contact(notice.settings, t.language),
    }


def invitation_letter(notice: Invitation, t: Translator) -> dict[str, str]:
    """What stands in the letter to somebody imported."""
    chat = notice.chat or t("English Planet on LINE")
    return {**welcome_letter(notice, t), "chat": chat}


def way_card(_: WayToPassword, t: Translator) -> list[Message]:
    """The button for a link, from our staff."""
    card = line.card(
        t("Your way to E-Learning"),
        [
            t("Our staff sent you this. Tap the button to get a link to your password."),
            line.paragraph(
                t("Nobody of our staff sees your password or asks you for it."), small=True
            ),
        ],
        [line.entry(t("Get my link"), "link")],
    )
    return [card]
