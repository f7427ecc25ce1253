"""Thai as the school says it: one word for one thing, one polite voice, in the tone that is set."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import chain

import pytest

from app import create_bot
from bot import texts
from bot.services.chat import frequent_questions
from bot.settings import KA, KHRAP, NEUTRAL, ROOT, TONES, Settings
from bot.texts import THAI, letters, tone, translator
from tests.architecture.test_texts import catalogue

GLOSSARY = ROOT / "docs" / "glossary.md"
LEARNERS = frozenset({"account", "chat", "guardian", "mail", "news", "portal", "reset", "rights"})
FOR_STAFF = frozenset(
    {"audit_anchor", "campaign_alert", "mail_trouble", "quota_used_up", "work_waits"}
)
# By the beginning of the sentence: the policy's own words, quoted beside a password.
OF_THE_POLICY = ("You must keep your password strictly,", "Each time you have finished, you")
# Longer words in which one of ours only seems to stand.
OTHER_WORDS = ("เท่านั้น", "เท่านี้", "เวลาทำการ", "โปรดปราน", "กดดัน", "เลือกด้านล่าง")
PARTICLE = re.compile(r"(?:นะ)?(?:ค่ะ|คะ)(?![ก-๛])")


@cache
def rules() -> list[tuple[str, str, bool]]:
    """The table of the glossary: our word, another one, whether only learners are spared it."""
    _, _, table = GLOSSARY.read_text(encoding="utf-8").partition("| we say |")
    found = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and not cells[0].startswith("-"):
            found += [(cells[0], other, cells[2] == "learners") for other in cells[1].split(", ")]
    return [rule for rule in found if rule[1] != "and not"]


def other_words(text: str, *, to_learners: bool) -> Iterator[str]:
    """Which words of a text the glossary says otherwise."""
    for word in OTHER_WORDS:
        text = text.replace(word, "")
    for ours, other, learners_only in rules():
        if learners_only and not to_learners:
            continue
        for found in re.finditer(re.escape(other), text):
            # "เบอร์โทร" begins our own word too.
            if not (len(ours) > len(other) and text.startswith(ours, found.start())):
                yield f"{other}: {ours}"


def texts_said() -> Iterator[tuple[str, str, bool]]:
    """Every sentence, letter and answer in Thai: where, what, and whether learners read it."""
    for path, message in catalogue():
        if not str(message.id).startswith(OF_THE_POLICY):
            yield f"{path.name}: {message.id}", str(message.string), path.stem in LEARNERS
    for name in letters.names():
        path = letters.HERE / f"{name}.th.md"
        yield path.name, path.read_text(encoding="utf-8"), name not in FOR_STAFF
    for question in frequent_questions.read(ROOT / "answers"):
        said = f"{question.title[THAI]} {question.says[THAI]}".strip()
        yield f"answers: {question.id}", said, True


def files_with_thai() -> Iterator[tuple[str, str, bool]]:
    """The owner's files and the simulator's pages; they have English and markup too."""
    owners = [ROOT / "news" / "topics.toml", *sorted((ROOT / "courses").rglob("*.toml"))]
    owners += sorted((ROOT / "courses").rglob("*.md"))
    for path in [*owners, *sorted((ROOT / "simulator" / "templates").rglob("*.html"))]:
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"), False


def test_one_word_for_one_thing() -> None:
    assert len(rules()) > 20
    wrong = [
        f"{where}: {word}"
        for where, said, to_learners in chain(texts_said(), files_with_thai())
        for word in other_words(said, to_learners=to_learners)
    ]
    assert not wrong, "\n".join(wrong)


def test_another_word_would_be_found() -> None:
    every = {other for _, other, _ in rules()}
    assert {w.split(":")[0] for w in other_words(" ".join(every), to_learners=True)} == every
    spared = {other for _, other, learners_only in rules() if learners_only}
    assert not {*other_words(" ".join(spared), to_learners=False)}
    assert not {*other_words("เบอร์โทรศัพท์ อีเมล ใช้ได้เท่านั้น", to_learners=True)}


def faults(english: str, thai: str) -> Iterator[str]:
    """What is wrong with how a sentence ends."""
    if re.search(r"ครับ|(?<!เ)จ้า|จ้ะ", thai):
        yield "another tone than it is written in"
    if re.search(r"(?:ไหม|นะ)ค่ะ", thai):
        yield "ค่ะ where คะ is meant"
    if "ค๊ะ" in thai or "ค้ะ" in thai:
        yield "a particle with another mark"
    if re.search(r"ค่ะ[ก-๛]", thai):
        yield "a particle in the middle of a word"
    asked = "?" in english
    if not asked and re.search(r"(?<!นะ)คะ(?![ก-๛])", thai):
        yield "a statement with คะ"


def test_particles_are_written_as_they_are_said() -> None:
    said = [(path.name, str(m.id), str(m.string)) for path, m in catalogue()]
    wrong = [f"{name}: {fault}: {m}" for name, m, thai in said for fault in faults(m, thai)]
    for name in letters.names():
        english, thai = (
            (letters.HERE / f"{name}.{language}.md").read_text(encoding="utf-8")
            for language in ("en", "th")
        )
        wrong += [f"{name}: {fault}" for fault in faults(english, thai)]
    assert not wrong, "\n".join(wrong)


def test_a_wrong_particle_would_be_found() -> None:
    wrong = ("เสร็จแล้วครับ", "รอก่อนนะค่ะ", "เสร็จแล้วค๊ะ", "ได้ค่ะแล้ว", "เสร็จแล้วคะ")
    assert [len(list(faults("Done.", thai))) for thai in wrong] == [1] * len(wrong)
    assert list(faults("Done?", "เสร็จหรือยังคะ เจ้าหน้าที่รออยู่นะคะ ไม่ต้องทำอะไรค่ะ")) == []


def test_what_learners_are_asked_is_asked_politely() -> None:
    """A question ends with คะ; one that Thai says as a request ("กรุณาพิมพ์…") with ค่ะ."""
    blunt = [
        f"{path.name}: {message.id}"
        for path, message in catalogue()
        if path.stem in LEARNERS
        and ("?" in str(message.id) or "กรุณา" in str(message.string))
        and not PARTICLE.search(str(message.string))
    ]
    assert not blunt, "\n".join(blunt)


def test_most_of_what_learners_are_told_ends_politely() -> None:
    """Steps and lists carry none, so not every sentence: but nobody falls out of the voice."""
    told = [
        str(message.string)
        for path, message in catalogue()
        if path.stem in LEARNERS and str(message.id).endswith(".")
    ]
    blunt = [said for said in told if not PARTICLE.search(said)]
    assert len(blunt) * 6 < len(told), "\n".join(blunt)


def test_an_answer_of_the_owner_ends_politely() -> None:
    for question in frequent_questions.read(ROOT / "answers"):
        assert not question.is_set or PARTICLE.search(question.says[THAI]), question.id


def test_a_letter_greets_and_ends_politely() -> None:
    for name in letters.names():
        said = (letters.HERE / f"{name}.th.md").read_text(encoding="utf-8")
        assert PARTICLE.search(said), name
        assert "สวัสดี\n" not in said, name


def test_words_of_two_scripts_stand_apart() -> None:
    """Thai and Latin letters or figures have a space between, and ๆ one on each side."""
    close = re.compile(r"[ก-๎][A-Za-z0-9]|[A-Za-z0-9][ก-๎]|[^ ]ๆ|ๆ[ก-๎A-Za-z0-9]")
    wrong = [
        f"{where}: {found[0]}" for where, said, _ in texts_said() if (found := close.search(said))
    ]
    assert not wrong, "\n".join(wrong)


TONED = [
    ("สวัสดีค่ะ", "สวัสดีครับ", "สวัสดี"),
    ("ยกเลิกไหมคะ", "ยกเลิกไหมครับ", "ยกเลิกไหม"),
    ("รอก่อนนะคะ แล้วลองใหม่ค่ะ", "รอก่อนนะครับ แล้วลองใหม่ครับ", "รอก่อน แล้วลองใหม่"),
    ("ขอบคุณค่ะ!\n• ก", "ขอบคุณครับ!\n• ก", "ขอบคุณ!\n• ก"),
    ("ภายใน {span} ค่ะ (ถ้าสะดวก)", "ภายใน {span} ครับ (ถ้าสะดวก)", "ภายใน {span} (ถ้าสะดวก)"),
    ("แตะ “ลบ” ค่ะ", "แตะ “ลบ” ครับ", "แตะ “ลบ”"),
    ("คะแนนของคุณ", "คะแนนของคุณ", "คะแนนของคุณ"),
    ("Hello", "Hello", "Hello"),
]


def test_one_sentence_in_three_tones() -> None:
    for written, khrap, neutral in TONED:
        assert tone.toned(written, KA) == written
        assert tone.toned(written, KHRAP) == khrap
        assert tone.toned(written, NEUTRAL) == neutral


def test_staff_read_no_particle_of_what_learners_are_told_too() -> None:
    to_learner, to_staff = translator(THAI), translator(THAI, is_terse=True)
    for english in ("Saved.", "Your present password is not right.", "Please wait a moment"):
        assert PARTICLE.search(to_learner(english)), english
        assert not PARTICLE.search(to_staff(english)), english
    assert translator("en", is_terse=True)("Saved.") == "Saved."


def test_every_sentence_keeps_its_gaps_and_shape_in_every_tone() -> None:
    """Nothing is left of a particle, no white space is doubled, and all lines remain."""
    for where, said, _ in texts_said():
        for each in (KHRAP, NEUTRAL):
            toned = tone.toned(said, each)
            assert not PARTICLE.search(toned), where
            assert letters.GAP.findall(toned) == letters.GAP.findall(said), where
            assert toned.count("\n") == said.count("\n"), where
            assert "  " not in toned, where
            assert not re.search(r" (?:\n|$)", toned), where


@pytest.fixture
def speaking() -> Iterator[None]:
    yield
    tone.speak_in(KA)


@pytest.mark.usefixtures("speaking")
def test_the_tone_changes_our_words_and_nobody_elses() -> None:
    asked, name = "Did you mean {meant}? You wrote {typed}.", "คุณนภา ใจดีค่ะ"
    values = {"meant": name, "typed": "ตอบคะ"}
    for each, particle in ((KA, "คะ"), (KHRAP, "ครับ"), (NEUTRAL, "")):
        tone.speak_in(each)
        said = translator(THAI)(asked, **values)
        assert said == f"หมายถึง {name} ใช่ไหม{particle} คุณพิมพ์ว่า ตอบคะ"
        assert translator("en")(asked, **values) == asked.format(**values)
        made = letters.letter("request_done", THAI, {"what": name, "number": "EP-1"})
        assert f"คำขอเรื่อง “{name}” ของคุณเรียบร้อยแล้ว" in made.text
        assert ("สวัสดีครับ" in made.text) == (each == KHRAP)
        assert ("สวัสดีค่ะ" in made.text) == (each == KA)


@pytest.mark.usefixtures("speaking")
def test_a_sentence_that_is_not_in_the_catalogue_is_said_as_it_is() -> None:
    tone.speak_in(KHRAP)
    assert translator(THAI)("หัวข้อของโรงเรียนค่ะ") == "หัวข้อของโรงเรียนค่ะ"


@pytest.mark.usefixtures("speaking")
def test_the_roof_speaks_in_the_tone_of_the_settings(settings: Settings) -> None:
    for each in TONES:
        create_bot(replace(settings, tone=each))
        assert translator(THAI)("You are welcome!") == tone.toned("ยินดีค่ะ", each)
    assert texts.catalogue()["You are welcome!"] == "ยินดีค่ะ", "as it is written"
