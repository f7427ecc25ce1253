"""What is said about guardians in both chats: cards, and the texts that go into the ledger."""

from urllib.parse import quote

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.presentation.questions import card_id, guardian_text
from bot.services.shared import codes
from bot.texts import Translator
from bot.texts.dates import shown_time
from models.consent import ConsentEvent, Purpose
from models.guardianship import Guardianship, GuardianshipState
from models.learner import ADULT_FROM

SHARE = "https://line.me/R/share?text="  # LINE, "Use LINE features with the LINE URL scheme"


def code_card(ctx: Context, row: Guardianship, code: str) -> list[Message]:
    """The code for the child to hand on, and a message that can be forwarded as it is."""
    t = ctx.t
    page = ctx.page(f"/s/guardian/{codes.GUARDIAN.shown(code)}")
    card = line.card(
        t("Ask a parent or guardian"),
        [
            t("Please give this code to a parent or guardian of {age} or older:", age=ADULT_FROM),
            line.paragraph(codes.GUARDIAN.shown(code), strong=True),
            t(
                "They send it in their own LINE chat with English Planet. We ask them there, "
                "and tell you here what they said."
            ),
            line.paragraph(_until(t, row), small=True),
        ],
        [
            line.link(t("Show the QR code"), page),
            line.link(t("Send it on LINE"), SHARE + quote(f"English Planet {page}", safe="")),
            line.entry(t("Cancel the request"), "guardian_stop"),
        ],
    )
    forward = t(
        "For a parent or guardian: a child would like to learn with English Planet and needs "
        "your agreement. Open {page} or write “{words}” in our LINE chat.",
        page=page,
        words=codes.GUARDIAN.message(code),
    )
    return [line.text(forward), card]


def _until(t: Translator, row: Guardianship) -> str:
    return t(
        "The code works until {when}. Until they agree we keep only your age group, the name "
        "that you gave for them and your LINE account; all of it is erased if nobody agrees.",
        when=shown_time(row.expires_at, t.language),
    )


def waiting_card(ctx: Context, row: Guardianship) -> Message:
    """Where a request stands; the code itself is kept nowhere, so it can only be a new one."""
    t = ctx.t
    stand = (
        t("The code has been opened; the answer has not come yet.")
        if row.state is GuardianshipState.OPENED
        else t("Nobody has sent the code yet.")
    )
    return line.card(
        t("Waiting for your parent or guardian"),
        [
            stand,
            t(
                "We write to you as soon as there is an answer. Without one the request ends "
                "by itself on {when}.",
                when=shown_time(row.expires_at, t.language),
            ),
            line.paragraph(t("A new code stops the one that you have now."), small=True),
        ],
        [
            line.entry(t("Get a new code"), "guardian_code"),
            line.entry(t("Cancel the request"), "guardian_stop"),
        ],
        even=True,
    )


def agreed_card(t: Translator, row: Guardianship) -> Message:
    """To the child: the guardian said yes."""
    until = t(
        "You can go on registering now; please do so by {when}.",
        when=shown_time(row.expires_at, t.language),
    )
    go_on = [line.entry(t("Go on registering"), "register")]
    return line.card(t("Your parent or guardian has agreed"), [until], go_on)


def refused_card(t: Translator) -> Message:
    """To the child: the guardian said no."""
    erased = t(
        "So we cannot register you for now, and what we kept for the request is erased. You can "
        "look at the courses at any time."
    )
    return line.card(
        t("Your parent or guardian did not agree"),
        [erased],
        [line.entry(t("See the courses"), "courses")],
    )


def guardian_card(ctx: Context, purpose: Purpose, mark: str) -> Message:
    """One question of consent to a guardian; both buttons look alike."""
    t = ctx.t
    title, *paragraphs = texts = guardian_text(t, purpose, ctx.settings.school.account_years)
    bound = card_id("\n".join(texts))
    yes, no = (
        (t("I agree"), t("I do not agree"))
        if purpose is Purpose.ENROLMENT
        else (t("Yes, please"), t("No, thank you"))
    )
    buttons = [line.choice(yes, mark, "yes", c=bound), line.choice(no, mark, "no", c=bound)]
    if purpose is Purpose.ENROLMENT:
        buttons.append(line.link(t("Read the full policy"), ctx.page("/privacy")))
    return line.card(
        title,
        [line.paragraph(text) for text in paragraphs],
        buttons,
        alt=f"{title} {paragraphs[0]}",
        even=True,
    )


def guardian_receipt(ctx: Context, event: ConsentEvent) -> Message:
    """What a guardian said, with its page."""
    t = ctx.t
    title = t("Consent receipt")
    purpose = (
        t("The child’s details for E-Learning")
        if event.purpose is Purpose.ENROLMENT
        else label(event.purpose, t)
    )
    what = f"{purpose}: {label(event.state, t)}"
    return line.card(
        title,
        [
            line.paragraph(what, strong=True),
            line.fact(t("When"), shown_time(event.at, t.language)),
            line.fact(t("Policy version"), event.notice_version),
            line.paragraph(t("To change this at any time: “My children”."), small=True),
        ],
        [line.link(t("Open the receipt"), ctx.page(f"/receipts/{event.id}"))],
        alt=f"{title}: {what}",
    )
