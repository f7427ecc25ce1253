"""The consent card, and the age group that decides who may consent."""

from bot.dispatch import Context, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.services.consent.consents import ConsentStatement
from bot.services.courses import courses
from bot.texts import LANGUAGES, Translator, translator
from handlers.line.account_card import account_card
from handlers.line.news_texts import card_id
from handlers.line.receipts import receipt
from handlers.line.registration.flow import COURSE, MAX_TRIES, Step, flow, onward
from handlers.line.registration.guardian import (
    end_request,
    guardian_needed,
    remembered,
    where_it_stands,
)
from handlers.line.shared import human_offer, record_choice
from models.consent import ConsentState, Purpose
from models.learner import AgeBand, LearnerState


@flow.entry("register")
def begin(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    if ctx.learner is not None:
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
        return _tap_please(ctx, Step.CONSENT, please, show_card(ctx))
    if seen is None:
        changed = t("The text has changed since that card. Please read the new one.")
        return flow.say(changed, *show_card(ctx))
    said = ConsentStatement(*seen, webhook_event_id=event.id)
    given = record_choice(ctx, ctx.conversation, Purpose.ENROLMENT, chosen, said)
    if given.state is ConsentState.REFUSED:
        declined = t(
            "That is quite all right. We have kept none of your details. You can look at the "
            "courses without registering, and you are welcome back at any time."
        )
        end_request(event, ctx, said.text)
        return flow.end(declined)
    return onward(ctx, receipt(ctx, given))


def _tap_please(ctx: Context, step: Step, please: str, asked: list[Message]) -> HandlerResult:
    """Ask again; whoever types instead of tapping for the third time may want a person."""
    tries = ctx.draft.setdefault("tries", {})
    tries[step] = tries.get(step, 0) + 1
    offer = [human_offer(ctx, "registration")] if tries[step] % MAX_TRIES == 0 else []
    return flow.stay(ctx, please, *offer, *asked)


@flow.prompt(Step.AGE)
def ask_age(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.AGE)
    question = t("Which age group are you in? We keep the group only, not your birthday.")
    return [
        line.quick(
            question,
            [
                line.choice(label(AgeBand.UP_TO_10, t), step, AgeBand.UP_TO_10),
                line.choice(label(AgeBand.FROM_11_TO_19, t), step, AgeBand.FROM_11_TO_19),
                line.choice(label(AgeBand.FROM_20, t), step, AgeBand.FROM_20),
                line.entry(t("Cancel"), "cancel"),
            ],
        )
    ]


@flow.step(Step.AGE)
def age_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.AGE))
    if chosen not in set(AgeBand):
        return _tap_please(ctx, Step.AGE, ctx.t("Please tap one of the age groups."), ask_age(ctx))
    band = AgeBand(chosen)
    if older := remembered(ctx, band):
        return flow.say(*older, *ask_age(ctx))
    if band is not AgeBand.FROM_20:
        return guardian_needed(event, ctx, band)
    ctx.draft[Step.AGE] = band
    return onward(ctx)
