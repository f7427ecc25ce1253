"""Buttons and sentences that several conversations use."""

from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.presentation import request_words
from bot.services.accounts import accounts
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.guardians import guardians
from bot.services.privacy import requests
from handlers.line import staff_menu
from handlers.line.account_card import account_card
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import LearnerState
from models.privacy import PrivacyRequest


def main_menu(ctx: Context) -> list[Action]:
    """The quick replies below an answer: what can be done from here."""
    t = ctx.t
    language = (
        line.entry("English", "english") if t.language == "th" else line.entry("ภาษาไทย", "thai")
    )
    if ctx.conversation.flow in {"registration", "details", "relink", "announce", "campaign_desk"}:
        return [
            line.entry(t("Cancel"), "cancel"),
            line.entry(t("Help"), "help"),
            language,
        ]
    if ctx.is_at_work:
        mine = staff_menu.buttons(ctx) or [
            line.entry(t("My account"), "account"),
            line.entry(t("Courses"), "courses"),
        ]
        return [*mine, line.entry(t("Help"), "help"), language]
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
        [
            t("Our staff are glad to help you with this."),
            line.paragraph(contact_lines(ctx), small=True),
        ],
        [line.entry(t("Ask our staff"), "human", topic=topic)],
    )


def has_left(ctx: Context) -> bool:
    """Whether somebody registered here and closed the account or withdrew since."""
    return ctx.learner is not None and ctx.learner.state is not LearnerState.ACTIVE


def greeting(ctx: Context) -> Message:
    """What the bot is for, with the first thing to do."""
    t = ctx.t
    if has_left(ctx):
        return account_card(ctx)
    if ctx.learner is None and staff_menu.has_work(ctx):
        return staff_menu.card(ctx)
    if ctx.learner is None:
        return line.card(
            t("Welcome to English Planet"),
            [
                t(
                    "Learn English online at your own pace, with explanations in Thai. "
                    "Here you can register, get into your lessons and ask the school."
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
    mine = line.entry(t("My account"), "account")
    buttons = [
        line.entry(t("Go to my lessons"), "courses"),
        mine,
        line.entry(t("New sign-in link"), "link"),
    ]
    if accounts.is_frozen(ctx.session, ctx.learner):
        buttons = [mine, line.entry(t("Ask our staff"), "human", topic="account")]
    return line.card(t("English Planet menu"), [t("What would you like to do?")], buttons)


def not_registered(ctx: Context) -> HandlerResult:
    """For whoever asks for what only somebody with an account has."""
    t = ctx.t
    waiting = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if waiting is not None and ctx.conversation.flow is None:
        told = t("You have no account yet: it begins once a parent or guardian agreed.")
        return Flow.say(line.quick(told, [line.entry(t("See where it stands"), "register")]))
    none = t("You have no account here yet. Registering takes about three minutes.")
    return Flow.say(none, *(ctx.asked() or [greeting(ctx)]))


def while_frozen(ctx: Context) -> list[Message]:
    """What is said in place of whatever ends or reveals an account, while it is frozen; else none.

    Somebody else may be in this chat: what cannot be undone waits for our staff.
    """
    if ctx.learner is None or not accounts.is_frozen(ctx.session, ctx.learner):
        return []
    frozen = ctx.t(
        "Your account is frozen, so nobody can sign in. Our staff check with you and open it."
    )
    return [line.text(frozen), human_offer(ctx, "account")]


def left_as_it_is(event: Event, ctx: Context) -> HandlerResult:
    """What "cancel" does where nothing is stored before the last step."""
    return Flow.end(ctx.t("Nothing has changed."))


def did_you_mean(ctx: Context, mark: str) -> list[Message]:
    """The address that was meant or typed; [] where the message that held them was taken back."""
    t = ctx.t
    typed, meant = ctx.draft.get("typed_email"), ctx.draft.get("meant_email")
    if not typed or not meant:
        return []
    question = t("Did you mean {meant}? You wrote {typed}.", meant=meant, typed=typed)
    buttons = [
        line.choice(t("Yes, correct it"), mark, "meant"),
        line.choice(t("No, mine is right"), mark, "typed"),
        line.entry(t("Cancel"), "cancel"),
    ]
    return [line.quick(question, buttons)]


def request_arrived(ctx: Context, request: PrivacyRequest, *buttons: Action) -> Message:
    """That a note has come to the staff, and until when they answer."""
    t = ctx.t
    due = request_words.day(t, request.due_at)
    words = t("Our staff check it and answer you by {due} at the latest.", due=due)
    number = line.fact(t("Request number"), requests.number(request.id))
    return line.card(t("Your request has arrived"), [words, number], list(buttons))


def record_choice(
    ctx: Context, whose: Conversation, purpose: Purpose, chosen: str, said: ConsentStatement
) -> ConsentEvent:
    """The ledger's entry of a tapped yes or no."""
    state = ConsentState.GIVEN if chosen == "yes" else ConsentState.REFUSED
    school = ctx.settings.school
    return consents.record(ctx.session, whose, purpose, state, said, school, ctx.now)


def once_more(flow: Flow, ctx: Context, *asked: Message) -> HandlerResult:
    """Ask again, but not for ever: the second thing that is no answer leaves the question."""
    if ctx.draft.get("missed"):
        return flow.end(ctx.t("Nothing has changed."), greeting(ctx))
    ctx.draft["missed"] = True
    return flow.stay(ctx, ctx.t("Please tap one of the two buttons."), *asked)
