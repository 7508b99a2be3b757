"""One request's reads: each link of the document is one statement for all its parents, however many.

1. A link is planned once for a set of field nodes: columns, conditions and page are the same for all its parents.
2. Parents that graphql-core resolves in one round are loaded together (DataLoader).
3. Whose rows were read and how many is kept for the access log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from graphql import GraphQLResolveInfo
from strawberry.dataloader import DataLoader

from schema.codec import Codec
from schema.read.asked import asked
from schema.read.model import SINCE, Kind, Link, Shape, Where
from schema.read.pages import Page, Span, connection, span
from schema.read.reference import Reference
from schema.read.snapshot import Snapshot
from schema.read.statement import PARENTS, TAKE
from schema.read.terms import Terms

BATCH = 5_000  # parents in one statement; both databases take more bound values than that
Row = dict[str, Any]
Lookup = Callable[[str, str], str]  # (ID number, certificate type) -> MAC; one that finds nobody where it is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A link as a document asks for it."""

    link: Link
    statement: sa.Select[Any]
    parameters: Mapping[str, Any]
    finishers: Sequence[tuple[str, Callable[[Reading, Any], Any]]]
    span: Span | None


class Reading:
    """The context of one operation."""

    def __init__(self, *, snapshot: Snapshot, terms: Terms, codec: Codec, reference: Reference, lookup: Lookup) -> None:
        self.snapshot = snapshot
        self.terms = terms
        self.codec = codec
        self.reference = reference
        self.lookup = lookup
        self.agreement = terms.shown
        self.subjects: set[int] = set()
        self.rows = 0
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._loaders: dict[tuple[int, ...], DataLoader[Any, Any]] = {}

    def follow(
        self, link: Link, parent: Row | None, info: GraphQLResolveInfo[Any], page: Page | None, bound: Sequence[Bound]
    ) -> Any:
        """The link's value for a parent: a row, a list of rows or a connection; awaitable where there is a parent."""
        key = tuple(id(node) for node in info.field_nodes)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._plan(link, info, page, bound)
        if parent is None or link.parent is None:
            rows = self._read(plan, {})
            return self._value(plan, rows)
        loader = self._loaders.get(key)
        if loader is None:
            loader = self._loaders[key] = self._loader(plan)
        return loader.load(parent["_id"])

    def _plan(self, link: Link, info: GraphQLResolveInfo[Any], page: Page | None, bound: Sequence[Bound]) -> Plan:
        columns = self.terms.columns[link.target.name]
        names = asked(info.field_nodes, info.fragments, link.kind)
        wanted = tuple(columns[name] for name in sorted(names) if name in columns)
        parameters: dict[str, Any] = {SINCE: self.snapshot.since}
        filters = []
        for item in bound:
            parameters[item.name if item.where is None else f"f_{item.name}"] = item.value
            if item.where is not None:
                filters.append((item.name, item.where))
        place: Span | None = None
        if page is not None:
            described = sorted((item.name, str(item.value)) for item in bound)
            binding = f"{info.parent_type.name}.{info.field_name}|{described}".encode()
            place = span(page, self.terms.page, link.target, binding, self.codec)
            parameters |= {TAKE: place.take + 1, **place.key}
        shape = Shape(
            link=link,
            columns=wanted,
            filters=tuple(filters),
            after=bool(place and place.key),
            backward=bool(place and place.backward),
        )
        return Plan(
            link=link,
            statement=self.terms.statement(shape),
            parameters=parameters,
            finishers=[(column.name, column.form.finish) for column in wanted if column.form.finish],
            span=place,
        )

    def _loader(self, plan: Plan) -> DataLoader[Any, Any]:
        async def load(parents: list[Any]) -> list[Any]:
            found: dict[Any, list[Row]] = {parent: [] for parent in parents}
            for row in self._read(plan, {PARENTS: parents}):
                found[row["_parent"]].append(row)
            return [self._value(plan, rows) for rows in found.values()]

        return DataLoader(load_fn=load, max_batch_size=BATCH)

    def _read(self, plan: Plan, more: Mapping[str, Any]) -> list[Row]:
        result = self.snapshot.execute(plan.statement, {**plan.parameters, **more})
        names = list(result.keys())
        rows = [dict(zip(names, values, strict=True)) for values in result]
        for name, finish in plan.finishers:
            for row in rows:
                if row[name] is not None:
                    row[name] = finish(self, row[name])
        return rows

    def _value(self, plan: Plan, rows: list[Row]) -> Any:
        """The rows as the link has them; what a page read ahead to know that there is more is not counted."""
        kept = rows if plan.span is None else rows[: plan.span.take]
        self.rows += len(kept)
        if plan.link.target.subject:
            self.subjects.update(
                row["_subject"] for row in kept if row["_subject"] is not None and row["_subject"] >= 0
            )
        if plan.link.kind is Kind.ONE:
            return rows[0] if rows else None
        if plan.span is None:
            return rows
        return connection(rows, plan.span, plan.link.target, self.codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """An argument's value: of a condition (`where`), or of the entry's own finding."""

    name: str
    value: Any
    where: Where | None = None
