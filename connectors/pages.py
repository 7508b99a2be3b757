"""Rows as they arrive, a page at a time and by column: what a transport hands to the hub.

A `Page` holds rows that arrived together. Its columns may be `Unread`: rows kept as the texts they came as, until a
column is asked for. A column of lists of objects may be kept by column of the objects (`Lists`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row as it arrived. `line` counts from 1 within its delivery (of a file: the file's own line)."""

    line: int
    values: Mapping[str, object]


class Unread(Mapping[str, Sequence[object]]):
    """The columns of rows that are kept as they came, each a text of its own, until a column is asked for.

    `read` makes columns of some texts; it is one for all pages of a delivery, and a copy of it in another process does
    the same. `told` makes of what it raises the error that names the page. Equal texts `under` the same (what stands
    above them, a file's header) are equal rows; `under` is None where a text holds what is not wanted of a row, so that
    two texts may be one.
    """

    def __init__(
        self,
        rows: Sequence[bytes],
        read: Callable[[Sequence[bytes]], Mapping[str, Sequence[object]]],
        told: Callable[[Exception], Exception] | None = None,
        under: bytes | None = b"",
    ) -> None:
        self.rows = rows
        self.read = read
        self.under = under
        self._told = told
        self._columns: Mapping[str, Sequence[object]] | None = None

    def only(self, places: Sequence[int]) -> Unread:
        """The columns of some of the rows."""
        return Unread([self.rows[at] for at in places], self.read, self._told, self.under)

    def part(self, some: slice) -> Unread:
        """The columns of rows that follow each other; read, where these are."""
        found = Unread(self.rows[some], self.read, self._told, self.under)
        if self._columns is not None:
            found._columns = {name: _part(column, some) for name, column in self._columns.items()}
        return found

    def __getitem__(self, name: str) -> Sequence[object]:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Mapping[str, Sequence[object]]:
        if self._columns is None:
            try:
                self._columns = self.read(self.rows)
            except Exception as fault:
                if self._told is None:
                    raise
                raise self._told(fault) from None
        return self._columns


class Lists(Sequence[object]):
    """A column of lists of objects, kept by column of the objects: list `n` holds the next `counts[n]` of them.

    As a sequence it gives the lists themselves, their objects without the fields that they do not have, in order of
    name. In `absent` are the places of rows that have no list at all.
    """

    def __init__(
        self, counts: Sequence[int], columns: Mapping[str, Sequence[object]], absent: frozenset[int] = frozenset()
    ) -> None:
        self.counts = counts
        self.columns = columns
        self._absent = absent

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        end = self._end[at]
        return None if at in self._absent else [self._item(place) for place in range(end - self.counts[at], end)]

    def part(self, some: slice) -> Lists:
        """The lists of rows that follow each other."""
        start, stop, _ = some.indices(len(self))
        first, last = (self._end[at - 1] if at else 0 for at in (start, stop))
        return Lists(
            self.counts[start:stop],
            {name: column[first:last] for name, column in self.columns.items()},
            frozenset(at - start for at in self._absent if start <= at < stop),
        )

    def nth(self, number: int, name: str) -> Sequence[object]:
        """A field of the object of this number in each list; None where there is none."""
        column = self.columns.get(name)
        if column is None:
            return [None] * len(self)
        if number == 0 and set(self.counts) == {1}:
            return column
        places = zip(self._end, self.counts, strict=True)
        return [column[end - count + number] if number < count else None for end, count in places]

    @staticmethod
    def join(columns: Sequence[Sequence[object]]) -> Sequence[object]:
        """One column of several; kept by column of the objects where all are."""
        if not all(isinstance(column, Lists) for column in columns):
            return list(chain.from_iterable(columns))
        lists = cast("Sequence[Lists]", columns)
        names = dict.fromkeys(name for each in lists for name in each.columns)
        starts = accumulate((len(each) for each in lists), initial=0)
        return Lists(
            list(chain.from_iterable(each.counts for each in lists)),
            {name: list(chain.from_iterable(each._field(name) for each in lists)) for name in names},
            frozenset(start + at for start, each in zip(starts, lists, strict=False) for at in each._absent),
        )

    def _field(self, name: str) -> Sequence[object]:
        """A field of all objects."""
        column = self.columns.get(name)
        return [None] * sum(self.counts) if column is None else column

    @cached_property
    def _names(self) -> list[str]:
        return sorted(self.columns)

    @cached_property
    def _end(self) -> list[int]:
        return list(accumulate(self.counts))

    def _item(self, place: int) -> dict[str, object]:
        return {name: self.columns[name][place] for name in self._names if self.columns[name][place] is not None}


def _part(column: Sequence[object], some: slice) -> Sequence[object]:
    return column.part(some) if isinstance(column, Lists) else column[some]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows that arrived together, by column: `lines` as in RawRow, each column with one value a line.

    A field that a row does not have is None; a column that no row has is absent, also where the stream requires it:
    what is missing is the hub's to judge. A column that the stream does not declare stands under its own header.
    """

    lines: Sequence[int]
    columns: Mapping[str, Sequence[object]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, object]], lines: Sequence[int]) -> Page:
        """Rows as they stand in a JSON answer."""
        names = tuple(rows[0]) if rows else ()
        if set(map(type, rows)) <= {dict} and set(map(tuple, rows)) <= {
            names
        }:  # as rows of one answer mostly are: the same fields in the same order
            columns = map(list, zip(*[row.values() for row in rows], strict=True))
            return cls(lines=lines, columns=dict(zip(names, columns, strict=False)))
        every = dict.fromkeys(name for row in rows for name in row)
        return cls(lines=lines, columns={name: [row.get(name) for row in rows] for name in every})

    @property
    def texts(self) -> tuple[bytes, Sequence[bytes]] | None:
        """Each row as it came, and what stands above, where all that it says follows from these; None where not."""
        if isinstance(self.columns, Unread) and self.columns.under is not None:
            return self.columns.under, self.columns.rows
        return None

    def only(self, places: Sequence[int]) -> Page:
        """Some of the rows; of columns that were read, one that none of them has is absent."""
        lines = [self.lines[at] for at in places]
        if isinstance(self.columns, Unread):
            return Page(lines=lines, columns=self.columns.only(places))
        chosen = {name: [column[at] for at in places] for name, column in self.columns.items()}
        return Page(
            lines=lines,
            columns={name: column for name, column in chosen.items() if any(value is not None for value in column)},
        )

    @classmethod
    def join(cls, pages: Sequence[Page]) -> Page:
        """The rows of several pages."""
        if len(pages) == 1:
            return pages[0]
        names = dict.fromkeys(name for page in pages for name in page.columns)
        columns = {name: [page.columns.get(name) or [None] * len(page.lines) for page in pages] for name in names}
        return cls(
            lines=list(chain.from_iterable(page.lines for page in pages)),
            columns={name: Lists.join(each) for name, each in columns.items()},
        )

    def parts(self, rows: int) -> Iterator[Page]:
        """The page in pages of at most so many rows."""
        if len(self.lines) <= rows:
            yield self
            return
        for start in range(0, len(self.lines), rows):
            some, given = slice(start, start + rows), self.columns
            columns = (
                given.part(some)
                if isinstance(given, Unread)
                else {name: _part(column, some) for name, column in given.items()}
            )
            yield Page(lines=self.lines[some], columns=columns)

    def rows(self) -> Iterator[RawRow]:
        """The rows one by one, without the fields that a row does not have."""
        for at, line in enumerate(self.lines):
            values = {name: column[at] for name, column in self.columns.items() if column[at] is not None}
            yield RawRow(line=line, values=values)
