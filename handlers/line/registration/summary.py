"""The summary with a button an item, the confirmation, and the way out."""

from bot.dispatch import After, Context, Turn
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.services import accounts, consents, drafts, inputs
from bot.services.accounts import Details
from bot.services.consents import Said
from handlers.line.receipts import receipt
from handlers.line.registration.flow import Step, flow, missing, onward, put_aside
from models.consent import ConsentState, Purpose
from models.learner import AgeBand

EDITABLE = (Step.NAME, Step.PHONE, Step.EMAIL, Step.LINE_ID, Step.LINE_NEWS, Step.EMAIL_NEWS)


@flow.prompt(Step.SUMMARY)
def show_summary(ctx: Context) -> list[Message]:
    t, draft, step = ctx.t, ctx.draft, flow.mark(Step.SUMMARY)

    def edit(item: Step) -> line.Action:
        return line.choice(t("Change"), step, item)

    def news(item: Step) -> str:
        return t("Yes") if draft.get(item) == "yes" else t("No")

    title = t("Is everything right?")
    card = line.card(
        title,
        title,
        [
            line.fact(t("Full name"), draft.get(Step.NAME, "–"), edit(Step.NAME)),
            line.fact(t("Phone"), _phone(draft.get(Step.PHONE)), edit(Step.PHONE)),
            line.fact(t("E-mail"), draft.get(Step.EMAIL, "–"), edit(Step.EMAIL)),
            line.fact(
                t("LINE ID"), draft.get(Step.LINE_ID) or t("I have none"), edit(Step.LINE_ID)
            ),
            line.separator(),
            line.fact(t("News on LINE"), news(Step.LINE_NEWS), edit(Step.LINE_NEWS)),
            line.fact(t("News by e-mail"), news(Step.EMAIL_NEWS), edit(Step.EMAIL_NEWS)),
        ],
        [
            line.choice(t("Confirm and register"), step, "confirm"),
            line.entry(t("Cancel"), "cancel"),
        ],
    )
    return [card]


def _phone(number: str | None) -> str:
    return inputs.shown_phone(number) if number else "–"


@flow.step(Step.SUMMARY)
def summary_answered(event: Event, ctx: Context) -> Turn:
    t = ctx.t
    chosen = event.choice(flow.mark(Step.SUMMARY))
    if chosen in set(EDITABLE):
        put_aside(ctx, chosen)
        return onward(ctx)
    if chosen != "confirm":
        please = t("Please tap “Confirm and register”, or “Change” beside what is not right.")
        return flow.say(line.text(please), *show_summary(ctx))
    if missing(ctx.draft) is not None:  # a message was taken back meanwhile
        return onward(ctx, line.text(t("One of your details is missing again.")))
    draft = ctx.draft
    account = accounts.enrol(
        ctx.session,
        ctx.conversation,
        ctx.user_id,
        Details(
            name=draft[Step.NAME],
            phone=draft[Step.PHONE],
            email=draft[Step.EMAIL],
            line_id=draft[Step.LINE_ID] or None,
            age_band=AgeBand(draft[Step.AGE]),
        ),
        ctx.provider,
        ctx.now,
    )
    thanks = line.text(t("Thank you. Your registration is complete."))
    return flow.end(thanks, *_news_receipts(ctx)).then(
        After("credentials", {"account": account.id})
    )


def _news_receipts(ctx: Context) -> list[Message]:
    """A receipt for each news that was wanted; what was declined needs none."""
    said = [
        consents.latest(ctx.session, ctx.conversation.id, purpose)
        for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)
    ]
    return [receipt(ctx, event) for event in said if event and consents.is_living(event, ctx.now)]


@flow.cancel
def cancelled(event: Event, ctx: Context) -> Turn:
    t = ctx.t
    text = t("Your registration is cancelled, and what you gave for it has been erased.")
    drafts.end_unused_consents(
        ctx.session,
        ctx.conversation,
        ConsentState.WITHDRAWN,
        Said(text, webhook_event_id=event.id),
        ctx.settings.school,
        ctx.now,
    )
    return flow.end(line.text(text))
