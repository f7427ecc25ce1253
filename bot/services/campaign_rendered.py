"""A campaign as it goes out, byte by byte: what its approval is bound to."""

import hashlib
import json

from bot.services import campaign_mail, campaign_messages, topics
from bot.services.topics import Topic
from bot.settings import Settings
from models.campaign import Campaign


def fingerprint(campaign: Campaign, settings: Settings) -> str:
    """A digest over the very bytes that LINE and a mail would get, in every language it has."""
    found = hashlib.sha256()
    topic = topics.find(settings.news_dir, campaign.topic)
    if topic is None:
        return ""  # it is held: nothing can be said
    for language in sorted(campaign.content):
        found.update(messages(campaign, language, topic, settings))
        letter = campaign_mail.letter(campaign.content, language, topic, settings)
        found.update(repr(letter).encode())
    return found.hexdigest()


def messages(campaign: Campaign, language: str, topic: Topic, settings: Settings) -> bytes:
    """LINE's messages in one language as JSON."""
    told = campaign_messages.messages(campaign.content, language, topic, settings)
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
