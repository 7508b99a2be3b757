"""What is remembered within a given room: a flood of things asked once pushes out only each other.

1. What comes first stands on trial; what is asked again moves to the kept ones. Each part forgets its least used.
2. Every thing has a weight, and the weights of all that is remembered stay within the room.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")
TRIAL = 4  # one part in so many of the room is for what has been asked once


class Shelf(Generic[Value]):
    """Values by key, in a room; safe to share between threads."""

    def __init__(self, room: int) -> None:
        self._trial = _Part[Value](max(1, room // TRIAL))
        self._kept = _Part[Value](max(1, room - room // TRIAL))
        self._lock = Lock()

    @property
    def weight(self) -> int:
        """Of all that is remembered."""
        return self._trial.weight + self._kept.weight

    def get(self, key: str) -> Value | None:
        """The value of a key; asked again, it is kept."""
        with self._lock:
            if key in self._kept.items:
                self._kept.items.move_to_end(key)
                return self._kept.items[key][0]
            if key not in self._trial.items:
                return None
            value, weight = self._trial.take(key)
            for old, told in self._kept.put(key, value, weight):
                self._trial.put(old, *told)
            return value

    def put(self, key: str, value: Value, weight: int) -> None:
        """Remember a value; what weighs more than the trial's room is not."""
        with self._lock:
            if weight <= self._trial.room and key not in self._kept.items:
                self._trial.put(key, value, weight)


class _Part(Generic[Value]):
    """One part of a shelf, the least used first."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.weight = 0
        self.items: OrderedDict[str, tuple[Value, int]] = OrderedDict()

    def take(self, key: str) -> tuple[Value, int]:
        """Take a thing away."""
        found = self.items.pop(key)
        self.weight -= found[1]
        return found

    def put(self, key: str, value: Value, weight: int) -> list[tuple[str, tuple[Value, int]]]:
        """Put a thing in; what no longer finds room comes back."""
        if key in self.items:
            self.take(key)
        self.items[key] = (value, weight)
        self.weight += weight
        gone = []
        while self.weight > self.room:
            old = next(iter(self.items))
            gone.append((old, self.take(old)))
        return gone
