"""Exports over HTTP: which form a caller reads, and the stream of its parts.

The first part is made before the status leaves, so that a refusal is an ordinary answer. A stream that breaks off is
aborted: its last chunk never comes, and the receiver's client says so. Few exports run at once, since each holds a
snapshot of the store for as long as its receiver takes; one client has but one of them, and who takes nothing for long
loses it. Before each part the token and the agreement must be good still.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import lru_cache, partial

from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from schema.answer import Answer, Request, refused
from schema.contract import Contract
from schema.errors import Busy, Refused
from schema.export.run import Broken, Part, Running, start
from schema.export.writers import WRITERS
from schema.operation import Operations
from schema.protocol import REMEMBERED
from schema.tokens import Claims
from schema.turns import Turns
from schema.workers import Workers

AT_ONCE = 2
TAKING = 60.0  # seconds in which a receiver must take what was sent
May = Callable[[], Awaitable[bool]]
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
        self._clients: set[str] = set()

    async def answer(
        self, contract: Contract, claims: Claims, request: Request, form: str, may: May
    ) -> Response | Answer:
        """The response of an export, or the answer that refuses it. `may`: whether it may go on. Raises Busy."""
        if self._running >= AT_ONCE or claims.client in self._clients:
            raise Busy
        self._running += 1
        self._clients.add(claims.client)
        begun: Running | Answer | None = None
        streams = False
        try:
            async with self._turns.of(claims.client):
                begun = await self._workers.run(partial(start, self._operations, contract, claims, request, form))
                if isinstance(begun, Answer):
                    return begun
                first = await self._workers.run(begun.next)
            streams = True
            return _Export(begun, first, self, contract.agreement.id, claims.client, may)
        except Busy:
            raise
        except Refused as refusal:
            work = self._operations.begun(contract, claims)
            return await self._workers.run(partial(self._operations.logged, work, refused(refusal), work.began))
        finally:
            if not streams:
                self.end(begun, claims.client)

    async def next(self, begun: Running, client: str) -> Part | None:
        """The next part, when it is the client's turn and there is room for the work."""
        while True:
            try:
                async with self._turns.of(client):
                    return await self._workers.run(begun.next)
            except Busy:
                await asyncio.sleep(0.05)

    def end(self, begun: Running | Answer | None, client: str) -> None:
        """One export less."""
        self._running -= 1
        self._clients.discard(client)
        if isinstance(begun, Running):
            begun.close()


class _Export(StreamingResponse):
    """The response of an export; however it ends, the export ends with it."""

    def __init__(
        self, begun: Running, first: Part | None, exports: Exports, agreement: str, client: str, may: May
    ) -> None:
        self._begun, self._first, self._exports, self._client, self._may = begun, first, exports, client, may
        name = f'attachment; filename="aidgraph-{agreement}.{begun.suffix}"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        super().__init__(self._stream(), media_type=begun.media, headers=headers)

    async def _stream(self) -> AsyncIterator[bytes]:
        part = self._first
        while part is not None:
            if part.data:
                yield part.data
            if not await self._may():
                raise Broken
            part = await self._exports.next(self._begun, self._client)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, partial(_taken, send))
        finally:
            self._exports.end(self._begun, self._client)


async def _taken(send: Send, message: Message) -> None:
    async with asyncio.timeout(TAKING):
        await send(message)
