"""How a source pages, for the storms: what a request asks for, and how a page is said. One small class a shape.

A connector whose transport speaks HTTP and whose shape is not in SHAPES fails the kit's test: nobody has seen it in a
storm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import orjson

from connectors.base import Stream, Transport
from connectors.kit.rows import Row
from connectors.transports.http_envelope import HttpEnvelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as it came."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The rows asked for: from place `first` (0 is the first) so many; of a time between both ends, where told."""

    first: int
    size: int
    window: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What a page is part of: the source's own `count`, the rows `served` in all pages, what its clock shows."""

    question: Question
    count: int
    served: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A good answer."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Shape(Protocol):
    """What the storms must know of a way of paging."""

    def fits(self, transport: Transport) -> bool:
        """Is this the shape of that transport?"""
        ...

    def paged(self, transport: Any, size: int) -> Transport:
        """The same transport with pages of so many rows."""
        ...

    def question(self, transport: Any, request: Request) -> Question:
        """What a request asks for."""
        ...

    def reply(self, transport: Any, page: Sequence[Row], whole: Whole) -> Reply:
        """A page as it goes over the wire."""
        ...


class Envelope:
    """The national platform: page number and size in the body, the count and the number of pages in the answer."""

    def fits(self, transport: Transport) -> bool:
        return isinstance(transport, HttpEnvelope)

    def paged(self, transport: Any, size: int) -> Transport:
        changed: Transport = replace(transport, page_size=size)
        return changed

    def question(self, transport: Any, request: Request) -> Question:
        told = orjson.loads(request.body)["input"]
        ends = [datetime.fromisoformat(told[name]) for name in ("begntime", "endtime") if name in told]
        window = (ends[0], ends[1]) if ends else None
        return Question(first=(told["page_num"] - 1) * told["page_size"], size=told["page_size"], window=window)

    def reply(self, transport: Any, page: Sequence[Row], whole: Whole) -> Reply:
        pages = -(-whole.served // whole.question.size)
        output = {transport.rows: list(page), "recordCounts": whole.count, "pages": pages}
        head = {"infcode": 0, "err_msg": "", "respond_time": f"{whole.now:%Y%m%d%H%M%S}000"}
        return Reply(body=orjson.dumps(head | {"output": output}))


SHAPES: tuple[Shape, ...] = (Envelope(),)


def shape_of(stream: Stream) -> Shape | None:
    """The shape in which a stream pages; None where it does not speak HTTP, or nobody has written its shape."""
    return next((shape for shape in SHAPES if shape.fits(stream.transport)), None)
