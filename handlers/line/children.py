"""My children: what a guardian agreed to, news per channel, every right in the child's place."""

from enum import StrEnum

from bot.dispatch import Context, Flow, HandlerResult, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import request_words, rights_words
from bot.presentation.questions import seen_by_guardian
from bot.services.consent.consents import GUARDIAN, ConsentStatement
from bot.services.guardians import guardians
from bot.services.privacy import requests, rights
from bot.services.privacy.requests import Asked
from bot.services.subscriptions import opt_in, subscriptions
from handlers.line.children_cards import MAX_CARDS, child_card, no_children
from handlers.line.guardian_texts import guardian_card, guardian_receipt
from handlers.line.shared import left_as_it_is, once_more, record_choice
from models.consent import Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState


class Step(StrEnum):
    NEWS = "news"
    WITHDRAWING = "withdrawing"
    ERASING = "erasing"


flow = Flow("children", Step, is_light=True)
flow.cancel(left_as_it_is)

NEWS = {str(purpose): purpose for purpose in subscriptions.NEWS}


def _held(ctx: Context, wanted: str | None) -> tuple[Guardianship, Conversation] | None:
    """A child of this chat's, and no other."""
    states = (GuardianshipState.AGREED,)
    return guardians.held_by(ctx.session, ctx.conversation, wanted, states, ctx.now)


def _of_button(event: Event, ctx: Context) -> tuple[Guardianship, Conversation] | HandlerResult:
    """The child whose card was tapped, or what is said where that cannot be done now."""
    if ctx.conversation.flow is not None:
        return flow.say(ctx.t("Please finish or cancel this first."), *ctx.asked())
    held = _held(ctx, event.postback.get("g"))
    return held if held is not None else flow.say(*_gone(ctx))


@flow.entry("children")
def children_wanted(event: Event, ctx: Context) -> HandlerResult:
    found = guardians.children_of(ctx.session, ctx.conversation)
    if not found:
        return flow.say(no_children(ctx), *ctx.asked())
    start = event.postback.get("from", "0")
    first = int(start) if start.isascii() and start.isdigit() and int(start) < len(found) else 0
    cards = [child_card(ctx, row) for row in found[first : first + MAX_CARDS]]
    if first + MAX_CARDS < len(found):
        more = line.entry(ctx.t("More children"), "children", **{"from": str(first + MAX_CARDS)})
        cards.append(line.quick(ctx.t("There are more:"), [more]))
    return flow.say(*cards)


def _gone(ctx: Context) -> list[Message]:
    """The button belongs to an agreement that has ended, or to somebody else's child."""
    return [line.text(ctx.t("This agreement has ended.")), no_children(ctx)]


def _asked_for(event: Event, ctx: Context, child: Conversation) -> Asked:
    return requests.for_child(ctx.conversation, child, webhook_event_id=event.id)


@flow.entry("child_news_off")
def news_stopped(event: Event, ctx: Context) -> HandlerResult:
    """One tap, at once (PDPA s.19)."""
    held, purpose = _of_button(event, ctx), NEWS.get(event.postback.get("p", ""))
    if isinstance(held, HandlerResult):
        return held
    if purpose is None:
        return flow.say(child_card(ctx, held[0]))
    said = ConsentStatement(ctx.t("Stop"), actor=GUARDIAN, webhook_event_id=event.id)
    ended = subscriptions.stop(ctx.session, held[1], purpose, said, ctx.settings.school, ctx.now)
    ctx.session.flush()
    receipts = [guardian_receipt(ctx, ended)] if ended is not None else []
    return flow.say(*receipts, child_card(ctx, held[0]))


@flow.entry("child_news_on")
def news_asked_for(event: Event, ctx: Context) -> HandlerResult:
    held, purpose = _of_button(event, ctx), NEWS.get(event.postback.get("p", ""))
    if isinstance(held, HandlerResult):
        return held
    if purpose is None:
        return flow.say(child_card(ctx, held[0]))
    ctx.draft = {"g": held[0].id, "purpose": purpose}
    return flow.to(ctx, Step.NEWS)


@flow.prompt(Step.NEWS)
def ask_news(ctx: Context) -> list[Message]:
    return [guardian_card(ctx, Purpose(ctx.draft["purpose"]), flow.mark(Step.NEWS))]


@flow.step(Step.NEWS)
def news_chosen(event: Event, ctx: Context) -> HandlerResult:
    chosen = event.choice(flow.mark(Step.NEWS))
    held = _held(ctx, ctx.draft.get("g"))
    if held is None:
        return flow.end(*_gone(ctx))
    purpose = Purpose(ctx.draft["purpose"])
    years = ctx.settings.school.account_years
    seen = seen_by_guardian(purpose, event.postback.get("c"), years)
    if chosen not in {"yes", "no"} or seen is None:
        return once_more(flow, ctx)
    said = ConsentStatement(*seen, actor=GUARDIAN, webhook_event_id=event.id)
    if chosen == "yes":
        given = opt_in.take(ctx.session, held[1], purpose, said, ctx.settings, ctx.now).event
    else:
        given = record_choice(ctx, held[1], purpose, chosen, said)
    ctx.session.flush()
    return flow.end(guardian_receipt(ctx, given), child_card(ctx, held[0]))


@flow.entry("child_data")
def data_wanted(event: Event, ctx: Context) -> HandlerResult:
    """See and take along everything about the child (PDPA ss.20, 30, 31)."""
    held = _of_button(event, ctx)
    if isinstance(held, HandlerResult):
        return held
    request = rights.access(ctx.session, _asked_for(event, ctx, held[1]), ctx.now)
    wish = {"request": request.id, "person": ctx.conversation.person}
    return flow.say().then(PostCommitTask("archive", wish))


@flow.entry("child_object")
def objected(event: Event, ctx: Context) -> HandlerResult:
    """One tap, at once, for every channel (PDPA s.32)."""
    held = _of_button(event, ctx)
    if isinstance(held, HandlerResult):
        return held
    asked, text = _asked_for(event, ctx, held[1]), rights_words.of_childs_objection(ctx.t)
    ended = rights.object_to_news(ctx.session, asked, text, ctx.settings.school, ctx.now)
    done = ctx.t("Done: no more news for the child on any channel, and nobody asks again.")
    receipts = (guardian_receipt(ctx, each) for each in ended)
    return flow.say(done, *receipts, child_card(ctx, held[0]))


@flow.entry("child_restrict")
def restricted(event: Event, ctx: Context) -> HandlerResult:
    held = _of_button(event, ctx)
    if isinstance(held, HandlerResult):
        return held
    rights.restrict(ctx.session, _asked_for(event, ctx, held[1]), ctx.now)
    done = ctx.t(
        "Done: we keep the child’s data, send no news and use it for nothing but the child’s own "
        "lessons and requests. You can lift it with one tap."
    )
    return flow.say(done, child_card(ctx, held[0]))


@flow.entry("child_unrestrict")
def unrestricted(event: Event, ctx: Context) -> HandlerResult:
    held = _of_button(event, ctx)
    if isinstance(held, HandlerResult):
        return held
    rights.unrestrict(ctx.session, _asked_for(event, ctx, held[1]), ctx.now)
    done = ctx.t("Done: we may use the child’s data again as the privacy notice says.")
    return flow.say(done, child_card(ctx, held[0]))


def _ask_first(event: Event, ctx: Context, step: Step) -> HandlerResult:
    """What cannot be undone is asked about, for the child of the button."""
    held = _of_button(event, ctx)
    if isinstance(held, HandlerResult):
        return held
    ctx.draft = {"g": held[0].id}
    return flow.to(ctx, step)


@flow.entry("child_withdraw")
def withdrawal_asked_for(event: Event, ctx: Context) -> HandlerResult:
    return _ask_first(event, ctx, Step.WITHDRAWING)


@flow.prompt(Step.WITHDRAWING)
def tell_what_withdrawing_means(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.WITHDRAWING)
    yes, no = t("Withdraw"), t("Keep it as it is")
    words = [rights_words.of_childs_withdrawal(t)]
    return [line.even_choice(t("Withdraw your agreement?"), words, step, yes=yes, no=no)]


@flow.step(Step.WITHDRAWING)
def withdrawal_chosen(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    chosen = event.choice(flow.mark(Step.WITHDRAWING))
    held = _held(ctx, ctx.draft.get("g"))
    if held is None:
        return flow.end(*_gone(ctx))
    if chosen not in {"yes", "no"}:
        return once_more(flow, ctx)
    if chosen == "no":
        return flow.end(t("Nothing has changed."))
    row, child = held
    found = rights.withdraw_for_child(
        ctx.session,
        row,
        child,
        _asked_for(event, ctx, child),
        rights_words.of_childs_withdrawal(t),
        ctx.settings.school,
        ctx.provider,
        ctx.now,
    )
    if found is None:
        return flow.end(t("You have withdrawn, and what we kept is erased."))
    done = flow.end(
        t("You have withdrawn, and the child’s account is closed."),
        _erasure_follows(ctx, found.erased),
        guardian_receipt(ctx, found.event),
    )
    if found.account_id is None:
        return done
    return done.then(PostCommitTask("close_account", {"account": found.account_id}))


def _erasure_follows(ctx: Context, erased: rights.Erased) -> str:
    due = request_words.day(ctx.t, erased.due_at)
    if erased.is_held:
        return rights_words.child_is_held(ctx.t, due, may_tell=erased.may_tell)
    return ctx.t("The child’s details are erased by {due} at the latest.", due=due)


@flow.entry("child_erase")
def erasure_asked_for(event: Event, ctx: Context) -> HandlerResult:
    return _ask_first(event, ctx, Step.ERASING)


@flow.prompt(Step.ERASING)
def tell_what_erasing_means(ctx: Context) -> list[Message]:
    t, step = ctx.t, flow.mark(Step.ERASING)
    words = [
        line.paragraph(rights_words.of_childs_erasure(t)),
        line.paragraph(rights_words.stays_of_child(t), small=True),
    ]
    yes, no = t("Erase everything"), t("Keep it as it is")
    return [line.even_choice(t("Erase all of the child’s data?"), words, step, yes=yes, no=no)]


@flow.step(Step.ERASING)
def erasure_chosen(event: Event, ctx: Context) -> HandlerResult:
    t = ctx.t
    chosen = event.choice(flow.mark(Step.ERASING))
    held = _held(ctx, ctx.draft.get("g"))
    if held is None:
        return flow.end(*_gone(ctx))
    if chosen not in {"yes", "no"}:
        return once_more(flow, ctx)
    if chosen == "no":
        return flow.end(t("Nothing has changed."))
    row, child = held
    asked, text = _asked_for(event, ctx, child), rights_words.of_childs_withdrawal(t)
    school = ctx.settings.school
    erased = rights.erase_for_child(ctx.session, row, child, asked, text, school, ctx.now)
    mine = [line.entry(t("My requests"), "requests")]
    if erased.is_held:
        due = request_words.day(t, erased.due_at)
        held_words = rights_words.child_is_held(t, due, may_tell=erased.may_tell)
        return flow.end(line.quick(held_words, mine))
    number = line.fact(t("Request number"), requests.number(erased.request_id))
    stays = line.paragraph(rights_words.stays_of_child(t))
    return flow.end(line.card(t("The child’s data has been erased"), [stays, number], mine))
