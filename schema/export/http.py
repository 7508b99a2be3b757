"""Exports over HTTP: which form a caller reads, and the stream of its parts.

The first part is made before the status leaves, so that a refusal is an ordinary answer. A stream that breaks off is
aborted: its last chunk never comes, and the receiver's client says so. Few exports run at once, since each holds a
snapshot of the store for as long as its receiver takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache, partial

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from schema.answer import Answer, Request, refused
from schema.contract import Contract
from schema.errors import Busy, Refused
from schema.export.run import Part, Running, start
from schema.export.writers import WRITERS
from schema.operation import Operations
from schema.protocol import REMEMBERED
from schema.tokens import Claims
from schema.turns import Turns
from schema.workers import Workers

AT_ONCE = 2
FORMS = {kind.media: suffix for suffix, kind in WRITERS.items()}


@lru_cache(REMEMBERED)
def form_of(accept: str | None) -> str | None:
    """The form of an export that a caller asks for: the first that is named, and not with q=0."""
    for item in (accept or "").split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name in FORMS and not any(part.replace(" ", "") in ("q=0", "q=0.0") for part in parameters):
            return FORMS[name]
    return None


class Exports:
    """The exports of one application."""

    def __init__(self, operations: Operations, workers: Workers, turns: Turns) -> None:
        self._operations = operations
        self._workers = workers
        self._turns = turns
        self._running = 0

    async def answer(self, contract: Contract, claims: Claims, request: Request, form: str) -> Response | Answer:
        """The response of an export, or the answer that refuses it. Raises Busy."""
        if self._running >= AT_ONCE:
            raise Busy
        self._running += 1
        begun: Running | Answer | None = None
        streams = False
        try:
            async with self._turns.of(claims.client):
                begun = await self._workers.run(partial(start, self._operations, contract, claims, request, form))
                if isinstance(begun, Answer):
                    return begun
                first = await self._workers.run(begun.next)
            streams = True
            return _Export(begun, first, self, contract.agreement.id, claims.client)
        except Busy:
            raise
        except Refused as refusal:
            work = self._operations.begun(contract, claims)
            return await self._workers.run(partial(self._operations.logged, work, refused(refusal), work.began))
        finally:
            if not streams:
                self.end(begun)

    async def next(self, begun: Running, client: str) -> Part | None:
        """The next part, when it is the client's turn and there is room for the work."""
        while True:
            try:
                async with self._turns.of(client):
                    return await self._workers.run(begun.next)
            except Busy:
                await asyncio.sleep(0.05)

    def end(self, begun: Running | Answer | None) -> None:
        """One export less."""
        self._running -= 1
        if isinstance(begun, Running):
            begun.close()


class _Export(StreamingResponse):
    """The response of an export; however it ends, the export ends with it."""

    def __init__(self, begun: Running, first: Part | None, exports: Exports, agreement: str, client: str) -> None:
        self._begun, self._first, self._exports, self._client = begun, first, exports, client
        name = f'attachment; filename="aidgraph-{agreement}.{begun.suffix}"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        super().__init__(self._stream(), media_type=begun.media, headers=headers)

    async def _stream(self) -> AsyncIterator[bytes]:
        part = self._first
        while part is not None:
            if part.data:
                yield part.data
            part = await self._exports.next(self._begun, self._client)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._exports.end(self._begun)
