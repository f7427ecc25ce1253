"""From an event to the bot: signed, delivered, held back, delivered again."""

import base64
import copy
import hashlib
import hmac
import json
import threading

from bot.clock import Clock
from simulator.delivery import Deliver, WebhookDelivery, attempt
from simulator.events import Event
from simulator.reply_tokens import ReplyTokens

MAX_WEBHOOKS = 500


def sign(channel_secret: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over the raw body (documentation, "Verify webhook signature")."""
    digest = hmac.new(channel_secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


class Webhooks:
    """Signs and posts; the lock is never held while the bot is being called."""

    def __init__(
        self,
        *,
        lock: threading.RLock,
        clock: Clock,
        channel_secret: str,
        destination: str,
        reply_tokens: ReplyTokens,
        deliver: Deliver | None,
    ) -> None:
        self.lock = lock
        self.clock = clock
        self.channel_secret = channel_secret
        self.destination = destination
        self.reply_tokens = reply_tokens
        self.deliver = deliver
        self.endpoint = ""
        self.deliveries: list[WebhookDelivery] = []
        self.sent: list[Event] = []
        self.held: list[Event] = []
        self.holding = False
        self.doubling = False

    def headers(self, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "LineBotWebhook/2.0",
            "X-Line-Signature": sign(self.channel_secret, body),
        }

    def body(self, events: list[Event]) -> bytes:
        payload = {"destination": self.destination, "events": events}
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )

    def offer(self, events: list[Event]) -> WebhookDelivery | None:
        """Deliver now, unless deliveries are being held back."""
        with self.lock:
            if self.holding:
                self.held.extend(events)
                return None
            twice = self.doubling
            self.doubling = False
        delivery = self.post(events)
        if twice:
            self.post(events)
        return delivery

    def release(self, *, reverse: bool = False) -> list[WebhookDelivery]:
        """One webhook for each held event, the last first if so wished."""
        with self.lock:
            held, self.held, self.holding = self.held, [], False
        return [self.post([event]) for event in (reversed(held) if reverse else held)]

    def redeliver(self, event: Event) -> WebhookDelivery:
        """The same event again, marked (documentation, "Redeliver a webhook")."""
        again = copy.deepcopy(event)
        again["deliveryContext"]["isRedelivery"] = True
        return self.post([again])

    def post(self, events: list[Event]) -> WebhookDelivery:
        with self.lock:
            now = self.clock()
            redelivered = any(event["deliveryContext"]["isRedelivery"] for event in events)
            for event in events:
                token = event.get("replyToken")
                if token:
                    again = event["deliveryContext"]["isRedelivery"]
                    self.reply_tokens.received(token, now, redelivered=again)
                if not event["deliveryContext"]["isRedelivery"] and event not in self.sent[-20:]:
                    self.sent.append(event)
            body = self.body(events)
            headers = self.headers(body)
            deliver = self.deliver
        status, reason, detail = attempt(deliver, body, headers)
        ids = tuple(event["webhookEventId"] for event in events)
        delivery = WebhookDelivery(now, ids, redelivered, status, reason, detail)
        with self.lock:
            self.deliveries.append(delivery)
            del self.deliveries[:-MAX_WEBHOOKS], self.sent[:-MAX_WEBHOOKS]
        return delivery
