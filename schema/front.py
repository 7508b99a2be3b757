"""The short way of a request: a known, compiled document is read on the server's own loop, without a thread.

1. Whatever is not plain sailing (a new document, a refusal, an answer that SQL cannot write) goes the workers' way,
   from the beginning, and is answered and logged there.
2. The answer leaves when its entry is in the log: entries that come while others are being written are written
   together, one worker for all of them.
3. What runs here takes the workers' room; beyond it callers are told to try again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from hub.log import Entry
from schema.compile.lines import StatementFailed
from schema.compile.plan import Served
from schema.compile.soon import SoonReader
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.errors import LogUnavailable, TookTooLong
from schema.operation import Answer, Operations, Ready, Request, refused
from schema.tokens import Claims
from schema.workers import Workers

TOGETHER = 64  # entries written at once
logger = structlog.get_logger("aidgraph.graph")


class Front:
    """Answers operations for the application's loop."""

    def __init__(self, operations: Operations, workers: Workers, *, lines: int) -> None:
        self._operations = operations
        self._workers = workers
        self._lines = SoonReader(operations.reader, lines) if operations.reader.postgresql else None
        self._entries = _Together(operations.log.append_all)

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
            await self._entries.append(ready.work.ended(answer, began))
        except Exception as error:  # noqa: BLE001  no log, no read, for whatever reason
            logger.error("access log not written", error=type(error.__cause__ or error).__name__)
            return refused(LogUnavailable())
        return answer

    def close(self) -> None:
        """Close the connections and end the thread."""
        self._entries.close()
        if self._lines is not None:
            self._lines.close()


class _Together:
    """Appends entries for one loop at a time: what comes while a worker writes is written next, together."""

    def __init__(self, write: Callable[[Sequence[Entry]], None]) -> None:
        self._write = write
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="entries")
        self._line: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def append(self, entry: Entry) -> None:
        """Come back when the entry is durable. Raises what writing raised: then there is none."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._line.append((entry, done))
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._on())
        await done

    async def _on(self) -> None:
        loop = asyncio.get_running_loop()
        while self._line:
            batch, self._line = self._line[:TOGETHER], self._line[TOGETHER:]
            error: BaseException | None = None
            try:
                await loop.run_in_executor(self._pool, self._write, [entry for entry, _ in batch])
            except BaseException as failure:  # noqa: BLE001  each of those who wait raises it
                error = failure
            for _, done in batch:
                if not done.done():
                    if error is None:
                        done.set_result(None)
                    else:
                        done.set_exception(error)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True)
