"""The second factor of staff: codes of an authenticator (TOTP, RFC 6238) and recovery codes.

A code counts once: the time step of the last one is moved by a conditional UPDATE, a recovery
code is burnt by one. Hashing stays outside of units of work, as with passwords.
Sources: RFC 6238, 5.2; NIST SP 800-63B-4, 3.1.4 and 4.2; OWASP ASVS 5.0, 6.5.1 to 6.5.7.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from passlib.exc import TokenError
from passlib.totp import TOTP
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from bot.services.auth import passwords
from bot.unicode import nfkc, without_invisible
from models.base import new_id
from models.database import Database
from models.staff import Staff, StaffRecoveryCode

ISSUER = "English Planet"
SKEW = 30  # seconds that a telephone's clock may be wrong by
HOW_MANY = 10  # recovery codes in a set
_SELECTOR = 4  # symbols that find the row; the other twelve, 60 bits, are hashed


class Factor(StrEnum):
    """What somebody showed besides the password."""

    CODE = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"


@dataclass(frozen=True)
class DrawnCode:
    """A new recovery code as it is stored; nobody sees the code itself again."""

    selector: str
    code_hash: str


def draw_secret() -> str:
    """A new authenticator's secret: 160 bits in base32."""
    return str(TOTP.new().base32_key)


def address(secret: str, username: str) -> str:
    """The otpauth:// address that a QR code shows to an authenticator."""
    return str(TOTP(key=secret, format="base32").to_uri(label=username, issuer=ISSUER))


def spaced(secret: str) -> str:
    """A secret for typing by hand, in groups of four."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


def step_of(secret: str, typed: str, now: datetime, last: int | None = None) -> int | None:
    """The time step of a right code that is newer than the last one; None for any other text.

    A last one that no clock can have reached yet was taken while ours was ahead: it does not count.
    """
    if last is not None and last > _newest(now):
        last = None
    digits = "".join(without_invisible(nfkc(typed)).split())
    if not (len(digits) == 6 and digits.isdecimal()):
        return None
    plain = "".join(str(unicodedata.decimal(digit)) for digit in digits)  # Thai digits too
    try:
        found = TOTP(key=secret, format="base32").match(
            plain, time=int(now.timestamp()), window=SKEW, last_counter=last
        )
    except TokenError:
        return None
    return int(found.counter)


def draw_codes() -> tuple[list[str], list[DrawnCode]]:
    """A set of recovery codes: for their owner, and as they are stored."""
    drawn: dict[str, str] = {}
    while len(drawn) < HOW_MANY:
        code = passwords.draw_initial()
        drawn.setdefault(_selector(passwords.initial_form(code)), code)
    kept = [
        DrawnCode(selector, passwords.hash_password(passwords.initial_form(code)))
        for selector, code in drawn.items()
    ]
    return list(drawn.values()), kept


def replace_codes(
    session: Session, staff_id: str, codes: Sequence[DrawnCode], now: datetime
) -> None:
    """Give a member these recovery codes; the older ones are dead."""
    session.execute(
        delete(StaffRecoveryCode)
        .where(StaffRecoveryCode.staff_id == staff_id)
        .execution_options(synchronize_session=False)
    )
    session.add_all(
        StaffRecoveryCode(
            id=new_id(),
            staff_id=staff_id,
            selector=code.selector,
            code_hash=code.code_hash,
            created_at=now,
        )
        for code in codes
    )
    session.flush()


def codes_left(session: Session, staff_id: str) -> int:
    """How many recovery codes a member could still use."""
    query = select(func.count()).where(
        StaffRecoveryCode.staff_id == staff_id, StaffRecoveryCode.used_at.is_(None)
    )
    return session.execute(query).scalar_one()


def _newest(now: datetime) -> int:
    """The furthest time step of which a code is taken now."""
    return int(now.timestamp() + SKEW) // 30


def burn(database: Database, staff_id: str, typed: str, now: datetime) -> Factor | None:
    """Use up what was typed: a code of the authenticator or a recovery code; None where neither.

    Of any number of callers with the same code exactly one succeeds.
    """

    def read(session: Session) -> tuple[str | None, int | None, str | None, str | None]:
        staff = session.get_one(Staff, staff_id)
        form = passwords.initial_form(typed[: 4 * passwords.INITIAL_LENGTH])
        code = session.scalars(
            select(StaffRecoveryCode).where(
                StaffRecoveryCode.staff_id == staff_id,
                StaffRecoveryCode.selector == _selector(form),
                StaffRecoveryCode.used_at.is_(None),
            )
        ).one_or_none()
        found = (code.id, code.code_hash) if code else (None, None)
        return staff.totp, staff.totp_step, *found

    secret, last, code_id, code_hash = database.read(read)
    if secret is None:
        return None
    step = step_of(secret, typed, now, last)
    if step is not None:
        moved = database.write(lambda session: _move_step(session, staff_id, step, now))
        return Factor.CODE if moved else None
    form = passwords.initial_form(typed[: 4 * passwords.INITIAL_LENGTH])
    if code_id is None or not passwords.verify(code_hash, form):
        return None
    burnt = database.write(lambda session: _burn_code(session, code_id, now))
    return Factor.RECOVERY if burnt else None


def _move_step(session: Session, staff_id: str, step: int, now: datetime) -> bool:
    last = Staff.totp_step
    is_free = (last.is_(None), last < step, last > _newest(now))
    done = session.execute(
        update(Staff)
        .where(Staff.id == staff_id, or_(*is_free))
        .values(totp_step=step)
        .returning(Staff.id)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none() is not None


def _burn_code(session: Session, code_id: str, now: datetime) -> bool:
    done = session.execute(
        update(StaffRecoveryCode)
        .where(StaffRecoveryCode.id == code_id, StaffRecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .returning(StaffRecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none() is not None


def _selector(form: str) -> str:
    return form[:_SELECTOR]
