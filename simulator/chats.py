"""Who is in a chat with the bot, and what stands in it."""

import secrets
import threading
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from simulator.identifiers import MessageIds, opaque_token
from simulator.people import Group, Person, known_user_id
from simulator.rooms import Bubble

# A person who wrote can be pushed to for a week without being a friend (reference, push message).
STRANGER_REACHABLE = timedelta(days=7)
QUOTABLE = frozenset({"text", "textV2", "sticker", "image", "video", "template", "flex"})


class Chats:
    """People, groups and rooms; every method is called under the Platform's lock."""

    def __init__(self, *, lock: threading.RLock, clock: Clock) -> None:
        self.lock = lock
        self.clock = clock
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.rooms: dict[str, list[Bubble]] = {}
        self.loading: dict[str, datetime] = {}
        self.read_tokens: dict[str, tuple[str, str]] = {}
        self.message_ids = MessageIds()
        self._run = secrets.token_hex(4)
        self._changes = 0

    def changed(self) -> None:
        self._changes += 1

    @property
    def version(self) -> str:
        """Differs after every change, and after a restart."""
        return f"{self._run}.{self._changes}"

    def add_person(self, name: str, language: str | None, user_id: str | None) -> Person:
        chosen = user_id or known_user_id(name)
        if chosen in self.people:
            raise ValueError(f"{chosen} is already here")
        person = self.people[chosen] = Person(chosen, name, language)
        self.rooms.setdefault(chosen, [])
        self.changed()
        return person

    def person(self, user_id: str) -> Person:
        if user_id not in self.people:
            raise LookupError(f"nobody has the id {user_id}")
        return self.people[user_id]

    def friends(self) -> list[Person]:
        return [p for p in self.people.values() if p.friend and not p.blocked]

    def receives(self, user_id: str, *, pushed: bool = False) -> bool:
        """Friends receive; a stranger only a push, and only in the week after writing."""
        person = self.people.get(user_id)
        if person is None or person.blocked:
            return False
        wrote = person.wrote_at
        fresh = wrote is not None and self.clock() - wrote <= STRANGER_REACHABLE
        return person.friend or (pushed and fresh)

    def readers(self, chat_id: str, *, pushed: bool = False) -> int:
        """How many people a message to this chat counts for."""
        group = self.groups.get(chat_id)
        if group is not None:
            return len(group.members) if group.bot_inside else 0
        return int(self.receives(chat_id, pushed=pushed))

    def reaches(self, chat_id: str) -> bool:
        """Whether a reply or a push appears in this chat."""
        group = self.groups.get(chat_id)
        if group is not None:
            return group.bot_inside
        return self.receives(chat_id, pushed=True)

    def say(
        self, chat_id: str, user_id: str, message: dict[str, Any], *, via: str, event_id: str | None
    ) -> Bubble:
        """A person's bubble."""
        bubble = Bubble(
            who="person",
            via=via,
            message=message,
            at=self.clock(),
            message_id=str(message.get("id") or self.message_ids.next(self.clock())),
            sender_id=user_id,
            event_id=event_id,
        )
        self.rooms.setdefault(chat_id, []).append(bubble)
        self.changed()
        return bubble

    def post(
        self,
        chat_id: str,
        messages: list[dict[str, Any]],
        *,
        via: str,
        request_id: str,
        paid: bool,
        receipts: list[dict[str, Any]] | None = None,
    ) -> None:
        """The bot's bubbles, which also end the three dots."""
        self.loading.pop(chat_id, None)
        for message, receipt in zip(messages, receipts or self.receipts(messages), strict=True):
            bubble = Bubble(
                who="bot",
                via=via,
                message=message,
                at=self.clock(),
                message_id=receipt["id"],
                request_id=request_id,
                paid=paid,
            )
            self.rooms.setdefault(chat_id, []).append(bubble)
        self.changed()

    def receipts(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """`sentMessages`: an id for each message and a quote token where one can be quoted."""
        found = []
        for message in messages:
            receipt = {"id": self.message_ids.next(self.clock())}
            if message.get("type") in QUOTABLE:
                receipt["quoteToken"] = opaque_token()
            found.append(receipt)
        return found

    def content(self, message_type: str, words: dict[str, Any], chat_id: str) -> dict[str, Any]:
        """A complete message of a webhook event: id and tokens beside the words."""
        message_id = self.message_ids.next(self.clock())
        token = opaque_token()
        self.read_tokens[token] = (chat_id, message_id)
        quotable = {"quoteToken": opaque_token()} if message_type in QUOTABLE else {}
        return {
            "type": message_type,
            "id": message_id,
            **quotable,
            "markAsReadToken": token,
            **words,
        }

    def mark_read(self, chat_id: str, message_or_event_id: str) -> None:
        """That message and all before it (documentation, "Mark messages as read")."""
        room = self.rooms.get(chat_id, [])
        known = {message_or_event_id}
        last = max(
            (i for i, b in enumerate(room) if {b.message_id, b.event_id} & known), default=-1
        )
        for bubble in room[: last + 1]:
            bubble.read = bubble.read or bubble.who == "person"
        self.changed()
