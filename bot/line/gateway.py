"""Calls to LINE: one shared client, a timeout on each, our own errors, no hidden retries."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from linebot.v3.messaging import ApiClient, Configuration
from linebot.v3.messaging.exceptions import ApiException
from urllib3.exceptions import HTTPError, NewConnectionError

from bot.errors import DeliveryError
from bot.line.json_answers import json_object
from bot.line.messages import Message
from bot.line.rich_menus import RichMenuCalls

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
# Not the message's fault: a token that an operator renews, a limit that passes.
CURABLE = {401, 403, 408, 429}
_JSON = {"Content-Type": "application/json"}


class Gateway:
    """LINE's Messaging API, as far as we use it.

    Every method raises DeliveryError: `permanent` where the request itself is refused (most
    4xx), `unknown` where LINE may have carried it out (timeout, cut connection, 5xx). The typed
    requests of the SDK cost more than twice the time of the same call with a dict, so the dicts
    go out as they are.
    """

    def __init__(
        self,
        host: str,
        *,
        access_token: str | None = None,
        channel_id: str | None = None,
        channel_secret: str | None = None,
        connections: int = 32,
        data_host: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        configuration = Configuration(host=host, access_token="")
        configuration.retries = False  # urllib3 would repeat a GET four times behind our back
        configuration.connection_pool_maxsize = connections
        self._client = ApiClient(configuration)
        self._host = host
        self._tokens = _Tokens(self._client, host, access_token, channel_id, channel_secret)
        self._tokens.monotonic = monotonic
        self.rich_menus = RichMenuCalls(self._call, data_host or host)

    def reply(self, reply_token: str, messages: list[Message]) -> None:
        """Answer with the free reply token: single use, within a minute of the webhook."""
        self._call(
            "POST", "/v2/bot/message/reply", {"replyToken": reply_token, "messages": messages}
        )

    def push(self, to: str, messages: list[Message], retry_key: str) -> str | None:
        """Send a paid message; a repeat under the same key is done once (409 counts as done).

        Returns LINE's request id, for the delivery record.
        """
        try:
            response = self._call(
                "POST",
                "/v2/bot/message/push",
                {"to": to, "messages": messages},
                {"X-Line-Retry-Key": retry_key},
            )
        except DeliveryError as error:
            if error.status == 409:
                return None
            raise
        return _header(response, "x-line-request-id")

    def profile(self, user_id: str) -> dict[str, Any]:
        """displayName, userId, and language where the person set one."""
        return json_object(self._call("GET", f"/v2/bot/profile/{user_id}", read_seconds=3.0))

    def loading(self, user_id: str, seconds: int = 20) -> None:
        """Show that an answer is being made; seconds is a multiple of 5, from 5 to 60."""
        self._call(
            "POST", "/v2/bot/chat/loading/start", {"chatId": user_id, "loadingSeconds": seconds}
        )

    def bot_info(self) -> dict[str, Any]:
        """userId, basicId and displayName of our own account."""
        return json_object(self._call("GET", "/v2/bot/info"))

    def webhook_endpoint(self) -> dict[str, Any]:
        """endpoint and active, as set in the console."""
        return json_object(self._call("GET", "/v2/bot/channel/webhook/endpoint"))

    def test_webhook(self) -> dict[str, Any]:
        """Ask LINE to call our webhook now: success, statusCode, reason, detail."""
        return json_object(
            self._call("POST", "/v2/bot/channel/webhook/test", {}, read_seconds=20.0)
        )

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | bytes | None = None,
        headers: dict[str, str] | None = None,
        read_seconds: float = READ_SECONDS,
        host: str | None = None,
    ) -> Any:
        sent = {**_JSON, **(headers or {}), "Authorization": f"Bearer {self._tokens.current()}"}
        return _send(
            lambda: self._client.request(
                method,
                (host or self._host) + path,
                headers=sent,
                body=body,
                _request_timeout=(CONNECT_SECONDS, read_seconds),
            )
        )


class _Tokens:
    """The access token: the fixed one, or a stateless one that is renewed before it ends.

    Stateless tokens live 15 minutes and cannot leak for longer
    (https://developers.line.biz/en/docs/basics/channel-access-token/).
    """

    def __init__(
        self,
        client: Any,
        host: str,
        fixed: str | None,
        channel_id: str | None,
        channel_secret: str | None,
    ) -> None:
        self._client, self._host = client, host
        self._fixed, self._channel_id, self._secret = fixed, channel_id, channel_secret
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0
        self.monotonic: Callable[[], float] = time.monotonic

    def current(self) -> str:
        if self._fixed:
            return self._fixed
        with self._lock:
            if self.monotonic() >= self._until:
                self._renew()
            return self._token

    def _renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._channel_id or "",
            "client_secret": self._secret or "",
        }
        response = _send(
            lambda: self._client.request(
                "POST",
                f"{self._host}/oauth2/v3/token",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                post_params=form,
                _request_timeout=(CONNECT_SECONDS, READ_SECONDS),
            )
        )
        answer = json_object(response)
        try:
            self._token = str(answer["access_token"])
            self._until = self.monotonic() + float(answer["expires_in"]) - 60
        except (KeyError, TypeError, ValueError) as error:
            raise DeliveryError("token answer is not readable") from error


def _send(call: Callable[[], Any]) -> Any:
    """Run one request and turn every way in which it can fail into a DeliveryError."""
    try:
        return call()
    except ApiException as error:
        status = int(error.status or 0)
        raise DeliveryError(
            _reason(error),
            permanent=400 <= status < 500 and status not in CURABLE,
            unknown=status == 0 or status >= 500,
            status=status or None,
        ) from None
    except NewConnectionError as error:
        raise DeliveryError(type(error).__name__) from None  # nothing was sent
    except (HTTPError, OSError) as error:
        raise DeliveryError(type(error).__name__, unknown=True) from None


def _reason(error: ApiException) -> str:
    """LINE's own sentence: its property paths help, and it does not echo what was sent."""
    body = error.body.decode("utf-8", "replace") if isinstance(error.body, bytes) else error.body
    try:
        answer = json.loads(body or "{}")
        details = [str(detail.get("property")) for detail in answer.get("details", [])]
        return " ".join([str(answer.get("message", "")), *details])[:200]
    except (ValueError, AttributeError):
        return "no readable reason"


def _header(response: Any, name: str) -> str | None:
    value = response.getheader(name)
    return str(value) if value else None
