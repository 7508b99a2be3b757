"""A page of a connection in a statement: its rows read once, written as often as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from schema.compile.marks import Part
from schema.compile.parts import all_of, nodes_of, object_of, plain, subject, told
from schema.compile.texts import joined, text
from schema.compile.tree import HOLE, ROW, UNWRITTEN, Branch, Cursor, End, Inner, More, Node, Object, Rows
from schema.read.model import Table
from schema.read.statement import order

if TYPE_CHECKING:
    from schema.compile.statement import Writer

WIDTH = 8  # digits of a row's number within its page


class Page:
    """One page of a branch."""

    def __init__(
        self,
        writer: Writer,
        branch: Branch,
        target: Table,
        parent: Table | None,
        rows: Callable[..., sa.Select[Any]],
        take: sa.BindParameter[Any],
    ) -> None:
        self.writer = writer
        self.branch = branch
        self.target = target
        self.parent = parent
        self.rows = rows
        self.take = take
        self.columns: list[sa.ColumnElement[Any]] = []
        nodes = list(nodes_of(branch.content))
        self.looks = any(isinstance(node, More) for node in nodes)
        self.ends = any(isinstance(node, End) for node in nodes)
        self.numbered = self.looks or self.ends or branch.backward
        self.counts = not any(isinstance(node, Rows) for node in nodes)  # the rows are counted, though none is written

    def parts(self) -> tuple[list[Part], sa.Select[Any]]:
        """The connection's object, and from what its parts are selected: always one row."""
        link, target = self.branch.link, self.target
        items = [node for node in nodes_of(self.branch.content) if isinstance(node, Rows)]
        for place, node in enumerate(items):
            row = self.writer.marks.row(self._item(node, counted=place == 0))
            self.columns.append(joined(*row).label(f"x{place}"))
        if self.counts:
            whose = subject(link, target, self.parent)
            self.columns.append(joined(HOLE + UNWRITTEN + HOLE, *whose).label("x0"))
        if self.numbered:
            over = order(link.target, target, self.writer.scope, backward=self.branch.backward)
            self.columns.append(sa.func.row_number().over(order_by=over).label("n"))
        if self.ends:
            self.columns.append(joined(*self._key()).label("k"))
        most = self.take + 1 if self.looks else self.take
        listed = self.rows(*self.columns).limit(most).subquery(f"q{self.branch.place}")
        if self.branch.backward:
            listed = sa.select(listed).order_by(listed.c.n.desc()).subquery(f"r{self.branch.place}")
        written = {id(node): listed.c[f"x{place}"] for place, node in enumerate(items)}

        def write(node: Node) -> Iterable[Part]:
            if isinstance(node, Rows):
                return ["[", self._kept(all_of(written[id(node)]), listed), "]"]
            if isinstance(node, Object):
                return object_of(node, write)
            if isinstance(node, More):
                return [sa.case((sa.func.count() > self.take, text("true")), else_=text("false"))]
            if isinstance(node, End):
                return [self._end(node, listed)]
            return plain(node)

        parts = object_of(self.branch.content, write)
        if self.counts:
            parts.insert(0, self._kept(all_of(listed.c.x0, ""), listed))
        return parts, sa.select().select_from(listed)

    def _item(self, node: Rows, *, counted: bool) -> list[Part]:
        link, target, parent = self.branch.link, self.target, self.parent
        if not node.edge:
            return self.writer.row(node.item, link, target, parent, counted=counted)

        def write(inner: Node) -> Iterable[Part]:
            if isinstance(inner, Inner):
                return self.writer.row(inner.row, link, target, parent, counted=False)
            if isinstance(inner, Cursor):
                return [f"{HOLE}{inner.number}:", *self._key(), HOLE]
            return plain(inner)

        whose = [] if told(node.item, link, target, parent) else subject(link, target, parent)
        start: list[Part] = [ROW, *whose] if counted else ["{"]
        return [*start, *object_of(node.item, write)[1:]]

    def _key(self) -> list[Part]:
        """The order key of a row, as JSON."""
        parts: list[Part] = []
        for place, name in enumerate(self.branch.link.target.ordered(self.writer.scope)):
            parts += [
                "," if place else "[",
                sa.func.coalesce(joined(*self.writer.texts.raw(self.target.c[name])), text("null")),
            ]
        return [*parts, "]"]

    def _kept(self, joined_rows: Any, listed: Any) -> sa.ColumnElement[Any]:
        shown = joined_rows.filter(listed.c.n <= self.take) if self.looks else joined_rows
        return sa.func.coalesce(shown, text(""))

    def _end(self, node: End, listed: Any) -> sa.ColumnElement[Any]:
        """The key of the row read first, or last; null where there is none."""
        texts = self.writer.texts
        if node.last:  # the greatest number's key; a window function that looks ahead would read the whole list
            numbered = sa.collate(texts.padded(listed.c.n, WIDTH).concat(listed.c.k), texts.bytewise)
            last = sa.func.max(numbered, type_=sa.Text()).filter(listed.c.n <= self.take)
            key: sa.ColumnElement[Any] = sa.func.substr(last, WIDTH + 1, type_=sa.Text())
        else:
            key = sa.func.max(listed.c.k, type_=sa.Text()).filter(sa.and_(listed.c.n == 1, self.take > 0))
        return sa.func.coalesce(joined(f"{HOLE}{node.number}:", key, HOLE), text("null"))
