"""Asking for approval in the chat: LINE looks first, then all are counted; and how it stands."""

from sqlalchemy.orm import Session

from bot.dispatch import Context, Flow, HandlerResult, PostCommitReply, PostCommitTask
from bot.errors import DeliveryError
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import campaign_cards
from bot.runtime import Bot
from bot.services.campaigns.content import content
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.reporting import listing
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import MoveError
from bot.services.staff import chats
from bot.services.staff.permission_recheck import PermissionRevokedError
from bot.services.staff.permissions import Permission
from bot.texts import Translator
from handlers.line.announce_parts import (
    asking,
    card,
    changed,
    decided,
    needs,
    not_for_them,
    problems,
)
from models.campaign import Campaign, CampaignState

flow = Flow("campaign_ask", is_for_staff=True)


@flow.entry("campaign_ask")
@needs(Permission.WRITE_CAMPAIGN)
def approval_asked_for(event: Event, ctx: Context, campaign: Campaign) -> HandlerResult:
    """For what the card showed: the button carries its revision."""
    if campaign.state is not CampaignState.DRAFT:
        return decided(ctx, campaign)
    if event.postback.get("r") != str(campaign.revision):
        said = changed(ctx.session, campaign, ctx.staff, ctx.t, ctx.settings, ctx.now)
        return flow.say(*said)
    return flow.say().then(PostCommitTask("announce_ask", asking(campaign, ctx.staff.id)))


@flow.entry("campaign_latest")
def latest_wanted(event: Event, ctx: Context) -> HandlerResult:
    """How it stands with what this member asked for last, found again by a word."""
    if not ctx.staff.may(Permission.SEE_CAMPAIGNS):
        return not_for_them(ctx)
    campaign = listing.latest_of(ctx.session, ctx.staff.id)
    if campaign is None:
        return flow.say(ctx.t("You have not asked for approval of anything yet."), *ctx.asked())
    return flow.say(card(ctx, campaign), *ctx.asked())


@flow.after("announce_ask")
def ask_for_approval(bot: Bot, arguments: dict[str, str], t: Translator) -> PostCommitReply:
    """LINE looks at the messages first; then the list is to be counted. Twice is harmless."""
    campaign_id, seen = arguments["campaign"], arguments.get("revision", "")
    campaign = bot.database.read(lambda session: session.get(Campaign, campaign_id))
    if campaign is not None and _is_to_be_asked(campaign, seen):
        complaint = _looked_at(bot, campaign, t)
        if complaint is not None:
            return _said(complaint)
    return _said(*bot.database.write(lambda session: _ask(session, bot, arguments, t)))


def _ask(session: Session, bot: Bot, arguments: dict[str, str], t: Translator) -> list[Message]:
    """Whoever edited it, or was sent away, while LINE looked at it: that counts here."""
    settings, now = bot.settings, bot.clock()
    try:
        campaign = campaigns.locked(session, arguments["campaign"])
        member = chats.confirm(session, arguments["member"], Permission.WRITE_CAMPAIGN)
        if str(campaign.revision) != arguments.get("revision"):
            return changed(session, campaign, member, t, settings, now)
        if campaign.state is not CampaignState.IN_REVIEW:  # where an earlier try got so far
            campaigns.request_approval(session, campaign, member.id, settings, now)
    except PermissionRevokedError:
        return [line.text(t("Your role may not do that. Please ask an administrator."))]
    except CampaignError as error:
        return [line.text(problems(t, error.problems))]
    except MoveError:
        return [line.text(t("That has been decided already."))]
    return [_counting(campaign, t)]


def _is_to_be_asked(campaign: Campaign, seen: str) -> bool:
    return campaign.state is CampaignState.DRAFT and str(campaign.revision) == seen


def _looked_at(bot: Bot, campaign: Campaign, t: Translator) -> Message | None:
    """What we or LINE have against it; None where it would take every message."""
    unfinished = campaigns.problems(campaign, bot.settings, bot.clock())
    if unfinished:
        return line.text(problems(t, unfinished))
    for language in content.languages(campaign.content):
        only = {language: campaign.content[language]}
        said = campaign_cards.previews(only, campaign.topic, bot.settings)
        try:
            bot.gateway.validate("multicast", said)
        except DeliveryError as error:
            if error.permanent:
                refused = t("LINE does not accept it. It is kept as a draft in the console.")
                return line.text(refused)
            kept = t("LINE cannot be reached to check it. Nothing is lost; ask again in a minute.")
            again = line.entry(
                t("Ask again"), "campaign_ask", c=campaign.id, r=str(campaign.revision)
            )
            return line.card(t("Not asked yet"), [kept], [again])
    return None


def _counting(campaign: Campaign, t: Translator) -> Message:
    """A card, and no quick reply: the way to the count is still there after a second tap."""
    counting = t("Everybody who gets it is being counted now. That takes up to a minute.")
    typed = t("Or type “status” at any time.")
    see = line.entry(t("See the count"), "campaign_show", c=campaign.id)
    blocks = [line.paragraph(counting), line.paragraph(typed, small=True)]
    return line.card(t("Approval is asked for"), blocks, [see])


def _said(*messages: Message) -> PostCommitReply:
    return PostCommitReply(list(messages), list(messages))
