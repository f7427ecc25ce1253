"""The lever that sends a sample of news: an announcement of the demo's staff, by the real way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from bot.runtime import Bot, campaigning
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import NewsKind
from simulator import console_door
from simulator.fault_controls import Lever, LeverError, Pull
from simulator.platform import Platform


@dataclass(frozen=True)
class Sample:
    """A headline and a text, in both languages."""

    title: Mapping[str, str]
    text: Mapping[str, str]

    @property
    def content(self) -> dict[str, Any]:
        """As a campaign keeps it: one card."""
        return {
            language: {
                "title": title,
                "parts": [{"type": "card", "title": title, "text": self.text[language]}],
            }
            for language, title in self.title.items()
        }


SAMPLES: Mapping[NewsKind, Sample] = {
    NewsKind.COURSE_INFO: Sample(
        {"th": "คอร์สใหม่: ภาษาอังกฤษสำหรับสัมภาษณ์งาน", "en": "New course: English for job interviews"},
        {
            "th": "สี่บทเรียนสั้น ๆ ฝึกแนะนำตัว ตอบคำถาม และถามกลับอย่างมั่นใจ",
            "en": "Four short lessons: introduce yourself, answer, ask back with ease.",
        },
    ),
    NewsKind.ARTICLE: Sample(
        {"th": "บทความ: say กับ tell ใช้ต่างกันอย่างไร", "en": "Article: say or tell?"},
        {
            "th": "จำง่าย ๆ: tell ต้องมีคนฟัง say ไม่ต้องมี เช่น Tell me. / Say it.",
            "en": "An easy rule: you tell somebody, and you say something. Tell me. Say it.",
        },
    ),
    NewsKind.VIDEO: Sample(
        {"th": "วิดีโอ: สั่งอาหารเป็นภาษาอังกฤษ", "en": "Video: ordering food in English"},
        {
            "th": "ห้านาทีกับบทสนทนาในร้านอาหาร พร้อมคำที่ใช้บ่อยที่สุด",
            "en": "Five minutes in a restaurant, with the words that you need most.",
        },
    ),
    NewsKind.NEWS: Sample(
        {"th": "ชวนเพื่อนมาเรียน", "en": "Bring a friend"},
        {
            "th": "เดือนนี้ชวนเพื่อนมาเรียนด้วยกัน รับส่วนลดทั้งคู่",
            "en": "Bring a friend to class this month, and both of you pay less.",
        },
    ),
}


def levers(bot: Bot) -> Mapping[str, Lever]:
    """One lever a kind of news."""
    return {f"news-{kind}": _sends(bot, kind) for kind in NewsKind}


def _sends(bot: Bot, kind: NewsKind) -> Lever:
    def pulled(platform: Platform, pull: Pull) -> None:
        listed = topics.load(bot.settings.news_dir)
        topic = next((topic for topic in listed if topic.kind is kind), None)
        if topic is None:
            raise LeverError(f"no topic of the kind {kind}")
        sample = SAMPLES[kind]
        draft = Draft(sample.title["en"], topic.id, sample.content, Audience())
        campaign_id = bot.database.write(lambda session: _asked_for(session, bot, draft))
        campaigning.count(bot)
        problem = bot.database.write(lambda session: _decided(session, bot, campaign_id))
        if problem is not None:
            raise LeverError(problem)

    return pulled


def _asked_for(session: Session, bot: Bot, draft: Draft) -> str:
    """The demo's author writes it and asks for approval."""
    now = bot.clock()
    author = console_door.member(session, "author", now)
    campaign = campaigns.create(session, draft, author, bot.settings, now)
    session.flush()
    campaigns.request_approval(session, campaign, author, bot.settings, now)
    return campaign.id


def _decided(session: Session, bot: Bot, campaign_id: str) -> str | None:
    """The demo's approver lets it go out at once, or stops it; returns why it was stopped."""
    now, settings = bot.clock(), replace(bot.settings, hold_back_minutes=0)
    approver = console_door.member(session, "approver", now)
    campaign = campaigns.locked(session, campaign_id)
    if campaign.digest is None:
        problem = "LINE does not say how many messages are left"
    elif campaigns.is_for_nobody(campaign):
        problem = "nobody has chosen this topic yet, or they had enough news this month"
    else:
        try:
            campaigns.approve(session, campaign, approver, campaign.digest, settings, now)
        except CampaignError as error:  # the month's messages do not suffice
            problem = str(error)
        else:
            return None
    campaigns.stop(session, campaign, approver, now, problem)
    return problem
