"""What members of staff are told of an announcement that waits, paused or was decided."""

from sqlalchemy.orm import Session

from bot.line.messages import Message
from bot.presentation import campaign_cards, formatting
from bot.services.campaigns.workflow.alerts import AnnouncementCard, AnnouncementPaused
from bot.texts import Translator
from bot.texts.dates import shown_time


def paused_letter(notice: AnnouncementPaused, t: Translator) -> dict[str, str]:
    """What stands in the mail to the owner."""
    return {
        "name": notice.name,
        "reason": formatting.pause(t, notice.reason),
        "when": shown_time(notice.at, t.language),
        "page": notice.page,
    }


def card(session: Session, notice: AnnouncementCard, t: Translator) -> list[Message]:
    """The card; whoever did not write it sees the messages before it too."""
    of = (session, notice.campaign, notice.member, t, notice.settings, notice.now)
    if notice.member.id == notice.campaign.author_id:
        return [campaign_cards.card(*of)]
    return campaign_cards.shown(*of)
