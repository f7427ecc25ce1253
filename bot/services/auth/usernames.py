"""Draws usernames: chance only, nothing of the person, nothing that looks like something else."""

import secrets

PREFIX = "ep"
# No vowels (no words by accident); none of 0/o, 1/l/i, 2/z, 5/s, 6/b, 8/B, 9/g, q/g, u/v: of each
# such pair at most one symbol is left.
ALPHABET = "bcdfghjkmnprstvwxyz347"
LENGTH = 8  # 22 ** 8 = 5.5e10: a thousand accounts meet with a chance of one in 100,000


def draw() -> str:
    """A new username; the caller draws again where the database says that it is taken."""
    return PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
