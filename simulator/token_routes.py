"""The endpoints that issue and check channel access tokens."""

from typing import TYPE_CHECKING

from simulator.problems import OAuthError
from simulator.routes import ApiAnswer, ApiRequest, Route

if TYPE_CHECKING:
    from simulator.platform import Platform


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
