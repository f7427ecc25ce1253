"""The password hashes of accounts that are ours: argon2id, at the strength of one module.

They stand on the providers' floor because only a system that owns its accounts keeps hashes; the
rules about passwords are in bot.services.auth.passwords.
"""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bot.crypto import token
from bot.unicode import nfkc, without_invisible

# OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, two passes, one lane is the least.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Each hash holds 19 MiB: a burst of sign-ins waits in a queue instead of filling the memory.
_TURNS = threading.BoundedSemaphore(4)


def own_form(password: str) -> str:
    """A password as it is hashed: NFKC, so that every keyboard's way of typing it is the same.

    Nothing is folded or cut (NIST SP 800-63B-4, 3.1.1.2); its ends are the callers' affair.
    """
    return nfkc(password)


def initial_form(password: str) -> str:
    """A system-made password as it is hashed, however it was typed.

    Case, hyphens and spaces carry nothing in it, and o, i and l are read as 0, 1 and 1, which
    its alphabet has instead of them. An own password is never treated like this.
    """
    text = without_invisible(own_form(password)).casefold()
    text = "".join(
        c for c in text if not c.isspace() and c not in "-\u2010\u2011\u2012\u2013\u2014"
    )
    return text.translate(str.maketrans("oil", "011"))


def hash_password(form: str) -> str:
    """The hash of a password in its own or its initial form. Takes some 40 ms: never in a unit."""
    with _TURNS:
        return _HASHER.hash(form.encode("utf-8", "surrogatepass"))


_NOBODY = hash_password(token())  # compared with where there is no account: the same time passes


def verify(found: str | None, form: str) -> bool:
    """Whether a form belongs to a hash; None (nobody) takes as long and is False."""
    with _TURNS:
        try:
            _HASHER.verify(found or _NOBODY, form.encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False
    return found is not None


def pretend() -> None:
    """Take as long as a comparison, unless somebody else compares: it keeps nobody waiting."""
    if _TURNS.acquire(blocking=False):
        try:
            _HASHER.verify(_NOBODY, "")
        except VerificationError:
            return
        finally:
            _TURNS.release()


def is_outdated(found: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(found)
