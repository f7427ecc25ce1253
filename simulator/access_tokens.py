"""Channel access tokens and their endpoints: the console’s own, and stateless for 15 minutes."""

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.problems import OAuthError
from simulator.routes import ApiAnswer, ApiRequest, Route

if TYPE_CHECKING:
    from simulator.platform import Platform

LIFE = timedelta(seconds=900)
ASSERTION_LIFE = timedelta(minutes=30)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class AccessTokens:
    """Who may call (reference, "Channel access token")."""

    def __init__(self, *, channel_id: str, channel_secret: str, long_lived: str) -> None:
        self.channel_id = channel_id
        self.channel_secret = channel_secret
        self.long_lived = long_lived
        self._stateless: dict[str, datetime] = {}

    def accepts(self, token: str, now: datetime) -> bool:
        if hmac.compare_digest(token.encode(), self.long_lived.encode()):
            return True
        until = self._stateless.get(token)
        return until is not None and now < until

    def issue_stateless(self, form: Mapping[str, str], now: datetime) -> dict[str, object]:
        """By id and secret, or by a JWT (reference, "Issue stateless channel access token")."""
        if form.get("grant_type") != "client_credentials":
            raise OAuthError("unsupported_grant_type", "grant_type must be client_credentials")
        if "client_assertion" in form or "client_assertion_type" in form:
            self._check_assertion(form, now)
        elif form.get("client_id") != self.channel_id or not hmac.compare_digest(
            form.get("client_secret", "").encode(), self.channel_secret.encode()
        ):
            raise OAuthError("invalid_client", "invalid client_id or client_secret")
        token = "stateless." + secrets.token_urlsafe(48)
        self._stateless[token] = now + LIFE
        seconds = int(LIFE.total_seconds())
        return {"token_type": "Bearer", "access_token": token, "expires_in": seconds}

    def _check_assertion(self, form: Mapping[str, str], now: datetime) -> None:
        """Looks at the claims; the signature's key is known to LINE's console only."""
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise OAuthError("invalid_request", "client_assertion_type is invalid")
        claims = _claims(form.get("client_assertion", ""))
        expires = claims.get("exp")
        if (
            claims.get("iss") != self.channel_id
            or claims.get("sub") != self.channel_id
            or claims.get("aud") != "https://api.line.me/"
            or isinstance(expires, bool)
            or not isinstance(expires, int | float)
            or not 0 < expires - now.timestamp() <= ASSERTION_LIFE.total_seconds()
        ):
            raise OAuthError("invalid_client", "Invalid client assertion.")

    def verify(self, token: str, now: datetime) -> dict[str, object]:
        if hmac.compare_digest(token.encode(), self.long_lived.encode()):
            # What LINE answers for a token without an end: a very long time.
            return {"client_id": self.channel_id, "expires_in": 3138007490, "scope": "P CM"}
        until = self._stateless.get(token)
        if until is None or until <= now:
            raise OAuthError("invalid_request", "access token expired")
        left = int((until - now).total_seconds())
        return {"client_id": self.channel_id, "expires_in": left, "scope": "P CM"}


def _claims(assertion: str) -> dict[str, object]:
    try:
        _, payload, _ = assertion.split(".")
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def issue(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(platform.access_tokens.issue_stateless(request.form, platform.clock()))


def verify(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    given = request.form if request.method == "POST" else request.query
    token = given.get("access_token")
    if not token:
        raise OAuthError("invalid_request", "access_token is required")
    return ApiAnswer(platform.access_tokens.verify(token, platform.clock()))


ROUTES = (
    Route("POST", "/oauth2/v3/token", "oauth/token", issue, needs_token=False),
    Route("POST", "/v2/oauth/verify", "oauth/verify", verify, needs_token=False),
    Route("GET", "/v2/oauth/verify", "oauth/verify", verify, needs_token=False),
    Route("GET", "/oauth2/v2.1/verify", "oauth/verify", verify, needs_token=False),
)
