"""News of one's choice: topics, channels, a pause, and a stop that works at once."""

from collections.abc import Callable

from bot.dispatch import Context, Flow, Handler, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation.questions import asking_card, seen_news
from bot.services.accounts import details
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.guardians import guardians
from bot.services.subscriptions import opt_in, subscriptions
from bot.services.subscriptions.opt_in import OptInState
from bot.services.subscriptions.subscriptions import CHANNEL_OF, NEWS
from bot.texts.dates import shown_day, shown_span
from handlers.line.account_card import account_card
from handlers.line.news_choices import choices_card
from handlers.line.receipts import receipt
from handlers.line.shared import not_registered, record_choice
from models.consent import Purpose
from models.learner import ADULT_FROM, CHILD_UP_TO, Learner, LearnerState
from models.subscription import Channel

flow = Flow("news")

PURPOSES = {str(purpose): (purpose,) for purpose in NEWS} | {"all": NEWS}


def _learner(ctx: Context) -> Learner | None:
    """The person, where they can get news at all."""
    found = ctx.learner
    return found if found is not None and found.state is LearnerState.ACTIVE else None


def _nothing_here(ctx: Context) -> HandlerResult:
    if ctx.learner is not None:
        return flow.say(account_card(ctx))
    if ctx.member is None:
        return not_registered(ctx)
    copy = ctx.t("This button works for learners only. What you got is the copy for our staff.")
    return flow.say(copy, *ctx.asked())


def _purpose(event: Event) -> Purpose | None:
    """The one channel that a button is about."""
    found = PURPOSES.get(event.postback.get("p", ""), ())
    return found[0] if len(found) == 1 else None


@flow.entry("news")
def news_wanted(event: Event, ctx: Context) -> HandlerResult:
    learner = _learner(ctx)
    if learner is None:
        return _nothing_here(ctx)
    return flow.say(choices_card(ctx, learner), *ctx.asked())


@flow.entry("news_stop")
def stop_wished(event: Event, ctx: Context) -> HandlerResult:
    """Typed: what came last stops at once and can be taken back; where nothing came, which?"""
    t, learner = ctx.t, _learner(ctx)
    if ctx.learner is None:
        none = t("You get no news from us: only people with an account who said yes to it do.")
        has_children = bool(guardians.children_of(ctx.session, ctx.conversation))
        theirs = [line.entry(t("My children"), "children")] if has_children else []
        return flow.say(line.quick(none, theirs), *ctx.asked())
    if learner is None:
        return _nothing_here(ctx)
    topic = subscriptions.last_sent(ctx.session, ctx.conversation.id, ctx.settings, ctx.now)
    if topic is None and not any(_has_begun(ctx, purpose) for purpose in NEWS):
        none = t(
            "You get no news from us now. If you want to end something else, please choose it."
        )
        ways = [
            line.entry(t("Close account"), "close"),
            line.entry(t("My rights"), "rights"),
            line.entry(t("Ask our staff"), "human", topic="account"),
        ]
        return flow.say(line.quick(none, ways), *ctx.asked())
    if topic is None:
        which = t("Which news shall stop? What is on can be stopped here with one tap.")
        return flow.say(which, choices_card(ctx, learner), *ctx.asked())
    subscriptions.choose(
        ctx.session,
        ctx.conversation.id,
        Channel.LINE,
        topic.id,
        ctx.now,
        is_on=False,
        settings=ctx.settings,
    )
    title = topic.title[t.language]
    undo = line.entry(t("Undo"), "news_topic", p=Purpose.LINE_NEWS, topic=topic.id, on="1")
    card = line.card(
        t("Stopped: {topic}", topic=title),
        [t("You get no more of it on LINE. Other news goes on as you chose it.")],
        [undo, line.entry(t("Stop all news"), "news_off", p="all"), line.entry(t("News"), "news")],
        even=True,
    )
    return flow.say(card, *ctx.asked())


@flow.entry("news_off")
def news_stopped(event: Event, ctx: Context) -> HandlerResult:
    """One tap, at once, for everybody: withdrawing is never harder than giving (PDPA s.19)."""
    purposes = PURPOSES.get(event.postback.get("p", ""))
    if ctx.learner is None:
        return _nothing_here(ctx)
    if purposes is None:
        return news_wanted(event, ctx)
    t = ctx.t
    said = ConsentStatement(t("Stop"), webhook_event_id=event.id)
    stopped = [
        subscriptions.stop(
            ctx.session, ctx.conversation, purpose, said, ctx.settings.school, ctx.now
        )
        for purpose in purposes
    ]
    receipts = [receipt(ctx, given) for given in stopped if given is not None]
    if not receipts:
        return flow.say(t("You get none of this news."), *ctx.asked())
    return flow.say(t("Done: you get no more of this news."), *receipts, *ctx.asked())


def _about_one_channel(
    handler: Callable[[Event, Context, Learner, Purpose], HandlerResult],
) -> Handler:
    """A button about one channel, tapped by somebody who can get news; others are led elsewhere."""

    def tapped(event: Event, ctx: Context) -> HandlerResult:
        learner, purpose = _learner(ctx), _purpose(event)
        if learner is None:
            return _nothing_here(ctx)
        if purpose is None:
            return news_wanted(event, ctx)
        return handler(event, ctx, learner, purpose)

    return tapped


@flow.entry("news_on")
@_about_one_channel
def news_asked_for(event: Event, ctx: Context, learner: Learner, purpose: Purpose) -> HandlerResult:
    """The question; under 20 with the word that a guardian has to agree too (PDPA s.20)."""
    if not opt_in.may_start(learner):
        return flow.say(_ask_your_guardian(ctx), *ctx.asked())
    said = [asking_card(ctx.t, purpose)]
    if consents.GUARDIAN in consents.MUST_AGREE[learner.age_band]:
        said.append(line.text(_both_must_agree(ctx)))
    return flow.say(*said, *ctx.asked())


@flow.entry("news_yes")
@_about_one_channel
def news_agreed_to(event: Event, ctx: Context, learner: Learner, purpose: Purpose) -> HandlerResult:
    if not opt_in.may_start(learner):
        return flow.say(_ask_your_guardian(ctx), *ctx.asked())
    seen = seen_news(purpose, event.postback.get("c"))
    if seen is None:
        return _changed(ctx, purpose)
    said = ConsentStatement(*seen, webhook_event_id=event.id)
    taken = opt_in.take(ctx.session, ctx.conversation, purpose, said, ctx.settings, ctx.now)
    told: list[Message] = []
    if taken.standing is OptInState.WAITING:
        told.append(line.text(_both_must_agree(ctx)))
    if purpose is Purpose.EMAIL_NEWS and learner.email_verified_at is None:
        told.append(line.text(_open_the_link(ctx, has_link_sent=taken.has_link_sent)))
    return flow.say(receipt(ctx, taken.event), *told, choices_card(ctx, learner), *ctx.asked())


@flow.entry("news_no")
@_about_one_channel
def news_declined(event: Event, ctx: Context, learner: Learner, purpose: Purpose) -> HandlerResult:
    """A no to the question; where news flows after all, it ends."""
    seen = seen_news(purpose, event.postback.get("c"))
    if seen is None:
        return _changed(ctx, purpose)
    if opt_in.standing(ctx.session, ctx.conversation.id, purpose, ctx.now) is not OptInState.OFF:
        return news_stopped(event, ctx)
    said = ConsentStatement(*seen, webhook_event_id=event.id)
    given = record_choice(ctx, ctx.conversation, purpose, "no", said)
    return flow.say(receipt(ctx, given), *ctx.asked())


@flow.entry("news_topic")
def topic_chosen(event: Event, ctx: Context) -> HandlerResult:
    """One topic more or less; what was left out is not sent any more, even where it waits."""
    learner, purpose = _learner(ctx), _purpose(event)
    if learner is None:
        return _nothing_here(ctx)
    wished = event.postback.get("on")
    if purpose is not None and wished in {"0", "1"} and _has_begun(ctx, purpose):
        subscriptions.choose(
            ctx.session,
            ctx.conversation.id,
            CHANNEL_OF[purpose],
            event.postback.get("topic", ""),
            ctx.now,
            is_on=wished == "1",
            settings=ctx.settings,
        )
    return flow.say(choices_card(ctx, learner), *ctx.asked())


@flow.entry("news_pause")
def pause_wanted(event: Event, ctx: Context) -> HandlerResult:
    learner = _learner(ctx)
    if learner is None:
        return _nothing_here(ctx)
    until = shown_day(subscriptions.pause(ctx.session, learner, ctx.now), ctx.t.language)
    told = ctx.t("No news until {until}. After that it goes on by itself.", until=until)
    return flow.say(told, choices_card(ctx, learner), *ctx.asked())


@flow.entry("news_go_on")
def pause_ended(event: Event, ctx: Context) -> HandlerResult:
    learner = _learner(ctx)
    if learner is None:
        return _nothing_here(ctx)
    subscriptions.resume(ctx.session, learner, ctx.now)
    return flow.say(choices_card(ctx, learner), *ctx.asked())


@flow.entry("news_confirm")
def link_wanted_again(event: Event, ctx: Context) -> HandlerResult:
    """The mail with the link once more; nobody's mailbox is filled, so only a few an hour."""
    learner = _learner(ctx)
    if learner is None:
        return _nothing_here(ctx)
    if learner.email_verified_at is not None or not _has_begun(ctx, Purpose.EMAIL_NEWS):
        return flow.say(choices_card(ctx, learner), *ctx.asked())
    is_sent = opt_in.confirm(ctx.session, ctx.conversation, ctx.settings, ctx.now)
    return flow.say(_open_the_link(ctx, has_link_sent=is_sent), *ctx.asked())


def _has_begun(ctx: Context, purpose: Purpose) -> bool:
    standing = opt_in.standing(ctx.session, ctx.conversation.id, purpose, ctx.now)
    return standing is not OptInState.OFF


def _changed(ctx: Context, purpose: Purpose) -> HandlerResult:
    changed = ctx.t("The text has changed since that card. Please read the new one.")
    return flow.say(changed, asking_card(ctx.t, purpose))


def _both_must_agree(ctx: Context) -> str:
    return ctx.t(
        "Because you are under {age}, your parent or guardian has to agree too. News "
        "begins after that.",
        age=ADULT_FROM,
    )


def _ask_your_guardian(ctx: Context) -> Message:
    return line.text(
        ctx.t(
            "Up to {age} years, a parent or guardian decides about news. Please ask them to "
            "start it.",
            age=CHILD_UP_TO,
        )
    )


def _open_the_link(ctx: Context, *, has_link_sent: bool) -> str:
    if has_link_sent:
        return ctx.t(
            "We have sent you a mail. News by e-mail begins once you have opened its link."
        )
    return ctx.t(
        "We have sent you the link already. Please look in your mailbox, or try again in {span}.",
        span=shown_span(ctx.t, details.SPAN),
    )
