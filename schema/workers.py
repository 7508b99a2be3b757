"""Threads that answer operations, so that the server's loop never waits for SQL; bounded, and refusing beyond that.

Each thread has an event loop of its own: graphql-core and its data loaders run there, and SQL may block it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from schema.errors import Busy

Result = TypeVar("Result")
_local = threading.local()


def loop() -> asyncio.AbstractEventLoop:
    """The event loop of this worker thread."""
    found: asyncio.AbstractEventLoop = _local.loop
    return found


class Workers:
    """A pool of `threads`, with at most `waiting` operations in line behind those that run."""

    def __init__(self, *, threads: int, waiting: int, closing: Callable[[], None] = lambda: None) -> None:
        self._closing = closing
        self._loops: list[asyncio.AbstractEventLoop] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="operation", initializer=self._open)
        self.places = threads + waiting
        self.running = 0
        self._in_room = _Room(self)

    def _open(self) -> None:
        _local.loop = asyncio.new_event_loop()
        self._loops.append(_local.loop)

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do the work in a thread. Raises Busy where there is no room."""
        with self.room():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def room(self) -> _Room:
        """A place among those that run or wait, for work that needs no thread. To enter raises Busy if it is full."""
        return self._in_room

    def close(self) -> None:
        """Let what runs finish, then end the threads, then close what they worked on (`closing`)."""
        self._pool.shutdown(wait=True)
        for opened in self._loops:
            opened.close()
        self._closing()


class _Room:
    """The places of workers; a context manager, since a generator's would cost more than what it does."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def __enter__(self) -> None:
        if self._workers.running >= self._workers.places:
            raise Busy
        self._workers.running += 1

    def __exit__(self, *_: object) -> None:
        self._workers.running -= 1
