"""What an enhanced status code says about an address (RFC 3463 and IANA's registry of them).

Only codes are looked at that name the recipient and can mean nothing else. A mail server that
refuses us, our domain or our own password refuses every mail alike: taken for "nobody is there",
one such hour would unconfirm the address of everybody who was written to.
"""

import re

# X.1.1 no such mailbox, X.1.2 no such domain, X.1.3 no address at all, X.1.6 moved without a new
# address, X.2.1 closed (all RFC 3463), X.1.10 a domain that takes no mail (RFC 7505). Not X.1.0 and
# X.2.0, which tell no more, X.1.4, where several are meant, X.1.5, which is a success, X.1.9, which
# is about a server on the way, and X.4.4, which is also how a server without DNS says it.
_DEAD = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
# X.1.7 and X.1.8 are the sender's address; X.5 to X.7 the protocol, the content and the policy.
_ABOUT_US = re.compile(r"[45]\.(?:1\.[78]|[567]\.\d+)")
# RFC 5321, 4.2.2: a mailbox that is unavailable, not local, or not allowed, "or for policy
# reasons": without an enhanced code nobody can tell which.
_UNAVAILABLE = {550, 551, 553}


def is_dead(code: str) -> bool:
    """Whether nobody is at the address, for good."""
    return code in _DEAD


def is_about_us(code: str) -> bool:
    """Whether it blames the sender, or what was written, and says nothing of the address."""
    return _ABOUT_US.fullmatch(code) is not None


def may_be_dead(status: int, code: str | None) -> bool:
    """Whether a recipient's refusal for good may be about the address, or about us."""
    if code is None or code == "5.0.0":
        return status in _UNAVAILABLE
    return code.startswith(("5.1.", "5.2.")) and not (is_dead(code) or is_about_us(code))
