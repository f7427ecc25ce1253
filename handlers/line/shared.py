"""Buttons and sentences that several conversations use."""

from bot.dispatch import SHOW_AGAIN, Context, Flow, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.presentation import request_words, words
from bot.services.accounts import accounts
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.guardians import guardians
from bot.services.people import fields, names
from bot.services.people.fields import Item
from bot.services.privacy import requests
from handlers.line import staff_menu
from handlers.line.account_card import account_card
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import LearnerState
from models.privacy import PrivacyRequest

# The conversations that are left by "cancel", and what somebody who asks for a person there means.
_STAFF_TOPICS = {
    "registration": "registration",
    "details": "account",
    "relink": "account",
    "announce": "general",
    "campaign_desk": "general",
}


def main_menu(ctx: Context) -> list[Action]:
    """The quick replies below an answer: what can be done from here."""
    t = ctx.t
    language = (
        line.entry("English", "english") if t.language == "th" else line.entry("ภาษาไทย", "thai")
    )
    topic = _STAFF_TOPICS.get(ctx.conversation.flow or "")
    if topic is not None:
        return [
            line.entry(t("Cancel"), "cancel"),
            line.entry(t("Help"), "help"),
            line.entry(t("Ask our staff"), "human", topic=topic),
            language,
        ]
    children = children_button(ctx)
    if ctx.is_at_work:
        mine = staff_menu.buttons(ctx) or [
            line.entry(t("My account"), "account"),
            line.entry(t("Courses"), "courses"),
        ]
        return [*mine, *children, line.entry(t("Help"), "help"), language]
    courses, help_ = line.entry(t("Courses"), "courses"), line.entry(t("Help"), "help")
    policy = line.entry(t("Privacy policy"), "policy")
    if ctx.conversation.learner_id is None:
        return [line.entry(t("Register"), "register"), *children, courses, policy, help_, language]
    return [
        line.entry(t("My account"), "account"),
        *children,
        courses,
        line.entry(t("News"), "news"),
        line.entry(t("My rights"), "rights"),
        policy,
        help_,
        language,
    ]


def children_button(ctx: Context) -> list[Action]:
    """The way to “My children”, for whoever has agreed for somebody; else none."""
    if not guardians.is_guardian(ctx.session, ctx.conversation.id):
        return []
    return [line.entry(ctx.t("My children"), "children")]


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
                *children_button(ctx),
            ],
        )
    mine = line.entry(t("My account"), "account")
    buttons = [
        line.entry(t("Go to my lessons"), "courses"),
        mine,
        line.entry(t("New sign-in link"), "link"),
        *children_button(ctx),
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
    if ctx.conversation.flow == "guardian":
        told = t("You need no account of your own to agree for a child.")
        return corrected_on_card(ctx) or Flow.say(told, *ctx.asked())
    if ctx.conversation.flow is None and children_button(ctx):
        return Flow.say(t("You have no account of your own. For a child’s, tap “My children”."))
    none = t("You have no account here yet. Registering takes about three minutes.")
    return Flow.say(none, *(ctx.asked() or [greeting(ctx)]))


def corrected_on_card(ctx: Context) -> HandlerResult | None:
    """For a guardian who wants to correct the name that the card before them shows; else None."""
    standing = (ctx.conversation.flow, ctx.conversation.step)
    if standing != ("guardian", "enrolment") or not ctx.draft.get("called"):
        return None
    told = ctx.t("If your name is not right, tap “Change” beside it.")
    return Flow.say(told, *ctx.asked())


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


def answered(event: Event, item: Item, mark: str, refused: str | None = None) -> str:
    """A typed detail as it is stored; raises InputError.

    refused: the name that was refused last; said once more, it is meant. mark: of the step, whose
    buttons say how a doubtful name ends.
    """
    if refused is not None and (chosen := _ending(event, mark, refused)) is not None:
        return fields.read(item, chosen, insists=True)
    if item is Item.NAME and event.emojis:
        raise InputError("name_emoji")
    insists = names.is_repeated(refused, event.plain)
    return fields.read_answer(item, event.plain, insists=insists)


def _ending(event: Event, mark: str, refused: str) -> str | None:
    """The doubtful name as it was said to be right; None where nothing was said about it."""
    name = names.whole(refused)
    likely = names.shorter(name)
    chosen = event.choice(mark) or words.yes_or_no(event.plain, yes="likely", no="")
    return {"likely": likely, "whole": name}.get(chosen or "") if likely != name else None


def source_of(event: Event, ctx: Context, key: str) -> str | None:
    """The message that a value came in: an earlier one where that was only said to be right."""
    is_confirmed = words.yes_or_no(event.plain, yes="yes", no="no") is not None
    if event.message_id is not None and not is_confirmed:
        return event.message_id
    source: str | None = ctx.draft.get("sources", {}).get(key)
    return source


def name_question(ctx: Context, mark: str, name: str) -> Message:
    """Which of two names is right: the likely one, or the one with the doubtful end."""
    t, likely = ctx.t, names.shorter(name)
    buttons = [
        line.choice(t("Yes, that is right"), mark, "likely"),
        line.choice(t("No, with “{ending}”", ending=name[len(likely) :].strip()), mark, "whole"),
        line.entry(t("Cancel"), "cancel"),
    ]
    return line.quick(t("Is your name “{name}”?", name=likely), buttons)


def question_offer(ctx: Context) -> Message:
    """What helps somebody who asks something where a name is waited for."""
    t = ctx.t
    return line.card(
        t("Do you have a question first?"),
        [
            t("Look at the courses or ask our staff; your place here is kept."),
            line.paragraph(contact_lines(ctx), small=True),
        ],
        [
            line.entry(t("See the courses"), "courses"),
            line.entry(t("Ask our staff"), "human", topic="general"),
        ],
        even=True,
    )


def nudge(ctx: Context, mark: str, please: str) -> Message:
    """In place of a whole card once more: what to tap, and a button that shows it again."""
    again = line.choice(ctx.t("Show it again"), mark, SHOW_AGAIN)
    leave = [line.entry(ctx.t("Cancel"), "cancel"), line.entry(ctx.t("Help"), "help")]
    return line.quick(please, [again, *leave])


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


def once_more(flow: Flow, ctx: Context) -> HandlerResult:
    """Say what to tap, but not for ever: the second thing that is no answer leaves the question."""
    if ctx.draft.get("missed"):
        return flow.end(ctx.t("Nothing has changed."), greeting(ctx))
    ctx.draft["missed"] = True
    mark = f"{flow.name}.{ctx.conversation.step}"
    return flow.stay(ctx, nudge(ctx, mark, ctx.t("Please tap one of the buttons.")))
