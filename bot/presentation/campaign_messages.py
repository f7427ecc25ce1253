"""A campaign as LINE's messages: one wording for all who get it, byte by byte."""

from collections.abc import Mapping
from typing import Any

from bot.line import messages as line
from bot.line.messages import Message
from bot.services.campaigns.content import pictures
from bot.services.campaigns.content.content import Content
from bot.services.campaigns.content.rendered import Announcement
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from bot.texts import Translator, translator
from models.consent import Purpose


def announcement(notice: Announcement, t: Translator) -> list[Message]:
    """The same, as services ask for it."""
    return messages(notice.content, t.language, notice.topic, notice.settings)


def messages(content: Content, language: str, topic: Topic, settings: Settings) -> list[Message]:
    """What is sent to everybody who reads one language; the last message says why and how to stop.

    language must be one that the content has.
    """
    said, t = content[language], translator(language)
    parts = [_message(part, said["title"], settings) for part in said["parts"]]
    return [*parts, reason(t, topic)]


def reason(t: Translator, topic: Topic) -> Message:
    """Why it came, and the buttons that choose and stop."""
    why = t("You get this because you chose “{topic}” on LINE.", topic=topic.title[t.language])
    body = {
        "type": "box",
        "layout": "vertical",
        "spacing": "sm",
        "paddingAll": "12px",
        "contents": [
            line.paragraph(why, small=True),
            _small(line.entry(t("Choose my news"), "news")),
            _small(line.entry(t("Stop news on LINE"), "news_off", p=Purpose.LINE_NEWS)),
        ],
    }
    bubble = {"type": "bubble", "size": "mega", "body": body}
    return {"type": "flex", "altText": line.clip(why, line.ALT_LIMIT), "contents": bubble}


def _small(action: line.Action) -> dict[str, Any]:
    return {"type": "button", "height": "sm", "style": "secondary", "action": action}


def _message(part: Mapping[str, Any], title: str, settings: Settings) -> Message:
    kind = part["type"]
    if kind == "text":
        return line.text(part["text"])
    if kind == "picture":
        url = pictures.url(settings, part["picture"])
        return {"type": "image", "originalContentUrl": url, "previewImageUrl": url}
    cards = [part] if kind == "card" else part["cards"]
    bubbles = [_bubble(card, settings) for card in cards]
    contents = bubbles[0] if kind == "card" else {"type": "carousel", "contents": bubbles}
    # The list of chats begins with the title; who has the card read out hears the rest of it.
    words = dict.fromkeys([title, *(card[key] for card in cards for key in ("title", "text"))])
    said = line.clip(" ".join(filter(None, words)), line.ALT_LIMIT)
    return {"type": "flex", "altText": said, "contents": contents}


def _bubble(card: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    bubble: dict[str, Any] = {
        "type": "bubble",
        "size": "mega",
        "body": {
            "type": "box",
            "layout": "vertical",
            "spacing": "md",
            "paddingAll": "16px",
            "contents": [
                {**line.paragraph(card["title"], strong=True), "size": "lg"},
                line.paragraph(card["text"]),
            ],
        },
    }
    if card.get("picture"):
        bubble["hero"] = {
            "type": "image",
            "url": pictures.url(settings, card["picture"]),
            "size": "full",
            "aspectRatio": "20:13",
            "aspectMode": "cover",
        }
    buttons = card.get("buttons") or []
    if buttons:
        bubble["footer"] = {
            "type": "box",
            "layout": "vertical",
            "spacing": "sm",
            "paddingAll": "12px",
            "contents": [
                {
                    "type": "button",
                    "height": "sm",
                    "adjustMode": "shrink-to-fit",
                    "style": "primary" if index == 0 else "link",
                    **({"color": line.GREEN} if index == 0 else {}),
                    "action": line.link(button["label"], button["url"]),
                }
                for index, button in enumerate(buttons)
            ],
        }
    return bubble
