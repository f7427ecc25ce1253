"""What people type, turned into what is stored; InputError.code names the sentence for the rest."""

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import DamerauLevenshtein

from bot.errors import InputError
from bot.unicode import nfc, nfkc

NAME_LIMIT = 100
NICKNAME_LIMIT = 40
PHONE_REGION = "TH"
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_NAME_MARKS = frozenset(" -'’.")
_LINK = re.compile(r"https?:|www\.|://|\.(com|net|org|th|co|me|info)\b", re.IGNORECASE)
_INVISIBLE = frozenset({"Cf", "Co", "Cs"})
_LOCAL_LIMIT = 64  # RFC 5321, 4.5.3.1.1
_NONE = frozenset({"none", "null", "nil", "no", "-", "ไม่มี", "ไม่มีค่ะ", "ไม่มีครับ", "ไม่มีคะ"})
LINE_ID_LEAST, LINE_ID_LIMIT = 4, 20  # LINE's rule
_LINE_ID = re.compile(rf"[a-z0-9._-]{{{LINE_ID_LEAST},{LINE_ID_LIMIT}}}")
_LINE_ID_LINK = re.compile(r"^(?:https?://)?line\.me/(?:r/)?ti/p/~", re.IGNORECASE)

# Mail domains that Thai learners use; what is nearly one of them is probably a slip.
MAIL_DOMAINS = (
    "gmail.com",
    "hotmail.com",
    "hotmail.co.th",
    "outlook.com",
    "outlook.co.th",
    "yahoo.com",
    "yahoo.co.th",
    "icloud.com",
    "live.com",
    "windowslive.com",
    "msn.com",
    "me.com",
    "ymail.com",
    "rocketmail.com",
    "protonmail.com",
    "proton.me",
    "mail.com",
    "email.com",
    "gmx.com",
    "gmx.net",
    "aol.com",
)


def tidy(text: str) -> str:
    """NFC, without invisible marks, with single spaces; Thai vowels in their usual order.

    Phones write sara am and sara ae in two ways that look the same and compare as different.
    """
    before = None
    while text != before:  # taking a mark out can bring together what then composes
        before = text
        text = "".join(char for char in text if unicodedata.category(char) not in _INVISIBLE)
        text = text.replace("เเ", "แ")
        text = re.sub("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "\\1\u0e33", text)
        text = nfc(" ".join(text.split()))
    return text


def latin_digits(text: str) -> str:
    """A text with 0 to 9 where it has Thai digits."""
    return text.translate(_THAI_DIGITS)


def full_name(text: str, *, accept_single: bool = False) -> str:
    """A name and surname in Thai or Latin letters.

    Raises InputError: name_empty, name_long, name_digits, name_link, name_letters, name_single.
    """
    name = tidy(text)
    if not name:
        raise InputError("name_empty")
    if len(name) > NAME_LIMIT:
        raise InputError("name_long")
    if _LINK.search(name) or "@" in name:
        raise InputError("name_link")
    if any(char.isdigit() for char in name):
        raise InputError("name_digits")
    if not all(_is_name_character(char) for char in name):
        raise InputError("name_letters")
    if sum(char.isalpha() for char in name) < 2:
        raise InputError("name_empty")
    if " " not in name and not accept_single:
        raise InputError("name_single")
    return name


def nickname(text: str) -> str:
    """One word that a guardian knows a child by, and no more than that.

    Raises InputError: name_empty, name_long, name_words, name_digits, name_link, name_letters.
    """
    if len(tidy(text)) > NICKNAME_LIMIT:
        raise InputError("name_long")
    name = full_name(text, accept_single=True)
    if " " in name:
        raise InputError("name_words")
    return name


def _is_name_character(char: str) -> bool:
    if char in _NAME_MARKS:
        return True
    if "\u0e01" <= char <= "\u0e3a" or "\u0e40" <= char <= "\u0e4e":
        return True
    if "\u0300" <= char <= "\u036f":
        return True
    return char.isalpha() and unicodedata.name(char, "").startswith("LATIN ")


def phone(text: str) -> str:
    """A telephone number as E.164 (ITU-T); without a country code it is Thai.

    Raises InputError: phone_letters, phone_invalid, phone_country.
    """
    typed = latin_digits(nfkc(tidy(text)))
    if any(char.isalpha() for char in typed):
        raise InputError("phone_letters")
    compact = re.sub(r"[^\d+]", "", typed)
    compact = re.sub(r"^(?:\+|00)66(?:0(?=[1-9]))?", "+66", compact)  # +66 (0)81 ... is common
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    try:
        number = phonenumbers.parse(compact, PHONE_REGION)
    except phonenumbers.NumberParseException:
        raise InputError("phone_invalid") from None
    if not phonenumbers.is_valid_number(number):
        raise InputError(
            "phone_country" if not compact.startswith(("0", "+66")) else "phone_invalid"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown_phone(e164: str) -> str:
    """A number as people write it: 081-234-5678, or +44 20 7946 0958."""
    number = phonenumbers.parse(e164)
    if number.country_code == 66:
        national = phonenumbers.PhoneNumberFormat.NATIONAL
        return phonenumbers.format_number(number, national).replace(" ", "-")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def email(text: str) -> str:
    """An e-mail address in its normal form (RFC 5321, RFC 6531); nothing is looked up.

    What stands before the @ is ASCII: letters of another script, curly quotes and full-width
    letters, which keyboards put there, are carried only where our relay and every one behind it
    speaks SMTPUTF8 (RFC 6531, 3.2), and a mail that fails is told too late. The domain may be in
    any script: servers know it in ASCII (RFC 5891).

    Raises InputError: email_invalid, email_letters, or email_slip with the probable address as
    suggestion.
    """
    try:
        found = validate_email(tidy(text).strip("<>"), check_deliverability=False)
    except EmailNotValidError:
        raise InputError("email_invalid") from None
    if len(found.local_part.encode()) > _LOCAL_LIMIT:
        raise InputError("email_invalid")
    if not found.local_part.isascii():
        raise InputError("email_letters")
    domain = found.domain.lower()
    near = probable_domain(domain)
    if near is not None:
        raise InputError("email_slip", suggestion=f"{found.local_part}@{near}")
    return f"{found.local_part}@{domain}"


def kept_email(text: str) -> str:
    """The address as typed, after the person said that it is no slip."""
    try:
        return email(text)
    except InputError as error:
        if error.code != "email_slip":
            raise
        return validate_email(tidy(text).strip("<>"), check_deliverability=False).normalized


def probable_domain(domain: str) -> str | None:
    """The well-known domain that this one is a slip of, or None."""
    if domain in MAIL_DOMAINS:
        return None
    distance, near = min(
        (DamerauLevenshtein.distance(domain, known), known) for known in MAIL_DOMAINS
    )
    # One slip in a short name, two in a longer one; more than that is another domain.
    return near if distance <= (1 if len(near) < 9 else 2) else None


def means_none(text: str) -> bool:
    """Whether somebody says in words that they have no LINE ID."""
    return nfkc(tidy(text)).casefold() in _NONE


def line_id(text: str) -> str:
    """The LINE ID that people give to friends: 4 to 20 of a-z 0-9 . _ - (LINE's rule).

    Raises InputError: line_id_invalid.
    """
    typed = nfkc(tidy(text)).casefold().replace(" ", "")
    typed = _LINE_ID_LINK.sub("", typed)
    typed = re.sub(r"^(?:line)?id[:：]", "", typed).removeprefix("@")
    if typed in _NONE or not _LINE_ID.fullmatch(typed):
        raise InputError("line_id_invalid")
    return typed
