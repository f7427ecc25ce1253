"""Announcements that wait or go out, for staff in the chat: look, approve, send back, stop."""

from enum import StrEnum

from sqlalchemy import select

from bot.dispatch import Context, Flow, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import (
    campaign_cards,
    campaign_words,
    formatting,
    preview_banners,
    staff_words,
)
from bot.presentation.words import Heard
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.reporting import listing
from bot.services.campaigns.workflow import alerts, campaigns
from bot.services.campaigns.workflow.campaigns import MoveError, StaleError
from bot.services.staff import chats
from bot.services.staff.permission_recheck import PermissionRevokedError
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import actor
from bot.unicode import trimmed
from handlers.line.announce_parts import card, decided, needs, not_for_them, shown
from handlers.line.shared import main_menu
from models.campaign import ON_THE_WAY, Campaign, CampaignState

MAX_CAMPAIGNS = 10  # on one card
MAX_NOTE_LENGTH = 400
NO_NOTE = "none"


class Step(StrEnum):
    NOTE = "note"


flow = Flow("campaign_desk", Step, is_for_staff=True)


@flow.cancel
def left_as_it_was(event: Event, ctx: Context) -> HandlerResult:
    """Nothing that is typed next may go to the author."""
    return flow.end(ctx.t("All right. Nothing was decided."))


@flow.entry("approvals")
def waiting_asked_for(event: Event, ctx: Context) -> HandlerResult:
    """What waits for this member first, then the rest."""
    if not ctx.staff.may(Permission.SEE_CAMPAIGNS):
        return not_for_them(ctx)
    query = select(Campaign).where(Campaign.state == CampaignState.IN_REVIEW)
    found = list(ctx.session.scalars(query.order_by(Campaign.asked_at, Campaign.id).limit(50)))
    mine = [each for each in found if alerts.is_for(each, ctx.staff, ctx.settings)]
    if len(mine) == 1:
        return flow.say(*shown(ctx, mine[0]))
    ordered = mine + [each for each in found if each not in mine]
    t = ctx.t
    listed = campaign_cards.listed(
        ordered[:MAX_CAMPAIGNS], t("Waiting for approval"), t("Nothing waits for approval."), t
    )
    return flow.say(listed, *ctx.asked())


@flow.entry("sending")
def progress_asked_for(event: Event, ctx: Context) -> HandlerResult:
    """What is approved and has not ended; each can be stopped from its card."""
    if not ctx.staff.may(Permission.SEE_CAMPAIGNS):
        return not_for_them(ctx)
    found = listing.on_the_way(ctx.session, MAX_CAMPAIGNS)
    if len(found) == 1:
        return flow.say(card(ctx, found[0]), *ctx.asked())
    t = ctx.t
    listed = campaign_cards.listed(found, t("Going out now"), t("Nothing is going out."), t)
    return flow.say(listed, *ctx.asked())


@flow.entry(staff_words.STOP)
def stopping_wanted(event: Event, ctx: Context) -> HandlerResult:
    """By a word, from anywhere: each announcement that is under way, one tap from its end."""
    t = ctx.t
    if not ctx.staff.may(Permission.STOP_CAMPAIGN):
        return not_for_them(ctx)
    found = listing.on_the_way(ctx.session, MAX_CAMPAIGNS)
    if not found:
        told = t("No announcement is under way, so there is nothing to stop.")
        mine = [line.entry(t("News"), "news")] if ctx.learner is not None else []
        return flow.say(line.quick(told, [*mine, *main_menu(ctx)]), *ctx.asked())
    if len(found) == 1:
        said = [card(ctx, found[0])]
    else:
        which = t("Which announcement is to be stopped? One tap stops it for good.")
        title = t("Stop an announcement")
        listed = campaign_cards.listed(found, title, "", t, to_stop=True)
        said = [line.text(which), listed]
    asked = ctx.asked()
    if asked:
        said.append(line.text(t("If you meant the question below, type “cancel”.")))
    return flow.say(*said, *asked[: line.MAX_MESSAGES - len(said)])


@flow.entry("campaign_show")
@needs(Permission.SEE_CAMPAIGNS)
def looked_at(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    return flow.say(*shown(ctx, campaign))


@flow.entry("campaign_preview")
@needs(Permission.SEE_CAMPAIGNS)
def messages_wanted(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    """One language of it, word for word."""
    language = event.postback.get("l", "")
    if language not in campaign.content:
        return flow.say(*shown(ctx, campaign))
    only = {language: campaign.content[language]}
    said = campaign_cards.previews(only, campaign.topic, ctx.settings)
    if not said:
        return flow.say(card(ctx, campaign))
    mark = campaign_cards.preview_mark(campaign, ctx.t)
    return flow.say(*preview_banners.marked(said, mark))


@flow.entry("campaign_approve")
@needs(Permission.APPROVE_CAMPAIGN)
def approved(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    """Exactly what the card showed: the button carries its digest."""
    t, seen = ctx.t, event.postback.get("d", "")
    try:
        campaigns.approve(ctx.session, campaign, ctx.staff.id, seen, ctx.settings, ctx.now)
    except MoveError:
        return decided(ctx, campaign)
    except StaleError:
        changed = t("It has changed since that card. Please read the new one.")
        return flow.say(changed, card(ctx, campaign))
    except CampaignError as error:
        said = "\n".join(campaign_words.said(t, each) for each in error.problems)
        return flow.say(said, card(ctx, campaign))
    alerts.tell_author(ctx.session, campaign, ctx.settings, ctx.now)
    begins = formatting.moment(t, campaign.due_at) if campaign.due_at else ""
    told = t("Approved. It begins {time}; until then and after it can be stopped.", time=begins)
    return flow.say(told, card(ctx, campaign))


@flow.entry("campaign_back")
@needs(Permission.APPROVE_CAMPAIGN)
def sending_back_wanted(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    if campaign.state is not CampaignState.IN_REVIEW:
        return decided(ctx, campaign)
    ctx.draft = {"campaign": campaign.id}
    return flow.to(ctx, Step.NOTE)


@flow.prompt(Step.NOTE)
def ask_why(ctx: Context) -> list[Message]:
    t = ctx.t
    asked = t("What should be changed? Please type it for the author.")
    none = line.choice(t("Without a reason"), flow.mark(Step.NOTE), NO_NOTE)
    return [line.quick(asked, [none, line.entry(t("Cancel"), "cancel")])]


@flow.step(Step.NOTE, takes=Heard.TEXT)
def sent_back(event: Event, ctx: Context) -> HandlerResult:
    t, note = ctx.t, trimmed(event.text or "")
    if not note and event.choice(flow.mark(Step.NOTE)) != NO_NOTE:
        return flow.stay(ctx, *ask_why(ctx))
    try:
        campaign = campaigns.locked(ctx.session, ctx.draft.get("campaign", ""))
        chats.confirm(ctx.session, ctx.staff.id, Permission.APPROVE_CAMPAIGN)
        if campaign.state is not CampaignState.IN_REVIEW:
            raise MoveError
        campaigns.send_back(ctx.session, campaign, ctx.staff.id, note[:MAX_NOTE_LENGTH], ctx.now)
    except PermissionRevokedError:
        return flow.end(t("Your role may not do that. Please ask an administrator."))
    except MoveError:
        return flow.end(t("That has been decided already."))
    alerts.tell_author(ctx.session, campaign, ctx.settings, ctx.now)
    return flow.end(t("Sent back to its author."))


@flow.entry("campaign_take_back")
@needs(Permission.WRITE_CAMPAIGN)
def taken_back(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    """The author found something while it waits."""
    if campaign.state is not CampaignState.IN_REVIEW:
        return decided(ctx, campaign)
    campaigns.send_back(ctx.session, campaign, ctx.staff.id, "", ctx.now)
    return flow.say(ctx.t("Taken back. It is a draft in the console again."), card(ctx, campaign))


@flow.entry("campaign_stop")
@needs(Permission.STOP_CAMPAIGN)
def stopped(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    """One tap, no question: each second counts."""
    if campaign.state not in ON_THE_WAY:
        return decided(ctx, campaign)
    try:
        campaigns.stop(ctx.session, campaign, ctx.staff.id, ctx.now)
    except MoveError:
        return decided(ctx, campaign)
    told = ctx.t("Stopped for good. What had gone out cannot be taken back.")
    return flow.say(told, card(ctx, campaign))


@flow.entry("staff_unlink")
def unlinking_wanted(event: Event, ctx: Context) -> HandlerResult:
    chats.unlink(ctx.session, ctx.staff.id, actor(ctx.staff.id), chats.CHAT, ctx.now)
    ctx.__dict__.pop("member", None)
    told = ctx.t("Unlinked. Nothing for staff comes into this chat any more.")
    is_gone = ctx.member is None
    return flow.end(told) if is_gone else flow.say(told)
