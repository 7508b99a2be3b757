"""A page whose rows come column by column, as one text each: the server puts the rows together.

What a thousand rows have alike (keys, brackets, commas) never travels, the database joins no texts but the values of a
column, and what Python does of values (names, tokens, quotation marks) it does of a whole column at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from schema.compile.cells import BETWEEN, NULL, Cell
from schema.compile.holes import Fill
from schema.compile.tree import NotCompiled

KEY = -1  # the slot of what is made of a row's order key


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One of a page's columns: which of the page's texts it is, and which tells how many are not NULL, if any."""

    text: int
    cell: Cell
    present: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A row's value: of which column (KEY: of its order key), and which hole's filler finishes it, if one does."""

    column: int
    hole: int | None = None


class Shown:
    """A part of a page's object that its rows decide. `fixed` is what it shows whatever they are."""

    fixed = ""

    def written(self, page: Page) -> bytes:
        """The part's JSON text in an answer. Raises NotCompiled."""
        raise NotImplementedError


class Template(Shown):
    """The rows of a page as they are shown: fixed texts, and slots for what differs."""

    def __init__(self, parts: Sequence[str | Slot]) -> None:
        self.fixed = "".join(part for part in parts if isinstance(part, str))
        self._parts = [part.encode() if isinstance(part, str) else part for part in parts]

    def written(self, page: Page) -> bytes:
        if not page.shown:
            return b""
        fixed, differing = [b","], []  # by turns: what all rows share, what differs
        for part in self._parts:
            told = part if isinstance(part, bytes) else page.finished(part)
            if isinstance(told, bytes):
                fixed[-1] += told
            else:
                differing.append(told)
                fixed.append(b"")
        width = 2 * len(fixed) - 1
        pieces = [b""] * width
        pieces[::2] = fixed
        pieces *= page.shown
        for place, values in enumerate(differing):
            pieces[2 * place + 1 :: width] = values
        pieces[0] = pieces[0][1:]
        return b"".join(pieces)


class More(Shown):
    """Whether there are rows beyond the page."""

    def written(self, page: Page) -> bytes:
        return b"true" if page.count > page.shown else b"false"


@dataclass(frozen=True, kw_only=True)
class End(Shown):
    """The cursor of the row that was read first, or `last`; `hole` fills it."""

    hole: int
    last: bool

    def written(self, page: Page) -> bytes:
        if not page.shown:
            return NULL
        end = slice(page.shown - 1, page.shown) if self.last else slice(1)
        return page.fills[self.hole](page.keys(end))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What comes of a page: so many `texts`, of which the first counts its rows; its columns, and which are what.

    `place` is its branch's, whose span tells how many rows are shown; `key` are the columns of the order key,
    `subject` is that of whose row each is; `backward`: rows come in reverse.
    """

    place: int
    texts: int
    columns: Sequence[Column]
    key: Sequence[int]
    subject: int | None
    backward: bool

    def read(self, texts: Sequence[bytes], take: int, fills: Sequence[Fill]) -> Page:
        """The page of an answer. Raises NotCompiled."""
        return Page(self, texts, take, fills)


class Page:
    """A page of one answer: `shown` rows of the `count` that came, the one read first in front."""

    def __init__(self, of: Columns, texts: Sequence[bytes], take: int, fills: Sequence[Fill]) -> None:
        self.of = of
        self.texts = texts
        self.fills = fills
        self.count = int(texts[0])
        self.shown = min(self.count, take)
        self._values: dict[int, list[bytes] | bytes] = {}

    @property
    def subjects(self) -> Sequence[int]:
        """Whose rows are shown; -1 for nobody's."""
        if self.of.subject is None:
            return ()
        told = b",".join(self.values(self.of.subject)).replace(NULL, b"-1")
        found: Sequence[int] = orjson.loads(b"[%b]" % told)
        return found

    def values(self, number: int) -> Sequence[bytes]:
        """A column's values of the rows that are shown, as JSON. Raises NotCompiled."""
        found = self._column(number)
        return [found] * self.shown if isinstance(found, bytes) else found

    def _column(self, number: int) -> Sequence[bytes] | bytes:
        """A column's values; one, where all rows have the same."""
        found = self._values.get(number)
        if found is None:
            found = self._values[number] = self._read(self.of.columns[number]) if self.count else []
        return found

    def _read(self, column: Column) -> list[bytes] | bytes:
        told = self.texts[column.text]
        nulls = 0 if column.present is None else self.count - int(self.texts[column.present])
        first = told.partition(BETWEEN)[0]
        if nulls in (0, self.count) and told == first + (BETWEEN + first) * (self.count - 1):
            return column.cell.texts(first, min(nulls, 1))[0]
        found = column.cell.texts(told, nulls)
        if len(found) != self.count:  # a value holds what stands between values
            raise NotCompiled
        return found[: self.shown] if self.count > self.shown else found

    def keys(self, rows: slice) -> Sequence[bytes]:
        """The order keys of some rows, as JSON."""
        columns = [self.values(number)[rows] for number in self.of.key]
        return [b"[%b]" % b",".join(key) for key in zip(*columns, strict=True)]

    def finished(self, slot: Slot) -> Sequence[bytes] | bytes:
        """What stands in a slot, row by row as they are shown; one text, where it is the same in all rows."""
        values = self.keys(slice(None)) if slot.column == KEY else self._column(slot.column)
        if slot.hole is None:
            found = values
        elif isinstance(values, bytes):
            found = self._filled([values], slot.hole)[0]
        else:
            found = self._filled(values, slot.hole)
        return found[::-1] if self.of.backward and not isinstance(found, bytes) else found

    def _filled(self, values: Sequence[bytes], hole: int) -> Sequence[bytes]:
        """Values filled; null stays."""
        fill = self.fills[hole]
        if NULL not in values:
            return fill(values)
        made = iter(fill([value for value in values if value != NULL]))
        return [value if value == NULL else next(made) for value in values]
