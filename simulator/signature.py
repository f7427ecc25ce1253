"""The signature that proves a webhook comes from LINE."""

import base64
import hashlib
import hmac


def sign(channel_secret: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the raw body (documentation, "Verify webhook signature")."""
    digest = hmac.new(channel_secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")
