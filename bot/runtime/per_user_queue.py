"""Threads that work on people: one person at a time each, and never two on one person."""

import queue
import threading
from collections.abc import Callable


class PerUserQueue:
    """Hands people to a fixed number of threads, in the order in which they came.

    Somebody who is handed in again while being worked on is worked on once more afterwards, by
    the same thread: that keeps a person's events in order.
    """

    def __init__(self, work: Callable[[str, bool], None], threads: int) -> None:
        self._work = work
        self._threads = threads
        self._queue: queue.SimpleQueue[tuple[str, bool] | None] = queue.SimpleQueue()
        # Who is waiting or being worked on, and whether they were handed in again meanwhile.
        self._again: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._running: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads; a second call does nothing."""
        if self._running:
            return
        self._running = [
            threading.Thread(target=self._loop, name=f"lane-{number}", daemon=True)
            for number in range(self._threads)
        ]
        for thread in self._running:
            thread.start()

    @property
    def are_running(self) -> bool:
        return bool(self._running)

    def submit(self, person: str, *, swept: bool = False) -> None:
        """Have a person worked on soon; swept is passed on to the work."""
        with self._lock:
            if person in self._again:
                self._again[person] = True
                return
            self._again[person] = False
        self._queue.put((person, swept))

    def stop(self) -> None:
        """Let the threads finish what they are at, and end them."""
        for _ in self._running:
            self._queue.put(None)
        for thread in self._running:
            thread.join()
        self._running = []

    def _loop(self) -> None:
        while (next_one := self._queue.get()) is not None:
            person, swept = next_one
            more = True
            while more:
                try:
                    self._work(person, swept)
                finally:
                    with self._lock:
                        more = self._again[person]
                        if more:
                            self._again[person] = False
                        else:
                            del self._again[person]
