"""A set of row digests that stays small: 16 bytes a place, ten million of them in 270 MB.

The first 128 bits of a digest tell a row: that two different rows of ten million share them has a chance of one in
10^24. The table is open-addressed with double hashing and filled a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Keys = tuple[NDArray[np.uint64], NDArray[np.uint64]]  # both halves of each key; the first is never 0
Mask = NDArray[np.bool_]
FULLEST = 0.6  # share of places taken before the table grows
SMALLEST = 1 << 10
STEP = 1 << 16  # keys placed at once when the table grows


def keys(digests: Iterable[str]) -> Keys:
    """The keys of digests in hexadecimal, each of at least 32 characters."""
    return of_bytes(bytes.fromhex("".join([digest[:32] for digest in digests])), 16)


def of_bytes(joined: bytes, width: int) -> Keys:
    """The keys of digests of `width` bytes each, joined."""
    halves = np.frombuffer(joined, np.uint64).reshape(-1, width // 8)
    return np.maximum(halves[:, 0], np.uint64(1)), halves[:, 1].copy()  # 0 marks a free place


class Digests:
    """Digests seen. Not safe to share between threads."""

    def __init__(self, digests: Iterable[str] = ()) -> None:
        self._make(SMALLEST)
        self._count = 0
        self.add(keys(digests))

    def __len__(self) -> int:
        return self._count

    def add(self, wanted: Keys) -> Mask:
        """Add digests; True for each that was new, of equal ones for the first only."""
        size = len(self._first)
        while self._count + len(wanted[0]) > FULLEST * size:
            size *= 2
        if size > len(self._first):
            self._grow(size)
        ordered = np.sort(wanted[0])
        if (ordered[1:] == ordered[:-1]).any():
            new = np.zeros(len(wanted[0]), np.bool_)
            _, places = np.unique(np.stack(wanted), axis=1, return_index=True)
            new[places] = self._place((wanted[0][places], wanted[1][places]))
        else:
            new = self._place(wanted)
        self._count += int(new.sum())
        return new

    def known(self, wanted: Keys) -> Mask:
        """Which of them have been added."""
        found = np.zeros(len(wanted[0]), np.bool_)
        if not self._count:
            return found
        waiting, at, step = np.arange(len(wanted[0])), self._start(wanted), self._step(wanted)
        while len(waiting):
            there = self._first[at]
            same = (there == wanted[0][waiting]) & (self._second[at] == wanted[1][waiting])
            found[waiting[same]] = True
            on = ~same & (there != 0)
            waiting, step = waiting[on], step[on]
            at = (at[on] + step) & self._last
        return found

    def _place(self, wanted: Keys) -> Mask:
        """Write each key, all different, to the first free place of its search; True where it was not there yet."""
        first, second = wanted
        new = np.zeros(len(first), np.bool_)
        waiting, at, step = np.arange(len(first)), self._start(wanted), self._step(wanted)
        while len(waiting):
            free = self._first[at] == 0
            self._first[at[free]] = first[waiting[free]]  # of several that want one place, the last has it
            self._second[at[free]] = second[waiting[free]]
            same = (self._first[at] == first[waiting]) & (self._second[at] == second[waiting])
            new[waiting[free & same]] = True
            left = ~same
            waiting, step = waiting[left], step[left]
            at = (at[left] + step) & self._last
        return new

    def _start(self, wanted: Keys) -> NDArray[np.int64]:
        """The place where each key's search begins."""
        return wanted[0].view(np.int64) & self._last

    def _step(self, wanted: Keys) -> NDArray[np.int64]:
        """How far each goes on: odd, and so through every place of a table whose size is a power of two."""
        return wanted[1].view(np.int64) & self._last | 1

    def _grow(self, size: int) -> None:
        taken = self._first != 0
        first, second = self._first[taken], self._second[taken]
        self._make(size)
        for start in range(0, len(first), STEP):
            self._place((first[start : start + STEP], second[start : start + STEP]))

    def _make(self, size: int) -> None:
        self._last = size - 1
        self._first = np.zeros(size, np.uint64)
        self._second = np.zeros(size, np.uint64)
