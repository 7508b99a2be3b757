"""The lists inside a page's rows (insuinfo[], idetinfo[] ...): one table of all items, each with its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from connectors.base import Child
from connectors.pages import Lists
from hub.reading.columns import Column, FieldReader
from hub.reading.values import Codes

LISTS = {list, type(None)}
Objects = list[dict[str, object]]
Given = Callable[[str], Sequence[object] | None]  # a field of all items, by name; None where no item has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """The items of one list's rows: `owner` is the place of each item's row, `ordinal` its own place in the list."""

    table: pa.RecordBatch
    owner: NDArray[np.int64]

    def only(self, keep: NDArray[np.bool_]) -> Children:
        """The items of the rows where `keep` says so."""
        mine = keep[self.owner]
        places = np.cumsum(keep) - 1
        return Children(table=self.table.filter(pa.array(mine)), owner=places[self.owner[mine]])

    @classmethod
    def join(cls, parts: Sequence[Children], rows: Sequence[int]) -> Children:
        """The items of rows that follow each other, in parts of so many `rows`."""
        starts = accumulate(rows, initial=0)
        owner = np.concatenate([part.owner + start for part, start in zip(parts, starts, strict=False)])
        return cls(table=pa.concat_batches([part.table for part in parts]), owner=owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A page's column of lists. `faults`: row -> reason code and field of its first fault."""

    counts: Sequence[int]
    columns: list[Column]
    faults: dict[int, tuple[str, str]]

    def by_row(self) -> list[list[tuple[object, ...]]]:
        """The items of each row, as tuples."""
        items = list(zip(*(column.values for column in self.columns), strict=True))
        if not items:
            return [[]] * len(self.counts)
        ends = list(accumulate(self.counts))
        return [items[end - count : end] if count else [] for count, end in zip(self.counts, ends, strict=True)]


class ChildReader:
    """Reads one list of a stream's rows."""

    def __init__(self, child: Child, schema: pa.Schema, codes: Codes) -> None:
        self.name = child.name
        self._schema = schema
        self._fields = [FieldReader(f, codes) for f in child.fields]

    def read(self, column: Sequence[object] | None, count: int, provinces: Sequence[str] | str) -> Items:
        """The items of `count` rows; a row whose list is none has a fault, and no items."""
        counts, given, faults = self._lists(column, count)
        size = sum(counts)
        if not isinstance(provinces, str):
            provinces = list(chain.from_iterable(map(repeat, provinces, counts)))
        columns = [field.read(given(field.name) if size else [], size, provinces) for field in self._fields]
        if any(column.refused for column in columns):
            owner = np.repeat(np.arange(count), counts).tolist()
            order = sorted((at, nth) for nth, column in enumerate(columns) for at in column.refused)
            for at, nth in order:
                faults.setdefault(owner[at], (columns[nth].refused[at], self._fields[nth].name))
        return Items(counts=counts, columns=columns, faults=faults)

    def _lists(
        self, column: Sequence[object] | None, count: int
    ) -> tuple[Sequence[int], Given, dict[int, tuple[str, str]]]:
        """How long the list of each row is, a field of all their items, and the faults of rows whose list is none."""
        if column is None:
            return [0] * count, _field([]), {}
        if isinstance(column, Lists):
            return column.counts, column.columns.get, {}
        kinds = set(map(type, column))
        lists: Sequence[Any] = column if kinds == {list} else [items or [] for items in column]
        if kinds <= LISTS:
            every = list(chain.from_iterable(lists))
            if set(map(type, every)) <= {dict}:
                return list(map(len, lists)), _field(every), {}
        faults: dict[int, tuple[str, str]] = {}
        good: list[Objects] = []
        for at, items in enumerate(column):
            whole = isinstance(items, list) and all(isinstance(item, dict) for item in items)
            if items is not None and not whole:
                faults[at] = ("bad_text", self.name)
            good.append(items if whole else [])  # type: ignore[arg-type]
        return list(map(len, good)), _field(list(chain.from_iterable(good))), faults

    def table(self, items: Items, lines: NDArray[np.int32]) -> Children:
        """The items for Arrow; `lines` of the rows."""
        counts = np.array(items.counts, np.int64)
        owner = np.repeat(np.arange(len(counts)), counts)
        ordinal = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        head = [pa.array(lines[owner]), pa.array(ordinal.astype(np.int32))]
        columns = [*head, *(column.array for column in items.columns)]
        return Children(table=pa.record_batch(columns, schema=self._schema), owner=owner)


def _field(items: Objects) -> Given:
    """One field of each item, None where it has none."""

    def field(name: str) -> list[object]:
        try:
            return list(map(itemgetter(name), items))
        except KeyError:
            return [item.get(name) for item in items]

    return field
