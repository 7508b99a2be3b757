"""The short way of a request: a known, compiled document is read on the server's own loop, without a thread.

1. Whatever is not plain sailing (a new document, a refusal, an answer that SQL cannot write) goes the workers' way,
   from the beginning, and is answered and logged there.
2. The answer leaves when its entry is in the log (hub/log/soon.py).
3. What runs here takes the workers' room; beyond it callers are told to try again.
"""

from __future__ import annotations

import time
from functools import partial

import structlog

from hub.log.soon import SoonWriter
from schema.compile.lines import StatementFailed
from schema.compile.plan import Served
from schema.compile.soon import SoonReader
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.errors import LogUnavailable, TookTooLong
from schema.operation import Answer, Operations, Ready, Request, refused
from schema.tokens import Claims
from schema.workers import Workers

logger = structlog.get_logger("aidgraph.graph")


class Front:
    """Answers operations for the application's loop."""

    def __init__(self, operations: Operations, workers: Workers, *, lines: int) -> None:
        self._operations = operations
        self._workers = workers
        self._lines = SoonReader(operations.reader, lines) if operations.reader.postgresql else None
        self._entries = SoonWriter(operations.engine) if self._lines is not None else None

    async def answer(self, contract: Contract, claims: Claims, request: Request) -> Answer:
        """The answer, once it is in the log. Raises Busy."""
        began = time.monotonic()
        ready = self._operations.ready(contract, claims, request) if self._lines is not None else None
        if ready is not None:
            with self._workers.room():
                try:
                    answer = self._operations.finished(ready, await self._read(self._lines, ready))
                except TookTooLong as late:
                    answer = refused(late)
                except (NotCompiled, StatementFailed):
                    answer = None
                if answer is not None:
                    return await self._logged(ready, answer, began)
        return await self._workers.run(partial(self._operations.answer, contract, claims, request))

    async def _read(self, lines: SoonReader | None, ready: Ready) -> Served:
        if lines is None:
            raise NotCompiled
        asked = ready.asked
        text, published = await lines.read(asked.plan.sql, asked.bind, ready.seconds)
        return asked.served(text, published)

    async def _logged(self, ready: Ready, answer: Answer, began: float) -> Answer:
        try:
            await self._entries.append(ready.work.ended(answer, began))  # type: ignore[union-attr]
        except Exception as error:  # noqa: BLE001  no log, no read, for whatever reason
            logger.error("access log not written", error=type(error.__cause__ or error).__name__)
            return refused(LogUnavailable())
        return answer

    def close(self) -> None:
        """Close the connections and end the thread."""
        if self._entries is not None:
            self._entries.close()
        if self._lines is not None:
            self._lines.close()
