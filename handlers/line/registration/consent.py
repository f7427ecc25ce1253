"""The consent card, and the age group that decides who may consent."""

from bot.dispatch import Context, HandlerResult
from bot.errors import InputError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Action, Message
from bot.presentation import words
from bot.presentation.labels import label
from bot.services.consent.consents import ConsentStatement
from bot.services.courses import courses
from bot.services.guardians import guardians
from bot.services.people import answers
from bot.texts import LANGUAGES, Translator, translator
from handlers.line.account_card import account_card, has_guardian_withdrawn
from handlers.line.news_texts import card_id
from handlers.line.receipts import receipt
from handlers.line.registration.flow import COURSE, MAX_TRIES, Step, flow, onward, placed
from handlers.line.registration.guardian import (
    end_request,
    give_up,
    guardian_needed,
    left,
    remembered,
    where_it_stands,
)
from handlers.line.shared import came_in, human_offer, main_menu, nudge, record_choice
from models.consent import ConsentState, Purpose
from models.learner import AgeBand, LearnerState

OTHER = "other"  # an age group than the one that was guessed


@flow.entry("register")
def begin(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    if ctx.learner is not None:
        if has_guardian_withdrawn(ctx):
            return flow.say(account_card(ctx))
        if ctx.learner.state is LearnerState.WITHDRAWN:
            withdrawn = t("You withdrew your registration earlier. Our staff can open it again.")
            return flow.say(withdrawn, human_offer(ctx, "registration"))
        return flow.say(t("You are registered already. This is your account:"), account_card(ctx))
    if ctx.conversation.flow == flow.name:
        return flow.say(t("Let us go on where we stopped."), *ctx.asked())
    if (standing := where_it_stands(ctx)) is not None:
        return standing
    wished = courses.find(courses.load(ctx.settings.courses_dir), event.postback.get("course", ""))
    ctx.draft = {COURSE: wished.id} if wished else {}
    return flow.to(ctx, Step.CONSENT)


def card_text(t: Translator, account_years: int | None) -> list[str]:
    """What the card says, paragraph by paragraph; this exact text goes into the ledger."""
    keep = (
        t("How long: while you have the account, and {years} years after.", years=account_years)
        if account_years
        else t("How long: while you have the account, and after that as the notice says.")
    )
    return [
        t("We ask for four details: full name, phone number, e-mail and LINE ID."),
        t("What for: to create your E-Learning account and look after it, so that you can study."),
        keep,
        t(
            "Who receives them: English Planet, and LINE, our hosting and our mail provider, who "
            "work for us; state agencies only where the law demands it."
        ),
        t(
            "You can withdraw at any time in “My account”; your account is then closed. Without "
            "these details (the LINE ID is optional) we cannot create one."
        ),
    ]


@flow.prompt(Step.CONSENT)
def show_card(ctx: Context) -> list[Message]:
    t = ctx.t
    paragraphs = card_text(t, ctx.settings.school.account_years)
    bound = card_id("\n".join(paragraphs))
    step = flow.mark(Step.CONSENT)
    title = t("May we keep your details?")
    card = line.card(
        title,
        [line.paragraph(text) for text in paragraphs],
        [
            line.choice(t("I agree"), step, "yes", c=bound),
            line.choice(t("I do not agree"), step, "no", c=bound),
            line.link(t("Read the full policy"), ctx.page("/privacy")),
        ],
        alt=f"{title} {paragraphs[0]}",
        even=True,
    )
    return [card]


def seen_text(ctx: Context, bound: str | None) -> tuple[str, str] | None:
    """Text and language of the card whose button was tapped; it may be in the other language."""
    for language in (ctx.conversation.language, *LANGUAGES):
        paragraphs = card_text(translator(language), ctx.settings.school.account_years)
        text = "\n".join(paragraphs)
        if card_id(text) == bound:
            return text, language
    return None


@flow.step(Step.CONSENT)
def consent_chosen(event: Event, ctx: Context) -> HandlerResult:
    """Only the tap on the card counts; words like "ครับ" are no clear affirmative act."""
    t = ctx.t
    chosen = event.choice(flow.mark(Step.CONSENT))
    seen = seen_text(ctx, event.postback.get("c"))
    if chosen not in {"yes", "no"}:
        please = t(
            "Please read the card and tap “I agree” or “I do not agree”; typing is not enough."
        )
        nudged = nudge(ctx, flow.mark(Step.CONSENT), please)
        return _tap_please(ctx, Step.CONSENT, nudged, show_card(ctx))
    if seen is None:
        changed = t("The text has changed since that card. Please read the new one.")
        return flow.say(changed, *show_card(ctx))
    said = ConsentStatement(*seen, webhook_event_id=event.id)
    given = record_choice(ctx, ctx.conversation, Purpose.ENROLMENT, chosen, said)
    if given.state is ConsentState.REFUSED:
        end_request(ctx, said)
        return flow.end(_declined(t))
    return onward(ctx, receipt(ctx, given))


def _declined(t: Translator) -> str:
    return t(
        "That is quite all right. We have kept none of your details. You can look at the "
        "courses without registering, and you are welcome back at any time."
    )


@flow.late(Step.CONSENT, "no")
def consent_refused_later(event: Event, ctx: Context) -> HandlerResult | None:
    """The old card's “I do not agree” is no less clear in the middle of registering."""
    t, learner = ctx.t, ctx.learner
    if learner is not None:
        if learner.state is not LearnerState.ACTIVE or ctx.conversation.flow is not None:
            return None
        withdraw = line.entry(t("Withdraw my consent"), "withdraw")
        registered = t("You are registered. If you withdraw your consent, your account is closed.")
        return flow.say(line.quick(registered, [withdraw, *main_menu(ctx)]))
    row = guardians.current(ctx.session, ctx.conversation, ctx.settings.school, ctx.now)
    if ctx.conversation.flow != flow.name and row is None:
        return None
    done = _declined(t)
    seen = seen_text(ctx, event.postback.get("c"))
    text, language = seen if seen is not None else (done, None)
    give_up(ctx, ConsentStatement(text, language, webhook_event_id=event.id))
    return left(ctx, done)


def _tap_please(ctx: Context, step: Step, please: Message, asked: list[Message]) -> HandlerResult:
    """Say what to tap; whoever types instead for the third time may want a person."""
    tries = ctx.draft.setdefault("tries", {})
    tries[step] = tries.get(step, 0) + 1
    if tries[step] % MAX_TRIES:
        return flow.stay(ctx, please)
    return flow.stay(ctx, please, human_offer(ctx, "registration"), *asked)


@flow.prompt(Step.AGE)
def ask_age(ctx: Context) -> list[Message]:
    question = ctx.t("Which age group are you in? We keep the group only, not your birthday.")
    return [placed(ctx, Step.AGE, line.quick(question, _age_groups(ctx)))]


def _age_groups(ctx: Context) -> list[Action]:
    step = flow.mark(Step.AGE)
    groups = [line.choice(label(band, ctx.t), step, band) for band in AgeBand]
    return [*groups, line.entry(ctx.t("Cancel"), "cancel")]


@flow.step(Step.AGE)
def age_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.AGE))
    guessed = ctx.draft.get("guessed")
    if guessed and event.kind == "message":
        chosen = words.yes_or_no(event.plain, yes=guessed, no=OTHER)
    if chosen == OTHER:
        _forget_guess(ctx)
        return flow.to(ctx, Step.AGE)
    if chosen not in set(AgeBand):
        return _age_typed(event, ctx)
    _forget_guess(ctx)
    band = AgeBand(chosen)
    if older := remembered(ctx, band):
        return flow.say(*older, *ask_age(ctx))
    if band is not AgeBand.FROM_20:
        return guardian_needed(event, ctx, band)
    ctx.draft[Step.AGE] = band
    return onward(ctx)


def _age_typed(event: Event, ctx: Context) -> HandlerResult:
    """A typed age counts once the group that it means has been confirmed."""
    t, step = ctx.t, flow.mark(Step.AGE)
    try:
        band = answers.age_band(event.plain)
    except InputError:
        strange = t(
            "I can read an age from {least} to {most} years. Please tap your age group.",
            least=answers.YOUNGEST,
            most=answers.OLDEST,
        )
        return _tap_please(ctx, Step.AGE, line.quick(strange, _age_groups(ctx)), ask_age(ctx))
    if band is None:
        please = line.quick(t("Please tap one of the age groups."), _age_groups(ctx))
        return _tap_please(ctx, Step.AGE, please, ask_age(ctx))
    ctx.draft["guessed"] = band
    came_in(ctx, event.message_id, "guessed")
    buttons = [
        line.choice(t("Yes, that is right"), step, band),
        line.choice(t("No, another group"), step, OTHER),
        line.entry(t("Cancel"), "cancel"),
    ]
    return flow.stay(ctx, line.quick(t("{group}, right?", group=label(band, t)), buttons))


def _forget_guess(ctx: Context) -> None:
    ctx.draft.pop("guessed", None)
    ctx.draft.get("sources", {}).pop("guessed", None)
