"""Pages of a connection by key: where a page begins, and the connection made of its rows.

A cursor is the order key of its row, encrypted; what a page costs does not grow with how deep it lies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import sqlalchemy as sa

from schema.codec import Codec
from schema.errors import BadRequest, CursorRefused, LimitExceeded

DEFAULT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a caller asks of a connection, as Relay has it."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A page decided: how many rows, in which direction, beyond which key (`k0` ... as bound; empty: from the end)."""

    take: int
    backward: bool
    key: Mapping[str, Any]
    binding: bytes


def span(page: Page, most: int, columns: Sequence[sa.ColumnElement[Any]], binding: bytes, codec: Codec) -> Span:
    """Decide a page over rows in the order of these columns. Raises BadRequest, LimitExceeded, CursorRefused."""
    backward = page.last is not None or (page.before is not None and page.first is None)
    if backward and (page.first is not None or page.after is not None):
        raise BadRequest("A page goes forward (first, after) or backward (last, before), not both")
    if not backward and page.before is not None:
        raise BadRequest("A page goes forward (first, after) or backward (last, before), not both")
    asked, cursor = (page.last, page.before) if backward else (page.first, page.after)
    take = min(DEFAULT, most) if asked is None else asked
    if take < 0:
        raise BadRequest("A page cannot have fewer than 0 rows")
    if take > most:
        raise LimitExceeded("page", most)
    bound = hashlib.sha256(binding).digest()
    key = {} if cursor is None else _key(codec.place(bound, cursor), columns)
    return Span(take=take, backward=backward, key=key, binding=bound)


def connection(rows: list[dict[str, Any]], span: Span, keys: int, codec: Codec) -> dict[str, Any]:
    """The connection of a page's rows, with so many keys each; one row more than the page says that there are more."""
    more = len(rows) > span.take
    rows = rows[: span.take]
    if span.backward:
        rows.reverse()

    def cursor(row: dict[str, Any]) -> str:
        return sealed([_plain(row[f"_k{place}"]) for place in range(keys)], span, codec)

    return relay(rows, cursor, more_before=more if span.backward else bool(span.key), more_after=more, span=span)


def sealed(key: list[Any], span: Span, codec: Codec) -> str:
    """The cursor of a row by its order key."""
    return codec.cursor(span.binding, key_text(key))


def key_text(key: list[Any]) -> bytes:
    """An order key as cursors hold it."""
    return json.dumps(key, separators=(",", ":")).encode()


def relay(
    rows: list[dict[str, Any]],
    cursor: Callable[[dict[str, Any]], str],
    *,
    more_before: bool,
    more_after: bool,
    span: Span,
) -> dict[str, Any]:
    """Relay's shape; cursors are made only where they are asked for."""
    return {
        "nodes": rows,
        "edges": [{"node": row, "cursor": partial(cursor, row)} for row in rows],
        "page_info": {
            "has_next_page": bool(span.key) if span.backward else more_after,
            "has_previous_page": more_before,
            "start_cursor": partial(cursor, rows[0]) if rows else None,
            "end_cursor": partial(cursor, rows[-1]) if rows else None,
        },
    }


def _plain(value: Any) -> Any:
    """A value of a key as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _same(value: Any) -> Any:
    return value


READ: Mapping[type, Callable[[Any], Any]] = {date: date.fromisoformat, bytes: bytes.fromhex}


def _key(text: bytes, columns: Sequence[sa.ColumnElement[Any]]) -> dict[str, Any]:
    try:
        values = json.loads(text)
        return {
            f"k{place}": READ.get(column.type.python_type, _same)(value)
            for place, (value, column) in enumerate(zip(values, columns, strict=True))
        }
    except (ValueError, TypeError):
        raise CursorRefused from None
