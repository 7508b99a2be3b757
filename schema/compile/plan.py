"""A compiled operation: its SQL text, and how a request's values and the text that comes back become the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from schema.compile.arguments import Given
from schema.compile.planner import Tree
from schema.compile.statement import Writer
from schema.compile.texts import DIALECTS
from schema.compile.tree import FAIL, HOLE, ROW, SUBJECT, UNWRITTEN, NotCompiled
from schema.read.model import SINCE, Scope
from schema.read.snapshot import Snapshot

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An answer's data as JSON text, and what the log keeps of it."""

    data: bytes
    rows: int
    subjects: frozenset[int]


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

    def serve(self, view: Snapshot, given: Given) -> Served:
        """Answer a request. Raises NotCompiled, TookTooLong, and what its arguments raise."""
        told = [place.told(given, self.order) for place in self.tree.places]
        values: dict[str, Any] = {SINCE: view.since}
        for place, item in zip(self.tree.places, told, strict=True):
            values |= place.parameters(item)
        fills = [hole.fill(given, told, self.order) for hole in self.tree.holes]
        return _filled(view.text(self.sql, self._bound(values)), fills)

    def _bound(self, values: Mapping[str, Any]) -> Any:
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


def _filled(told: str, fills: Sequence[Callable[[str], str]]) -> Served:
    """The text with its holes filled, its rows counted and whose rows they are."""
    if FAIL in told:
        raise NotCompiled
    pieces = told.split(HOLE)
    memo = _Memo(fills)
    holes = pieces[1::2]
    pieces[1::2] = [memo[hole] for hole in holes]
    data = "".join(pieces)
    subjects = frozenset(int(hole[1:]) for hole in memo if hole[0] == SUBJECT and hole[1] != "-")
    rows = data.count(ROW) + (holes.count(UNWRITTEN) if UNWRITTEN in memo else 0)
    return Served(data=data.replace(ROW, "{").encode(), rows=rows, subjects=subjects)


class _Memo(dict[str, str]):
    """What fills each hole of one answer; equal holes are filled once."""

    def __init__(self, fills: Sequence[Callable[[str], str]]) -> None:
        super().__init__()
        self.fills = fills

    def __missing__(self, hole: str) -> str:
        if hole[0] == SUBJECT or hole == UNWRITTEN:
            found = ""
        else:
            number, _, raw = hole.partition(":")
            found = self.fills[int(number)](raw)
        self[hole] = found
        return found
