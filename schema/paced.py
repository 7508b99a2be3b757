"""What is heavy and asked for at will: one at a time, and between two as long a rest as the first took.

So that whoever brings new documents without a pause takes half of the time at most, and others have the rest. Nobody
waits for their own: the rest is before the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class Paced:
    """Use as a context. `spent` tells the CPU seconds of a thread, `now` the time."""

    def __init__(
        self,
        *,
        longest: float,
        spent: Callable[[], float] = time.thread_time,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`longest`: seconds of rest, at most."""
        self._longest = longest
        self._spent, self._now, self._sleep = spent, now, sleep
        self._lock = Lock()
        self._began = 0.0
        self._rested = float("-inf")

    def __enter__(self) -> None:
        self._lock.acquire()
        rest = self._rested - self._now()
        if rest > 0:
            self._sleep(rest)
        self._began = self._spent()

    def __exit__(self, *_: object) -> None:
        self._rested = self._now() + min(self._spent() - self._began, self._longest)
        self._lock.release()
