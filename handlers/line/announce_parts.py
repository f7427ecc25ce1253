"""What the conversations about announcements share: who may, the card, and what has moved on."""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.dispatch import Context, Flow, Handler, HandlerResult
from bot.line import messages as line
from bot.line.events import Event
from bot.line.messages import Message
from bot.presentation import campaign_cards, campaign_words
from bot.services.campaigns.content.problems import FieldProblem
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import MoveError
from bot.services.staff import chats
from bot.services.staff.permission_recheck import PermissionRevokedError
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.settings import Settings
from bot.texts import Translator
from models.campaign import Campaign

About = Callable[[Event, Context, Campaign], HandlerResult]


def needs(permission: Permission) -> Callable[[About], Handler]:
    """A button about one announcement, tapped by a member whose role may do what it says."""

    def wrap(handler: About) -> Handler:
        def tapped(event: Event, ctx: Context) -> HandlerResult:
            if not ctx.staff.may(permission):
                return not_for_them(ctx)
            try:
                campaign = campaigns.locked(ctx.session, event.postback.get("c", "")[:32])
                # The lock may have taken a while: who they are now is what counts.
                ctx.member = chats.confirm(ctx.session, ctx.staff.id, permission)
            except MoveError:
                return Flow.say(ctx.t("That announcement is not there any more."), *ctx.asked())
            except PermissionRevokedError:
                return not_for_them(ctx)
            return handler(event, ctx, campaign)

        return tapped

    return wrap


def not_for_them(ctx: Context) -> HandlerResult:
    """For whoever has another role, or none any more."""
    return Flow.say(ctx.t("Your role may not do that. Please ask an administrator."), *ctx.asked())


def decided(ctx: Context, campaign: Campaign) -> HandlerResult:
    """For whoever comes too late: how it stands."""
    return Flow.say(ctx.t("That has been decided already."), card(ctx, campaign))


def card(ctx: Context, campaign: Campaign) -> Message:
    """The announcement's card for the member who writes."""
    return campaign_cards.card(ctx.session, campaign, ctx.staff, ctx.t, ctx.settings, ctx.now)


def shown(ctx: Context, campaign: Campaign) -> list[Message]:
    """The same, and the messages themselves before it where they fit."""
    return campaign_cards.shown(ctx.session, campaign, ctx.staff, ctx.t, ctx.settings, ctx.now)


def changed(
    session: Session,
    campaign: Campaign,
    member: Member,
    t: Translator,
    settings: Settings,
    now: datetime,
) -> list[Message]:
    """It is not what was looked at any more: what it is now, with the words in front."""
    told = line.text(t("It has changed since that card. Please read the new one."))
    found = campaign_cards.shown(session, campaign, member, t, settings, now)
    return [told, *(found if len(found) < line.MAX_MESSAGES else found[-1:])]


def asking(campaign: Campaign, member_id: str) -> dict[str, str]:
    """What the work behind a question for approval is told: who asks, and for which words."""
    revision = str(campaign.revision)
    return {"campaign": campaign.id, "member": member_id, "revision": revision}


def problems(t: Translator, found: Iterable[FieldProblem]) -> str:
    """What stands in the way, a line for each."""
    return "\n".join(campaign_words.named(t, each) for each in found)
