"""A compiled operation: its SQL text, and how a request's values and the text that comes back become the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from schema.compile.arguments import Given, Told
from schema.compile.holes import Fill
from schema.compile.planner import Tree
from schema.compile.reader import Published, Reader
from schema.compile.statement import Writer
from schema.compile.texts import DIALECTS
from schema.compile.tree import FAIL, HOLE, ROW, SUBJECT, UNWRITTEN, NotCompiled
from schema.read.model import SINCE, Scope

Process = Callable[[Any], Any]
OPEN, ROWS, FAILED, WHOSE, MISSING = (mark.encode() for mark in (HOLE, ROW, FAIL, SUBJECT, UNWRITTEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An answer's data as JSON text, and what the log keeps of it."""

    data: bytes
    rows: int
    subjects: frozenset[int]
    publication: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A tree with its statement. `order` tells which literal of the document stands at an offset of its text.

    `fixed` are values that the dialect binds of itself (SQLite: OFFSET 0).
    """

    tree: Tree
    sql: str
    binds: Mapping[str, Process | None]
    fixed: Mapping[str, Any]
    positions: Sequence[str] | None
    order: Mapping[int, int]

    def serve(self, reader: Reader, given: Given, seconds: float) -> Served:
        """Answer a request. Raises NotCompiled, TookTooLong, and what its arguments raise."""
        told: list[Told] = []
        for place in self.tree.places:
            told.append(place.told(given, self.order, told))
        values: dict[str, Any] = {}
        for place, item in zip(self.tree.places, told, strict=True):
            values |= place.parameters(item)
        fills = [hole.fill(given, told, self.order) for hole in self.tree.holes]
        text, published = reader.read(self.sql, partial(self._bound, values), seconds)
        read = (item.own.publication for item in told if item.own.publication is not None)
        return _filled(text, fills, max(0, min((published.number, *read))))

    def _bound(self, given: Mapping[str, Any], published: Published) -> Any:
        values = {**given, SINCE: published.since}
        ready = {name: process(values[name]) if process else values[name] for name, process in self.binds.items()}
        if self.positions is None:
            return ready
        ready |= self.fixed
        return tuple(ready[name] for name in self.positions)


def compiled(tree: Tree, scope: Scope, dialect: sa.Dialect, order: Mapping[int, int]) -> Plan:
    """Write a tree's statement. Raises NotCompiled."""
    texts = DIALECTS.get(dialect.name)
    if texts is None:
        raise NotCompiled
    query = Writer(texts, scope).statement(tree.root)
    bound: dict[str, sa.BindParameter[Any]] = {}

    def settle(bind: sa.BindParameter[Any]) -> None:
        """What is known when the statement is written stands in its text; only what comes with a request is bound."""
        if bind.required or bind.key in bound:
            bound[bind.key] = bind
            bind.required = False
        else:
            bind.literal_execute = True

    visitors.traverse(query, {}, {"bindparam": settle})
    made: Any = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return Plan(
        tree=tree,
        sql=made.string,
        binds={name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in bound.items()},
        fixed={name: made.params[name] for name in made.positiontup or () if name not in bound},
        positions=made.positiontup if made.positional else None,
        order=order,
    )


def _filled(told: bytes, fills: Sequence[Fill], publication: int) -> Served:
    """The text with its holes filled, its rows counted and whose rows they are."""
    if FAILED in told:
        raise NotCompiled
    pieces = told.split(OPEN)
    memo = _Memo(fills)
    holes = pieces[1::2]
    pieces[1::2] = [memo[hole] for hole in holes]
    rows = told.count(ROWS) + (holes.count(MISSING) if MISSING in memo else 0)
    data = b"".join(pieces).replace(ROWS, b"{")
    return Served(data=data, rows=rows, subjects=frozenset(memo.subjects), publication=publication)


class _Memo(dict[bytes, bytes]):
    """What fills each hole of one answer; equal holes are filled once."""

    def __init__(self, fills: Sequence[Fill]) -> None:
        super().__init__()
        self.fills = fills
        self.subjects: set[int] = set()

    def __missing__(self, hole: bytes) -> bytes:
        found = b""
        if hole != MISSING:
            number, _, raw = hole.partition(b":")
            if number[:1] == WHOSE:
                number = number[1:]
                if raw[:1] != b"-":  # of nobody
                    self.subjects.add(int(raw))
            if number:
                found = self.fills[int(number)](raw)
        self[hole] = found
        return found
