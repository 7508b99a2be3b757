"""The tree of an answer as one SQL statement: each link a subselect that joins the texts of its rows, in their order.

1. Rows are chosen by the same conditions as the plain executor's: scope in the WHERE clause, masks in the projection.
2. Lists join the texts of an ordered subselect; that order is kept by both databases.
3. A page reads one row more than it shows where it is asked whether there are more; that row is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from hub.store import erasure, publication
from schema.compile.arguments import named
from schema.compile.by_column import ByColumn
from schema.compile.carried import carried
from schema.compile.columns import Columns, Shown
from schema.compile.marks import Marks, Part
from schema.compile.page import Page
from schema.compile.parts import all_of, object_of, plain, subject, tells, told
from schema.compile.texts import Texts, joined, text
from schema.compile.tree import (
    HOLE,
    ROW,
    SUBJECT,
    Branch,
    Hole,
    Leaf,
    Node,
    NotCompiled,
    Object,
)
from schema.read.model import Condition, Kind, Link, Scope, Table
from schema.read.statement import TAKE, beyond, conditions, order
from schema.read.times import DAY, KNOWN, MONTH, SINCE, Then


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement and the frame of its answer: what stands before, between (None: the next text) and behind its texts.

    A long text that stays alone is not copied into a longer one. A part with the number of one of the `pages` is made
    of its columns, whose texts stand behind the others, page after page.
    """

    query: sa.Select[Any]
    frame: Sequence[str | tuple[int, Shown] | None]
    pages: Sequence[Columns]


class Writer:
    """Writes one statement in one dialect under one scope."""

    def __init__(self, texts: Texts, scope: Scope) -> None:
        self.texts = texts
        self.scope = scope
        self.marks = Marks()

    def statement(self, root: Object) -> Statement:
        """The statement that yields the texts of an answer, the latest publication and the latest erasure.

        Raises NotCompiled.
        """
        pages: list[Columns] = []
        tables: list[sa.Subquery] = []

        def write(node: Node) -> Iterable[Any]:
            if isinstance(node, Branch) and node.link.kind is Kind.PAGE:
                target, rows = self._rows(node, None)
                page = ByColumn(self, node, target, rows, _bound(node, TAKE, sa.Integer()))
                parts = [part if isinstance(part, str) else (len(pages), part) for part in page.parts()]
                columns, made = page.statement()
                pages.append(columns)
                tables.append(made.subquery(f"a{node.place}"))
                return parts
            if isinstance(node, Branch):
                return [self.branch(node, None)]
            return plain(node)

        frame: list[str | tuple[int, Shown] | None] = []
        texts: list[sa.ColumnElement[Any]] = []
        for part in object_of(root, write):
            frame.append(part if isinstance(part, str | tuple) else None)
            if not isinstance(part, str | tuple):
                texts.append(part.label(f"text{len(texts)}"))
        for table in tables:
            texts += [column.label(f"{table.name}_{column.name}") for column in table.c]
        latest = sa.select(sa.func.max(publication.c.publication)).scalar_subquery()
        erased = sa.select(sa.func.max(erasure.c.seq)).scalar_subquery()
        query = sa.select(*texts, latest.label("publication"), erased.label("erasure")).select_from(*tables)
        return Statement(query=query, frame=frame, pages=pages)

    def branch(self, branch: Branch, parent: Table | None) -> sa.ColumnElement[Any]:
        """What a link leads to, as one text."""
        link = branch.link
        if link.kind is Kind.PAGE:
            parts, page = self._page(branch, parent).parts()
            return page.with_only_columns(joined(*parts)).scalar_subquery()
        target, rows = self._rows(branch, parent)
        row = joined(*self.marks.row(self.row(branch.content, link, target, parent)))
        if link.kind is Kind.ONE:
            return sa.func.coalesce(rows(row).limit(1).scalar_subquery(), text("null"))
        listed = rows(row.label("x")).subquery(f"q{branch.place}")
        return joined("[", together(sa.select(all_of(listed.c.x))), "]")

    def _page(self, branch: Branch, parent: Table | None) -> Page:
        target, rows = self._rows(branch, parent)
        return Page(self, branch, target, parent, rows, _bound(branch, TAKE, sa.Integer()))

    def _rows(self, branch: Branch, parent: Table | None) -> tuple[Table, Callable[..., sa.Select[Any]]]:
        """A branch's table, and its rows' columns in order."""
        link, bind = branch.link, partial(_bound, branch)
        target = link.target.table.alias(f"t{branch.place}")
        where = self._where(branch, target)
        ordered = order(link.target, target, self.scope, backward=branch.backward)
        kept = carried(branch, target, parent, self.scope, where) if self.texts.carries else None
        if kept is not None:
            target, where, ordered = kept, self._where(branch, kept), []  # they stand in order
        elif link.on and parent is not None:
            where.append(link.on(parent, target))
        if branch.after:
            where.append(beyond(link.target, target, self.scope, bind, backward=branch.backward))

        def rows(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
            found = sa.select(*columns).select_from(target).where(*where).order_by(*ordered)
            return found if parent is None else found.correlate(parent)

        return target, rows

    def _where(self, branch: Branch, target: Table) -> list[Condition]:
        """Which rows a branch leads to, but for whose they are."""
        bind = partial(_bound, branch)
        return conditions(branch.link, target, self.scope, branch.filters, bind, _then(branch))

    def row(
        self, fields: Object, link: Link, target: Table, parent: Table | None, *, counted: bool = True
    ) -> list[Part]:
        """A row's object; where it is counted, with the mark of a row and whose row it is."""

        def write(node: Node) -> Iterable[Part]:
            return self.value(node, link, target, parent)

        start: list[Part] = ["{"]
        if counted:
            start = [ROW, *([] if told(fields, link, target, parent) else subject(link, target, parent))]
        return [*start, *object_of(fields, write)[1:]]

    def value(self, node: Node, link: Link, target: Table, parent: Table | None) -> Iterable[Part]:
        """What stands under one key of a row."""
        if isinstance(node, Leaf):
            written = self.texts.leaf(node.column.form.sql(target, parent), node.type)
            return [sa.func.coalesce(written, text("null"))]
        if isinstance(node, Hole) and node.column is not None:
            raw = self.texts.raw(node.column.form.sql(target, parent))
            mark = SUBJECT if tells(node, link, target, parent) else ""
            return [sa.func.coalesce(joined(f"{HOLE}{mark}{node.number}:", *raw, HOLE), text("null"))]
        if isinstance(node, Branch):
            if node.link.parent is not link.target:
                raise NotCompiled
            return [self.branch(node, target)]
        return plain(node)


def _bound(branch: Branch, name: str, type_: Any = None) -> sa.BindParameter[Any]:
    return sa.bindparam(named(branch.place, name), type_=type_)


def _then(branch: Branch) -> Then | None:
    """When a branch is read, where it is not now."""
    known, dated = branch.known, branch.dated
    if known is None and dated is None:
        return None

    def bind(place: int | None, name: str, type_: Any) -> Any:
        return None if place is None else sa.bindparam(named(place, name), type_=type_)

    return Then(
        known=bind(known, KNOWN, sa.Integer()),
        since=bind(known, SINCE, sa.Date()),
        day=bind(dated, DAY, sa.Date()),
        month=bind(dated, MONTH, sa.Text()),
    )


def together(query: sa.Select[Any]) -> sa.ColumnElement[Any]:
    """The joined text of a list; empty where there are no rows."""
    return sa.func.coalesce(query.scalar_subquery(), text(""))
