"""Announcements on cards for staff in the chat: all that is approved, and what can be done."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.line import messages as line
from bot.line.messages import Action, Message
from bot.presentation import campaign_messages, campaign_words, formatting, preview_banners
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.content.content import Content, languages
from bot.services.campaigns.reporting import listing
from bot.services.campaigns.workflow import alerts, campaigns, decisions, schedules, series
from bot.services.campaigns.workflow import cost as campaign_cost
from bot.services.campaigns.workflow.alerts import AnnouncementCard, AnnouncementPaused
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.services.subscriptions import topics
from bot.settings import Settings
from bot.texts import Translator
from bot.texts.dates import shown_span, shown_time
from models.campaign import ON_THE_WAY, OVER, Campaign, CampaignState
from models.staff import Staff

Block = dict[str, Any]


def previews(content: Content, topic_id: str, settings: Settings) -> list[Message]:
    """The very messages, in each language that something is said in; none for a vanished topic."""
    topic = topics.find(settings.news_dir, topic_id)
    if topic is None:
        return []
    return [
        message
        for language in languages(content)
        for message in campaign_messages.messages(content, language, topic, settings)
    ]


def shown(
    session: Session,
    campaign: Campaign,
    member: Member,
    t: Translator,
    settings: Settings,
    now: datetime,
) -> list[Message]:
    """The card, and before it the messages, marked as such, where it all fits into one answer."""
    found = card(session, campaign, member, t, settings, now)
    said = previews(campaign.content, campaign.topic, settings)
    if not said or len(said) >= line.MAX_MESSAGES:
        return [found]
    return [*preview_banners.marked(said, preview_mark(campaign, t), line.MAX_MESSAGES - 1), found]


def preview_mark(campaign: Campaign, t: Translator) -> str:
    """What stands before the messages, which look like real news otherwise."""
    if campaign.state is CampaignState.IN_REVIEW:
        return t("[Preview: waits for approval]")
    return t("[Preview]")


def card(
    session: Session,
    campaign: Campaign,
    member: Member,
    t: Translator,
    settings: Settings,
    now: datetime,
) -> Message:
    """Everything about a campaign that its approval covers, and the buttons for this member."""
    back = decisions.sent_back(session, [campaign]).get(campaign.id)
    state = t("Sent back to be changed") if back else formatting.state(t, campaign)
    title = t("Announcement: {state}", state=state)
    blocks = [line.paragraph(campaign.name, strong=True)]
    if campaign.state is CampaignState.PAUSED:
        blocks.append(line.paragraph(formatting.pause(t, campaign.pause_reason)))
    if back:
        note = campaign_words.note(t, back.verdict, back.note)
        blocks.append(line.fact(t("To be changed"), note))
    blocks += _plan(session, campaign, t, settings)
    if campaign.state is CampaignState.DRAFT and _is_at_once(campaign):
        blocks.append(line.paragraph(t("Another time can be set in the console."), small=True))
    if campaign.digest is not None and campaign.state is not CampaignState.DRAFT:
        blocks += [line.separator(), *_counted(session, campaign, t, settings, now)]
    has_progress = campaign.state in ON_THE_WAY or campaign.started_at is not None
    if has_progress and campaign.rule is None:
        blocks += [line.separator(), *_progress(session, campaign, t)]
    if campaign.state is CampaignState.IN_REVIEW and campaigns.is_for_nobody(campaign):
        blocks.append(line.paragraph(t("Nobody would get it, so it cannot be approved.")))
    elif alerts.is_for(campaign, member, settings):
        blocks.append(line.paragraph(t("Please read all of it before you approve."), small=True))
    elif campaign.state is CampaignState.IN_REVIEW and member.may(Permission.APPROVE_CAMPAIGN):
        blocks.append(line.paragraph(t("Whoever wrote it does not approve it."), small=True))
    return line.card(title, blocks, _buttons(campaign, member, t, settings), even=True)


def listed(
    found: list[Campaign], title: str, empty: str, t: Translator, *, to_stop: bool = False
) -> Message:
    """Campaigns one below the other, each with the way to its card, or the tap that stops it."""

    def tap(campaign: Campaign) -> Action:
        if to_stop:
            return line.entry(t("Stop now"), "campaign_stop", c=campaign.id)
        return line.entry(t("Look"), "campaign_show", c=campaign.id)

    blocks: list[Block] = [
        line.fact(formatting.state(t, campaign), line.clip(campaign.name, 60), tap(campaign))
        for campaign in found
    ]
    return line.card(title, blocks or [line.paragraph(empty)], [])


def _plan(session: Session, campaign: Campaign, t: Translator, settings: Settings) -> list[Block]:
    topic = topics.find(settings.news_dir, campaign.topic)
    author = session.get(Staff, campaign.author_id)
    said = ", ".join(formatting.language(t, each) for each in languages(campaign.content))
    when = formatting.when(t, campaign, settings)
    has_moment = campaign.state is not CampaignState.STOPPED or campaign.started_at is not None
    return [
        line.fact(t("Topic"), topic.title[t.language] if topic else campaign.topic),
        line.fact(t("Languages"), said or "–"),
        line.fact(t("For"), formatting.narrowed(t, campaign, settings)),
        *([line.fact(t("Goes out"), when)] if has_moment else []),
        line.fact(t("Written by"), (author.name if author else None) or "–"),
    ]


def _is_at_once(campaign: Campaign) -> bool:
    return campaign.send_at is None and campaign.rule is None


def _counted(
    session: Session, campaign: Campaign, t: Translator, settings: Settings, now: datetime
) -> list[Block]:
    blocks = [
        line.fact(t("People who get it"), formatting.people(t, campaign)),
        line.fact(t("Left out"), formatting.left_out(t, campaign)),
        line.fact(t("Cost"), formatting.cost(t, campaign.cost_messages, campaign.cost_satang)),
    ]
    if campaign.rule is not None and campaign.state not in OVER:
        blocks += _often(campaign, campaign.rule, t, settings, now)
    pattern = series.pattern_of(session, campaign)
    if pattern is not None:
        before = formatting.cost(t, pattern.cost_messages, pattern.cost_satang)
        blocks.append(line.fact(t("Approved for the series"), before))
    if campaign.state is CampaignState.IN_REVIEW:
        cost = campaign_cost.of(session, campaign, settings, now)
        if cost.left is not None:
            left = f"{cost.left:,}"
            shown_left = t("{left} messages this month", left=left)
            if cost.is_later:
                shown_left = t("{left} messages in the month in which it goes out", left=left)
            blocks.append(line.fact(t("Left for announcements"), shown_left))
    digest = (campaign.digest or "")[:12]
    return [*blocks, line.paragraph(t("Check number {digest}", digest=digest), small=True)]


def _often(
    campaign: Campaign, rule: str, t: Translator, settings: Settings, now: datetime
) -> list[Block]:
    """What a series costs in a month, and whether its readers may get so much at all."""
    span = shown_span(t, schedules.WINDOW)
    times = schedules.times_within(rule, now, campaign.rule_until)
    messages = f"{times * (campaign.cost_messages or 0):,}"
    said = t("about {messages} ({times} times)", messages=messages, times=times)
    blocks = [line.fact(t("Messages on LINE within {span}", span=span), said)]
    if schedules.is_too_often(rule, now, settings.news_per_month):
        warning = t(
            "This comes more often than one person may get news ({most} times in {span}): many "
            "will be left out of some.",
            span=span,
            most=settings.news_per_month,
        )
        blocks.append(line.paragraph(warning))
    return blocks


def _progress(session: Session, campaign: Campaign, t: Translator) -> list[Block]:
    done, total = listing.sent_so_far(session, campaign)
    said = t("{done} of {all} people", done=f"{done:,}", all=f"{total:,}")
    blocks = [line.fact(t("Sent so far"), said)]
    if campaign.state is CampaignState.SENDING and campaign.wave is not None:
        at_present = t(
            campaign_words.WAVES_AT_PRESENT[campaign.wave], percent=recipient_snapshot.FIRST_PERCENT
        )
        blocks.append(line.fact(t("At present"), at_present))
    return blocks


def _buttons(campaign: Campaign, member: Member, t: Translator, settings: Settings) -> list[Action]:
    c, d = campaign.id, campaign.digest or ""
    if campaign.state is CampaignState.IN_REVIEW and campaign.digest is None:
        return [line.entry(t("See the count"), "campaign_show", c=c)]
    buttons = []
    if alerts.is_for(campaign, member, settings):
        if not campaigns.is_for_nobody(campaign):
            buttons.append(line.entry(t("Approve"), "campaign_approve", c=c, d=d))
        buttons.append(line.entry(t("Send back"), "campaign_back", c=c, d=d))
    elif campaign.state is CampaignState.IN_REVIEW and member.may(Permission.WRITE_CAMPAIGN):
        buttons.append(line.entry(t("Take it back"), "campaign_take_back", c=c))
    if campaign.state is CampaignState.DRAFT and member.may(Permission.WRITE_CAMPAIGN):
        buttons.append(
            line.entry(t("Ask for approval"), "campaign_ask", c=c, r=str(campaign.revision))
        )
    if campaign.state in ON_THE_WAY and member.may(Permission.STOP_CAMPAIGN):
        buttons.append(line.entry(t("Stop now"), "campaign_stop", c=c))
        buttons.append(line.entry(t("Look again"), "campaign_show", c=c))
    said = [
        line.entry(label, "campaign_preview", c=c, l=language)
        for language, label in (("th", t("See it in Thai")), ("en", t("See it in English")))
        if language in campaign.content
    ]
    return [*buttons, *said]


def paused_letter(notice: AnnouncementPaused, t: Translator) -> dict[str, str]:
    """What stands in the mail to the owner."""
    return {
        "name": notice.name,
        "reason": formatting.pause(t, notice.reason),
        "when": shown_time(notice.at, t.language),
        "page": notice.page,
    }


def alert(session: Session, notice: AnnouncementCard, t: Translator) -> list[Message]:
    """The card; whoever did not write it sees the messages before it too."""
    of = (session, notice.campaign, notice.member, t, notice.settings, notice.now)
    return [card(*of)] if notice.member.id == notice.campaign.author_id else shown(*of)
