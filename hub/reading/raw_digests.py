"""A raw row told again: a keyed digest of the row as it came.

Two rows of one digest read alike, for the same reading (hub/landing/rawrows.py): the digest is over the row's own text
as it came, where all that it says follows from that (`connectors.pages.Unread`), else over every value that arrives but
those of ignored columns, with its type. It is keyed, because raw rows hold ID numbers.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import compress
from typing import Any

import orjson

from connectors.base import Stream
from connectors.pages import Page
from hub.keys import KeyRing
from hub.reading.undeclared import Audit

SIZE = 16
BETWEEN, END = "\x1f", "\x1e"  # marks between values, and behind rows, of texts that are joined
TEXT: set[type] = {str}
NONE: set[type] = {type(None)}
TEXTS = TEXT | NONE
BREAK = orjson.Fragment(b"\n")
AS_TYPED = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS


class RawDigests:
    """Digests the rows of one stream, page by page."""

    def __init__(self, stream: Stream, source: str, ring: KeyRing) -> None:
        self._told = stream, source, ring
        key = ring.derive("raw-row", f"{source}/{stream.name}")
        self._state = hashlib.blake2b(digest_size=SIZE, key=key)
        self._names = (*(field.name for field in stream.fields), *(child.name for child in stream.children))
        self._known = {*self._names, *stream.ignored}
        self._audit = Audit(stream)

    def __reduce__(self) -> tuple[type[RawDigests], tuple[Stream, str, KeyRing]]:
        return RawDigests, self._told

    def of(self, page: Page) -> list[bytes]:
        """The digest of each row. One with a field that nobody declared is told by its values: its text alone would not
        show that there is one, and whoever reads the text again only as a digest could not note it."""
        more = self._more(page)
        if page.texts is None:
            return self._of_values(page, more)
        digests = self.of_texts(*page.texts)
        odd = self._audit.places(page.columns)
        if odd:
            places = sorted(odd)
            read = Page(lines=page.lines, columns=dict(page.columns))
            for at, digest in zip(places, self._of_values(read.only(places), more), strict=True):
                digests[at] = digest
        return digests

    def of_texts(self, under: bytes, texts: Sequence[bytes]) -> list[bytes]:
        """The digest of each row by its text and what stands above it (a digest of a fixed length, or nothing)."""
        state, digests = self._state.copy(), []
        state.update(under)
        copy = state.copy
        for text in texts:
            digest = copy()
            digest.update(text)
            digests.append(digest.digest())
        return digests

    def _of_values(self, page: Page, more: Sequence[str]) -> list[bytes]:
        nothing = [None] * len(page.lines)
        columns = [page.columns.get(name, nothing) for name in self._names]
        columns.append(list(_pairs(page, more)) if more else nothing)
        return self.of_texts(b"", _encoded(columns))

    def undeclared(self, page: Page) -> set[str]:
        """The fields that no declaration knows and some row, or an item of its lists, has a value in."""
        return self._audit.strange(page.columns)

    def _more(self, page: Page) -> list[str]:
        """The columns that no declaration knows and some row has a value in."""
        strange = sorted(page.columns.keys() - self._known)
        return [name for name in strange if any(value is not None for value in page.columns[name])]


def _pairs(page: Page, names: Sequence[str]) -> Iterator[tuple[tuple[str, object], ...] | None]:
    for values in zip(*(page.columns[name] for name in names), strict=True):
        yield tuple((name, value) for name, value in zip(names, values, strict=True) if value is not None) or None


def _encoded(columns: Sequence[Sequence[object]]) -> list[bytes]:
    """Each row as bytes that no other row has, whatever rows stand beside it: of texts alone joined, else JSON."""
    kinds = [set(map(type, column)) for column in columns]
    if all(kind in (TEXT, NONE) for kind in kinds):
        joined = _joined(columns, [kind == TEXT for kind in kinds])
        return joined or [_encoded_alone(row) for row in zip(*columns, strict=True)]
    rows = list(zip(*columns, strict=True))
    mixed = [column for column, kind in zip(columns, kinds, strict=True) if not kind <= TEXTS]
    others = {at for column in mixed for at, value in enumerate(column) if type(value) not in TEXTS}
    finite = all(
        math.isfinite(sum(value for value in column if type(value) is float))
        for column, kind in zip(columns, kinds, strict=True)
        if float in kind
    )
    if len(others) == len(rows):
        return _json(rows, finite)
    told = iter(_json([rows[at] for at in sorted(others)], finite))
    return [next(told) if at in others else _encoded_alone(row) for at, row in enumerate(rows)]


def _encoded_alone(row: Sequence[object]) -> bytes:
    texts = [value for value in row if type(value) is str]
    if len(texts) + row.count(None) == len(row):
        joined = _marked(_head(value is not None for value in row), [BETWEEN.join(texts)], len(texts))
        if joined:
            return joined[0]
    return _json_alone(row)


def _joined(columns: Sequence[Sequence[Any]], there: Sequence[bool]) -> list[bytes] | None:
    """Each row, of the texts in the columns that are `there`; None where one is no whole text, or holds a mark."""
    chosen = list(compress(columns, there))
    rows = list(map(BETWEEN.join, zip(*chosen, strict=True))) if chosen else [""] * len(columns[0])
    return _marked(_head(there), rows, len(chosen))


def _head(there: Iterable[bool]) -> str:
    return BETWEEN + "".join("1" if one else "0" for one in there)


def _marked(head: str, rows: Sequence[str], width: int) -> list[bytes] | None:
    try:
        texts = (head + (END + head).join(rows)).encode()
    except UnicodeEncodeError:  # half a character
        return None
    marks = len(rows) * max(1, width), len(rows) - 1
    return texts.split(END.encode()) if (texts.count(BETWEEN.encode()), texts.count(END.encode())) == marks else None


def _json(rows: Sequence[Sequence[object]], finite: bool) -> list[bytes]:
    """Each row as JSON, in which no newline can stand; JSON begins otherwise than texts that are joined."""
    if finite:  # JSON knows no NaN
        with suppress(TypeError):  # a huge integer, half a character
            return _lines(rows)
    return [_json_alone(row) for row in rows]


def _json_alone(row: Sequence[object]) -> bytes:
    if all(math.isfinite(value) for value in row if isinstance(value, float)):
        with suppress(TypeError):
            return _lines([row])[0]
    return b"\n" + repr(row).encode(errors="surrogatepass")


def _lines(rows: Sequence[object]) -> list[bytes]:
    """Each row as JSON, made of all at once; a line break in a value is two characters in JSON. Raises TypeError."""
    if not rows:
        return []
    page: list[object] = [BREAK] * (2 * len(rows) - 1)
    page[::2] = rows
    return orjson.dumps(page, default=_tagged, option=AS_TYPED)[1:-1].split(b",\n,")


def _tagged(value: object) -> dict[str, str]:
    """A day, a decimal ...: not the text that reads the same."""
    return {"": f"{type(value).__name__} {value!r}"}
