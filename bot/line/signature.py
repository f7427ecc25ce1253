"""Whether a webhook really comes from LINE."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(body: bytes, secret: str) -> str:
    """What LINE puts into x-line-signature: Base64(HMAC-SHA256(channel secret, raw body)).

    https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
    """
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def is_valid(body: bytes, signature: str | None, secrets: Iterable[str]) -> bool:
    """Compare in constant time with every secret: two are live while one is being rotated.

    The SDK's validator raises on a missing or non-ASCII header and knows one secret only.
    """
    if not signature or not signature.isascii():
        return False
    given = signature.encode()
    matches = [hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets]
    return any(matches)
