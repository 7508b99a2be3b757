"""How a source pages, for the storms: what a request asks for, and how a page is said. One small class a shape.

A connector whose transport speaks HTTP and whose shape is not in SHAPES fails the kit's test: nobody has seen it in a
storm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import orjson

from connectors.base import Stream, Transport
from connectors.kit.rows import Row
from connectors.transports.http.paging import Cursor, LinkHeader, NextUrl, Offset, PageNumber
from connectors.transports.http.template import WORD
from connectors.transports.http_envelope import HttpEnvelope
from connectors.transports.http_json import HttpJson


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


class Json:
    """Whatever `http_json` asks for, its templates read backwards; the national platform is one of them.

    A cursor, and the address of a next page, say how many rows have come.
    """

    def fits(self, transport: Transport) -> bool:
        return isinstance(transport, HttpJson | HttpEnvelope)

    def paged(self, transport: Any, size: int) -> Transport:
        changed: Transport = replace(transport, page_size=size)
        return changed

    def question(self, transport: Any, request: Request) -> Question:
        form = _form(transport)
        address = urlsplit(request.path)
        query = dict(parse_qsl(address.query))
        words = _backwards(form.query, query)
        if form.body is not None and request.body:
            words |= _backwards(form.body, orjson.loads(request.body))
        size = int(str(words.get("size") or form.page_size))
        window = None
        if form.window and "begin" in words:
            begin, end = (datetime.strptime(str(words[name]), form.window.format) for name in ("begin", "end"))  # noqa: DTZ007
            window = begin, end
        return Question(first=_first(form.paging, words, query, size), size=size, window=window)

    def reply(self, transport: Any, page: Sequence[Row], whole: Whole) -> Reply:
        form = _form(transport)
        told: dict[str, Any] = {}
        _put(told, form.rows, list(page))
        if form.count:
            _put(told, form.count, whole.count)
        if form.clock:
            _put(told, form.clock, f"{whole.now:%Y%m%d%H%M%S}000")
        if form.accepted:
            _put(told, form.accepted.path, form.accepted.codes[0])
        headers = _next(form.paging, form.path, told, whole)
        return Reply(body=orjson.dumps(told), headers=headers)


def _form(transport: Any) -> Any:
    return transport.shape() if isinstance(transport, HttpEnvelope) else transport


def _backwards(template: Any, said: Any) -> dict[str, object]:
    """What the words of a template were filled with."""
    if isinstance(template, Mapping):
        found: dict[str, object] = {}
        for key, value in template.items():
            if isinstance(said, Mapping) and key in said:
                found |= _backwards(value, said[key])
        return found
    alone = WORD.fullmatch(template) if isinstance(template, str) else None
    return {alone[1]: said} if alone else {}


def _first(paging: Any, words: Mapping[str, Any], query: Mapping[str, str], size: int) -> int:
    if isinstance(paging, PageNumber):
        return (int(words["page"]) - paging.begin) * size
    if isinstance(paging, Offset):
        return int(words["offset"])
    if isinstance(paging, Cursor):
        return int(str(words.get("cursor") or "0").removeprefix("c"))
    return int(query.get("after", 0))


def _next(paging: Any, path: str, told: dict[str, Any], whole: Whole) -> tuple[tuple[str, str], ...]:
    """Say where the next page is, in the answer or in its head."""
    after = whole.question.first + whole.question.size
    more = after < whole.served
    if isinstance(paging, PageNumber) and paging.pages:
        _put(told, paging.pages, -(-whole.served // whole.question.size))
    elif isinstance(paging, Cursor):
        _put(told, paging.next_at, f"c{after}" if more else None)
        if paging.more:
            _put(told, paging.more, more)
    elif isinstance(paging, NextUrl):
        _put(told, paging.next_at, f"{path}?after={after}" if more else None)
    elif isinstance(paging, LinkHeader) and more:
        return (("Link", f'<{path}?after={after}>; rel="next"'),)
    return ()


def _put(told: dict[str, Any], place: str, value: object) -> None:
    *steps, last = place.split(".")
    for step in steps:
        told = told.setdefault(step, {})
    told[last] = value


SHAPES: tuple[Shape, ...] = (Json(),)


def shape_of(stream: Stream) -> Shape | None:
    """The shape in which a stream pages; None where it does not speak HTTP, or nobody has written its shape."""
    return next((shape for shape in SHAPES if shape.fits(stream.transport)), None)
