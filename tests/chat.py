"""A person with a phone: says and taps at the front door, and reads what comes back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from simulator.platform import Platform
from simulator.rooms import Bubble

if TYPE_CHECKING:
    from tests.scenarios.remembered import Memory


class Chat:
    """One person's side of the chat; every act is a signed webhook, answered before it returns."""

    memory: "Memory | None" = None  # of how a registration ends, see tests/scenarios/story.py

    def __init__(self, platform: Platform, name: str, language: str | None = "th") -> None:
        self.platform = platform
        self.person = platform.add_person(name, language)
        self.user_id = self.person.user_id
        self._seen = 0

    def adds_the_account(self) -> list[Bubble]:
        self.platform.follow(self.user_id)
        return self.heard()

    def says(self, text: str) -> list[Bubble]:
        self.platform.text(self.user_id, text)
        return self.heard()

    def sends(self, kind: str) -> list[Bubble]:
        """A sticker, image, audio, video or location."""
        getattr(self.platform, kind)(self.user_id)
        return self.heard()

    def taps(self, label: str) -> list[Bubble]:
        """Tap the newest button with this label; raises AssertionError where there is none."""
        self.platform.tap(self.user_id, self.button(label))
        return self.heard()

    def posts(self, data: str) -> list[Bubble]:
        """A postback with any data, as somebody who forges one would send it."""
        self.platform.postback(self.user_id, data)
        return self.heard()

    def opens(self, label: str) -> str:
        """The address behind the newest button with this label."""
        return str(self.button(label)["uri"])

    def button(self, label: str) -> dict[str, Any]:
        """The action of the newest button with this label."""
        for bubble in reversed(self.bubbles()):
            for action in actions(bubble.message):
                if action.get("label") == label:
                    return action
        raise AssertionError(f"no button {label!r}; there are {self.labels()}")

    def edit(self, item: str) -> dict[str, Any]:
        """The action of the newest summary's edit button for an item."""
        for bubble in reversed(self.bubbles()):
            for action in actions(bubble.message):
                if dict(parse_qsl(action.get("data", ""))).get("v") == item:
                    return action
        raise AssertionError(f"nothing to edit: {item}")

    def labels(self) -> list[str]:
        """All labels of the newest answer."""
        return [
            str(action.get("label"))
            for bubble in self.newest()
            for action in actions(bubble.message)
        ]

    def bubbles(self) -> list[Bubble]:
        """Everything that the bot said to this person."""
        return [bubble for bubble in self.platform.room(self.user_id) if bubble.who == "bot"]

    def newest(self) -> list[Bubble]:
        """What the last act was answered with."""
        return self.bubbles()[-self._last :] if self._last else []

    def heard(self) -> list[Bubble]:
        """What came since the last look."""
        said = self.bubbles()
        new = said[self._seen :]
        self._last = len(new)
        self._seen = len(said)
        return new

    _last = 0


def words(bubbles: list[Bubble]) -> str:
    """Everything that can be read in some messages, one line a text."""
    return "\n".join(text for bubble in bubbles for text in texts(bubble.message))


def texts(part: Any) -> Iterator[str]:
    """Every visible text of a message, wherever it stands."""
    if isinstance(part, dict):
        if part.get("type") in {"text", "span"} and isinstance(part.get("text"), str):
            yield part["text"]
        for key, value in part.items():
            if key not in {"quickReply", "action"}:
                yield from texts(value)
    elif isinstance(part, list):
        for item in part:
            yield from texts(item)


def actions(part: Any) -> Iterator[dict[str, Any]]:
    """Every action of a message, wherever it stands."""
    if isinstance(part, dict):
        if part.get("type") in {"postback", "uri", "message"} and "label" in part:
            yield part
        for value in part.values():
            yield from actions(value)
    elif isinstance(part, list):
        for item in part:
            yield from actions(item)
