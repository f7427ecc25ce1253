"""The question before news as a card whose buttons answer one step of a flow."""

from bot.line import messages as line
from bot.line.messages import Message
from bot.presentation.questions import card_id, news_question, news_text, question_card, seen_news
from bot.texts import Translator
from models.consent import Purpose

__all__ = ["card_id", "news_card", "news_question", "news_text", "seen_news"]


def news_card(t: Translator, purpose: Purpose, mark: str) -> Message:
    """The question as a card; both buttons look alike: neither answer is the expected one."""
    bound = card_id(news_text(t, purpose))
    buttons = [
        line.choice(t("Yes, please"), mark, "yes", c=bound),
        line.choice(t("No, thank you"), mark, "no", c=bound),
    ]
    return question_card(t, purpose, buttons)
