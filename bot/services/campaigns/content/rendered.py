"""A campaign as it goes out, byte by byte: what its approval is bound to."""

import hashlib
import json

from bot.presentation import campaign_messages
from bot.services.campaigns.content import (
    content,
    mail,
)
from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from models.campaign import Campaign


def digest(campaign: Campaign, settings: Settings) -> str:
    """The fingerprint of everything that an approver sees: one character more is another one.

    So are the words around it, which are not the author's: topic titles, the school's name.
    """
    return content.digest(
        fingerprint(campaign, settings),
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


def fingerprint(campaign: Campaign, settings: Settings) -> str:
    """A digest over the very bytes that LINE and a mail would get, in every language it has."""
    found = hashlib.sha256()
    topic = topics.find(settings.news_dir, campaign.topic)
    if topic is None:
        return ""  # it is held: nothing can be said
    for language in sorted(campaign.content):
        found.update(messages(campaign, language, topic, settings))
        letter = mail.letter(campaign.content, language, topic, settings)
        found.update(repr(letter).encode())
    return found.hexdigest()


def messages(campaign: Campaign, language: str, topic: Topic, settings: Settings) -> bytes:
    """LINE's messages in one language as JSON."""
    told = campaign_messages.messages(campaign.content, language, topic, settings)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
