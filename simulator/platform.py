"""What stands for LINE: people, chats, webhooks and the bookkeeping behind the API."""

import threading
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from bot.clock import Clock
from simulator import taps
from simulator.access_tokens import AccessTokens
from simulator.chats import Chats
from simulator.delivery import Deliver, WebhookDelivery
from simulator.events import Event, complete_event
from simulator.faults import Faults
from simulator.insights import Insights
from simulator.people import Group, Person
from simulator.rates import RateLimits
from simulator.reply_tokens import ReplyTokens
from simulator.retry_keys import RetryKeys
from simulator.rich_menus import RichMenus
from simulator.rooms import Bubble
from simulator.routes import Call
from simulator.usage import Usage
from simulator.webhooks import Webhooks, sign

BOT_USER_ID = "U" + "e1".zfill(32)
CALLS_KEPT = 20_000


class Platform:
    """One channel of LINE in memory; what people do goes out as webhooks, what the bot does comes
    in through the API (`create_line_blueprint`).

    `chat_mode` "bot" reads people's messages on delivery, "chat" only by markAsRead; `mode`
    "standby" sends events without reply tokens; `verified` False refuses follower ids.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        channel_secret: str,
        access_token: str,
        bot_user_id: str = BOT_USER_ID,
        channel_id: str = "1234567890",
        quota: int | None = 300,
        deliver: Deliver | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.clock = clock
        self.channel_secret = channel_secret
        self.bot_user_id = bot_user_id
        self.name = "English Planet"
        self.chat_mode: Literal["bot", "chat"] = "bot"
        self.mode: Literal["active", "standby"] = "active"
        self.verified = True
        self.latency = 0.0
        self.calls: list[Call] = []
        self.opened: list[tuple[str, str]] = []
        self.copied: list[tuple[str, str]] = []
        self.link_tokens: dict[str, str] = {}
        self.narrowcasts: dict[str, tuple[datetime, int]] = {}
        self.chats = Chats(lock=self.lock, clock=clock)
        self.reply_tokens = ReplyTokens()
        self.retry_keys = RetryKeys()
        self.rates = RateLimits()
        self.faults = Faults()
        self.rich_menus = RichMenus()
        self.usage = Usage(quota)
        self.insights = Insights()
        self.access_tokens = AccessTokens(
            channel_id=channel_id, channel_secret=channel_secret, long_lived=access_token
        )
        self.webhooks = Webhooks(
            lock=self.lock,
            clock=clock,
            channel_secret=channel_secret,
            destination=bot_user_id,
            reply_tokens=self.reply_tokens,
            deliver=deliver,
        )

    @property
    def deliver(self) -> Deliver | None:
        return self.webhooks.deliver

    @deliver.setter
    def deliver(self, deliver: Deliver | None) -> None:
        self.webhooks.deliver = deliver

    @property
    def deliveries(self) -> list[WebhookDelivery]:
        return self.webhooks.deliveries

    @property
    def people(self) -> list[Person]:
        with self.lock:
            return list(self.chats.people.values())

    @property
    def paid(self) -> int:
        """Recipients counted against this month's quota."""
        with self.lock:
            return self.usage.paid(self.clock())

    @property
    def free(self) -> int:
        """Replies, which cost nothing."""
        with self.lock:
            return self.usage.free

    def sign(self, body: bytes) -> str:
        return sign(self.channel_secret, body)

    def add_person(
        self, name: str, language: str | None = "th", user_id: str | None = None
    ) -> Person:
        with self.lock:
            return self.chats.add_person(name, language, user_id)

    def person(self, user_id: str) -> Person:
        with self.lock:
            return self.chats.person(user_id)

    def room(self, chat_id: str) -> list[Bubble]:
        with self.lock:
            return list(self.chats.rooms.get(chat_id, []))

    def loading_until(self, user_id: str) -> datetime | None:
        """While the three dots show."""
        with self.lock:
            until = self.chats.loading.get(user_id)
            return until if until is not None and until > self.clock() else None

    def record(self, call: Call) -> None:
        with self.lock:
            self.calls.append(call)
            del self.calls[:-CALLS_KEPT]
            self.chats.changed()

    def wait(self, seconds: float) -> None:
        """Keep a caller waiting, but never a server that is being stopped."""
        if seconds > 0:
            self.stopping.wait(seconds)

    def follow(self, user_id: str, *, deliver_now: bool = True) -> Event:
        """Add the bot as a friend, or unblock it (reference, "Follow event")."""
        with self.lock:
            person = self.chats.person(user_id)
            was_blocked, person.blocked, person.friend = person.blocked, False, True
            self.chats.changed()
            event = self.event("follow", user_id, {"follow": {"isUnblocked": was_blocked}})
        return self._offered(event, deliver_now)

    def unfollow(self, user_id: str, *, deliver_now: bool = True) -> Event:
        """Block the bot; there is nothing to reply to (reference, "Unfollow event")."""
        with self.lock:
            person = self.chats.person(user_id)
            person.blocked, person.friend = True, False
            self.chats.changed()
            event = self.event("unfollow", user_id, {}, answerable=False)
        return self._offered(event, deliver_now)

    def text(self, user_id: str, text: str, *, deliver_now: bool = True) -> Event:
        return self._say(user_id, "text", {"text": text}, deliver_now)

    def sticker(
        self,
        user_id: str,
        package_id: str = "11537",
        sticker_id: str = "52002734",
        *,
        deliver_now: bool = True,
    ) -> Event:
        words = {
            "packageId": package_id,
            "stickerId": sticker_id,
            "stickerResourceType": "STATIC",
            "keywords": ["Hello", "Hi"],
        }
        return self._say(user_id, "sticker", words, deliver_now)

    def image(self, user_id: str, *, deliver_now: bool = True) -> Event:
        return self._say(user_id, "image", {"contentProvider": {"type": "line"}}, deliver_now)

    def images(
        self, user_id: str, total: int, *, is_numbered: bool = True, deliver_now: bool = True
    ) -> list[Event]:
        """Several pictures sent at once; older phones do not number them ("imageSet")."""
        image_set = str(uuid4().int)[:18]
        sent = []
        for index in range(1, total + 1):
            numbers = {"index": index, "total": total} if is_numbered else {}
            words = {
                "contentProvider": {"type": "line"},
                "imageSet": {"id": image_set, **numbers},
            }
            sent.append(self._say(user_id, "image", words, deliver_now))
        return sent

    def audio(self, user_id: str, duration: int = 3000, *, deliver_now: bool = True) -> Event:
        words = {"duration": duration, "contentProvider": {"type": "line"}}
        return self._say(user_id, "audio", words, deliver_now)

    def video(self, user_id: str, duration: int = 6000, *, deliver_now: bool = True) -> Event:
        words = {"duration": duration, "contentProvider": {"type": "line"}}
        return self._say(user_id, "video", words, deliver_now)

    def location(
        self,
        user_id: str,
        latitude: float = 13.7462,
        longitude: float = 100.5347,
        title: str = "สยาม",
        address: str = "ปทุมวัน กรุงเทพฯ 10330",
        *,
        deliver_now: bool = True,
    ) -> Event:
        words = {
            "title": title,
            "address": address,
            "latitude": latitude,
            "longitude": longitude,
        }
        return self._say(user_id, "location", words, deliver_now)

    def postback(
        self,
        user_id: str,
        data: str,
        params: dict[str, str] | None = None,
        *,
        deliver_now: bool = True,
    ) -> Event:
        with self.lock:
            self._present(user_id)
            postback = {"data": data} | ({"params": dict(params)} if params else {})
            event = self.event("postback", user_id, {"postback": postback})
        return self._offered(event, deliver_now)

    def unsend(self, user_id: str, message_id: str, *, deliver_now: bool = True) -> Event:
        """Gone for the person, and to be deleted by the bot (reference, "Unsend event")."""
        with self.lock:
            mine = (b for b in self.chats.rooms.get(user_id, []) if b.sender_id == user_id)
            bubble = next((b for b in mine if b.message_id == message_id), None)
            if bubble is None or bubble.unsent:
                raise LookupError(f"no message {message_id} to unsend")
            bubble.unsent, bubble.message = True, {"type": bubble.message["type"]}
            self.chats.changed()
            detail = {"unsend": {"messageId": message_id}}
            event = self.event("unsend", user_id, detail, answerable=False)
        return self._offered(event, deliver_now)

    def join(self, group_id: str, *, deliver_now: bool = True) -> Event:
        """Somebody asks the bot into a group (reference, "Join event")."""
        with self.lock:
            self.chats.groups.setdefault(group_id, Group(group_id)).bot_inside = True
            event = self.event("join", group_id, {})
        return self._offered(event, deliver_now)

    def group_text(
        self, group_id: str, user_id: str, text: str, *, deliver_now: bool = True
    ) -> Event:
        with self.lock:
            self.chats.person(user_id)
            group = self.chats.groups.get(group_id)
            if group is None or not group.bot_inside:
                raise LookupError("the bot is not in that group")
            group.members.add(user_id)
        return self._say(user_id, "text", {"text": text}, deliver_now, chat_id=group_id)

    def tap(self, user_id: str, action: dict[str, Any], value: str | None = None) -> Event | str:
        """What a button does: the event it causes, or the address or text it gives."""
        return taps.tap(self, user_id, action, value)

    def send_events(self, events: list[Event]) -> WebhookDelivery | None:
        """One webhook with several events, of several people too."""
        return self._post(events)

    def redeliver(self, event: Event) -> WebhookDelivery:
        """Redelivery as LINE's console switch causes it: same id, same reply token."""
        delivery = self.webhooks.redeliver(event)
        self._read([event], delivery)
        return delivery

    def event(
        self, kind: str, chat_id: str, detail: dict[str, Any], *, answerable: bool = True
    ) -> Event:
        """A complete event with its reply token; called under the lock."""
        now = self.clock().astimezone(UTC)
        token = None
        if answerable and self.mode == "active":
            token = self.reply_tokens.issue(chat_id, now)
        in_group = chat_id in self.chats.groups
        return complete_event(
            kind, chat_id, detail, now=now, mode=self.mode, in_group=in_group, reply_token=token
        )

    def _present(self, user_id: str) -> Person:
        person = self.chats.person(user_id)
        if person.blocked:
            raise ValueError("a person who blocked the bot unblocks it before writing")
        person.wrote_at = self.clock()
        return person

    def _say(
        self,
        user_id: str,
        kind: str,
        words: dict[str, Any],
        deliver_now: bool,
        *,
        chat_id: str | None = None,
    ) -> Event:
        with self.lock:
            self._present(user_id)
            room = chat_id or user_id
            message = self.chats.content(kind, words, room)
            event = self.event("message", room, {"message": message, "userId": user_id})
            self.chats.say(room, user_id, message, via="message", event_id=event["webhookEventId"])
        return self._offered(event, deliver_now)

    def _offered(self, event: Event, deliver_now: bool) -> Event:
        if deliver_now:
            self._post([event])
        return event

    def _post(self, events: list[Event]) -> WebhookDelivery | None:
        delivery = self.webhooks.offer(events)
        self._read(events, delivery)
        return delivery

    def _read(self, events: list[Event], delivery: WebhookDelivery | None) -> None:
        """Without the Chat feature a message is read as soon as the bot has it."""
        with self.lock:
            self.chats.changed()
            if self.chat_mode != "bot" or delivery is None or not delivery.accepted:
                return
            for event in events:
                source = event["source"]
                chat_id = source.get("groupId") or source["userId"]
                self.chats.mark_read(chat_id, event["webhookEventId"])
