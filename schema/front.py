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
from hub.log.writer import Edition
from schema.answer import Answer, Request, refused
from schema.compile.lines import StatementFailed
from schema.compile.soon import SoonReader
from schema.compile.tree import NotCompiled
from schema.contract import Contract
from schema.errors import LogUnavailable, TookTooLong
from schema.kept import Answered, Kept
from schema.operation import Operations
from schema.tokens import Claims
from schema.work import Ready, Work
from schema.workers import Workers

LOOKING = 5.0  # seconds for the question what is published
logger = structlog.get_logger("aidgraph.graph")


class Front:
    """Answers operations for the application's loop. `keep`: bytes of answers that may be kept (schema/kept.py)."""

    def __init__(self, operations: Operations, workers: Workers, *, lines: int, keep: int) -> None:
        self._operations = operations
        self._workers = workers
        self._short = _Short(operations, lines, keep) if operations.reader.postgresql else None

    async def answer(self, contract: Contract, claims: Claims, request: Request) -> Answer:
        """The answer, once it is in the log. Raises Busy."""
        if self._short is not None:
            with self._workers.room():
                answer = await self._short.answer(contract, claims, request)
            if answer is not None:
                return answer
        return await self._workers.run(partial(self._operations.answer, contract, claims, request))

    def close(self) -> None:
        """Close the connections."""
        if self._short is not None:
            self._short.close()


class _Short:
    """The short way."""

    def __init__(self, operations: Operations, lines: int, keep: int) -> None:
        self._operations = operations
        self._lines = SoonReader(operations.reader, lines)
        self._entries = SoonWriter(operations.engine)
        self._kept = Kept(keep, partial(self._lines.edition, LOOKING)) if keep else None

    async def answer(self, contract: Contract, claims: Claims, request: Request) -> Answer | None:
        """The answer, once it is in the log; None where it is for the workers."""
        began = time.monotonic()
        if self._kept is None:
            return await self._read(contract, claims, request, None, began)
        key = self._kept.key(contract.agreement.id, request)
        again = await self._again(self._kept, contract, claims, key, began) if key is not None else None
        return again if again is not None else await self._read(contract, claims, request, key, began)

    async def _again(self, kept: Kept, contract: Contract, claims: Claims, key: bytes, began: float) -> Answer | None:
        """An answer that is kept; None where none is, or the store is of another edition now."""
        found = kept.find(key)
        if found is None:
            return None
        answered, edition = found
        work = self._operations.again(contract, claims, answered.known)
        answer = await self._logged(work, Answer(body=answered.body), began, edition)
        if answer is None:
            kept.expired(edition)
        return answer

    async def _read(
        self, contract: Contract, claims: Claims, request: Request, key: bytes | None, began: float
    ) -> Answer | None:
        """An answer that is read; None where it is for the workers. `key`: what to keep it by."""
        ready: Ready | None = None
        try:
            ready = self._operations.ready(contract, claims, request)
            if ready is None:
                return None
            asked = ready.asked
            self._entries.coming()
            try:
                found = await self._lines.read(asked.plan.sql, asked.bind, ready.seconds)
            finally:
                self._entries.came()
            served = asked.served(found)
            answer = self._operations.finished(ready, served)
        except (NotCompiled, StatementFailed):
            return None
        except TookTooLong as late:
            return await self._logged(ready.work, refused(late), began) if ready is not None else None
        except Exception:  # noqa: BLE001  whatever it is, the workers meet it again, and tell and log it
            return None
        if self._kept is not None and key is not None and ready.shared:
            edition = (served.publication, served.erasure)
            self._kept.keep(key, edition, Answered(body=answer.body, known=ready.work.of_answer))
        return await self._logged(ready.work, answer, began)

    async def _logged(self, work: Work, answer: Answer, began: float, edition: Edition | None = None) -> Answer | None:
        """The answer, once its entry is written; None where it is of an edition that the store no longer is."""
        logging = time.monotonic()
        try:
            if not await self._entries.append(work.ended(answer, began), edition):
                return None
            self._operations.log.written()
            self._operations.log_took(time.monotonic() - logging)
        except Exception as error:  # noqa: BLE001  no log, no read, for whatever reason
            logger.error("access log not written", error=type(error.__cause__ or error).__name__)
            return refused(LogUnavailable())
        return answer

    def close(self) -> None:
        """Close the connections and forget what was kept."""
        if self._kept is not None:
            self._kept.clear()
        self._entries.close()
        self._lines.close()
