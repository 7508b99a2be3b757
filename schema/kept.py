"""Answers that were given, kept for as long as what is published stays the same; each is logged whenever it is given.

1. The key is the SHA-256 of agreement, document, operation and variables: nothing of a request is kept in clear.
2. An answer holds for an edition of the store: its latest publication and its latest erasure. Each use is written to
   the log only if that is the edition still (hub/log/soon.py); if it is not, there is no entry, the shelf is emptied
   and the request is read anew. So nothing that was erased, or that a publication replaced, is given again; nor does
   it stay for longer than a minute.
3. Its bytes are bounded; the least used go first. What a single request cannot share is never kept: look-ups by ID
   number, the access log, whatever is not read from published tables alone.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from hub.log.writer import Edition
from schema.answer import Request

SHARE = 8  # an answer takes no more than this part of the room
EACH = 1_000  # bytes that a kept answer takes besides its own
SUBJECT = 70  # bytes that a subject takes
LOOK = 60.0  # seconds after which the edition is looked at where nobody asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer's body, and what the log says of it besides who asked and when."""

    body: bytes
    known: dict[str, Any]

    @property
    def weight(self) -> int:
        """Bytes that it takes."""
        return len(self.body) + EACH + SUBJECT * len(self.known["subjects"])


class Kept:
    """The answers of one application, of one edition; for one event loop at a time. `look` asks for the edition."""

    def __init__(self, room: int, look: Callable[[], Awaitable[Edition]]) -> None:
        self.room = room
        self.taken = 0
        self._look = look
        self._edition: Edition | None = None
        self._answers: OrderedDict[bytes, Answered] = OrderedDict()
        self._later: asyncio.TimerHandle | None = None

    @staticmethod
    def key(agreement: str, request: Request) -> bytes | None:
        """What a request is known by; None where its variables have no form."""
        told = [agreement, request.query, request.operation_name, dict(request.variables)]
        try:
            return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()
        except TypeError:
            return None

    def find(self, key: bytes) -> tuple[Answered, Edition] | None:
        """The answer that is known, and the edition that it is of."""
        found = self._answers.get(key)
        if found is None or self._edition is None:
            return None
        self._answers.move_to_end(key)
        return found, self._edition

    def expired(self, edition: Edition) -> None:
        """Forget the answers of an edition that the store no longer is."""
        if self._edition == edition:
            self.clear()

    def keep(self, key: bytes, edition: Edition, answered: Answered) -> None:
        """Keep an answer of an edition."""
        if edition != self._edition:
            if self._edition is not None and edition < self._edition:
                return
            self.clear()
            self._edition = edition
        if answered.weight > self.room // SHARE or key in self._answers:
            return
        self._answers[key] = answered
        self.taken += answered.weight
        while self.taken > self.room:
            _, gone = self._answers.popitem(last=False)
            self.taken -= gone.weight
        self._look_later()

    def clear(self) -> None:
        """Forget all of them."""
        self._answers.clear()
        self.taken = 0
        self._edition = None

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        if self._later is None or self._later.when() < loop.time():
            self._later = loop.call_later(LOOK, lambda: loop.create_task(self._refresh()))

    async def _refresh(self) -> None:
        """Empty the shelf where there is a newer edition, or where nobody can say."""
        self._later = None
        try:
            same = await self._look() == self._edition
        except Exception:  # noqa: BLE001  whatever it was, what is published now is not known
            same = False
        if not same:
            self.clear()
        elif self._answers:
            self._look_later()
