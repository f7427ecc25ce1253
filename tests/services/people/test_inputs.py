"""What people type as a name, phone, e-mail or LINE ID: what is kept, and what is asked again."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import InputError
from bot.services.people import inputs, names

STEADY = settings(deadline=None, derandomize=True)
ZW, RTL, BOM = "\u200b", "\u202e", "\ufeff"


def refusal(read, text):
    """The code with which a reader refuses a text; None where it takes it."""
    try:
        read(text)
    except InputError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("สมชาย ใจดี", "สมชาย ใจดี"),
        ("  สมชาย \t ใจดี \n", "สมชาย ใจดี"),
        ("Somchai Jaidee", "Somchai Jaidee"),
        ("José-Luis O’Brien", "José-Luis O’Brien"),
        ("Jose\u0301 Silva", "José Silva"),
        ("ม.ร.ว. คึกฤทธิ์ ปราโมช", "ม.ร.ว. คึกฤทธิ์ ปราโมช"),
        ("สมชาย ณ อยุธยา", "สมชาย ณ อยุธยา"),
        (f"สม{ZW}ชาย{ZW} ใจดี", "สมชาย ใจดี"),
        (f"{RTL}Somchai Jaidee", "Somchai Jaidee"),
        (f"{BOM}สมชาย ใจดี", "สมชาย ใจดี"),
        ("ส\u0e4d\u0e32ลี ใจดี", "สำลี ใจดี"),  # sara am in two parts
        ("น\u0e4d\u0e49\u0e32 ใจดี", "น้ำ ใจดี"),  # with a tone between
        ("น\u0e49\u0e4d\u0e32 ใจดี", "น้ำ ใจดี"),  # and before
        ("เเก้ว ใจดี", "แก้ว ใจดี"),  # two sara e for one sara ae
        ("ก" * 49 + " " + "ข" * 50, "ก" * 49 + " " + "ข" * 50),
        ("Jose" + ZW + "\u0301 Silva", "José Silva"),  # a mark hidden between letter and accent
    ],
)
def test_names_that_are_kept(typed, kept):
    assert names.full_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "name_empty"),
        (" \t\n", "name_empty"),
        (ZW + BOM, "name_empty"),
        (". -", "name_empty"),
        ("\u0e48\u0e49 \u0e34", "name_empty"),  # marks without a letter
        ("ก", "name_empty"),
        ("ก" * 50 + " " + "ข" * 50, "name_long"),
        ("ก" * 5000, "name_long"),
        ("สมชาย 2 ใจดี", "name_digits"),
        ("สมชาย ๒ ใจดี", "name_digits"),
        ("0812345678", "name_digits"),
        ("https://evil.example/x", "name_link"),
        ("www.evil.example", "name_link"),
        ("evil.com สมชาย", "name_link"),
        ("somchai@gmail.com", "name_link"),
        ("สมชาย ใจดี 😀", "name_letters"),
        ("<b>สมชาย</b> ใจดี", "name_letters"),
        ("สมชาย' OR ''='", "name_letters"),
        ("สมชาย\x00 ใจดี", "name_letters"),
        ("สมชาย", "name_single"),
        ("Madonna", "name_single"),
    ],
)
def test_names_that_are_asked_again(typed, code):
    assert refusal(names.full_name, typed) == code


def test_a_single_name_is_taken_where_it_is_meant():
    assert names.full_name("สมชาย", accept_single=True) == "สมชาย"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0812345678", "+66812345678"),
        ("081-234-5678", "+66812345678"),
        ("081 234 5678", "+66812345678"),
        ("(081) 234.5678", "+66812345678"),
        ("๐๘๑-๒๓๔-๕๖๗๘", "+66812345678"),
        ("０８１２３４５６７８", "+66812345678"),
        (f"081{ZW}2345678", "+66812345678"),
        ("+66812345678", "+66812345678"),
        ("+66 81 234 5678", "+66812345678"),
        ("+66 (0)81 234 5678", "+66812345678"),
        ("+660812345678", "+66812345678"),
        ("0066812345678", "+66812345678"),
        ("00660812345678", "+66812345678"),
        ("02-123-4567", "+6621234567"),
        ("053 123 456", "+6653123456"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
        ("+1 202 555 0143", "+12025550143"),
        ("+39 06 698 12345", "+390669812345"),
    ],
)
def test_phones_that_are_kept(typed, kept):
    assert inputs.phone(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "phone_invalid"),
        ("-", "phone_invalid"),
        ("😀", "phone_invalid"),
        ("081234567", "phone_invalid"),
        ("08123456789", "phone_invalid"),
        ("0012", "phone_invalid"),
        ("+66 81 234 567", "phone_invalid"),
        ("+44 20 7946", "phone_country"),
        ("5551234", "phone_country"),
        ("o812345678", "phone_letters"),
        ("เบอร์ 0812345678", "phone_letters"),
        ("0812345678 ต่อ 12", "phone_letters"),
        ("9" * 5000, "phone_invalid"),
    ],
)
def test_phones_that_are_asked_again(typed, code):
    assert refusal(inputs.phone, typed) == code


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+66812345678", "081-234-5678"),
        ("+6621234567", "02-123-4567"),
        ("+442079460958", "+44 20 7946 0958"),
    ],
)
def test_phones_as_people_write_them(e164, shown):
    assert inputs.shown_phone(e164) == shown


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("somchai@gmail.com", "somchai@gmail.com"),
        (" Somchai.J@GMAIL.com ", "Somchai.J@gmail.com"),
        ("<somchai@gmail.com>", "somchai@gmail.com"),
        (f"som{ZW}chai@gmail.com", "somchai@gmail.com"),
        ("somchai+line@gmail.com", "somchai+line@gmail.com"),
        ("somchai@ไทย.ไทย", "somchai@ไทย.ไทย"),
        ("o'brien@gmail.com", "o'brien@gmail.com"),
        ("somchai@ｇｍａｉｌ.com", "somchai@gmail.com"),
        ("somchai@chula.ac.th", "somchai@chula.ac.th"),
        ("somchai@english-planet.co.th", "somchai@english-planet.co.th"),
        ("somchai@gmail.com\r\n", "somchai@gmail.com"),
    ],
)
def test_addresses_that_are_kept(typed, kept):
    assert inputs.email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "somchai",
        "somchai@",
        "@gmail.com",
        "somchai@gmail",
        "som chai@gmail.com",
        "somchai@@gmail.com",
        "somchai@gmail..com",
        ".somchai@gmail.com",
        "Somchai <somchai@gmail.com>",
        "somchai@gmail.com, other@gmail.com",
        "somchai@gmail.com\r\nBcc: all@example.org",
        "somchai@gmail.com\nSubject: x",
        "som\r\nchai@gmail.com",
        "somchai@gmail.com\x00",
        "somchai@[127.0.0.1]",
        "somchai@localhost",
        "a@" + "b" * 250 + ".com",
        "x" * 10_000,
    ],
)
def test_addresses_that_are_asked_again(typed):
    assert refusal(inputs.email, typed) == "email_invalid"


@pytest.mark.parametrize(
    "typed",
    [
        "สมชาย@gmail.com",
        "สมชาย@ไทย.ไทย",
        "o’brien@gmail.com",
        "“somchai”@gmail.com",
        "ｓｏｍｃｈａｉ@gmail.com",
        "somchai‐x@gmail.com",
        "café@gmail.com",
        "ｓｏｍ@gmial.com",
    ],
)
def test_what_no_relay_carries_is_asked_again(typed):
    for reader in (inputs.email, inputs.kept_email):
        assert refusal(reader, typed) == "email_letters"


def test_a_local_part_ends_at_64_characters():
    """RFC 5321, 4.5.3.1.1: no mail server has to take more."""
    assert inputs.email("a" * 64 + "@gmail.com")
    assert refusal(inputs.email, "a" * 65 + "@gmail.com") == "email_invalid"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@gmial.com", "a@gmail.com"),
        ("a@gmai.com", "a@gmail.com"),
        ("a@gmail.co", "a@gmail.com"),
        ("A.b@GMAIL.CON", "A.b@gmail.com"),
        ("a@hotmial.com", "a@hotmail.com"),
        ("a@hotmail.cpm", "a@hotmail.com"),
        ("a@yaho.com", "a@yahoo.com"),
        ("a@yahoo.com.th", "a@yahoo.co.th"),
        ("a@iclound.com", "a@icloud.com"),
        ("taro@yaho.co.jp", "taro@yahoo.co.jp"),
        ("jan@seznan.cz", "jan@seznam.cz"),
        ("luc@laposte.nett", "luc@laposte.net"),
    ],
)
def test_slips_are_offered_for_correction(typed, meant):
    with pytest.raises(InputError) as caught:
        inputs.email(typed)
    assert (caught.value.code, caught.value.suggestion) == ("email_slip", meant)
    # Whoever insists keeps what they typed, in its normal form.
    assert inputs.kept_email(typed) == typed.partition("@")[0] + "@" + (
        typed.partition("@")[2].lower()
    )


ABROAD = [
    "yahoo.co.jp", "yahoo.co.uk", "hotmail.ca", "protonmail.ch", "email.cz", "yahoo.com.tr",
    "hotmail.co.uk", "outlook.fr", "live.co.uk", "gmx.de", "gmx.at", "yahoo.fr", "ku.th", "mac.com",
    "bluewin.ch", "naver.com", "qq.com", "docomo.ne.jp", "wp.pl", "inbox.lv", "libero.it", "bk.ru",
    "xtra.co.nz", "rediffmail.com", "uol.com.br", "yahoo.com.vn", "outlook.my", "hotmail.de",
]  # fmt: skip


@pytest.mark.parametrize("domain", [*inputs.MAIL_DOMAINS, *ABROAD])
def test_real_domains_are_no_slips(domain):
    assert inputs.email(f"somchai@{domain}") == f"somchai@{domain}"


def test_the_list_of_providers_is_sound():
    """Each is a domain in its normal form, once, and no slip of a better known one."""
    path = Path(inputs.__file__).parent / "mail_providers.txt"
    listed = [line for line in path.read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert len(listed) == len(set(listed)) == len(inputs.mail_providers()) > 600
    assert not inputs.mail_providers() & set(inputs.MAIL_DOMAINS)
    for domain in listed:
        assert inputs.email(f"a@{domain}") == f"a@{domain}"
    slips = [
        "gmial.com",
        "gmail.co",
        "gmail.cm",
        "gamil.com",
        "hotmail.co",
        "yaho.com",
        "iclould.com",
    ]
    assert all(inputs.probable_domain(domain) for domain in slips)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("somchai.j", "somchai.j"),
        ("Somchai_J", "somchai_j"),
        ("@somchai", "somchai"),
        ("ID: somchai.j", "somchai.j"),
        ("line id: somchai.j", "somchai.j"),
        ("ｓｏｍｃｈａｉ", "somchai"),
        ("https://line.me/ti/p/~somchai.j", "somchai.j"),
        ("line.me/R/ti/p/~somchai.j", "somchai.j"),
        (f"som{ZW}chai", "somchai"),
        ("a" * 20, "a" * 20),
    ],
)
def test_line_ids_that_are_kept(typed, kept):
    assert inputs.line_id(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "a" * 21,
        "สมชาย",
        "som/chai",
        "som@chai",
        "😀😀😀😀",
        "<script>",
        "id:id:abcd",
        "\x00abc",
    ],
)
def test_line_ids_that_are_asked_again(typed):
    assert refusal(inputs.line_id, typed) == "line_id_invalid"


@pytest.mark.parametrize("typed", ["ไม่มี", "ไม่มีค่ะ", "none", "None"])
def test_saying_that_there_is_none_is_not_kept_as_an_id(typed):
    """Somebody who types it instead of tapping the button has no LINE ID called "none"."""
    assert refusal(inputs.line_id, typed) == "line_id_invalid"


READERS = {
    "name": names.full_name,
    "single": lambda text: names.full_name(text, accept_single=True),
    "phone": inputs.phone,
    "email": inputs.email,
    "kept_email": inputs.kept_email,
    "line_id": inputs.line_id,
}
NAME_CODES = {f"name_{why}" for why in ("empty", "long", "link", "digits", "letters", "single")} | {
    "name_sentence"
}
CODES = {
    "name": NAME_CODES,
    "single": NAME_CODES - {"name_single"},
    "phone": {"phone_letters", "phone_invalid", "phone_country"},
    "email": {"email_invalid", "email_letters", "email_slip"},
    "kept_email": {"email_invalid", "email_letters"},
    "line_id": {"line_id_invalid"},
}
# Letters and marks that people's phones send, and a little of everything else.
TYPED = st.text(
    st.one_of(
        st.sampled_from("สมชายใจดีเำแ็่้๊๋์ํัิ ๐๑๒๓0123456789+-().@'’abcXYZé\u0301\u0308"),
        st.sampled_from([ZW, RTL, BOM, "\u00ad", "\u200d", "\ufe0f", "\x00", "\r", "\n"]),
        st.characters(),
    ),
    max_size=60,
)
PHONES = st.from_regex(r"\A(0|\+66 ?\(?0?\)?|0066|\+44 |\+1 |\+)[0-9๐-๙ -]{4,14}\Z")
EMAILS = st.from_regex(r"\A<?[a-zA-Zก-ฮ0-9.+_-]{1,12}@[a-zA-Z0-9.-]{1,12}\.(com|co\.th|th|net)>?\Z")


@pytest.mark.parametrize("kind", READERS)
@STEADY
@given(data=st.data())
def test_anything_typed_is_kept_or_refused_by_its_code(kind, data):
    """Nothing but InputError comes out, and what is kept once is kept the same again."""
    typed = data.draw(st.one_of(TYPED, PHONES, EMAILS))
    code = refusal(READERS[kind], typed)
    if code is not None:
        assert code in CODES[kind]
        return
    kept = READERS[kind](typed)
    assert READERS[kind](kept) == kept
    assert unicodedata.is_normalized("NFC", kept)
    assert kept == kept.strip()
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in kept)


@STEADY
@given(PHONES)
def test_a_phone_as_shown_is_the_phone_that_was_kept(typed):
    if refusal(inputs.phone, typed) is not None:
        return
    kept = inputs.phone(typed)
    assert kept.startswith("+")
    assert kept[1:].isdigit()
    assert inputs.phone(inputs.shown_phone(kept)) == kept


@STEADY
@given(st.text(max_size=200))
@example("e" + ZW + "\u0301")
def test_tidying_twice_changes_nothing_more(text):
    assert inputs.tidy(inputs.tidy(text)) == inputs.tidy(text)
