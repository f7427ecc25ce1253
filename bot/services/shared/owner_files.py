"""Files that the owner edits while the product runs: read again when they have changed."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from bot.errors import BotError

T = TypeVar("T")


class OwnerFile(Generic[T]):
    """What the last good state of a file in a folder says.

    While a changed file is wrong, the last good one stays, so that an editor's slip takes nothing
    off line; before there was a good one, what is wrong is raised.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[Path], T],
        wrong: type[BotError],
        unreadable: Callable[[str], BotError],
    ) -> None:
        self._name, self._from_folder = name, read
        self._wrong, self._unreadable = wrong, unreadable
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[int, T]] = {}

    def load(self, directory: Path) -> T:
        """What the file of this folder says now; raises the file's own error."""
        with self._lock:
            known = self._read.get(directory)
            try:
                changed = (directory / self._name).stat().st_mtime_ns
                if known and known[0] == changed:
                    return known[1]
                found = self._from_folder(directory)
            except OSError as error:
                if known:
                    return known[1]
                raise self._unreadable(str(error)) from None
            except self._wrong:
                if known:
                    return known[1]
                raise
            self._read[directory] = (changed, found)
            return found
