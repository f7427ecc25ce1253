"""Passkeys as a second factor of staff (WebAuthn), beside the authenticator that everybody has.

The challenge is a keyed hash of the session's reference, which is random, known to one browser
and replaced when the factor is taken: so an answer is good for one session, and no page has to
store anything before it is asked. Source: W3C Web Authentication Level 3, 7.1 and 7.2, 13.4.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bot.crypto import Keyring
from bot.errors import InputError
from bot.services.auth.sessions import SessionCookie
from bot.services.staff import sessions
from bot.services.staff.factors import ISSUER, Factor
from bot.services.staff.sessions import Found
from models.base import new_id
from models.database import Database
from models.staff import StaffPasskey

MAX_PASSKEYS = 10  # of one member
MAX_NAME_LENGTH = 40  # characters of what a device is called
MAX_ANSWER_LENGTH = 16 * 1024  # characters of a browser's answer


@dataclass(frozen=True)
class Party:
    """Who asks: the domain that a passkey belongs to, and the address of the page."""

    domain: str
    origin: str


@dataclass(frozen=True)
class OwnPasskey:
    """One passkey in the list of its owner."""

    id: str
    name: str  # what its owner calls the device
    created_at: datetime
    used_at: datetime | None


def party_of(public_url: str) -> Party | None:
    """None where the address is a number: passkeys belong to names."""
    host = urlsplit(public_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Party(host, public_url.rstrip("/")) if host else None
    return None


def challenge(keys: Keyring, ticket: SessionCookie, purpose: str) -> bytes:
    """What a browser has to sign in this session for this purpose."""
    return bytes.fromhex(keys.blind(f"passkey|{purpose}", ticket.reference.hex()))


def kept(session: Session, staff_id: str) -> Sequence[OwnPasskey]:
    """The passkeys of a member, oldest first."""
    rows = session.scalars(
        select(StaffPasskey).where(StaffPasskey.staff_id == staff_id).order_by(StaffPasskey.id)
    )
    return [OwnPasskey(row.id, row.name or "", row.created_at, row.used_at) for row in rows]


def creation(party: Party, found: Found, asked: bytes, known: Sequence[str]) -> str:
    """What the browser needs to make a passkey, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=party.domain,
        rp_name=ISSUER,
        user_id=found.member.id.encode(),
        user_name=found.member.username,
        challenge=asked,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return webauthn.options_to_json(options)


def request(party: Party, asked: bytes, known: Sequence[str]) -> str:
    """What the browser needs to show a passkey, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=party.domain,
        challenge=asked,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def credentials(session: Session, staff_id: str) -> list[str]:
    """The public ids of a member's passkeys."""
    query = select(StaffPasskey.credential_id).where(StaffPasskey.staff_id == staff_id)
    return list(session.scalars(query))


def add(
    database: Database,
    party: Party,
    found: Found,
    asked: bytes,
    answer: str,
    now: datetime,
    name: str = "",
) -> None:
    """Take a new passkey into use; other sessions end. Raises InputError: passkey_wrong."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer[:MAX_ANSWER_LENGTH],
            expected_challenge=asked,
            expected_rp_id=party.domain,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError) as error:
        raise InputError("passkey_wrong") from error
    credential_id = bytes_to_base64url(made.credential_id)

    def store(session: Session) -> None:
        known = session.scalars(
            select(StaffPasskey.id).where(StaffPasskey.credential_id == credential_id)
        ).first()
        if known is not None or len(credentials(session, found.member.id)) >= MAX_PASSKEYS:
            raise InputError("passkey_wrong")
        row = StaffPasskey(
            id=new_id(),
            staff_id=found.member.id,
            credential_id=credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            created_at=now,
        )
        with session.no_autoflush:
            session.add(row)
            row.name = _called(name)
        sessions.change_factor(session, found, "passkey", now)

    database.write(store)


def rename(session: Session, staff_id: str, passkey_id: str, name: str) -> bool:
    """Call a passkey of one's own something else; False where there is none such."""
    row = session.get(StaffPasskey, passkey_id)
    if row is None or row.staff_id != staff_id:
        return False
    row.name = _called(name)
    return True


def _called(name: str) -> str | None:
    return " ".join(name.split())[:MAX_NAME_LENGTH] or None


def remove(session: Session, found: Found, passkey_id: str, now: datetime) -> None:
    """Forget a passkey of one's own; other sessions end."""
    gone = session.execute(
        delete(StaffPasskey)
        .where(StaffPasskey.id == passkey_id, StaffPasskey.staff_id == found.member.id)
        .returning(StaffPasskey.id)
        .execution_options(synchronize_session=False)
    )
    if gone.one_or_none() is not None:
        sessions.change_factor(session, found, "passkey", now)


def shown(
    database: Database, party: Party, staff_id: str, asked: bytes, answer: str, now: datetime
) -> Factor | None:
    """Whether an answer was made by a passkey of this member for this session."""
    try:
        credential = parse_authentication_credential_json(answer[:MAX_ANSWER_LENGTH])
    except (WebAuthnException, ValueError, KeyError):
        return None
    # Made up anew from its bytes: what a browser writes for it may hold what no database takes.
    credential_id = bytes_to_base64url(credential.raw_id)
    row = database.read(lambda session: _row(session, staff_id, credential_id))
    if row is None:
        return None
    try:
        seen = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=asked,
            expected_rp_id=party.domain,
            expected_origin=party.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError):
        return None

    def count(session: Session) -> bool:
        done = session.execute(
            update(StaffPasskey)
            .where(StaffPasskey.id == row.id, StaffPasskey.sign_count == row.sign_count)
            .values(sign_count=seen.new_sign_count, used_at=now)
            .returning(StaffPasskey.id)
            .execution_options(synchronize_session=False)
        )
        return done.one_or_none() is not None

    return Factor.PASSKEY if database.write(count) else None


def _row(session: Session, staff_id: str, credential_id: str) -> StaffPasskey | None:
    return session.scalars(
        select(StaffPasskey).where(
            StaffPasskey.staff_id == staff_id, StaffPasskey.credential_id == credential_id
        )
    ).one_or_none()


def _descriptors(known: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known]
