"""The card of one's news: what comes on which channel, each changed with one tap."""

from bot.dispatch import Context
from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.labels import label
from bot.services.subscriptions import frequency_cap, opt_in, subscriptions, topics
from bot.services.subscriptions.opt_in import OptInState
from bot.services.subscriptions.subscriptions import PURPOSE_OF
from bot.services.subscriptions.topics import Topic
from bot.texts.dates import shown_day, shown_span
from models.consent import Purpose
from models.learner import CHILD_UP_TO, AgeBand, Learner
from models.subscription import Channel

Block = dict[str, object]


def choices_card(ctx: Context, learner: Learner) -> Message:
    """Channels with their topics, the pause, and how often news comes at most."""
    t = ctx.t
    listed = topics.load(ctx.settings.news_dir)
    standings = {
        channel: opt_in.standing(ctx.session, ctx.conversation.id, purpose, ctx.now)
        for channel, purpose in PURPOSE_OF.items()
    }
    blocks: list[Block] = []
    for channel, standing in standings.items():
        blocks += [*_channel(ctx, learner, channel, standing, listed), line.separator()]
    most = ctx.settings.news_per_month
    blocks.append(
        line.paragraph(
            t(
                "At most {most} pieces of news in {span}, all together.",
                most=most,
                span=shown_span(t, frequency_cap.WINDOW),
            ),
            small=True,
        )
    )
    buttons = []
    if any(standing is not OptInState.OFF for standing in standings.values()):
        if subscriptions.is_paused(learner, ctx.now) and learner.news_paused_until:
            until = shown_day(learner.news_paused_until, t.language)
            blocks.append(line.paragraph(t("Paused until {until}.", until=until), strong=True))
            buttons.append(line.entry(t("Go on now"), "news_go_on"))
        else:
            buttons.append(
                line.entry(
                    t("Pause for {span}", span=shown_span(t, subscriptions.PAUSE)), "news_pause"
                )
            )
        buttons.append(line.entry(t("Stop all news"), "news_off", p="all"))
    return line.card(t("My news"), blocks, buttons, even=True)


def _channel(
    ctx: Context,
    learner: Learner,
    channel: Channel,
    standing: OptInState,
    listed: tuple[Topic, ...],
) -> list[Block]:
    t, purpose = ctx.t, PURPOSE_OF[channel]
    name = label(purpose, t)
    if standing is OptInState.OFF:
        if learner.age_band is AgeBand.UP_TO_10:
            return [line.fact(name, t("No")), _guardian_decides(ctx)]
        return [line.fact(name, t("No"), line.entry(t("Start"), "news_on", p=purpose))]
    state = t("Yes") if standing is OptInState.ON else t("Waits for your guardian")
    blocks: list[Block] = [line.fact(name, state, line.entry(t("Stop"), "news_off", p=purpose))]
    if purpose is Purpose.EMAIL_NEWS and learner.email_verified_at is None:
        wait = t("Begins once you have opened the link in our mail")
        blocks.append(line.fact(t("E-mail"), wait, line.entry(t("Send again"), "news_confirm")))
    chosen = subscriptions.chosen(ctx.session, ctx.conversation.id, channel)
    blocks += [_topic(ctx, purpose, topic, is_on=topic.id in chosen) for topic in listed]
    return blocks


def _topic(ctx: Context, purpose: Purpose, topic: Topic, *, is_on: bool) -> Block:
    t = ctx.t
    title, about = topic.title[t.language], topic.about[t.language]
    if is_on:
        leave = line.entry(t("Leave out"), "news_topic", p=purpose, topic=topic.id, on="0")
        return line.fact(about, f"✓ {title}", leave)
    take = line.entry(t("Add"), "news_topic", p=purpose, topic=topic.id, on="1")
    return line.fact(about, f"– {title}", take)


def _guardian_decides(ctx: Context) -> Block:
    told = ctx.t("Up to {age} years, a parent or guardian decides about news.", age=CHILD_UP_TO)
    return line.paragraph(told, small=True)
