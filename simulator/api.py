"""LINE's API over HTTP: every call is counted, limited, checked, answered and written down."""

import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, request

from simulator import access_tokens, account_routes, message_routes, rich_menu_routes
from simulator.faults import UNREADABLE, Fault
from simulator.platform import Platform
from simulator.problems import ApiError
from simulator.rates import quota_exceeded, rate_exceeded
from simulator.retry_keys import Accepted, already_accepted
from simulator.routes import ApiAnswer, ApiRequest, Call, Route

BODY_BYTES = 2 * 1024 * 1024
RETRY_KEY = "X-Line-Retry-Key"
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
ROUTES: tuple[Route, ...] = (
    *message_routes.ROUTES,
    *account_routes.ROUTES,
    *rich_menu_routes.ROUTES,
    *access_tokens.ROUTES,
)
UNAUTHORIZED = (
    "Authentication failed. Confirm that the access token in the authorization header is valid."
)


def create_line_blueprint(platform: Platform) -> Blueprint:
    """The API of one channel, to be registered below any prefix (reference, all endpoints)."""
    blueprint = Blueprint("line_platform", __name__)
    for route in ROUTES:
        blueprint.add_url_rule(
            route.rule,
            endpoint=f"{route.method} {route.rule}".replace(".", "_"),
            view_func=_view(platform, route),
            methods=[route.method],
            provide_automatic_options=False,
        )
    for root in ("/v2/<path:rest>", "/oauth2/<path:rest>"):
        blueprint.add_url_rule(
            root, endpoint=f"unknown {root[1:3]}", view_func=_unknown(platform), methods=METHODS
        )
    return blueprint


def _view(platform: Platform, route: Route) -> Callable[..., Response]:
    def view(**params: str) -> Response:
        path = re.sub(r"<(\w+)>", lambda found: params[found[1]], route.rule)
        return _Conversation(platform, route, path, params).run()

    return view


def _unknown(platform: Platform) -> Callable[..., Response]:
    patterns = [re.compile(re.sub(r"<\w+>", "[^/]+", route.rule)) for route in ROUTES]

    def view(rest: str) -> Response:
        root = request.path[: len(request.path) - len(rest)].rstrip("/").rpartition("/")[2]
        path = f"/{root}/{rest}"
        known = any(pattern.fullmatch(path) for pattern in patterns)
        status, words = (405, "Method Not Allowed") if known else (404, "Not found")
        route = Route(request.method, path, "unknown", _refuse(status, words), needs_token=False)
        return _Conversation(platform, route, path, {}).run()

    return view


def _refuse(status: int, words: str) -> Callable[[Platform, ApiRequest], ApiAnswer]:
    def handle(platform: Platform, asked: ApiRequest) -> ApiAnswer:
        raise ApiError(status, words)

    return handle


class _Conversation:
    """One call from its first byte to the ledger."""

    def __init__(self, platform: Platform, route: Route, path: str, params: dict[str, str]) -> None:
        self.platform = platform
        self.route = route
        self.path = path
        self.params = params
        self.request_id = str(uuid.uuid4())
        self.fault: Fault | None = None
        self.retry_key: str | None = request.headers.get(RETRY_KEY)
        request.max_content_length = None
        self.raw = request.get_data(parse_form_data=False)
        self.body = _parsed(self.raw)

    def run(self) -> Response:
        platform = self.platform
        with platform.lock:
            self.fault = platform.faults.take(self.route.name, self.path)
        platform.wait(platform.latency)
        if self.fault and self.fault.kind == "hang":
            platform.wait(self.fault.seconds)
        error: dict[str, Any] | None = None
        try:
            answer = self._answer()
            status, headers, body = answer.status, {}, answer.body
            content_type = answer.content_type
        except ApiError as refused:
            status, headers, content_type = refused.status, refused.headers, "application/json"
            body = error = refused.body()
        self._record(status, error)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.fault and self.fault.kind == "lost_response":
            return _lost(data)
        response = Response(data, status=status, content_type=content_type)
        response.headers["x-line-request-id"] = self.request_id
        response.headers.update(headers)
        return response

    def _record(self, status: int, error: dict[str, Any] | None) -> None:
        self.platform.record(
            Call(
                method=request.method,
                endpoint=self.route.name,
                path=self.path,
                status=status,
                request_id=self.request_id,
                at=self.platform.clock(),
                body=self.body,
                retry_key=self.retry_key,
                fault=self.fault.kind if self.fault else None,
                error=error,
            )
        )

    def _answer(self) -> ApiAnswer:
        platform, kind = self.platform, self.fault.kind if self.fault else None
        if len(self.raw) > BODY_BYTES:
            raise ApiError(413, "Request exceeds the max size of 2MB")
        if self.route.needs_token:
            self._authorize()
        with platform.lock:
            platform.rates.take(self.route.name, platform.clock())
        if kind == "400":
            raise ApiError(400, "The request body has 1 error(s)")
        if kind == "400_null":
            return ApiAnswer({"message": "The request body has 1 error(s)", "details": None}, 400)
        if kind in UNREADABLE:
            return ApiAnswer(UNREADABLE[kind], 400, "text/html")
        if kind == "500":
            raise ApiError(500, "Internal server error")
        if kind == "429_rate":
            raise rate_exceeded()
        if kind == "429_quota":
            raise quota_exceeded()
        if self.route.locked:
            with platform.lock:
                answer = self._handled(kind)
        else:
            answer = self._handled(kind)
        if kind == "500_after_accept":
            raise ApiError(500, "Internal server error")
        if kind == "409":
            # As if an earlier try had been accepted and its answer lost: it is sent, once.
            raise already_accepted(
                Accepted(self.request_id, platform.clock(), answer.sent_messages)
            )
        return answer

    def _authorize(self) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self.platform.lock:
            known = self.platform.access_tokens.accepts(token.strip(), self.platform.clock())
        if scheme.lower() != "bearer" or not known:
            raise ApiError(401, UNAUTHORIZED)

    def _handled(self, kind: str | None) -> ApiAnswer:
        platform = self.platform
        if kind == "token_expired":
            platform.reply_tokens.expire_all()
        key = self._checked_key()
        answer = self.route.handle(platform, self._asked())
        if key is not None:
            platform.retry_keys.accept(
                key,
                Accepted(
                    self.request_id,
                    platform.clock(),
                    answer.sent_messages if self.route.name == "push" else None,
                ),
            )
        return answer

    def _checked_key(self) -> str | None:
        """Only four endpoints take one (documentation, "Retry failed API requests")."""
        if self.retry_key is None:
            return None
        if not self.route.takes_retry_key:
            raise ApiError(400, "The X-Line-Retry-Key header can't be used with this endpoint")
        return self.platform.retry_keys.check(self.retry_key, self.platform.clock())

    def _asked(self) -> ApiRequest:
        return ApiRequest(
            method=request.method,
            name=self.route.name,
            path=self.path,
            params=self.params,
            query=request.args.to_dict(),
            form=request.form.to_dict(),
            raw=self.raw,
            content_type=request.mimetype,
            request_id=self.request_id,
            body=self.body,
            retry_key=self.retry_key,
        )


def _parsed(raw: bytes) -> Any:
    """The JSON of the body for handler and ledger; None for anything else."""
    if request.mimetype != "application/json" or not raw:
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _lost(data: bytes) -> Response:
    """Drop the connection without an answer, as far as the server below lets us."""
    for name in ("werkzeug.socket", "gunicorn.socket"):
        connection = request.environ.get(name)
        if isinstance(connection, socket.socket):
            connection.shutdown(socket.SHUT_RDWR)

    def nothing() -> Iterator[bytes]:
        raise ConnectionResetError("the simulator loses this answer on purpose")
        yield b""  # type: ignore[unreachable]  # makes this a generator

    response = Response(nothing(), status=200, content_type="application/json")
    response.headers["Content-Length"] = str(len(data))
    return response
