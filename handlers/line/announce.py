"""Announcements written in the chat: topic, Thai, English, a look at it, and then the wish."""

from enum import StrEnum
from typing import Any

from bot.dispatch import Context, Flow, HandlerResult, PostCommitTask
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import campaign_cards, formatting, staff_words, words
from bot.presentation.words import Heard
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.content import content as campaign_content
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.staff.permissions import Permission
from bot.services.subscriptions import topics
from bot.texts import ENGLISH, LANGUAGES, THAI, units
from bot.unicode import trimmed
from handlers.line.announce_parts import asking, problems
from handlers.line.shared import came_in
from models.campaign import Campaign

MAX_NAME_LENGTH = 60
TITLE = campaign_content.MAX_LENGTH["title"]


class Step(StrEnum):
    TOPIC = "topic"
    THAI = "thai"
    ENGLISH = "english"
    CHECK = "check"


flow = Flow("announce", Step, is_for_staff=True)


@flow.cancel
def thrown_away(event: Event, ctx: Context) -> HandlerResult:
    """Nothing that is typed next may become an announcement."""
    return flow.end(ctx.t("Thrown away. Nothing was kept."))


@flow.entry("announce")
def announcement_begun(event: Event, ctx: Context) -> HandlerResult:
    """By the button, or by the word with the text right behind it."""
    if not ctx.staff.may(Permission.WRITE_CAMPAIGN):
        return flow.say(ctx.t("Your role does not write announcements."), *ctx.asked())
    typed = staff_words.body(event.text or "")
    if ctx.conversation.flow == flow.name and not typed:  # a second tap must not throw it away
        return flow.stay(ctx, *ctx.asked())
    ctx.draft = {}
    if _is_too_long(typed):
        return flow.to(ctx, Step.TOPIC, _too_long_for_now(ctx))
    _keep(event, ctx, typed)
    return flow.to(ctx, Step.TOPIC)


@flow.prompt(Step.TOPIC)
def ask_topic(ctx: Context) -> list[Message]:
    t = ctx.t
    body = t("Only people who chose the topic and agreed to news get it.")
    buttons = [
        line.choice(topic.title[t.language], flow.mark(Step.TOPIC), topic.id)
        for topic in topics.load(ctx.settings.news_dir)
    ]
    return [line.card(t("What is it about?"), [body], buttons, even=True)]


@flow.step(Step.TOPIC, takes=Heard.TEXT)
def topic_chosen(event: Event, ctx: Context) -> HandlerResult:
    """By its button or its name; any other words are the text itself, and are kept."""
    typed = staff_words.body(event.text or "")
    chosen = event.choice(flow.mark(Step.TOPIC)) or _named(ctx, typed)
    if topics.find(ctx.settings.news_dir, chosen) is not None:
        ctx.draft["topic"] = chosen
        return _on(ctx)
    if not typed:
        return flow.stay(ctx, *ask_topic(ctx))
    if _is_too_long(typed):
        return flow.stay(ctx, _too_long_for_now(ctx), *ask_topic(ctx))
    _keep(event, ctx, typed)
    kept = ctx.t("Your text is kept. Please choose the topic first.")
    return flow.stay(ctx, kept, *ask_topic(ctx))


@flow.prompt(Step.THAI)
def ask_thai(ctx: Context) -> list[Message]:
    asked = line.text(ctx.t("Please type the text in Thai, as people are to read it."))
    return [_with_skip(ctx, asked, Step.THAI)] if ctx.draft.get(ENGLISH) else [asked]


@flow.step(Step.THAI, takes=Heard.TEXT)
def thai_typed(event: Event, ctx: Context) -> HandlerResult:
    return _taken(event, ctx, Step.THAI, THAI, may_skip=bool(ctx.draft.get(ENGLISH)))


@flow.prompt(Step.ENGLISH)
def ask_english(ctx: Context) -> list[Message]:
    asked = ctx.t(
        "Please type it in English too. Without it, people who read English get the Thai text."
    )
    return [_with_skip(ctx, line.text(asked), Step.ENGLISH)]


@flow.step(Step.ENGLISH, takes=Heard.TEXT)
def english_typed(event: Event, ctx: Context) -> HandlerResult:
    return _taken(event, ctx, Step.ENGLISH, ENGLISH, may_skip=bool(ctx.draft.get(THAI)))


@flow.prompt(Step.CHECK)
def ask_whether_it_is_right(ctx: Context) -> list[Message]:
    t = ctx.t
    said = _content(ctx)
    facts = [
        line.paragraph(line.clip(next(iter(said.values()))["title"], 60), strong=True),
        line.paragraph(
            t(
                "Above you see what people get. Once you ask for approval, LINE checks it, and "
                "everybody who gets it is counted, with the cost. Nothing goes out before "
                "somebody else has approved it."
            )
        ),
        line.fact(t("Goes out"), formatting.at_once(t, ctx.settings)),
        line.paragraph(t("Another time can be set in the console."), small=True),
    ]
    mark = flow.mark(Step.CHECK)
    buttons = [
        line.choice(t("Count and ask for approval"), mark, "ask"),
        line.choice(t("See it again"), mark, "see"),
        line.choice(t("Change the text"), mark, "change"),
        line.choice(t("Keep it as a draft"), mark, "keep"),
        line.choice(t("Throw it away"), mark, "drop"),
    ]
    return [line.card(t("Announcement: please check"), facts, buttons)]


@flow.step(Step.CHECK)
def checked(event: Event, ctx: Context) -> HandlerResult:
    t, wish = ctx.t, event.choice(flow.mark(Step.CHECK))
    if wish == "see":
        return flow.stay(ctx, *_seen(ctx))
    if wish == "change":
        for language in LANGUAGES:
            ctx.draft.pop(language, None)
        return _on(ctx)
    if wish == "drop":
        return flow.end(t("Thrown away. Nothing was kept."))
    if event.text is not None:
        same = t("The text is still the same. To change it, please tap “Change the text”.")
        return flow.stay(ctx, same, *ask_whether_it_is_right(ctx))
    if wish not in {"ask", "keep"} or not ctx.staff.may(Permission.WRITE_CAMPAIGN):
        return flow.stay(ctx, *ask_whether_it_is_right(ctx))
    try:
        campaign = _create(ctx)
    except CampaignError as error:
        return flow.end(problems(t, error.problems))
    if wish == "keep":
        return flow.end(t("Kept as a draft. It stands in the console."))
    return flow.end().then(PostCommitTask("announce_ask", asking(campaign, ctx.staff.id)))


def _on(ctx: Context) -> HandlerResult:
    """To whatever is missing, or to the look at all of it."""
    if ctx.draft.get(THAI) is None:
        return flow.to(ctx, Step.THAI)
    if ctx.draft.get(ENGLISH) is None:
        return flow.to(ctx, Step.ENGLISH)
    return flow.to(ctx, Step.CHECK, *_seen(ctx))


def _taken(
    event: Event, ctx: Context, step: Step, language: str, *, may_skip: bool
) -> HandlerResult:
    typed = trimmed(event.text or "")
    if may_skip and event.choice(flow.mark(step)) == "skip":
        ctx.draft[language] = ""
        return _on(ctx)
    if not typed:
        return flow.stay(ctx, *flow.prompts[step](ctx))
    if _is_too_long(typed):
        most = campaign_content.MAX_LENGTH["text"]
        told = ctx.t("That is too long: at most {most} characters fit.", most=f"{most:,}")
        return flow.stay(ctx, told, *flow.prompts[step](ctx))
    if language == ENGLISH and _has_thai(typed) and not _has_latin(typed):
        told = ctx.t("That is Thai. Please type it in English, or tap “Leave it out”.")
        return flow.stay(ctx, _with_skip(ctx, line.text(told), step))
    _put(event, ctx, language, typed)
    return _on(ctx)


def _with_skip(ctx: Context, asked: Message, step: Step) -> Message:
    skip = line.choice(ctx.t("Leave it out"), flow.mark(step), "skip")
    return line.quick(asked, [skip, line.entry(ctx.t("Cancel"), "cancel")])


def _seen(ctx: Context) -> list[Message]:
    """The very messages: two for each language, so that the card still fits behind them."""
    return campaign_cards.previews(_content(ctx), ctx.draft.get("topic", ""), ctx.settings)


def _content(ctx: Context) -> dict[str, Any]:
    content = {
        language: {
            "title": line.clip(text.split("\n")[0], TITLE),
            "parts": [{"type": "text", "text": text}],
        }
        for language in LANGUAGES
        if (text := ctx.draft.get(language))
    }
    return campaign_content.normal(content)


def _create(ctx: Context) -> Campaign:
    content = _content(ctx)
    name = line.clip(next(iter(content.values()))["title"], MAX_NAME_LENGTH)
    draft = Draft(name, ctx.draft.get("topic", ""), content, Audience())
    return campaigns.create(ctx.session, draft, ctx.staff.id, ctx.settings, ctx.now)


def _is_too_long(typed: str) -> bool:
    return units(typed) > campaign_content.MAX_LENGTH["text"]


def _too_long_for_now(ctx: Context) -> Message:
    told = ctx.t(
        "That is too long: an announcement takes {most} characters. Please choose the topic, "
        "then send a shorter text; in the console it can have several parts.",
        most=f"{campaign_content.MAX_LENGTH['text']:,}",
    )
    return line.text(told)


def _keep(event: Event, ctx: Context, typed: str) -> None:
    if typed:
        _put(event, ctx, THAI if _has_thai(typed) else ENGLISH, typed)


def _put(event: Event, ctx: Context, language: str, typed: str) -> None:
    """Keep a text, and which message it came in: taken back, it takes the text along."""
    ctx.draft[language] = typed
    came_in(ctx, event.message_id, language)


def _named(ctx: Context, typed: str) -> str:
    """The topic whose name was typed instead of tapped."""
    for topic in topics.load(ctx.settings.news_dir):
        if words.normal(typed) in {words.normal(title) for title in topic.title.values()}:
            return topic.id
    return ""


def _has_thai(typed: str) -> bool:
    return any("ก" <= char <= "๛" for char in typed)


def _has_latin(typed: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in typed)
