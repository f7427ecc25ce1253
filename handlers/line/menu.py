"""What can be asked from everywhere: menu, help, language, policy, a human, and the rest."""

from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import frequent_words
from bot.services.chat import frequent_questions, inbox, inquiries
from bot.services.guardians import guardians
from bot.texts import policy
from handlers.line import staff_menu
from handlers.line.shared import (
    children_button,
    contact_lines,
    greeting,
    has_left,
    human_offer,
    main_menu,
    not_registered,
)
from models.conversation import Language

flow = Flow("menu")

OF_STAFF = ("announce.", "campaign_desk.")  # steps whose buttons are about announcements
TOPICS = {"registration", "link", "account", "general"}


@flow.entry("hello")
def greeted_back(event: Event, ctx: Context) -> HandlerResult:
    again = ctx.asked()
    return flow.say(*again) if again else flow.say(greeting(ctx))


@flow.entry("thanks")
def thanked(event: Event, ctx: Context) -> HandlerResult:
    """Thanks, or an "ok" that answers nothing: a kind word, and the question that waits."""
    return flow.say(ctx.t("You are welcome!"), *ctx.asked())


@flow.entry("menu")
def menu_wanted(event: Event, ctx: Context) -> HandlerResult:
    return flow.say(greeting(ctx), *ctx.asked())


@flow.entry("help")
def help_wanted(event: Event, ctx: Context) -> HandlerResult:
    body = ctx.t(
        "You can tap the buttons or type these words:\n"
        "• register – get a username for E-Learning\n"
        "• account – your details, and what happened so far\n"
        "• forgot password – a new way in\n"
        "• news – what you get, and how to stop it\n"
        "• rights – see, take along or erase your data\n"
        "• courses – what you can learn\n"
        "• privacy – what we keep and why\n"
        "• English / ภาษาไทย – change the language\n"
        "• staff – talk to a person\n"
        "• cancel – stop what we are doing"
    )
    if children_button(ctx):
        body += "\n" + ctx.t("• my children – what you agreed to, and the child’s rights")
    if staff_menu.has_work(ctx):
        return flow.say(staff_menu.typed(ctx), body, *ctx.asked())
    return flow.say(body, *ctx.asked())


def _speak(ctx: Context, language: Language) -> HandlerResult:
    ctx.conversation.language = language
    ctx.conversation.language_chosen = True
    if ctx.learner is not None:
        ctx.learner.language = language
    again = ctx.asked()
    if not again:
        again = [staff_menu.card(ctx) if staff_menu.has_work(ctx) else greeting(ctx)]
    return flow.say(ctx.t("From now on we speak English."), *again)


@flow.entry("english")
def english_wanted(event: Event, ctx: Context) -> HandlerResult:
    return _speak(ctx, Language.ENGLISH)


@flow.entry("thai")
def thai_wanted(event: Event, ctx: Context) -> HandlerResult:
    return _speak(ctx, Language.THAI)


@flow.entry("policy")
def policy_wanted(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    fingerprint = policy.text_hash(policy.CURRENT)[:12]
    card = line.card(
        t("Privacy policy"),
        [
            t(
                "We ask for four details: full name, phone number, e-mail and LINE ID. "
                "They are used to create and look after your E-Learning account. News comes "
                "only to those who said yes."
            ),
            line.paragraph(
                t(
                    "Version {version} · fingerprint {fingerprint}",
                    version=policy.CURRENT,
                    fingerprint=fingerprint,
                ),
                small=True,
            ),
        ],
        [
            line.link(t("Read the full policy"), ctx.page("/privacy")),
            line.entry(t("Security advice"), "advice"),
        ],
    )
    return flow.say(card, *ctx.asked())


@flow.entry("advice")
def advice_wanted(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    card = line.card(
        t("Security advice"),
        [
            t(
                "1. Password: keep it strictly secret. Tell neither username nor password to "
                "anyone at all; our staff never ask for it."
            ),
            t("2. Log out: tap Log Out each time you finish, so that nobody can use your account."),
            t("Tick “Stay signed in” only on a phone or computer that you alone use."),
            t(
                "3. Cookies: E-Learning needs them to know that you are signed in. They are "
                "encrypted and hold no data about you."
            ),
            t(
                "4. E-mail: we keep the e-mails between us so that you can refer to them "
                "later. Never send a password by e-mail or chat."
            ),
        ],
        [line.link(t("Read it in full"), ctx.page("/portal/advice"))],
    )
    return flow.say(card, *ctx.asked())


@flow.entry("human")
def human_wanted(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    topic = event.postback.get("topic", "general")
    if topic not in TOPICS:
        topic = "general"
    inquiries.ask_for_human(ctx.session, ctx.conversation, topic, ctx.now)
    card = line.card(
        t("Ask our staff"),
        [
            t(
                "Noted: our staff see that you would like to be contacted. What you type here "
                "is not kept, so for a question of detail please contact the school directly."
            ),
            line.paragraph(contact_lines(ctx), small=True),
        ],
        [line.link(t("Contact details"), ctx.page("/privacy"))],
    )
    return flow.say(card, *ctx.asked())


@flow.entry("contact")
def contact_wanted(event: Event, ctx: Context) -> HandlerResult:
    """How to reach the school without the chat; unlike "human" it notes no wish."""
    t = ctx.t
    buttons = [line.entry(t("Ask our staff"), "human")]
    return flow.say(line.card(t("Contact the school"), [contact_lines(ctx)], buttons), *ctx.asked())


@flow.entry("question")
def question_asked(event: Event, ctx: Context) -> HandlerResult:
    """Money, certificates, hours, ages: what only people answer; no answer is promised here.

    But where the owner has written one down.
    """
    answer = _frequent(event, ctx)
    if answer is not None:
        return flow.say(answer, *ctx.asked())
    only_people = ctx.t(
        "For this you need a person at the school: I can neither answer it nor settle it here in "
        "the chat."
    )
    return flow.say(only_people, human_offer(ctx, "general"), *ctx.asked())


@flow.entry("helped")
def answer_helped(event: Event, ctx: Context) -> HandlerResult:
    return flow.say(ctx.t("Good to hear! Ask me anything else at any time."), *ctx.asked())


def _frequent(event: Event, ctx: Context) -> Message | None:
    """The owner's answer to a question that many ask, with two ways on; None where it is none."""
    questions = frequent_questions.load(ctx.settings.answers_dir)
    found = frequent_words.answered(event.plain, questions) if event.text is not None else None
    if found is None:
        return None
    t, language = ctx.t, ctx.conversation.language
    ways = {
        "courses": line.entry(t("Courses"), "courses"),
        "register": line.entry(t("Register"), "register"),
        "reset": line.entry(t("Forgot password"), "reset"),
        "news": line.entry(t("News"), "news"),
        "account": line.entry(t("My account"), "account"),
    }
    buttons = [line.link(t("Read more"), found.link)] if found.link else []
    if found.button:
        buttons.append(ways[found.button])
    buttons += [line.entry(t("That helped"), "helped"), line.entry(t("Ask our staff"), "human")]
    return line.card(found.title[language], [found.says[language]], buttons, even=True)


@flow.entry("cancel")
def nothing_to_cancel(event: Event, ctx: Context) -> HandlerResult:
    """Nothing is open, so it may be a wish to leave: each way out, one tap away."""
    t = ctx.t
    if staff_menu.has_work(ctx):
        return flow.say(t("There is nothing to cancel. To stop an announcement, type “stop”."))
    if ctx.learner is None and guardians.children_of(ctx.session, ctx.conversation):
        ways = [line.entry(t("My children"), "children")]
    elif guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now):
        return not_registered(ctx)
    elif ctx.learner is None:
        return flow.say(t("There is nothing to cancel. What would you like to do?"))
    elif has_left(ctx):
        return flow.say(greeting(ctx))
    else:
        ways = [
            line.entry(t("Stop news"), "news_stop"),
            line.entry(t("Close account"), "close"),
            line.entry(t("My rights"), "rights"),
        ]
    card = line.card(
        t("What would you like to stop?"),
        [t("No question is open here. If you want to end something else, please choose it.")],
        [*ways, line.entry(t("Ask our staff"), "human", topic="account")],
        even=True,
    )
    return flow.say(card)


@flow.entry("stale")
def old_button_tapped(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    again = ctx.asked()
    if again:
        return flow.say(t("That button belongs to an earlier step. Here is where we are:"), *again)
    if event.postback.get("s", "").startswith(OF_STAFF) and ctx.member is not None:
        return flow.say(
            t("That has been dealt with already. Type “status” to see where it stands.")
        )
    # One line only: after a double tap the card that matters must stay in view.
    return flow.say(t("That has been dealt with already; see above, or choose below."))


@flow.entry("attachment")
def attachment_came(event: Event, ctx: Context) -> HandlerResult:
    """One answer to what was sent, also where it was several pictures at once."""
    if event.image_set is not None and not inbox.is_first_of_set(
        ctx.session, ctx.conversation.person, event.image_set, ctx.now
    ):
        return flow.say()
    t = ctx.t
    kinds = {
        "sticker": t("Thank you for the sticker!"),
        "image": t("Thank you for the picture. I cannot look at pictures, so I have not kept it."),
        "video": t("Thank you for the video. I cannot watch videos, so I have not kept it."),
        "audio": t(
            "Thank you for the voice message. I cannot listen to it, so I have not kept it."
        ),
        "file": t("Thank you for the file. I cannot open files, so I have not kept it."),
        "location": t("Thank you for the location. I do not need it, so I have not kept it."),
    }
    thanks = kinds.get(event.message_kind or "", t("I can read text and buttons only."))
    again = ctx.asked()
    if event.message_kind == "image" and ctx.conversation.flow == "announce":
        thanks += " " + t("An announcement with a picture is written in the console.")
    if again:
        return flow.say(thanks + " " + t("Shall we go on where we were?"), *again)
    return flow.say(thanks, greeting(ctx))


def ways_on(ctx: Context) -> Message:
    """For whoever types where buttons are asked: how to answer, to leave, or to ask a person."""
    return line.text(
        ctx.t(
            "I need one of the buttons here. You can also type “cancel” to leave this, or "
            "“staff” to ask a person."
        )
    )


def not_understood(event: Event, ctx: Context) -> HandlerResult:
    """The fallback: a useful answer with buttons, never silence."""
    if event.message_kind not in {None, "text"}:
        return attachment_came(event, ctx)
    answer = _frequent(event, ctx)
    if answer is not None:
        return flow.say(answer)
    t = ctx.t
    if staff_menu.has_work(ctx):
        return flow.say(t("I did not quite understand that."), staff_menu.typed(ctx))
    return flow.say(
        t(
            "I did not quite understand that. Please tap a button below, or type “help”. "
            "If you have a question for the school, tap “Ask our staff”."
        ),
        line.quick(
            t("What would you like to do?"),
            [line.entry(t("Ask our staff"), "human"), *main_menu(ctx)],
        ),
    )
