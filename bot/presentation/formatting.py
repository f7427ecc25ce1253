"""The facts of a campaign as single lines for staff: when, to whom, how many, at what cost."""

from datetime import datetime

from bot.presentation import campaign_words, schedule_words
from bot.presentation.labels import label
from bot.services.campaigns.audience import filters
from bot.services.campaigns.audience.filters import Audience
from bot.services.courses import courses
from bot.services.shared import quiet_hours
from bot.settings import Settings
from bot.texts import Translator
from bot.texts.dates import shown_time
from models.campaign import Campaign, CampaignState
from models.conversation import Language
from models.subscription import Channel


def state(t: Translator, campaign: Campaign) -> str:
    """Where it stands; while its list is counted, that."""
    if campaign.state is CampaignState.IN_REVIEW and campaign.digest is None:
        return t("is being counted")
    return t(campaign_words.STATES[campaign.state])


def pause(t: Translator, reason: str | None) -> str:
    """Why it paused and what to do, with the figures that follow the code."""
    figures = (reason or "").partition(":")[2].strip()
    return " ".join(filter(None, (*campaign_words.paused(t, reason), figures)))


def when(t: Translator, campaign: Campaign, settings: Settings) -> str:
    """When it goes out, in a sentence; once it is approved, the moment itself."""
    if campaign.rule is not None:
        said = schedule_words.words(campaign.rule, t, campaign.rule_until)
        if campaign.due_at is not None and campaign.state is CampaignState.SCHEDULED:
            return t("{rule}; next: {time}", rule=said, time=moment(t, campaign.due_at))
        return said
    at = campaign.started_at or campaign.due_at or campaign.send_at
    return at_once(t, settings) if at is None else moment(t, at)


def at_once(t: Translator, settings: Settings) -> str:
    """When something without a time of its own goes out: the hold-back and the night count."""
    return t(
        "{minutes} minutes after the approval; not from {begin} to {end}",
        minutes=settings.hold_back_minutes,
        begin=quiet_hours.shown_begin(),
        end=quiet_hours.shown_end(),
    )


def moment(t: Translator, at: datetime) -> str:
    """A moment in Bangkok."""
    return shown_time(at, t.language)


def audience(t: Translator, found: Audience, settings: Settings) -> str:
    """Whom it is narrowed to; everybody who chose the topic otherwise."""
    said = []
    if found.channels != frozenset(Channel):
        only = {Channel.LINE: t("only on LINE"), Channel.EMAIL: t("only by e-mail")}
        said += [only[channel] for channel in sorted(found.channels)]
    if found.language is not None:
        said.append(t("who read {language}", language=language(t, found.language)))
    if found.course is not None:
        titles = {each.id: each.title for each in courses.load(settings.courses_dir)}
        title = titles.get(found.course, {}).get(t.language, found.course)
        said.append(t("who have begun “{course}”", course=title))
    if found.active_days is not None:
        said.append(t("active within {days} days", days=found.active_days))
    if found.quiet_days is not None:
        said.append(t("not active for {days} days", days=found.quiet_days))
    if found.tags:
        said.append(t("with one of the tags: {tags}", tags=", ".join(found.tags)))
    return "; ".join(said) or t("everybody who agreed and chose the topic")


def language(t: Translator, code: str) -> str:
    """The name of a language."""
    return label(Language(code), t)


def channel(t: Translator, code: str) -> str:
    """The name of a channel."""
    return label(Channel(code), t)


def people(t: Translator, campaign: Campaign) -> str:
    """How many get it, by channel."""
    counts = campaign.counts
    return t(
        "{line} on LINE, {email} by e-mail",
        line=f"{counts.get(Channel.LINE, 0):,}",
        email=f"{counts.get(Channel.EMAIL, 0):,}",
    )


def left_out(t: Translator, campaign: Campaign) -> str:
    """How many of those who were looked at do not get it, and the reasons."""
    listed = campaign_words.left_out(t, campaign.counts)
    out, looked_at = sum(times for _, times in listed), campaign.counts.get("looked_at", 0)
    head = t("{out} of {all} people", out=f"{out:,}", all=f"{looked_at:,}")
    return "\n".join([head, *(f"• {reason}: {times:,}" for reason, times in listed)])


def cost(t: Translator, messages: int | None, satang: int | None) -> str:
    """Messages, and what they cost beyond the plan."""
    baht = f"{(satang or 0) / 100:,.2f}"
    return t("{messages} messages, {baht} baht extra", messages=f"{messages or 0:,}", baht=baht)


def narrowed(t: Translator, campaign: Campaign, settings: Settings) -> str:
    """The audience of a campaign's row in words."""
    return audience(t, filters.read(campaign.audience), settings)
