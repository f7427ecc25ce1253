"""The rights of the PDPA in chat: see, take along, object, restrict, withdraw, erase."""

from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult, PostCommitReply, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import request_words, rights_words
from bot.runtime import Bot
from bot.services.guardians import guardians
from bot.services.people import subjects
from bot.services.privacy import export_links, requests, rights
from bot.services.privacy.requests import Asked
from bot.services.privacy.rights import Withdrawn
from bot.texts import Translator
from handlers.line.account_card import account_card, has_guardian_withdrawn
from handlers.line.receipts import receipt
from handlers.line.rights_cards import data_card, data_later, requests_card, rights_card
from handlers.line.shared import human_offer, left_as_it_is, not_registered, once_more, while_frozen
from models.learner import LearnerState


class Step(StrEnum):
    WITHDRAWING = "withdrawing"
    ERASING = "erasing"


flow = Flow("rights", Step, is_light=True)
flow.cancel(left_as_it_is)


def _asked(event: Event, ctx: Context) -> Asked:
    subject = subjects.subject_of(ctx.session, ctx.conversation)
    return Asked(subject, webhook_event_id=event.id)


def _guardian_decides(ctx: Context) -> HandlerResult:
    return flow.say(rights_words.for_guardian(ctx.t), human_offer(ctx, "account"))


@flow.entry("rights")
def rights_wanted(event: Event, ctx: Context) -> HandlerResult:
    return flow.say(rights_card(ctx), *ctx.asked())


@flow.entry("requests")
def requests_wanted(event: Event, ctx: Context) -> HandlerResult:
    return flow.say(requests_card(ctx), *ctx.asked())


@flow.entry("rights_download")
def download_wanted(event: Event, ctx: Context) -> HandlerResult:
    """Strangers as well: of them little is kept, but they may see it."""
    if frozen := while_frozen(ctx):
        return flow.say(*frozen, *ctx.asked())
    request = rights.access(ctx.session, _asked(event, ctx), ctx.now)
    wish = {"request": request.id, "person": ctx.conversation.person}
    return flow.say().then(PostCommitTask("archive", wish))


@flow.after("archive")
def hand_over(bot: Bot, arguments: dict[str, str], t: Translator) -> PostCommitReply:
    """A link for this reply only; the same message, answered again, gets the same link."""
    issued = bot.database.write(
        lambda session: export_links.issue(
            session,
            arguments["request"],
            bot.clock(),
            cause=arguments.get("event_id"),
            person=arguments.get("person"),
        )
    )
    if issued is None:
        return PostCommitReply([], [])
    url = export_links.url(bot.settings.public_url, issued.token, t.language)
    is_for_guardian = issued.is_for_guardian
    now, later = data_card(t, url, is_for_guardian), data_later(t, is_for_guardian)
    return PostCommitReply([now], [later])


@flow.entry("rights_object")
def objected(event: Event, ctx: Context) -> HandlerResult:
    """One tap, at once, and never asked again (PDPA s.32)."""
    t = ctx.t
    if ctx.learner is None:
        return not_registered(ctx)
    ended = rights.object_to_news(
        ctx.session, _asked(event, ctx), rights_words.of_objection(t), ctx.settings.school, ctx.now
    )
    done = t(
        "Done: no more news on any channel, and nobody asks you again. If you want news one day, "
        "type “news”."
    )
    return flow.say(done, *(receipt(ctx, event) for event in ended), *ctx.asked())


@flow.entry("rights_restrict")
def restricted(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    if ctx.learner is None:
        return not_registered(ctx)
    rights.restrict(ctx.session, _asked(event, ctx), ctx.now)
    words = t(
        "We keep your data, send you no news and use it for nothing but your own lessons and "
        "requests. Our staff see that too. You can lift it with one tap."
    )
    buttons = [
        line.entry(t("Allow use again"), "rights_unrestrict"),
        line.entry(t("My rights"), "rights"),
    ]
    card = line.card(t("The use of your data is stopped"), [words], buttons, even=True)
    return flow.say(card, *ctx.asked())


@flow.entry("rights_unrestrict")
def unrestricted(event: Event, ctx: Context) -> HandlerResult:
    if ctx.learner is None:
        return not_registered(ctx)
    try:
        rights.unrestrict(ctx.session, _asked(event, ctx), ctx.now)
    except rights.GuardianNeededError:
        return _guardian_decides(ctx)
    done = ctx.t("Done: we may use your data again as the privacy notice says.")
    return flow.say(done, *ctx.asked())


@flow.entry("withdraw")
def withdrawal_asked_for(event: Event, ctx: Context) -> HandlerResult:
    if ctx.learner is None:
        return not_registered(ctx)
    if has_guardian_withdrawn(ctx):
        return flow.say(account_card(ctx))
    if ctx.learner.state is LearnerState.WITHDRAWN:
        return flow.say(ctx.t("You have withdrawn already; your account is closed."))
    if rights.is_for_guardian(ctx.learner, _asked(event, ctx).by):
        return _guardian_decides(ctx)
    if frozen := while_frozen(ctx):
        return flow.say(*frozen)
    ctx.draft = {}
    return flow.to(ctx, Step.WITHDRAWING)


@flow.prompt(Step.WITHDRAWING)
def tell_what_withdrawing_means(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.WITHDRAWING)
    words = line.paragraph(rights_words.of_withdrawal(t))
    yes, no = t("Withdraw"), t("Keep my account")
    return [line.even_choice(t("Withdraw and close my account?"), [words], step, yes=yes, no=no)]


@flow.step(Step.WITHDRAWING)
def withdrawal_chosen(event: Event, ctx: Context) -> HandlerResult:
    t, learner = ctx.t, ctx.learner
    chosen = event.choice(flow.mark(Step.WITHDRAWING))
    if chosen not in {"yes", "no"} or learner is None:
        return once_more(flow, ctx)
    if chosen == "no":
        return flow.end(t("Your account stays as it is."))
    if frozen := while_frozen(ctx):
        return flow.end(*frozen)
    found = rights.withdraw(
        ctx.session,
        _asked(event, ctx),
        rights_words.of_withdrawal(t),
        ctx.settings.school,
        ctx.provider,
        ctx.now,
    )
    done = flow.end(
        t("You have withdrawn, and your account is closed."),
        _erasure_follows(t, found),
        receipt(ctx, found.event),
    )
    if found.account_id is None:
        return done
    return done.then(PostCommitTask("close_account", {"account": found.account_id}))


def _erasure_follows(t: Translator, found: Withdrawn) -> str:
    due = request_words.day(t, found.erased.due_at)
    if found.erased.is_held:
        return rights_words.is_held(t, due, may_tell=found.erased.may_tell)
    return t(
        "Your details are erased by {due} at the latest. If you want that now: “My rights”, then "
        "“Erase”.",
        due=due,
    )


@flow.entry("rights_erase")
def erasure_asked_for(event: Event, ctx: Context) -> HandlerResult:
    if rights.is_for_guardian(ctx.learner, _asked(event, ctx).by):
        return _guardian_decides(ctx)
    if frozen := while_frozen(ctx):
        return flow.say(*frozen)
    ctx.draft = {}
    return flow.to(ctx, Step.ERASING)


@flow.prompt(Step.ERASING)
def tell_what_erasing_means(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.ERASING)
    goes = (
        rights_words.of_erasure_for_strangers(t)
        if ctx.learner is None
        else rights_words.of_erasure(t)
    )
    words = [line.paragraph(goes)]
    if guardians.is_guardian(ctx.session, ctx.conversation.id):
        words.append(line.paragraph(rights_words.of_erasure_for_guardians(t)))
    words.append(line.paragraph(rights_words.what_stays(t), small=True))
    yes, no = t("Erase everything"), t("Keep my data")
    return [line.even_choice(t("Erase all my data?"), words, step, yes=yes, no=no)]


@flow.step(Step.ERASING)
def erasure_chosen(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    chosen = event.choice(flow.mark(Step.ERASING))
    if chosen not in {"yes", "no"}:
        return once_more(flow, ctx)
    if chosen == "no":
        return flow.end(t("Nothing has changed."))
    if frozen := while_frozen(ctx):
        return flow.end(*frozen)
    erased = rights.erase(ctx.session, _asked(event, ctx), ctx.now)
    if erased.is_held:
        due = request_words.day(t, erased.due_at)
        held = rights_words.is_held(t, due, may_tell=erased.may_tell)
        return flow.end(held, requests_card(ctx))
    # The row is gone; what is said from here on is said to a stranger.
    ctx.conversation.learner_id = None
    return flow.end(
        line.card(
            t("Your data has been erased"),
            [
                rights_words.what_stays(t),
                line.fact(t("Request number"), requests.number(erased.request_id)),
                line.paragraph(t("You are welcome to register again at any time."), small=True),
            ],
            [],
        )
    )
