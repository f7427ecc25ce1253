"""A campaign as it goes out, byte by byte: what its approval is bound to."""

import hashlib
import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.services.campaigns.content import content as campaign_content
from bot.services.campaigns.content import mail
from bot.services.campaigns.content.content import Content
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from models.campaign import Campaign


@dataclass(frozen=True)
class Announcement(Notice):
    """What is sent to everybody who reads one language, which must be one that the content has."""

    content: Content
    topic: Topic
    settings: Settings


def digest(session: Session, campaign: Campaign, settings: Settings) -> str:
    """The fingerprint of everything that an approver sees: one character more is another one.

    So are the words around it, which are not the author's: topic titles, the school's name.
    """
    return campaign_content.digest(
        fingerprint(session, campaign, settings),
        campaign.topic,
        campaign.content,
        campaign.audience,
        campaign.send_at.isoformat() if campaign.send_at else None,
        campaign.rule,
        campaign.rule_until.isoformat() if campaign.rule_until else None,
        campaign.counts,
        campaign.list_digest,
        campaign.cost_messages,
        campaign.cost_satang,
    )


def fingerprint(session: Session, campaign: Campaign, settings: Settings) -> str:
    """A digest over the very bytes that LINE and a mail would get, in every language it has."""
    found = hashlib.sha256()
    topic = topics.find(settings.news_dir, campaign.topic)
    if topic is None:
        return ""  # it is held: nothing can be said
    for language in sorted(campaign.content):
        found.update(messages(session, campaign, language, topic, settings))
        letter = mail.letter(campaign.content, language, topic, settings)
        found.update(repr(letter).encode())
    return found.hexdigest()


def messages(
    session: Session, campaign: Campaign, language: str, topic: Topic, settings: Settings
) -> bytes:
    """The chat's messages in one language as JSON; the same for all who get it, byte by byte."""
    announcement = Announcement(campaign.content, topic, settings)
    told = presenter_of(session).messages(session, announcement, language)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
