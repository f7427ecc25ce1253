"""The way of a webhook to the bot: a real HTTP POST, cut off after LINE's two seconds."""

import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

Deliver = Callable[[bytes, dict[str, str]], int]


@dataclass(frozen=True)
class WebhookDelivery:
    """One try to hand a webhook over; the reason is LINE's word for how it ended.

    Source of the reasons: documentation, "Check webhook error causes and statistics".
    """

    at: datetime
    event_ids: tuple[str, ...]
    redelivered: bool
    status: int | None
    reason: str
    detail: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def http_deliver(url: str, timeout: float = 2.0) -> Deliver:
    """Posts to the webhook URL; LINE waits two seconds (reference, "Webhook response")."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a webhook URL is http or https")
    host, port = parts.hostname, parts.port
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def deliver(body: bytes, headers: dict[str, str]) -> int:
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("POST", path, body=body, headers=headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    return deliver


def attempt(
    deliver: Deliver | None, body: bytes, headers: dict[str, str]
) -> tuple[int | None, str, str]:
    """Status, reason and detail of one try; only the network's failures are caught."""
    if deliver is None:
        return None, "could_not_connect", "no webhook is set"
    try:
        status = deliver(body, headers)
    except TimeoutError:
        return None, "request_timeout", "no answer within the time limit"
    except OSError as error:
        return None, "could_not_connect", type(error).__name__
    except http.client.HTTPException as error:
        return None, "unclassified", type(error).__name__
    if 200 <= status < 300:
        return status, "ok", str(status)
    return status, "error_status_code", str(status)
