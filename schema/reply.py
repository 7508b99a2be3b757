"""An answer as it leaves over HTTP: its status, its headers, its body."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from schema.answer import Answer
from schema.protocol import GRAPHQL, JSON, status

SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
HEADERS = [(name.lower().encode(), value.encode()) for name, value in SAFE.items()]
TYPES = {media: (b"content-type", f"{media}; charset=utf-8".encode()) for media in (GRAPHQL, JSON)}


class Reply:
    """An ASGI application that answers one request."""

    def __init__(self, status_code: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def reply(answer: Answer, media: str) -> Reply:
    """The answer in a media type, which is GRAPHQL or JSON."""
    headers = [*HEADERS, (b"content-length", b"%d" % len(answer.body)), TYPES[media]]
    if answer.status in (429, 503):
        headers.append((b"retry-after", b"%d" % answer.retry))
    if answer.status == 405:
        headers.append((b"allow", b"POST"))
    return Reply(status(answer, media), headers, answer.body)
