"""What people type, turned into what is stored; InputError.code names the sentence for the rest."""

import re
from functools import cache
from pathlib import Path

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import DamerauLevenshtein

from bot.errors import InputError
from bot.unicode import nfc, nfkc, without_invisible

PHONE_REGION = "TH"
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_SHORT = 9  # letters of a domain
_LOCAL_LIMIT = 64  # RFC 5321, 4.5.3.1.1
_NONE = frozenset({"none", "null", "nil", "no", "-", "ไม่มี", "ไม่มีค่ะ", "ไม่มีครับ", "ไม่มีคะ"})
LINE_ID_LEAST, LINE_ID_LIMIT = 4, 20  # LINE's rule
_LINE_ID = re.compile(rf"[a-z0-9._-]{{{LINE_ID_LEAST},{LINE_ID_LIMIT}}}")
_LINE_ID_LINK = re.compile(r"^(?:https?://)?line\.me/(?:r/)?ti/p/~", re.IGNORECASE)

# Mail domains that Thai learners use; what is nearly one of them is probably a slip. The providers
# of other countries stand in mail_providers.txt.
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
        text = without_invisible(text)
        text = text.replace("เเ", "แ")
        text = re.sub("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "\\1\u0e33", text)
        text = nfc(" ".join(text.split()))
    return text


def latin_digits(text: str) -> str:
    """A text with 0 to 9 where it has Thai digits."""
    return text.translate(_THAI_DIGITS)


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


@cache
def mail_providers() -> frozenset[str]:
    """Domains at which people of other countries have their mail."""
    path = Path(__file__).parent / "mail_providers.txt"
    lines = path.read_text(encoding="utf-8").split("\n")
    return frozenset(line for line in lines if line and not line.startswith("#"))


def probable_domain(domain: str) -> str | None:
    """The well-known domain that this one is a slip of, or None."""
    if domain in MAIL_DOMAINS or domain in mail_providers():
        return None
    distance, near = min(
        (DamerauLevenshtein.distance(domain, known), known) for known in MAIL_DOMAINS
    )
    # One slip in a short name, two in a longer one; more than that is another domain.
    if distance <= (1 if len(near) < _SHORT else 2):
        return near
    # Of the many of other countries one slip, and none in a short name: there are too many others.
    abroad = [
        known
        for known in mail_providers()
        if len(known) >= _SHORT and DamerauLevenshtein.distance(domain, known, score_cutoff=1) == 1
    ]
    return min(abroad, default=None)


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
