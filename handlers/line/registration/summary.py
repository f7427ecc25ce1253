"""The summary with a button an item, the confirmation, and the way out."""

from bot.dispatch import Context, HandlerResult, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import words
from bot.presentation.labels import label
from bot.presentation.words import Heard
from bot.services.accounts import accounts
from bot.services.accounts.accounts import Details
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.courses import courses
from bot.services.people import fields
from bot.services.people.fields import FIELDS, Field, Item
from bot.services.subscriptions import opt_in, subscriptions
from handlers.line.receipts import receipt
from handlers.line.registration.flow import (
    BY_GUARDIAN,
    COURSE,
    Step,
    flow,
    missing,
    onward,
    put_aside,
)
from handlers.line.registration.guardian import give_up
from handlers.line.shared import nudge
from models.consent import Purpose
from models.learner import AgeBand

EDITABLE = (*(Step(item) for item in Item), Step.LINE_NEWS, Step.EMAIL_NEWS)


@flow.prompt(Step.SUMMARY)
def show_summary(ctx: Context) -> list[Message]:
    t, draft, step = ctx.t, ctx.draft, flow.mark(Step.SUMMARY)

    def edit(item: Step) -> line.Action:
        return line.choice(t("Change"), step, item)

    def news(item: Step, label: str) -> dict[str, object]:
        if draft.get(item) == BY_GUARDIAN:
            return line.fact(label, t("Your parent or guardian decides"))
        return line.fact(label, t("Yes") if draft.get(item) == "yes" else t("No"), edit(item))

    both_decide = t("News comes only when your parent or guardian has said yes to it too.")
    is_eleven = draft.get(Step.AGE) == AgeBand.FROM_11_TO_19
    card = line.card(
        t("Is everything right?"),
        [
            *(
                line.fact(t(field.label), _given(ctx, field), edit(Step(item)))
                for item, field in FIELDS.items()
            ),
            line.separator(),
            news(Step.LINE_NEWS, label(Purpose.LINE_NEWS, t)),
            news(Step.EMAIL_NEWS, label(Purpose.EMAIL_NEWS, t)),
            *([line.paragraph(both_decide, small=True)] if is_eleven else []),
        ],
        [
            line.choice(t("Confirm and register"), step, "confirm"),
            line.entry(t("Cancel"), "cancel"),
        ],
    )
    return [card]


def _given(ctx: Context, field: Field) -> str:
    value = ctx.draft.get(field.item)
    if value:
        return field.shown(value)
    return "–" if field.is_needed else ctx.t("I have none")


# "เปลี่ยนเบอร์ค่ะ" and "หยุดข่าว" are about what the card shows: there is no account yet.
@flow.step(Step.SUMMARY, own={"change", "news_stop"})
def summary_answered(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    chosen = event.choice(flow.mark(Step.SUMMARY))
    if chosen is None and event.text is not None:
        chosen = _named(event.plain, ctx)
    if chosen in set(EDITABLE) and ctx.draft.get(chosen) != BY_GUARDIAN:
        put_aside(ctx, chosen)
        return onward(ctx)
    if chosen != "confirm":
        please = t("Please tap “Confirm and register”, or “Change” beside what is not right.")
        return flow.say(nudge(ctx, flow.mark(Step.SUMMARY), please))
    if missing(ctx.draft) is not None:  # a message was taken back meanwhile
        return onward(ctx, line.text(t("One of your details is missing again.")))
    draft = ctx.draft
    band = AgeBand(draft[Step.AGE])
    if not consents.permits_enrolment(ctx.session, ctx.conversation.id, band, ctx.now):
        return flow.end(t("Your parent or guardian’s agreement has ended, so we stop."))
    account = accounts.enrol(
        ctx.session,
        ctx.conversation,
        ctx.user_id,
        Details({item: draft[item] or None for item in Item}, age_band=band),
        ctx.provider,
        ctx.now,
    )
    mailed = [
        t(
            "We also write to {masked}. Please press the button behind the link in that mail: with "
            "a confirmed address you can bring your account to a new phone.",
            masked=fields.masked(Item.EMAIL, draft[Item.EMAIL]),
        )
    ]
    if opt_in.enrolled(ctx.session, ctx.conversation, ctx.settings, ctx.now):
        mailed.append(t("News by e-mail begins after that."))
    said = [
        line.text(_thanks(ctx)),
        *_news_receipts(ctx),
        line.text(" ".join(mailed)),
    ]
    return flow.end(*said).then(PostCommitTask("credentials", {"account": account.id}))


def _named(said: str, ctx: Context) -> str | None:
    """The item that somebody wants otherwise in their own words: news that was agreed to."""
    wish = words.command(said, Heard.TAP)
    if wish == "change":
        return words.detail_named(said)
    agreed = [step for step in (Step.LINE_NEWS, Step.EMAIL_NEWS) if ctx.draft.get(step) == "yes"]
    if wish != "news_stop" or not agreed:
        return None
    for step in agreed[1:]:  # each is a question of its own
        put_aside(ctx, step)
    return agreed[0]


def _thanks(ctx: Context) -> str:
    """With the course that they asked about; in one message, as a reply holds few."""
    t = ctx.t
    thanks = t("Thank you. Your registration is complete.")
    wished = courses.find(courses.load(ctx.settings.courses_dir), ctx.draft.get(COURSE, ""))
    if wished is None:
        return thanks
    waits = t("The course “{course}” is waiting for you.", course=wished.title[t.language])
    return f"{thanks} {waits}"


def _news_receipts(ctx: Context) -> list[Message]:
    """A receipt for each news that was wanted; what was declined needs none."""
    said = [
        consents.latest(ctx.session, ctx.conversation.id, purpose) for purpose in subscriptions.NEWS
    ]
    return [receipt(ctx, event) for event in said if event and consents.is_living(event, ctx.now)]


@flow.cancel
def cancelled(event: Event, ctx: Context) -> HandlerResult:
    text = ctx.t("Your registration is cancelled, and what you gave for it has been erased.")
    give_up(ctx, ConsentStatement(text, webhook_event_id=event.id))
    return flow.end(text)
