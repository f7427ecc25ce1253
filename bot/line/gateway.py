"""Calls to LINE: one shared client, a timeout on each, our own errors, no hidden retries."""

import json
import threading
import time
from collections.abc import Callable
from datetime import date
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode

from linebot.v3.messaging import ApiClient, Configuration
from linebot.v3.messaging.exceptions import ApiException
from urllib3.exceptions import HTTPError, NewConnectionError

from bot.errors import DeliveryError
from bot.line.messages import Message
from bot.line.rich_menus import RichMenuCalls
from bot.line.sending import Kind, json_object, push_body, shortage
from bot.line.wire import NotSentError, Response, Wire
from bot.receipts import Receipt, Shortage

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
# Not the message's fault: a token that an operator renews, a limit that passes.
CURABLE = {401, 403, 408, 429}
_JSON = {"Content-Type": "application/json"}
_MOST_WORDS = 64 * 1024  # characters of an error's body; LINE's own have some hundred


class Gateway:
    """LINE's Messaging API, as far as we use it.

    Every method raises DeliveryError: `permanent` where the request itself is refused (most
    4xx), `unknown` where LINE may have carried it out (timeout, cut connection, 5xx). The typed
    requests of the SDK cost more than twice the time of the same call with a dict, so the dicts
    go out as they are; replies, and what is sent in masses, go out as bytes over a wire of our
    own, for less than half of that again. Any number of threads may call at once.
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
        self._wire = Wire(host, connections, CONNECT_SECONDS, READ_SECONDS)
        self.rich_menus = RichMenuCalls(self._call, data_host or host)

    def reply(self, reply_token: str, messages: list[Message]) -> None:
        """Answer with the free reply token: single use, within a minute of the webhook."""
        body = json.dumps({"replyToken": reply_token, "messages": messages}).encode()
        answer = self._post("reply", body, {})
        if not 200 <= answer.status < 300:
            raise _refusal(answer.status, answer.body)

    def push(self, to: str, messages: list[Message], retry_key: str) -> Receipt:
        """Send a paid message to one person; a repeat under the same key is done once."""
        return self.send("push", push_body(to, json.dumps(messages).encode()), retry_key)

    def multicast(self, body: bytes, retry_key: str) -> Receipt:
        """Send the same to up to 500 people, or to none of them; see sending.multicast_body."""
        return self.send("multicast", body, retry_key)

    def send(self, kind: Kind, body: bytes, retry_key: str) -> Receipt:
        """One paid call, byte by byte the same for every try under its key (409 is a yes)."""
        status, headers, data = self._post(kind, body, {"X-Line-Retry-Key": retry_key})
        if 200 <= status < 300:
            return Receipt(headers.get("x-line-request-id"))
        if status == 409:
            return Receipt(headers.get("x-line-accepted-request-id"), was_accepted_before=True)
        raise _refusal(status, data)

    def validate(self, kind: Kind, messages: list[Message]) -> None:
        """Have LINE look at messages without sending them; DeliveryError names what is wrong."""
        self._call("POST", f"/v2/bot/message/validate/{kind}", {"messages": messages})

    def quota(self) -> int | None:
        """How many messages this month allows (bought ones included), None without a limit."""
        answer = json_object(self._call("GET", "/v2/bot/message/quota"))
        return _number(answer, "value") if answer.get("type") == "limited" else None

    def consumption(self) -> int:
        """How many of this month's messages are used; LINE calls it approximate."""
        return _number(
            json_object(self._call("GET", "/v2/bot/message/quota/consumption")), "totalUsage"
        )

    def shortage(self, refused: DeliveryError, recipients: int) -> Shortage:
        """What a 429 to a sending meant: LINE is asked for quota and use (two free calls)."""
        try:
            limit, used = self.quota(), self.consumption()
        except DeliveryError:
            return shortage(refused.reason, None, None, recipients)
        return shortage(refused.reason, limit, used, recipients)

    def aggregation(self, unit: str, first: date, last: date) -> dict[str, Any]:
        """Opens and clicks of a unit over at most 30 days of UTC+9; 60 calls an hour.

        overview, messages, clicks; LINE hides what is below 20, and counts for 14 days.
        """
        asked = {"customAggregationUnit": unit, "from": f"{first:%Y%m%d}", "to": f"{last:%Y%m%d}"}
        path = f"/v2/bot/insight/message/event/aggregation?{urlencode(asked)}"
        return json_object(self._call("GET", path))

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

    def _post(self, kind: str, body: bytes, headers: dict[str, str]) -> Response:
        """One call that sends a message: what LINE answered, whatever that is."""
        sent = {**_JSON, **headers, "Authorization": f"Bearer {self._tokens.current()}"}
        try:
            return self._wire.post(f"/v2/bot/message/{kind}", body, sent)
        except NotSentError as error:
            raise DeliveryError(str(error)) from None
        except (OSError, HTTPException) as error:
            raise DeliveryError(type(error).__name__, unknown=True) from None


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
        raise _refusal(int(error.status or 0), error.body) from None
    except NewConnectionError as error:
        raise DeliveryError(type(error).__name__) from None  # nothing was sent
    except (HTTPError, OSError) as error:
        raise DeliveryError(type(error).__name__, unknown=True) from None


def _refusal(status: int, body: bytes | str | None) -> DeliveryError:
    """What a status other than 200 means; what is not in LINE's words may be a proxy's, not LINE's.

    Then nothing is final: whether LINE took the message is not known.
    """
    reason = _reason(body)
    is_final = reason is not None and 400 <= status < 500 and status not in CURABLE
    return DeliveryError(
        "no readable reason" if reason is None else reason,
        permanent=is_final,
        unknown=status < 400 or status >= 500 or (reason is None and status not in CURABLE),
        status=status or None,
    )


def _reason(body: bytes | str | None) -> str | None:
    """LINE's own sentence: its property paths help, and it does not echo what was sent.

    None where the body is no JSON object of LINE's shape; it may be anything of any length.
    """
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        answer = json.loads(text or "{}") if len(text) <= _MOST_WORDS else None
    except (ValueError, RecursionError):  # thousands of brackets
        return None
    if not isinstance(answer, dict):
        return None
    found = answer.get("details")
    details = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    properties = [str(detail.get("property")) for detail in details[:10]]
    return " ".join([str(answer.get("message", "")), *properties])[:200]


def _number(answer: dict[str, Any], key: str) -> int:
    found = answer.get(key)
    if isinstance(found, bool) or not isinstance(found, int):
        raise DeliveryError(f"answer has no {key}", unknown=True)
    return found
