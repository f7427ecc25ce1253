"""What a refusal says about an address: its enhanced code (RFC 3463), and the words beside that.

The code alone lies in both directions. Servers answer 5.1.3 ("bad address") where our own server
stands on a list of senders of spam, 5.1.1 where a mailbox is full, and 5.0.0 where nobody is there.
So words decide against a code, and the milder reading counts: taken for "nobody is there", one hour
of a server that refuses everybody would unconfirm the address of everybody who was written to.

Collected from the answers of Postfix, Exim, qmail, sendmail, Exchange and the large providers; the
table tests/mail/bounces.toml has one of each.
"""

import re
from enum import StrEnum

MAX_WORDS = 2_000  # characters of a sentence that are looked at


class Verdict(StrEnum):
    """What one refusal says."""

    DEAD = "dead"  # nobody is there: no such person, disabled, moved
    SOFT = "soft"  # not this time: full, too large, no answer, a delivery program that failed
    ABOUT_US = "about_us"  # too fast, not yet, not such words: nothing about the person
    BLOCKED = "blocked"  # they take nothing from us, whomever it is for


# X.1.1 no such mailbox, X.1.2 no such domain, X.1.3 no address at all, X.1.6 moved without a new
# address, X.2.1 closed (all RFC 3463), X.1.10 a domain that takes no mail (RFC 7505), 5.1.351 no
# such recipient (Exchange Online). Not X.1.0 and X.2.0, which tell no more, X.1.4, where several
# are meant, X.1.5, which is a success, X.1.9, which is about a server on the way, and X.4.4, which
# is also how a server without DNS says it.
_DEAD = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.2.1"}
# X.1.7 and X.1.8 are the sender's address; X.5 to X.7 the protocol, the content and the policy;
# 5.2.121 and 5.2.122 how much a mailbox gets in an hour (Exchange Online).
_ABOUT_US = re.compile(r"[45]\.(?:1\.[78]|2\.12[12]|[567]\.\d{1,3})")
# RFC 7372: signature, SPF, reverse DNS; Microsoft's banned addresses and tenants.
_BLOCKED = re.compile(r"5\.7\.(?:2[0-79]|5(?:0[1-9]|1[0-5])|6[0-4]\d|70[358]|750)")
# RFC 5321, 4.2.2: a mailbox that is unavailable, not local, or not allowed, "or for policy
# reasons": without an enhanced code nobody can tell which.
_UNAVAILABLE = {550, 551, 553}
_NOT_SAID = re.compile(r"[45]\.0\.0")
# Not in a longer number, such as the address of a server.
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?=[- ]|$)")

# A server may be called spam-filter, and so may a person.
_NAMES = re.compile(r"\bhost \S+|[^\s<>]{1,64}@[^\s<>]{1,255}", re.IGNORECASE)


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


# In this order; what blames us comes first, however sure the rest sounds.
_WORDS: tuple[tuple[Verdict, re.Pattern[str]], ...] = (
    (
        Verdict.ABOUT_US,
        _any(
            r"gr[ea]y-?\s?list", r"rate[ -]?limit", r"too many", r"too (?:fast|much mail)",
            r"throttl", r"unusual rate", r"slow down", r"at a rate that", r"per.hour",
            r"(?:receive|messages?|connections?) limit", r"your account", r"restriction",
            r"(?:its|message|your) content",
        ),
    ),
    (
        Verdict.BLOCKED,
        _any(
            r"spamhaus", r"spamcop", r"barracuda ?(?:central|reputation)", r"\bsorbs\b",
            r"senderscore", r"proofpoint\.com",
            r"black-?\s?list", r"block-?\s?list", r"\b(?:dns|r)bls?\b", r"listed (?:at|by|in|on)\b",
            r"\breputation\b", r"banned", r"\bblocked\b", r"unsolicited", r"poor sender",
            r"\bspf\b", r"\bdkim\b", r"\bdmarc\b", r"unauthenticated", r"authenticat",
            r"reverse (?:dns|host)", r"\bptr\b",
            r"relay(?:ing)? (?:not|access)? ?(?:permitted|denied)",
            r"not allowed to relay", r"traffic not accepted", r"not accepted from this ip",
        ),
    ),
    (
        Verdict.ABOUT_US,
        _any(
            r"\bspam\b", r"virus", r"malware", r"phish", r"\bcontent\b", r"attachment",
            r"bad sender", r"sender (?:address )?(?:rejected|denied|not)", r"policy",
            r"not authori[sz]ed", r"requires? tls", r"bounce (?:address )?tag",
        ),
    ),
    (
        Verdict.SOFT,
        _any(
            r"quota", r"mailbox (?:is )?full", r"(?:inbox|box|account) (?:is )?full",
            r"out of (?:disk |storage )?space", r"storage", r"no space left", r"too (?:large|big)",
            r"exceeds? (?:the )?(?:maximum|size)", r"size limit",
            r"local delivery", r"delivery agent", r"procmail", r"maildrop", r"maildir", r"dovecot",
            r"command (?:died|failed)", r"unknown mailer error", r"output file", r"can.t create",
            r"internal (?:server )?error", r"loops? back", r"too many hops", r"hop count",
            r"timed? ?out", r"connection (?:refused|reset|lost)", r"lookup failure",
            r"เต็ม", r"เกินโควต",
        ),
    ),
    (
        Verdict.DEAD,
        _any(
            r"no such (?:user|person|recipient|mailbox|account|address|local)",
            r"(?:user|recipient|mailbox|account|address|person)s?\b.{0,60}?\b(?:unknown"
            r"|not found|not exist|disabled|inactive|inactivated|deactivated|suspended|closed"
            r"|terminated|discontinued|expired|no longer)",
            r"(?:unknown|invalid|nonexistent|bad|inactive|disabled) (?:or \w+ )?"
            r"(?:user|recipient|mailbox|account|address|local)",
            r"does ?n.t have an? \S{1,60} account", r"no mailbox (?:here )?by that name",
            r"\bno mailbox\b", r"unrouteable address", r"recipient ?not ?found", r"has moved",
            r"recipient address rejected: access denied",
            r"5\.5\.0 requested action not taken: mailbox unavailable",  # Outlook.com
            r"ไม่พบ(?:ผู้ใช้|ผู้รับ|บัญชี|ที่อยู่|กล่อง|อีเมล)", r"ไม่มี(?:ผู้ใช้|ผู้รับ|บัญชี|อีเมล)",
        ),
    ),
    (Verdict.ABOUT_US, _any(r"temporarily deferred", r"(?:try|retry) (?:again )?later")),
)  # fmt: skip


def code_in(text: str) -> str | None:
    """The first enhanced code in a sentence."""
    found = _CODE.search(text[:MAX_WORDS])
    return ".".join(found.groups()) if found else None


def reply_in(text: str) -> int | None:
    """The first reply code of SMTP in a sentence."""
    found = _REPLY.search(text[:MAX_WORDS])
    return int(found[1]) if found else None


def in_words(said: str) -> Verdict | None:
    """What a sentence says without its codes; None where it says nothing that is known here."""
    text = _NAMES.sub(" ", said[:MAX_WORDS])
    return next((verdict for verdict, words in _WORDS if words.search(text)), None)


def is_dead(code: str) -> bool:
    """Whether a code, by itself, says that nobody is at the address, for good."""
    return code in _DEAD


def judged(code: str, said: str = "") -> Verdict:
    """What a code and the words beside it say together.

    said: the server's sentence, which may have a code of its own; at X.0.0 that one counts, and
    elsewhere the milder of the two.
    """
    said = " ".join(said[:MAX_WORDS].split())
    other = code_in(said)
    if _NOT_SAID.fullmatch(code) and other is not None:
        code = other
    by_words = in_words(said)
    by_code = _by_code(code)
    if by_words in {Verdict.ABOUT_US, Verdict.BLOCKED}:
        return by_words
    if by_words is Verdict.DEAD:
        return _confirmed(code, other)
    if by_words is Verdict.SOFT:
        return Verdict.SOFT
    if by_code is Verdict.DEAD and other is not None and not other.startswith("2"):
        return min(by_code, _by_code(other), key=_MILD.index)
    return by_code


def may_be_dead(status: int, code: str | None, said: str = "") -> bool:
    """Whether a recipient's refusal for good may be about the address, or about us."""
    verdict = judged(code or "5.0.0", said)
    if verdict is not Verdict.SOFT:
        return False
    if code is None or code == "5.0.0":
        return status in _UNAVAILABLE
    return code.startswith(("5.1.", "5.2."))


_MILD = [Verdict.ABOUT_US, Verdict.BLOCKED, Verdict.SOFT, Verdict.DEAD]


def _by_code(code: str) -> Verdict:
    if is_dead(code):
        return Verdict.DEAD
    if _BLOCKED.fullmatch(code):
        return Verdict.BLOCKED
    return Verdict.ABOUT_US if _ABOUT_US.fullmatch(code) else Verdict.SOFT


def _confirmed(code: str, other: str | None) -> Verdict:
    """Words of a dead address beside these codes: not for now, and not where a rule refused it."""
    codes = [each for each in (code, other) if each is not None]
    if any(each.startswith("4") for each in codes):
        return Verdict.SOFT
    # X.5 is where old servers put whatever they have no code for.
    refused = (each for each in codes if _ABOUT_US.fullmatch(each) and not each.startswith("5.5."))
    return Verdict.SOFT if any(refused) else Verdict.DEAD
