"""The browsers of members of staff: a cookie tells one from a stranger's, and opens nothing.

Whoever holds it may go on trying a password where strangers have used up all tries at a name
(OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It is made when both factors were
shown, names one member, and nothing of it is kept here but how often it was wrong.
"""

import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.crypto import Keyring
from bot.services.auth.sessions import sealed, unsealed

LIFE = timedelta(days=90)
_PLACE = "cookie|staff-device|"
_BODY = struct.Struct(">I16s16s")


@dataclass(frozen=True)
class DeviceCookie:
    """Which browser it is, whose, and since when."""

    id: str
    staff_id: str
    made_at: datetime

    @classmethod
    def new(cls, staff_id: str, now: datetime, id: str | None = None) -> "DeviceCookie":
        """For a browser that showed both factors; id: where it is known already."""
        return cls(id or secrets.token_hex(16), staff_id, now.replace(microsecond=0))

    def is_of(self, staff_id: str, now: datetime) -> bool:
        """Whether it still speaks for a member."""
        return self.staff_id == staff_id and now - self.made_at < LIFE

    def seal(self, keys: Keyring) -> str:
        """The cookie's value: ciphertext in base64url."""
        ids = bytes.fromhex(self.id), bytes.fromhex(self.staff_id)
        return sealed(keys, _BODY.pack(int(self.made_at.timestamp()), *ids), _PLACE)

    @classmethod
    def unseal(cls, keys: Keyring, value: str) -> "DeviceCookie | None":
        """Read a cookie's value; None for anything that this server did not make."""
        body = unsealed(keys, value, _PLACE)
        if body is None or len(body) != _BODY.size:
            return None
        stamp, device, staff = _BODY.unpack(body)
        return cls(device.hex(), staff.hex(), datetime.fromtimestamp(stamp, UTC))
