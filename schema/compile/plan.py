"""A compiled operation: its SQL text, and how a request's values and the text that comes back become the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.sql import visitors

from hub.store import erasure, publication, published
from schema.compile.arguments import Given, Told
from schema.compile.columns import Columns, Shown
from schema.compile.holes import Fill
from schema.compile.lines import WIRE
from schema.compile.planner import Tree
from schema.compile.reader import Found, Published, Reader
from schema.compile.statement import Writer
from schema.compile.texts import DIALECTS
from schema.compile.tree import FAIL, HOLE, ROW, SUBJECT, UNWRITTEN, NotCompiled
from schema.read.model import SINCE, Scope
from schema.read.times import NOW

PUBLISHED = {*published.values(), publication, erasure}
Process = Callable[[Any], Any]
OPEN, ROWS, FAILED, MISSING = (mark.encode() for mark in (HOLE, ROW, FAIL, UNWRITTEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An answer's data as JSON text, and what the log keeps of it."""

    data: bytes
    rows: int
    subjects: frozenset[int]
    publication: int  # the earliest that was read
    erasure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A text that rows share, as it is shown; `row`: it begins a row, which is counted."""

    mark: bytes
    shown: bytes
    row: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """The holes of an answer that begin alike: which filler has them (None: none), and whether they tell whose rows."""

    start: bytes
    values: Callable[[bytes], list[bytes]]  # what stands behind the beginning in holes of it, of all holes joined
    number: int | None
    whose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A tree with its statement. `order` tells which literal of the document stands at an offset of its text.

    `binds` are the statement's values in order, each with how its type writes it; `fixed` those that the dialect binds
    of itself (SQLite: OFFSET 0). `of_edition`: it reads published tables alone, so that its answer is the same until
    the next publication or erasure. `known`: it asks what was known earlier, and which publication that is must be
    looked up for each request. `constant` is what the plan's own document gives to each place, where no variable
    stands there and no time is named there or above; `wire` writes a value as the connection takes it. `frame`
    is what stands around the texts that come back, each of them in place of a None, and around what is made of `pages`
    (schema/compile/statement.py); `marks` are the texts that rows share, by the marks that stand for them
    (schema/compile/marks.py); `kinds` are the holes' kinds.
    """

    tree: Tree
    sql: str
    binds: Sequence[tuple[str, Process | None]]
    fixed: Mapping[str, Any]
    of_edition: bool
    known: bool
    constant: Sequence[Told | None]
    wire: Process
    order: Mapping[int, int]
    frame: Sequence[bytes | tuple[int, Shown] | None]
    pages: Sequence[Columns]
    marks: Sequence[_Mark]
    kinds: Sequence[_Kind]

    def serve(self, reader: Reader, given: Given, seconds: float) -> Served:
        """Answer a request. Raises NotCompiled, TookTooLong, StatementFailed, and what its arguments raise."""
        asked = self.asked(given)
        return asked.served(reader.read(self.sql, asked.bind, seconds))

    def asked(self, given: Given) -> Asked:
        """What a request gives to the plan. Raises NotCompiled, and what its arguments raise."""
        told: list[Told] = []
        values = dict(self.fixed)
        for place, known in zip(self.tree.places, self.constant, strict=True):
            item = known if known is not None and given.own else place.told(given, self.order, told)
            told.append(item)
            values |= item.values
        fills = [hole.fill(given, told, self.order) for hole in self.tree.holes]
        takes = [_take(told[page.place]) for page in self.pages]
        read = [item.own.publication for item in told if item.own.publication is not None] if self.known else ()
        return Asked(
            plan=self, bind=partial(self._bound, values), fills=fills, takes=takes, read=min(read, default=None)
        )

    def _bound(self, values: dict[str, Any], published: Published) -> Sequence[Any]:
        values[SINCE] = published.since
        wire = self.wire
        return [wire(process(values[name]) if process else values[name]) for name, process in self.binds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A plan with what a request gives to it: the statement's values under a publication, and what fills the holes.

    `takes` are the rows that each of its pages shows; `read` is the earliest publication that it names, if any.
    """

    plan: Plan
    bind: Callable[[Published], Sequence[Any]]
    fills: Sequence[Fill]
    takes: Sequence[int]
    read: int | None = None

    def served(self, found: Found) -> Served:
        """The answer of what came back. Raises NotCompiled."""
        latest = found.published.number
        publication = latest if self.read is None else max(0, min(self.read, latest))
        return _filled(self, found.texts, publication=publication, erasure=found.erasure)


def compiled(tree: Tree, scope: Scope, dialect: sa.Dialect, given: Given, order: Mapping[int, int]) -> Plan:
    """Write a tree's statement. Raises NotCompiled."""
    texts = DIALECTS.get(dialect.name)
    if texts is None:
        raise NotCompiled
    writer = Writer(texts, scope)
    statement = writer.statement(tree.root)
    query = statement.query
    bound: dict[str, sa.BindParameter[Any]] = {}

    def settle(bind: sa.BindParameter[Any]) -> None:
        """What is known when the statement is written stands in its text; only what comes with a request is bound."""
        if bind.required or bind.key in bound:
            bound[bind.key] = bind
            bind.required = False
        else:
            bind.literal_execute = True

    visitors.traverse(query, {}, {"bindparam": settle})
    told: list[Told] = []
    for place in tree.places:
        told.append(place.told(given, order, told))
    made: Any = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    process = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in bound.items()}
    return Plan(
        tree=tree,
        sql=made.string,
        binds=[(name, process.get(name)) for name in made.positiontup],
        fixed={name: made.params[name] for name in made.positiontup if name not in bound},
        of_edition=all(table in PUBLISHED for table in visitors.iterate(query) if isinstance(table, sa.Table)),
        known=any(item.own.publication is not None for item in told),
        constant=[
            item if place.constant and item.times == NOW else None
            for place, item in zip(tree.places, told, strict=True)
        ],
        wire=WIRE[dialect.name],
        order=order,
        frame=[part.encode() if isinstance(part, str) else part for part in statement.frame],
        pages=statement.pages,
        marks=[_Mark(mark=mark, shown=told.replace(ROWS, b"{"), row=ROWS in told) for mark, told in writer.marks.texts],
        kinds=_kinds(made.string, statement.frame, len(tree.holes)),
    )


def _take(told: Told) -> int:
    if told.span is None:
        raise NotCompiled
    return told.span.take


def _filled(asked: Asked, texts: Sequence[bytes], *, publication: int, erasure: int) -> Served:
    """The texts in their frame, holes filled and marks replaced, its rows counted and whose rows they are."""
    plan, fills = asked.plan, asked.fills
    alone = iter(texts)
    first = len(texts) - sum(page.texts for page in plan.pages)
    pages = []
    for page, take in zip(plan.pages, asked.takes, strict=True):
        pages.append(page.read(texts[first : first + page.texts], take, fills))
        first += page.texts
    parts = []
    for part in plan.frame:
        if part is None:
            parts.append(next(alone))
        else:
            parts.append(part if isinstance(part, bytes) else part[1].written(pages[part[0]]))
    data, rows, subjects = _unmarked(plan, b"".join(parts), fills)
    for found in pages:
        rows += found.shown
        subjects.update(found.subjects)
    subjects.discard(-1)
    return Served(data=data, rows=rows, subjects=frozenset(subjects), publication=publication, erasure=erasure)


def _unmarked(plan: Plan, told: bytes, fills: Sequence[Fill]) -> tuple[bytes, int, set[int]]:
    """A text with its holes filled and its marks replaced, its rows counted and whose rows they are."""
    if FAILED in told:
        raise NotCompiled
    rows = told.count(ROWS) + sum(
        told.count(mark.mark) for mark in plan.marks if mark.row
    )  # nothing that fills has any
    pieces = told.split(OPEN)
    holes = pieces[1::2]
    filled, subjects = _fillings(plan.kinds, set(holes), fills)
    pieces[1::2] = map(filled.__getitem__, holes)
    data = b"".join(pieces)
    for mark in plan.marks:
        data = data.replace(mark.mark, mark.shown)
    rows += holes.count(MISSING) if MISSING in filled else 0
    return data.replace(ROWS, b"{"), rows, subjects


def _fillings(kinds: Sequence[_Kind], holes: set[bytes], fills: Sequence[Fill]) -> tuple[dict[bytes, bytes], set[int]]:
    """What fills each of an answer's holes, and whose rows they are; equal ones are filled once, like ones together."""
    whole = OPEN.join((b"", *holes, b""))
    filled: dict[bytes, bytes] = dict.fromkeys(holes, b"")
    subjects: set[int] = set()
    for kind in kinds:
        values = kind.values(whole)
        if not values:
            continue
        if kind.whose:
            subjects.update(orjson.loads(b"[%b]" % b",".join(values)))
        if kind.number is not None:
            start = kind.start
            filled.update(zip([start + value for value in values], fills[kind.number](values), strict=True))
    return filled, subjects


def _kinds(sql: str, frame: Sequence[str | tuple[int, Shown] | None], count: int) -> list[_Kind]:
    """The kinds of holes that a statement and its frame, with so many fillers, write."""
    fixed = [part if isinstance(part, str) else part[1].fixed for part in frame if part is not None]
    written = "".join((sql, *fixed))
    found = []
    for number in (None, *range(count)):
        for mark in ("", SUBJECT):
            start = f"{mark}{'' if number is None else number}:"
            if HOLE + start in written and start != ":":
                values = re.compile(OPEN + re.escape(start.encode()) + b"([^" + OPEN + b"]*)").findall
                found.append(_Kind(start=start.encode(), values=values, number=number, whose=bool(mark)))
    return found
