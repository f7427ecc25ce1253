"""Buttons and sentences that several conversations use."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Action, Message
from handlers.line.closed_card import closed_card, is_closed


def main_menu(ctx: Context) -> list[Action]:
    """The quick replies below an answer: what can be done from here."""
    t = ctx.t
    language = (
        line.entry("English", "english") if t.language == "th" else line.entry("ภาษาไทย", "thai")
    )
    if ctx.conversation.flow in {"registration", "details", "relink"}:
        return [
            line.entry(t("Cancel"), "cancel"),
            line.entry(t("Help"), "help"),
            language,
        ]
    courses, help_ = line.entry(t("Courses"), "courses"), line.entry(t("Help"), "help")
    policy = line.entry(t("Privacy policy"), "policy")
    if ctx.conversation.learner_id is None:
        return [line.entry(t("Register"), "register"), courses, policy, help_, language]
    return [
        line.entry(t("My account"), "account"),
        courses,
        line.entry(t("News"), "news"),
        line.entry(t("My rights"), "rights"),
        policy,
        help_,
        language,
    ]


def contact_lines(ctx: Context) -> str:
    """How to reach the school, as far as the owner has set it."""
    t, school = ctx.t, ctx.settings.school
    lines = []
    if school.phone:
        lines.append(t("Phone: {phone}", phone=school.phone))
    if school.email:
        lines.append(t("E-mail: {email}", email=school.email))
    return "\n".join(lines) or t("The school’s contact details stand in the privacy notice.")


def human_offer(ctx: Context, topic: str) -> Message:
    """The offer of a person, with a button that notes the wish."""
    t = ctx.t
    return line.card(
        t("Would you like a person to help?"),
        t("Would you like a person to help?"),
        [
            line.paragraph(t("Our staff are glad to help you with this.")),
            line.paragraph(contact_lines(ctx), small=True),
        ],
        [line.entry(t("Ask our staff"), "human", topic=topic)],
    )


def greeting(ctx: Context) -> Message:
    """What the bot is for, with the first thing to do."""
    t = ctx.t
    if is_closed(ctx):
        return closed_card(ctx)
    if ctx.learner is None:
        return line.card(
            t("Welcome to English Planet"),
            t("Welcome to English Planet"),
            [
                line.paragraph(
                    t(
                        "Learn English online at your own pace, with explanations in Thai. "
                        "Here you can register, get into your lessons and ask the school."
                    )
                ),
                line.paragraph(
                    t("Before you give us anything, we tell you what it is for."), small=True
                ),
            ],
            [
                line.entry(t("Register"), "register"),
                line.entry(t("See the courses"), "courses"),
            ],
        )
    return line.card(
        t("English Planet menu"),
        t("English Planet menu"),
        [line.paragraph(t("What would you like to do?"))],
        [
            line.entry(t("Go to my lessons"), "courses"),
            line.entry(t("My account"), "account"),
            line.entry(t("New sign-in link"), "link"),
        ],
    )
