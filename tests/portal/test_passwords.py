"""The rules about usernames and passwords, without a browser."""

import logging
import re

import pytest

from bot.errors import InputError
from bot.providers import hashes
from bot.services.accounts import accounts
from bot.services.auth import passwords
from tests.portal.conftest import OWN_PASSWORD, Browser, Pupil

USERNAME = "epbcdf34gh"


def verdict(password: str, **more: tuple[str, ...]) -> str | None:
    try:
        passwords.check_own(password, username=USERNAME, **more)
    except InputError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "password_short"),
        ("แมวสามตัว", "password_short"),
        ("a" * 257, "password_long"),
        ("password1234", "password_common"),
        ("Password12345!", "password_common"),
        ("p@ssw0rd2024", "password_common"),
        ("P@$$w0rd1234", "password_common"),
        ("passwordpassword", "password_common"),
        ("ｐａｓｓｗｏｒｄ１２３４", "password_common"),
        ("iloveyou2024!", "password_common"),
        ("thailand2569!", "password_common"),
        ("Liverpool1892!!", "password_common"),
        ("รหัสผ่าน1234", "password_common"),
        ("รักแม่ที่สุด๑๒๓", "password_common"),
        ("123456789012", "password_pattern"),
        ("210987654321", "password_pattern"),
        ("๑๒๓๔๕๖๗๘๙๐๑๒", "password_pattern"),
        ("abcdefghijkl", "password_pattern"),
        ("qwertyuiop12", "password_pattern"),
        ("qwerty123456", "password_pattern"),
        ("1q2w3e4r5t6y", "password_pattern"),
        ("1qaz2wsx3edc", "password_pattern"),
        ("qazwsxedcrfv", "password_pattern"),
        ("ฟหกดเ้่าสวงฟ", "password_pattern"),
        ("กขคงจฉชซฌญฎฏ", "password_pattern"),
        ("aaaaaaaaaaaa", "password_pattern"),
        ("abcabcabcabc", "password_pattern"),
        ("112233445566", "password_pattern"),
        ("!!!!!!!!!!!!", "password_pattern"),
        ("englishplanet", "password_context"),
        ("English Planet", "password_context"),
        ("English-Planet 2026", "password_context"),
        ("3nglishPlan3t!", "password_context"),
        ("englishenglish", "password_context"),
        ("อังกฤษอังกฤษ", "password_context"),
        ("อังกฤษ123456", "password_context"),
        ("ภาษาอังกฤษ2569", "password_context"),
        (f"{USERNAME}12", "password_context"),
        (USERNAME.upper() + "!!", "password_context"),
        (USERNAME * 2, "password_context"),
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str, code: str) -> None:
    assert verdict(password) == code


@pytest.mark.parametrize(
    "password",
    [
        "correct mango rides 7 buses",
        "my english teacher sings well",
        "my password is not here ok",
        "k9#vTq2!xLm0",
        "ฉันชอบกินข้าวเหนียวมะม่วง",
        "เรียนภาษาอังกฤษทุกวันตอนเย็น",
        "แมวสามตัวนอนบนหลังคา",
        "🐘🦜🍜 walk in rain",
        "the quick brown fox jumps over the lazy dog and then it sleeps all day long",
        "x7" + "mango river " * 20,
    ],
)
def test_any_other_long_text_will_do(password: str) -> None:
    assert verdict(password) is None


def test_further_words_can_be_named() -> None:
    assert verdict("Somsri Academy 1") is None
    assert verdict("Somsri Academy 1", context=("Somsri Academy",)) == "password_context"


def test_length_is_counted_in_code_points_after_nfkc() -> None:
    assert verdict("k9vTq2xLm0ร้") is None  # twelve: a tone mark is a code point
    assert verdict("k9vTq2xLm0ร") == "password_short"
    assert verdict("k9vTq2xLm0ﬁ") is None  # one ligature is typed, two letters are counted


def test_nothing_is_cut_off_and_forms_are_one() -> None:
    long = "ก" * 255
    stored = passwords.hash_password(passwords.own_form(long + "ข"))
    assert passwords.verify(stored, passwords.own_form(long + "ข"))
    assert not passwords.verify(stored, passwords.own_form(long + "ค"))
    composed, decomposed = "caf\u00e9 in Bangkok", "cafe\u0301 in Bangkok"
    assert passwords.own_form(composed) == passwords.own_form(decomposed)


def test_initial_passwords_carry_eighty_bits_and_no_lookalikes() -> None:
    drawn = {passwords.draw_initial() for _ in range(2000)}
    assert len(drawn) == 2000
    symbols = set("".join(drawn)) - {"-"}
    assert symbols == set(passwords.INITIAL_ALPHABET)
    assert len(symbols) == 32
    assert not symbols & set("ilou")
    assert {tuple(map(len, each.split("-"))) for each in drawn} == {(4, 4, 4, 4)}


def test_initial_forms_forgive_typing_and_own_ones_do_not() -> None:
    assert passwords.initial_form(" ABCD-efgh–O1lI ") == "abcdefgh0111"
    assert passwords.own_form(" Ab-c ") == " Ab-c "


@pytest.mark.usefixtures("real_hashes")
def test_hashes_are_argon2id_at_owasps_strength() -> None:
    stored = passwords.hash_password("x")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert len(stored) <= 160
    assert not hashes.is_outdated(stored)
    assert passwords.verify(None, "x") is False
    assert passwords.verify("not a hash", "x") is False
    assert passwords.verify(stored, "\ud800") is False


def test_the_list_is_ours_and_large_enough_to_matter() -> None:
    assert len(passwords.common_passwords()) > 750


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    verdict("password1234")
    passwords.verify(passwords.hash_password("canary-canary"), "canary-canary")
    assert not caplog.records


def test_usernames_are_unlike_each_other_and_easy_to_type() -> None:
    drawn = {accounts.draw_username() for _ in range(20_000)}
    assert len(drawn) == 20_000
    assert all(len(name) == 10 and name.startswith("ep") for name in drawn)
    symbols = {symbol for name in drawn for symbol in name[2:]}
    assert symbols == set(accounts.NAME_SYMBOLS)
    assert not symbols & set("aeiou0125689lq")
    for pair in ("0o", "1l", "1i", "2z", "5s", "6b", "8b", "9g", "gq", "uv"):
        assert not set(pair) <= symbols


def test_the_field_that_is_wrong_takes_the_focus_and_names_its_error(
    browser: Browser, settled: Pupil
) -> None:
    fresh = "a new sentence of mine"
    wrong = {
        "current": {"current": "x", "chosen": fresh, "again": fresh},
        "chosen": {"current": OWN_PASSWORD, "chosen": "short", "again": "short"},
        "again": {"current": OWN_PASSWORD, "chosen": fresh, "again": "another"},
    }
    found = {}
    for field, form in wrong.items():
        page = browser.submit("/portal/password", "/portal/password", **form).text
        assert 'id="wrong"' in page
        tag = re.search(f'<input id="{field}"[^>]*>', page)
        found[field] = (page.count("autofocus"), tag is not None and "wrong" in tag[0])
    assert found == dict.fromkeys(wrong, (1, True))
