"""A flood of refusals: what a client may not do costs the log a bounded number of entries, and readers nothing.

A refusal has read nothing, so its entry need not be there before it leaves. In each minute a client's first refusals
have an entry of their own, with the document's hash; those beyond are counted by agreement, purpose and code, and
one entry a minute says how many there were (`times`). A process that is killed loses the counts of its last minute,
never an answer's entry: answered and failed operations are never counted together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hub.log.entry import Entry

OWN = 60  # refusals of a client that have an entry of their own, in each
WINDOW = 60.0  # seconds

Write = Callable[[Entry], object]


@dataclass(slots=True)
class _Counted:
    """Equal refusals: the entry of the first of them, how many, and when the first came."""

    entry: Entry
    times: int
    since: float


class Refusals:
    """Writes or counts refusals; safe to share between threads, and never waits but for an entry of its own."""

    def __init__(
        self, write: Write, *, own: int = OWN, window: float = WINDOW, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._own, self._window, self._clock = write, own, window, clock
        self._lock = threading.Lock()
        self._clients: dict[str, tuple[float, int]] = {}  # when a client's window began, and its refusals since
        self._counted: dict[tuple[str, ...], _Counted] = {}

    def append(self, entry: Entry) -> None:
        """Write a refusal, or count it where its client had so many. Raises what `write` raises."""
        now = self._clock()
        with self._lock:
            began, so_far = self._clients.get(entry.client, (now, 0))
            if now - began >= self._window:
                began, so_far = now, 0
            self._clients[entry.client] = began, so_far + 1
        if so_far < self._own:
            self._write(entry)
        else:
            self.count(entry)

    def count(self, entry: Entry, times: int = 1) -> None:
        """Count a refusal that is not written for itself."""
        key = (entry.client, entry.role, entry.agreement, entry.purpose, entry.refusal)
        with self._lock:
            known = self._counted.get(key)
            if known is None:
                told = replace(entry, document="", operation="", fields=(), withheld=(), duration_us=0)
                self._counted[key] = _Counted(told, times, self._clock())
            else:
                known.times += times

    def flush(self, *, whole: bool = False) -> None:
        """Write what was counted for a window, or all of it. What cannot be written stays counted, and it raises."""
        now = self._clock()
        with self._lock:
            due = [key for key, item in self._counted.items() if whole or now - item.since >= self._window]
            items = [self._counted.pop(key) for key in due]
            self._clients = {client: told for client, told in self._clients.items() if now - told[0] < self._window}
        while items:
            item = items[0]
            try:
                self._write(replace(item.entry, times=item.times, duration_us=int((now - item.since) * 1_000_000)))
            except Exception:
                for left in items:
                    self.count(left.entry, left.times)
                raise
            items.pop(0)
