"""A figure has one owner: no sentence says it by itself, and no promise differs from it."""

import re
from datetime import timedelta

import pytest

from bot.services.auth import resets, sessions, tokens
from bot.services.consent import consents
from bot.services.delivery import mails
from bot.services.guardians import guardians
from bot.services.privacy import requests
from bot.services.shared import quiet_hours
from bot.settings import ROOT, School
from bot.texts import LANGUAGES, letters, periods, policy, translator
from bot.texts.dates import shown_span
from handlers import figures
from handlers.console import import_words, learner_words
from models.learner import ADULT_FROM, CHILD_UP_TO, AgeBand
from models.one_time_token import TokenPurpose
from tests.architecture.test_texts import catalogue, said

GAP = re.compile(r"\{\w+\}")
# Numbers of laws and standards, of steps and of parts are names.
NAME = re.compile(
    r"PDPA s\.\d+|PDPA มาตรา \d+|UTF-8|ISO 8601|SHA-256|a-z,? 0-9"
    r"|^\d\. |Step \d of \d|Step \d|ขั้นที่ \d(?: จาก \d)?|Part \d|ส่วนที่ \d"
)
COUNTED = (
    "seconds?|minutes?|hours?|days?|weeks?|months?|years?|percent|digits?|letters|characters"
    "|tr(?:y|ies)|times|mails?|columns|groups|rows"
)
SPELLED = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty"
    "|ninety|hundred|fifth|half an?"
)
THAI_COUNTED = "วินาที|นาที|ชั่วโมง|วัน|สัปดาห์|เดือน|ปี|เปอร์เซ็นต์|หลัก|ตัว|ครั้ง|ฉบับ"
THAI_SPELLED = "ครึ่ง|สอง|สาม|สี่|ห้า|หก|เจ็ด|แปด|เก้า|(?:ยี่|สาม|หก|เก้า)?สิบ(?:สอง|ห้า)?"
BARE = re.compile(
    rf"[0-9๐-๙]|\b(?:{SPELLED})\b[ -](?:\w+ )?(?:{COUNTED})\b|\ban? hour\b|\bten of age"
    rf"|(?!สอง(?:ครั้ง|ฉบับ))(?:{THAI_SPELLED}) ?(?:{THAI_COUNTED})|หนึ่ง(?:ชั่วโมง|เปอร์เซ็นต์)",
    re.IGNORECASE,
)
# By the beginning of the sentence: why a number may stand in it.
ALLOWED = {
    "an example of what is typed": (
        "What is your phone number? For example",
        "This is not a date and time. Please write",
        "This is no date. Please write it as",
        "Please send the code that your child was given in their chat. It looks like this",
        "That is not a valid phone number. Begin with 0",
    ),
    "the numbering plan of Thailand": ("That is not a valid phone number. A Thai",),
    "how long something takes, about; nothing enforces it": (
        "You have no account here yet. Registering takes about three minutes.",
        "Thank you for telling us. Up to the age of",
        "Nothing has been counted yet.",
        "LINE has not told any numbers yet.",
    ),
    "an authenticator's codes (RFC 6238)": (
        "The six digits that your authenticator app shows",
        "Type the six digits that it shows.",
        "Six-digit code",
    ),
    "counts what stands beside it": (
        "Two things to remember",
        "Without all three columns about consent",
    ),
    "LINE's own": ("Ask whether it arrived. LINE recognises a repeat",),
    "one, beside a sentence for any other number": (
        "1 hour",
        "1 minute",
        "These digits are not right. One try is left.",
        "less than two minutes",
        "Send to myself (1 message)",
    ),
    "the beginning of a range whose end is a parameter": ("Please give a whole number from 1 to",),
    "label of a stored value; a test below holds it against its owner": (
        "Up to 10 years",
        "11 to 19 years",
        "20 years and over",
        "The first one percent",
    ),
}
PREFIXES = tuple(prefix for prefixes in ALLOWED.values() for prefix in prefixes)


def bare(text: str) -> str | None:
    """The first number that stands in a sentence itself."""
    found = BARE.search(NAME.sub("", GAP.sub("", text)))
    return found and found[0]


def test_no_sentence_says_a_figure_by_itself() -> None:
    wrong = {
        sentence: (number, where)
        for sentence, where in said().items()
        if (number := bare(sentence)) and not sentence.startswith(PREFIXES)
    }
    assert wrong == {}, "take the figure as a parameter from whoever enforces it"


def test_no_translation_says_one() -> None:
    wrong = {
        str(message.string): number
        for _, message in catalogue()
        if (number := bare(str(message.string))) and not str(message.id).startswith(PREFIXES)
    }
    assert wrong == {}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_nothing_is_allowed_for_nothing(prefix: str) -> None:
    assert any(sentence.startswith(prefix) for sentence in said())


@pytest.mark.parametrize("name", letters.names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_says_one(name: str, language: str) -> None:
    text = (letters.HERE / f"{name}.{language}.md").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^\d\. ", "", text)
    assert bare(text) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "The link works for 15 minutes.",
        "Please wait for fifteen minutes.",
        "Try again in an hour.",
        "Type the last four digits.",
        "Not from 21:00 on.",
        "Under 20 somebody else decides.",
        "ลิงก์ใช้ได้ ๑๐ นาที",
        "ลองใหม่ในหนึ่งชั่วโมง",
        "เก่ากว่าสิบปี",
    ],
)
def test_a_new_sentence_with_a_figure_would_be_found(sentence: str) -> None:
    assert bare(sentence)


def test_every_figure_that_a_template_says_is_known() -> None:
    t = figures.Figures(translator("en"))
    names: set[str] = set()
    for path in (ROOT / "handlers").rglob("*.html"):
        names |= set(re.findall(r"figures\.(\w+)", path.read_text(encoding="utf-8")))
    assert len(names) > 20
    assert {name for name in names if not hasattr(t, name)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_of_sentences_is_filled(language: str) -> None:
    t = translator(language)
    tables = [learner_words.PROBLEMS, import_words.FATES]
    for sentence in (each for table in tables for each in table.values()):
        assert "{" not in figures.fill(t, sentence)


SPANS = [
    (timedelta(seconds=90), "90 seconds", "90 วินาที"),
    (timedelta(minutes=1), "1 minute", "1 นาที"),
    (timedelta(minutes=10), "10 minutes", "10 นาที"),
    (timedelta(minutes=90), "90 minutes", "90 นาที"),
    (timedelta(hours=1), "1 hour", "1 ชั่วโมง"),
    (timedelta(days=1), "24 hours", "24 ชั่วโมง"),
    (timedelta(hours=72), "3 days", "3 วัน"),
    (timedelta(hours=36), "36 hours", "36 ชั่วโมง"),
    (timedelta(days=730), "24 months", "24 เดือน"),
    (timedelta(days=3653), "10 years", "10 ปี"),
]


@pytest.mark.parametrize(("span", "english", "thai"), SPANS, ids=lambda x: str(x))
def test_a_span_is_said_in_its_largest_whole_unit(span, english, thai) -> None:
    assert shown_span(translator("en"), span) == english
    assert shown_span(translator("th"), span) == thai


def test_a_figure_is_read_when_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LINK_LIFE", timedelta(minutes=17))
    monkeypatch.setattr(resets, "DIGITS", 3)
    monkeypatch.setattr(quiet_hours, "BEGIN", quiet_hours.BEGIN.replace(hour=22, minute=30))
    seen = figures.Figures(translator("en"))
    assert (seen.link_life, seen.proof_digits, seen.quiet_begin) == ("17 minutes", 3, "22:30")


def test_labels_of_stored_values_say_what_counts() -> None:
    assert f"up_to_{CHILD_UP_TO}" == AgeBand.UP_TO_10
    assert f"from_{CHILD_UP_TO + 1}_to_{ADULT_FROM - 1}" == AgeBand.FROM_11_TO_19
    assert f"from_{ADULT_FROM}" == AgeBand.FROM_20
    labels = {f"Up to {CHILD_UP_TO} years", f"{ADULT_FROM} years and over"}
    labels.add(f"{CHILD_UP_TO + 1} to {ADULT_FROM - 1} years")
    assert labels <= said().keys()
    assert figures.Figures(translator("en")).first_percent == 1, "“The first one percent”"


def test_a_mail_lives_as_long_as_the_proof_in_it() -> None:
    assert tokens.KINDS[TokenPurpose.EMAIL_CONFIRM].lifetime == mails.LINK_USEFUL
    assert tokens.KINDS[TokenPurpose.EMAIL_CODE].lifetime == mails.CODE_USEFUL
    assert sessions.ABSOLUTE >= sessions.IDLE


PROMISES = {
    "th": (
        "ภายใน {acknowledge} วัน",
        "ภายใน {answer} วัน",
        "ภายใน {erase} วัน",
        "{ended} วัน",
        "อายุไม่เกิน {child} ปี",
        "ต่ำกว่า {adult} ปี",
    ),
    "en": (
        "acknowledge within {acknowledge} days",
        "answer within {answer} days",
        "erasure: within {erase} days",
        "erased after {ended} days",
        "somebody under {adult}",
        "Everybody under {adult}",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_promises_what_the_services_keep(language: str) -> None:
    """Its text is what people agreed to and stays as it is: the figures may not leave it."""
    text = policy.notice(policy.CURRENT, language, School())
    for promise in PROMISES[language]:
        assert (
            promise.format(
                acknowledge=requests.ACKNOWLEDGE.days,
                answer=requests.ANSWER.days,
                erase=requests.ERASE.days,
                ended=periods.BY_KEY["guardianship"].fixed.days,
                child=CHILD_UP_TO,
                adult=ADULT_FROM,
            )
            in text
        )
    assert shown_span(translator(language), consents.NEWS_VALIDITY) in text
    assert periods.BY_KEY["guardianship"].fixed == guardians.LIFE
