"""A campaign as an e-mail: its parts one below the other, why it came and how to stop."""

from collections.abc import Mapping
from typing import Any

from bot.services.campaigns.content import pictures
from bot.services.campaigns.content.content import Content
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from bot.texts import letter_blocks, letters
from bot.texts.letter_blocks import Block
from bot.texts.letters import Letter

TEMPLATE = "campaign"


def letter(content: Content, language: str, topic: Topic, settings: Settings) -> Letter:
    """The same letter for everybody who reads one language; `{unsubscribe}` is still open in it.

    language must be one that the content has. Made once for many people (`mails.queue` takes it).
    """
    said = content[language]
    parts = letter_blocks.joined(_block(part, said["title"], settings) for part in said["parts"])
    return letters.letter(
        TEMPLATE,
        language,
        {
            "title": said["title"],
            "topic": topic.title[language],
            "choices": f"{settings.public_url}/portal/news?lang={language}",
            "sender": settings.school.controller or letters.SENDER,
        },
        {"parts": parts},
    )


def _block(part: Mapping[str, Any], title: str, settings: Settings) -> Block:
    kind = part["type"]
    if kind == "text":
        return letter_blocks.words(part["text"])
    if kind == "picture":
        return letter_blocks.picture(pictures.url(settings, part["picture"]), title)
    if kind == "card":
        return _card(part, settings)
    return letter_blocks.joined(_card(card, settings) for card in part["cards"])


def _card(card: Mapping[str, Any], settings: Settings) -> Block:
    return letter_blocks.card(
        card["title"],
        card["text"],
        pictures.url(settings, card["picture"]) if card.get("picture") else None,
        [(button["label"], button["url"]) for button in card.get("buttons") or []],
    )
