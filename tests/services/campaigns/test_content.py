"""What a campaign may say: LINE's limits field by field, and what it becomes on both ways."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.presentation import campaign_messages, campaign_words
from bot.runtime import Bot
from bot.services.campaigns.content import content as campaign_content
from bot.services.campaigns.content import mail
from bot.services.campaigns.content.problems import FieldProblem
from bot.services.subscriptions import topics
from bot.settings import Settings
from bot.texts import letters, translator
from handlers.console import campaign_parts
from models.campaign import CampaignState
from models.recipient import BatchState, ExclusionReason
from simulator.platform import Platform

PICTURE = "ab" * 16
BUTTON = {"label": "ไป", "url": "https://school.example.test/a?b=1&c=2"}
CARD: dict[str, Any] = {
    "title": "ใบ",
    "text": "ข้อความ",
    "picture": PICTURE,
    "buttons": [BUTTON] * 3,
}
FULL = {
    "th": {
        "title": "เรื่อง",
        "parts": [
            {"type": "text", "text": "ดู https://school.example.test/x, แล้วมา\n\nสองย่อหน้า"},
            {"type": "picture", "picture": PICTURE},
            {"type": "card", **CARD},
            {"type": "cards", "cards": [CARD] * 10},
        ],
    },
    "en": {"title": "Subject", "parts": [{"type": "text", "text": "Words"}]},
}


def wrong(content: Any) -> set[tuple[str, str]]:
    return {(each.where, each.code) for each in campaign_content.problems(content)}


def said(*parts: Any, title: str = "ก") -> dict[str, Any]:
    return {"th": {"title": title, "parts": list(parts)}}


INVISIBLE = [
    "\u200b",
    "\u3164",
    "\u2800\u2800",
    "\u00a0\ufeff",
    "\u115f",
    "\ufe0f",
    "\u202e\u2066",
    "\u3000",
]


@pytest.mark.parametrize("blank", INVISIBLE)
def test_what_nobody_sees_is_not_written(blank: str) -> None:
    card = {"type": "card", "title": blank, "text": blank,
            "buttons": [{"label": blank, "url": blank}]}  # fmt: skip
    content = said({"type": "text", "text": blank}, card, title=blank)
    fields = {"th.title", "th.parts.0.text"} | {
        f"th.parts.1.{name}" for name in ("title", "text", "buttons.0.label", "buttons.0.url")
    }
    assert {where for where, code in wrong(content) if code == "needed"} == fields
    assert wrong(campaign_content.normal(content)) == wrong(content)
    form = campaign_parts.read([("th.title", blank), ("th.parts.0.text", blank)])
    assert campaign_parts.stored(form) == {}


def test_what_is_seen_stays(bot: Bot, line: Platform) -> None:
    flag = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    for title in ("ข่าว ❤\ufe0f", f"ข่าว {flag}", "👨\u200d👩\u200d👧 ข่าว"):
        assert campaign_content.normal(said(title=f"\u200b {title}\ufeff\u00a0")) == said(
            title=title
        )


def test_links_with_thai_letters_go_out_in_ascii(bot: Bot, line: Platform) -> None:
    """LINE takes no address with a Thai letter in a button, and makes no link of it in a text."""
    there, sent = (
        "https://โรงเรียน.ไทย/คอร์ส?q=ก",
        (
            "https://xn--72c0b0acb2i5cn.xn--o3cw4h/%E0%B8%84%E0%B8%AD%E0%B8%A3%E0%B9%8C%E0%B8%AA?q=%E0%B8%81"
        ),
    )
    card = {"title": "ใบ", "text": f"ดู {there}", "buttons": [{"label": "ไป", "url": there}]}
    parts = [{"type": "text", "text": f"ดู {there} ได้เลย"}, {"type": "card", **card},
             {"type": "cards", "cards": [card, card]}]  # fmt: skip
    assert ("th.parts.1.buttons.0.url", "not_https") in wrong(said(*parts))
    content = campaign_content.normal(said(*parts))
    assert wrong(content) == set()

    topic = topics.load(bot.settings.news_dir)[0]
    messages = campaign_messages.messages(content, "th", topic, bot.settings)
    bot.gateway.validate("multicast", messages)
    letter = mail.letter(content, "th", topic, bot.settings)
    for way in (json.dumps(messages, ensure_ascii=False), letter.text, letter.html):
        assert way.count(sent) >= 6
        assert "โรงเรียน" not in way


def test_everything_that_there_is_is_accepted_by_us_and_by_line(bot: Bot, line: Platform) -> None:
    assert wrong(FULL) == set()
    topic = topics.load(bot.settings.news_dir)[0]
    for language in ("th", "en"):
        messages = campaign_messages.messages(FULL, language, topic, bot.settings)
        bot.gateway.validate("multicast", messages)


@pytest.mark.parametrize("count", range(2, 11))
def test_as_long_as_we_allow_line_allows_it_too(bot: Bot, line: Platform, count: int) -> None:
    longest = campaign_content.MAX_LENGTH
    card = {
        "title": "🎉" * (longest["card_title"] // 2),
        "text": "ก" * longest["card_text"],
        "picture": PICTURE,
        "buttons": [{"label": "ก" * longest["label"], "url": "https://x.test/" + "a" * 985}] * 3,
    }
    content = said(
        {"type": "text", "text": "🎉" * (longest["text"] // 2)},
        {"type": "card", **card},
        {"type": "cards", "cards": [card] * count},
        title="🎉" * (longest["title"] // 2),
    )
    if wrong(content):
        assert wrong(content) == {("th.parts.2.cards", "too_large")}
        assert count > 8
        return
    topic = topics.load(bot.settings.news_dir)[0]
    bot.gateway.validate(
        "multicast", campaign_messages.messages(content, "th", topic, bot.settings)
    )


@pytest.mark.parametrize(
    ("content", "where", "code"),
    [
        ({}, "th.title", "needed"),
        ({"fr": {}}, "fr", "unknown"),
        (said(title=" \n"), "th.title", "needed"),
        (said(), "th.parts", "needed"),
        (said(*[{"type": "text", "text": "ก"}] * 5), "th.parts", "too_many"),
        (said({"type": "video"}), "th.parts.0", "unknown"),
        (said({"type": "text", "text": "🎉" * 2001}), "th.parts.0.text", "too_long"),
        (said({"type": "text", "text": 5}), "th.parts.0.text", "needed"),
        (said({"type": "picture", "picture": "../../x"}), "th.parts.0.picture", "needed"),
        (said({"type": "cards", "cards": [CARD]}), "th.parts.0.cards", "too_few"),
        (said({"type": "cards", "cards": [CARD] * 11}), "th.parts.0.cards", "too_many"),
        (said({"type": "card", **CARD, "title": ""}), "th.parts.0.title", "needed"),
        (said({"type": "card", **CARD, "buttons": [BUTTON] * 4}), "th.parts.0.buttons", "too_many"),
        (
            said({"type": "card", **CARD, "buttons": [{**BUTTON, "label": "ก" * 31}]}),
            "th.parts.0.buttons.0.label",
            "too_long",
        ),
    ],
)
def test_what_has_to_be_put_right_is_named_by_its_field(
    content: Any, where: str, code: str
) -> None:
    assert (where, code) in wrong(content)


@pytest.mark.parametrize(
    "url",
    ["http://x.test/", "javascript:alert(1)", "https://", "https://a b.test/", "x.test",
     "https://user:pw@x.test/", "https://[::1", "data:text/html,x", "line://ti/p/@x"],
)  # fmt: skip
def test_a_button_leads_to_an_open_and_honest_address(url: str) -> None:
    button = {"label": "ก", "url": url}
    assert ("th.parts.0.buttons.0.url", "not_https") in wrong(
        said({"type": "card", **CARD, "buttons": [button]})
    )


@pytest.mark.parametrize(
    ("typed", "stored", "code"),
    [
        ("02-123-4567", "tel:+6621234567", None),
        ("tel:081 234 5678", "tel:+66812345678", None),
        ("๐๘๑๒๓๔๕๖๗๘", "tel:+66812345678", None),
        ("+44 20 7946 0958", "tel:+442079460958", None),
        ("https://example.com/1669", "https://example.com/1669", None),
        ("tel:1", "tel:1", "not_phone"),
        ("tel:javascript:alert(1)", "tel:javascript:alert(1)", "not_phone"),
        ("tel:0812345678", "tel:+66812345678", None),
        ("123", "123", "not_https"),
    ],
)
def test_a_button_may_call(typed: str, stored: str, code: str | None) -> None:
    assert campaign_content.address(typed) == stored
    button = {"label": "โทร", "url": stored}
    found = wrong(said({"type": "card", **CARD, "buttons": [button]}))
    assert found == (set() if code is None else {("th.parts.0.buttons.0.url", code)})


def test_a_call_stands_in_the_mail_too(settings: Settings) -> None:
    button = {"label": "โทรหาเรา", "url": "tel:+6621234567"}
    shown = said({"type": "card", **CARD, "buttons": [button]})
    letter = mail.letter(shown, "th", topics.load(settings.news_dir)[0], settings)
    assert 'href="tel:+6621234567"' in letter.html
    assert "tel:+6621234567" in letter.text


def test_pictures_are_found_wherever_they_stand() -> None:
    assert campaign_content.pictures(FULL) == {PICTURE}


def test_every_code_and_place_has_its_words() -> None:
    t = translator("th")
    codes = {
        "needed", "too_long", "too_many", "too_few", "unknown", "not_https", "choose_one",
        "out_of_range", "past", "quiet", "short", "own", "gone", "empty", "large", "pixels",
        "not_picture", "too_large", "heic", "not_phone",
    }  # fmt: skip
    for code in codes:
        words = campaign_words.said(t, FieldProblem("th.parts.0.cards.1.title", code, most=5))
        assert words
        assert "{" not in words
    place = campaign_words.place(t, "th.parts.0.cards.1.buttons.2.label")
    assert place == "ภาษาไทย, ส่วนที่ 1, การ์ดที่ 2, ปุ่มที่ 3, ข้อความบนปุ่ม"
    assert campaign_words.place(t, "th.parts.0") == "ภาษาไทย, ส่วนที่ 1"
    assert set(campaign_words.STATES) == set(CampaignState)
    assert set(campaign_words.EXCLUSIONS) == set(ExclusionReason)
    assert set(campaign_words.BATCHES) == set(BatchState)


def test_the_mail_has_every_part_why_it_came_and_how_to_stop(settings: Settings) -> None:
    topic = topics.load(settings.news_dir)[0]
    letter = mail.letter(FULL, "th", topic, settings)
    assert letter.title == "เรื่อง"
    assert letter.html.count(f"{settings.public_url}/pictures/{PICTURE}.jpg") == 12
    assert 'href="https://school.example.test/x"' in letter.html, "without the comma behind it"
    assert 'href="https://school.example.test/a?b=1&amp;c=2"' in letter.html
    assert "ไป: https://school.example.test/a?b=1&c=2" in letter.text
    for text in (letter.html, letter.text):
        assert "{unsubscribe}" in text
        assert topic.title["th"] in text
        assert "สองย่อหน้า" in text
    assert "{parts}" not in letter.html + letter.text
    assert letter == mail.letter(FULL, "th", topic, settings)


@given(st.text(max_size=80))
def test_nothing_that_an_author_types_is_markup_or_a_gap_of_ours(typed: str) -> None:
    block = letters.letter(
        "campaign",
        "en",
        {"title": "x", "topic": "x", "choices": "https://x.test", "sender": "x"},
        {"parts": mail.letter_blocks.words(f"{{unsubscribe}} <b>{typed}</b> {{link}}")},
    )
    assert block.html.count("{unsubscribe}") == 2, "the address and its words, ours alone"
    assert block.text.count("{unsubscribe}") == 1
    assert "<b>" not in block.html


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
buttons = st.lists(st.fixed_dictionaries({"label": words, "url": words}), max_size=3)
cards = st.fixed_dictionaries(
    {"title": words, "text": words, "picture": st.sampled_from(["", PICTURE]), "buttons": buttons}
)
parts = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": words}),
    st.fixed_dictionaries({"type": st.just("picture"), "picture": st.just(PICTURE)}),
    cards.map(lambda card: {"type": "card", **card}),
    st.fixed_dictionaries(
        {"type": st.just("cards"), "cards": st.lists(cards, min_size=2, max_size=3)}
    ),
)
contents = st.fixed_dictionaries(
    {
        language: st.fixed_dictionaries({"title": words, "parts": st.lists(parts, max_size=4)})
        for language in ("th", "en")
    }
)


def flat(path: str, value: Any) -> list[tuple[str, str]]:
    """What a browser sends for a content."""
    if isinstance(value, dict):
        return [pair for key, each in value.items() for pair in flat(f"{path}.{key}", each)]
    if isinstance(value, list):
        return [pair for at, each in enumerate(value) for pair in flat(f"{path}.{at}", each)]
    return [(path.removeprefix("."), value)]


@given(contents)
def test_a_form_gives_back_what_it_was_filled_with(content: dict[str, Any]) -> None:
    read = campaign_parts.read(flat("", content))
    assert campaign_parts.of(campaign_parts.stored(read)) == campaign_parts.of(
        campaign_parts.stored(campaign_parts.read(flat("", read)))
    )
    kept = campaign_parts.stored(read)
    assert campaign_parts.stored(campaign_parts.of(kept)) == kept
