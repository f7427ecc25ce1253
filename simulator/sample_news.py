"""The lever that sends a sample of news to everybody who chose its topic, by the real way."""

from collections.abc import Mapping

from bot.runtime import Bot
from bot.services.subscriptions import (
    bulletins,
    topics,
)
from bot.services.subscriptions.bulletins import Content
from bot.services.subscriptions.topics import Kind
from models.base import new_id
from models.subscription import Channel
from simulator.fault_controls import (
    Lever,
    LeverError,
    Pull,
)
from simulator.platform import Platform

SAMPLES: Mapping[Kind, Content] = {
    Kind.COURSE_INFO: Content(
        {"th": "คอร์สใหม่: อังกฤษสำหรับสมัครงาน", "en": "New course: English for job interviews"},
        {
            "th": "สี่บทเรียนสั้น ๆ ฝึกแนะนำตัว ตอบคำถาม และถามกลับอย่างมั่นใจ",
            "en": "Four short lessons: introduce yourself, answer, ask back with ease.",
        },
    ),
    Kind.ARTICLE: Content(
        {"th": "บทความ: say กับ tell ใช้ต่างกันอย่างไร", "en": "Article: say or tell?"},
        {
            "th": "จำง่าย ๆ: tell ต้องมีคนฟัง say ไม่ต้องมี เช่น Tell me. / Say it.",
            "en": "An easy rule: you tell somebody, and you say something. Tell me. Say it.",
        },
    ),
    Kind.VIDEO: Content(
        {"th": "วิดีโอ: สั่งอาหารเป็นภาษาอังกฤษ", "en": "Video: ordering food in English"},
        {
            "th": "ห้านาทีกับบทสนทนาในร้านอาหาร พร้อมคำที่ใช้บ่อยที่สุด",
            "en": "Five minutes in a restaurant, with the words that you need most.",
        },
    ),
    Kind.NEWS: Content(
        {"th": "ชวนเพื่อนมาเรียน", "en": "Bring a friend"},
        {
            "th": "เดือนนี้ชวนเพื่อนมาเรียนด้วยกัน รับส่วนลดทั้งคู่",
            "en": "Bring a friend to class this month, and both of you pay less.",
        },
    ),
}


def levers(bot: Bot) -> Mapping[str, Lever]:
    """One lever a kind of news."""
    return {f"news-{kind}": _sends(bot, kind) for kind in Kind}


def _sends(bot: Bot, kind: Kind) -> Lever:
    def pulled(platform: Platform, pull: Pull) -> None:
        listed = topics.load(bot.settings.news_dir)
        topic = next((topic for topic in listed if topic.kind is kind), None)
        if topic is None:
            raise LeverError(f"no topic of the kind {kind}")
        cause = new_id()
        found = [_queue(bot, channel, topic.id, SAMPLES[kind], cause) for channel in Channel]
        if not any(found):
            raise LeverError("nobody has chosen this topic yet")

    return pulled


def _queue(bot: Bot, channel: Channel, topic_id: str, content: Content, cause: str) -> bool:
    """Queue it unit by unit; whether anybody was there."""
    after: str | None = ""
    is_anybody = False
    while after is not None:
        start = after
        done = bot.database.write(
            lambda session, start=start: bulletins.queue_all(  # type: ignore[misc]
                session,
                channel,
                topic_id,
                content,
                cause=cause,
                settings=bot.settings,
                now=bot.clock(),
                after=start,
            )
        )
        is_anybody, after = is_anybody or done.queued > 0, done.after
    return is_anybody
