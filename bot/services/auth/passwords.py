"""The rules about passwords: how the system draws one, and what a person may choose.

Sources: NIST SP 800-63B-4 section 3.1.1.2 and OWASP ASVS 5.0 chapter 6.2: length and a blocklist of
whole passwords, no composition rules, no periodic change, any Unicode, no truncation.
"""

import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path

from bot.errors import InputError
from bot.providers.hashes import hash_password, initial_form, is_outdated, own_form, pretend, verify
from bot.unicode import nfkc, trimmed

__all__ = [
    "check_own",
    "draw_initial",
    "hash_password",
    "initial_form",
    "is_outdated",
    "kept_form",
    "own_form",
    "pretend",
    "right_form",
    "verify",
]

MIN_LENGTH, MAX_LENGTH = 12, 256  # code points, after NFKC
# Crockford's base 32: no i, l, o, u. What a person types for 0 and 1 is mapped by initial_form.
INITIAL_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
INITIAL_LENGTH = 16  # 16 * 5 = 80 bits
SCHOOL = ("englishplanet", "englishplannet", "planetenglish", "elearning", "อิงลิชแพลนเน็ต")
SUBJECTS = ("english", "planet", "อังกฤษ", "ภาษาอังกฤษ", "เรียนภาษาอังกฤษ", "อิงลิช")
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "ๆไำพะัีรนยบล",
    "ฟหกดเ้่าสวง",
    "ผปแอิืทมใฝ",
    "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
    "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
    "๐๑๒๓๔๕๖๗๘๙๐",
    "ๅภถุึคตจขช",
)
_LEET = str.maketrans("013457@$!|+€", "oieastasiite")


def draw_initial() -> str:
    """A system-made password: 16 symbols in groups of four, `7k2m-9d4x-...`."""
    symbols = "".join(secrets.choice(INITIAL_ALPHABET) for _ in range(INITIAL_LENGTH))
    return "-".join(symbols[i : i + 4] for i in range(0, INITIAL_LENGTH, 4))


def kept_form(password: str) -> str:
    """An own password as it is hashed: without what stands invisibly at its ends.

    It comes along when a password is copied, and is an allowance of NIST SP 800-63B-4, 3.1.1.2.
    """
    return own_form(trimmed(password))


def right_form(found: str | None, typed: str, *, is_initial: bool = False) -> str | None:
    """The form of a typed password that belongs to a hash; None where it does not.

    As it was typed is tried too, because an older password may have blanks at its ends. How many
    hashes it takes depends on what was typed alone, and so tells nothing about the account.
    """
    form = initial_form if is_initial else own_form
    tried = [form(each) for each in dict.fromkeys((trimmed(typed), typed))]
    right = [each for each in tried if verify(found, each)]
    return right[0] if right else None


def check_own(password: str, *, username: str, context: tuple[str, ...] = ()) -> None:
    """Let pass what a person may choose; raises InputError with the code of what is wrong.

    The whole password is compared, never a part of it: a long sentence may contain any word.
    `context` are further words of the person or the place, e.g. the school's name.
    """
    text = kept_form(password)
    if len(text) < MIN_LENGTH:
        raise InputError("password_short")
    if len(text) > MAX_LENGTH:
        raise InputError("password_long")
    folded = text.casefold()
    letters = _letters(folded)
    if username and username.casefold() in folded:
        raise InputError("password_context")  # ten random symbols: nobody writes them by chance
    if _is_pattern(folded) or _is_pattern(letters):
        raise InputError("password_pattern")
    words = {_letters(own_form(word).casefold()) for word in (*SCHOOL, *SUBJECTS, *context) if word}
    words.add(_letters(username.casefold()))
    common = common_passwords()
    if folded in common or letters in common:
        raise InputError("password_common")
    for core in _cores(letters):
        if core in words or _parts(core, words):
            raise InputError("password_context")
        if core in common:
            raise InputError("password_common")


@cache
def common_passwords() -> frozenset[str]:
    """Our list of the commonest passwords and what they are built from, one a line."""
    path = Path(__file__).parent / "common_passwords.txt"
    lines = path.read_text(encoding="utf-8").split("\n")
    return frozenset(
        _letters(own_form(line).casefold()) for line in lines if line and not line.startswith("#")
    )


def _letters(text: str) -> str:
    """Without spaces and punctuation: `English-Planet 1` becomes `englishplanet1`.

    Marks stay, because Thai vowels and tones are marks.
    """
    return "".join(c for c in text if unicodedata.category(c)[0] in "LMN" or c in "@$!|+€")


def _cores(letters: str) -> set[str]:
    """What is left of a password without digits and signs around it, read plainly and as leet."""
    edges = "0123456789๐๑๒๓๔๕๖๗๘๙@$!|+€"
    bare = letters.strip(edges)
    right = letters.rstrip(edges)
    found = {bare, bare.translate(_LEET), right.translate(_LEET), letters.translate(_LEET)}
    found |= {core[:-1] if core.endswith("s") else core for core in tuple(found)}
    return {_unit(core) for core in found if core} | {core for core in found if core}


def _unit(text: str) -> str:
    """The shortest piece whose repetition is the text: `pass` of `passpasspass`."""
    where = (text + text).find(text, 1)
    return text[:where]


def _parts(core: str, words: set[str]) -> bool:
    """Whether a text is nothing but context words in a row."""
    reachable = [True] + [False] * len(core)
    for end in range(1, len(core) + 1):
        reachable[end] = any(
            word and core[:end].endswith(word) and reachable[end - len(word)] for word in words
        )
    return reachable[-1]


def _is_pattern(text: str) -> bool:
    """A repetition of up to four symbols, few different symbols, or runs along a row."""
    if not text:
        return True  # nothing but punctuation
    if len(_unit(text)) <= 4 and len(text) > 4:
        return True
    if len(set(text)) <= 4:
        return True
    once = "".join(c for c, before in zip(text, " " + text, strict=False) if c != before)
    return _is_runs(text) or (len(once) <= len(text) // 2 and _is_runs(once))  # `112233445566`


def _is_runs(text: str) -> bool:
    """Whether few runs along a row make up the whole."""
    runs, at = 0, 0
    while at < len(text):
        at += _run(text, at)
        runs += 1
    return runs <= max(2, len(text) // 5)


def _run(text: str, at: int) -> int:
    best = 1
    while at + best < len(text) and text[at + best] == text[at]:
        best += 1
    for row in _ROWS_BOTH_WAYS:
        where = row.find(text[at])
        while where >= 0:
            length = 0
            while (
                at + length < len(text)
                and where + length < len(row)
                and text[at + length] == row[where + length]
            ):
                length += 1
            best = max(best, length)
            where = row.find(text[at], where + 1)
    return best


_ROWS_BOTH_WAYS = tuple(row for each in ROWS for row in (each, each[::-1]))


# In a text whose blanks are single: of many, each pattern would try every way to share them.
_OF = r"(?: ?(?:ของ)? ?(?:ฉัน|ผม|หนู|เรา|ดิฉัน|เค้า|พี่|น้อง))?"
_THAI = r"(?:รหัสผ่าน|รหัสเข้าระบบ|พาสเวิร์ด|พาสเวิด|พาสเวิร์ท|พาสเวอร์ด|พาสเวิรด|พาสเวิร์|พาสเวิส|รหัส|พาส)"
_LATIN = r"(?:pass ?word|passwort|passwd|pass ?code|pass ?phrase|password|pass|pwd|pw|psw)"
# The word, then something that says "here it comes", then anything at all.
_SAID = re.compile(
    rf"(?:{_THAI}{_OF} ?(?:คือว่า|คือ|เป็น|ว่า|=|:|→|->) ?\S)"
    rf"|(?:\b{_LATIN} ?(?:is|was|=|:|→|->|คือ|เป็น)(?<!\w)? ?\S)"
)
# The word, and beside it one piece that has a digit or a sign in it: `password hunter2`.
_BESIDE = re.compile(rf"(?:{_THAI}{_OF}|\b(?:my )?{_LATIN}) (?=\S*[0-9!@#$%^&*_+=])\S{{4,}} ?")
# What the one-time page shows: four groups of four.
_OURS = re.compile(r"(?:^|\s)[0-9a-z]{4}(?:[-\u2010-\u2014][0-9a-z]{4}){3}(?:\s|$)")


def is_password(text: str) -> bool:
    """Whether a text gives a password away, or tries to."""
    said = nfkc(text[:2000]).casefold()
    said = "".join(char for char in said if unicodedata.category(char) != "Cf")
    said = " ".join(said.split())
    return bool(_SAID.search(said) or _BESIDE.fullmatch(said.strip()) or _OURS.search(said))
