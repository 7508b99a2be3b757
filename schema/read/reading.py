"""One request's reads: each link of the document is one statement for all its parents, however many.

1. A link is planned once for a set of field nodes: columns, conditions and page are the same for all its parents.
2. Parents that graphql-core resolves in one round are loaded together (DataLoader).
3. Whose rows were read and how many is kept for the access log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from graphql import GraphQLResolveInfo
from strawberry.dataloader import DataLoader

from schema.read.asked import asked
from schema.read.context import Context
from schema.read.model import SINCE, Kind, Link, Shape, Where
from schema.read.pages import Page, Span, connection, span
from schema.read.snapshot import Snapshot
from schema.read.statement import PARENTS, TAKE
from schema.read.times import NOW, Known, Times, resolve

BATCH = 5_000  # parents in one statement; both databases take more bound values than that
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A link as a document asks for it."""

    link: Link
    statement: sa.Select[Any]
    parameters: Mapping[str, Any]
    finishers: Sequence[tuple[str, Callable[[Reading, Any], Any]]]
    span: Span | None
    times: Times


class Reading(Context):
    """The context of one operation."""

    def __init__(self, *, snapshot: Snapshot, context: Context) -> None:
        super().__init__(
            terms=context.terms,
            codec=context.codec,
            reference=context.reference,
            lookup=context.lookup,
            identities=context.identities,
        )
        self.snapshot = snapshot
        self.subjects: set[int] = set()
        self.publication = snapshot.publication  # the earliest that was read
        self._known: dict[Known, Times] = {}
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._loaders: dict[tuple[Any, ...], DataLoader[Any, Any]] = {}
        self._asked: Counter[tuple[Any, ...]] = Counter()  # how often a link's value for a parent is in the answer
        self._sizes: dict[tuple[Any, ...], int] = {}  # how many rows it holds

    @property
    def rows(self) -> int:
        """Rows of the store in the answer; one that it holds twice counts twice."""
        return sum(count * self._sizes.get(place, 0) for place, count in self._asked.items())

    def times(self, known: Known | None, day: date | None, parent: Row | None) -> Times:
        """When a link is read that names these times below a parent's row. Raises BadRequest."""
        above: Times = parent.get("_times", NOW) if parent else NOW
        if known is not None:
            found = self._known.get(known)
            if found is None:
                number, since = resolve(self.snapshot.connection, known)
                found = self._known[known] = Times(publication=number, since=since)
            self.publication = max(0, min(self.publication, found.publication or 0))
            above = found
        return above.below(day)

    def follow(
        self,
        link: Link,
        parent: Row | None,
        info: GraphQLResolveInfo[Any],
        page: Page | None,
        bound: Sequence[Bound],
        times: Times = NOW,
    ) -> Any:
        """The link's value for a parent: a row, a list of rows or a connection; awaitable where there is a parent."""
        key = (times, *(id(node) for node in info.field_nodes))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(link, info, page, bound, times)
        if parent is None or link.parent is None:
            place = (*key, len(self._asked))
            self._asked[place] += 1
            return self._value(plan, self._read(plan, {}), place)
        loader = self._loaders.get(key)
        if loader is None:
            loader = self._loaders[key] = self._loader(plan, key)
        self._asked[*key, parent["_id"]] += 1
        return loader.load(parent["_id"])

    def _plan(
        self, link: Link, info: GraphQLResolveInfo[Any], page: Page | None, bound: Sequence[Bound], times: Times
    ) -> Plan:
        columns = self.terms.columns[link.target.name]
        names = asked(info.field_nodes, info.fragments, link.kind)
        wanted = tuple(columns[name] for name in sorted(names) if name in columns)
        parameters: dict[str, Any] = {SINCE: self.snapshot.since, **times.parameters()}
        filters = []
        for item in bound:
            parameters[item.name if item.where is None else f"f_{item.name}"] = item.value
            if item.where is not None:
                filters.append((item.name, item.where))
        place: Span | None = None
        if page is not None:
            binding = binding_of(info.parent_type.name, info.field_name, bound, times)
            place = span(page, self.terms.page, self.terms.order(link.target), binding, self.codec)
            parameters |= {TAKE: place.take + 1, **place.key}
        shape = Shape(
            link=link,
            columns=wanted,
            filters=tuple(filters),
            after=bool(place and place.key),
            backward=bool(place and place.backward),
            known=times.publication is not None,
            dated=times.day is not None,
        )
        return Plan(
            link=link,
            statement=self.terms.statement(shape),
            parameters=parameters,
            finishers=[(column.name, column.form.finish) for column in wanted if column.form.finish],
            span=place,
            times=times,
        )

    def _loader(self, plan: Plan, key: tuple[Any, ...]) -> DataLoader[Any, Any]:
        async def load(parents: list[Any]) -> list[Any]:
            found: dict[Any, list[Row]] = {parent: [] for parent in parents}
            for row in self._read(plan, {PARENTS: parents}):
                found[row["_parent"]].append(row)
            return [self._value(plan, rows, (*key, parent)) for parent, rows in found.items()]

        return DataLoader(load_fn=load, max_batch_size=BATCH)

    def _read(self, plan: Plan, more: Mapping[str, Any]) -> list[Row]:
        result = self.snapshot.execute(plan.statement, {**plan.parameters, **more})
        names = list(result.keys())
        rows = [dict(zip(names, values, strict=True)) for values in result]
        if plan.times != NOW:
            for row in rows:
                row["_times"] = plan.times
        for name, finish in plan.finishers:
            for row in rows:
                if row[name] is not None:
                    row[name] = finish(self, row[name])
        return rows

    def _value(self, plan: Plan, rows: list[Row], place: tuple[Any, ...]) -> Any:
        """The rows as the link has them; what a page read ahead to know that there is more is not counted."""
        if plan.link.kind is Kind.ONE:
            rows = rows[:1]
        kept = rows if plan.span is None else rows[: plan.span.take]
        self._sizes[place] = len(kept)
        if plan.link.target.subject:
            self.subjects.update(
                row["_subject"] for row in kept if row["_subject"] is not None and row["_subject"] >= 0
            )
        if plan.link.kind is Kind.ONE:
            return rows[0] if rows else None
        if plan.span is None:
            return rows
        return connection(rows, plan.span, len(self.terms.order(plan.link.target)), self.codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An argument's value: of a condition (`where`), or of the entry's own finding."""

    name: str
    value: Any
    where: Where | None = None


def binding_of(parent: str, field: str, bound: Sequence[Bound], times: Times) -> bytes:
    """What a cursor is bound to: its connection, the conditions set on it, and when it is read."""
    described = sorted((item.name, str(item.value)) for item in bound)
    return f"{parent}.{field}|{described}{times.binding()}".encode()
