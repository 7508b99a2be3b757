"""The statement of a page whose rows come column by column (schema/compile/columns.py): pages that hang below no row.

Rows are chosen as in statement.py; the inner select orders and bounds them, the outer one joins each column's values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from schema.compile.cells import BARE, Cell
from schema.compile.columns import KEY, Column, Columns, End, More, Shown, Slot, Template
from schema.compile.parts import all_of, nodes_of, object_of, plain
from schema.compile.texts import text
from schema.compile.tree import NEXT, NONE, Branch, Cursor, Hole, Inner, Leaf, Node, NotCompiled, Object, Rows
from schema.compile.tree import End as EndNode
from schema.compile.tree import More as MoreNode
from schema.read.model import Table

if TYPE_CHECKING:
    from schema.compile.statement import Writer


class ByColumn:
    """One page of a branch at the root of a document."""

    def __init__(
        self,
        writer: Writer,
        branch: Branch,
        target: Table,
        rows: Callable[..., sa.Select[Any]],
        take: sa.BindParameter[Any],
    ) -> None:
        self.writer = writer
        self.branch = branch
        self.target = target
        self.rows = rows
        self.take = take
        self._values: list[tuple[sa.ColumnElement[Any], Cell]] = []
        self._known: dict[int, int] = {}  # columns of the table itself, which may be asked for several times

    def parts(self) -> list[str | Shown]:
        """The connection's object."""

        def write(node: Node) -> Iterable[str | Shown]:
            if isinstance(node, Rows):
                return ["[", Template(self._row(node.item)), "]"]
            if isinstance(node, Object):
                return object_of(node, write)
            if isinstance(node, MoreNode):
                return [More()]
            if isinstance(node, EndNode):
                return [End(hole=node.number, last=node.last)]
            return plain(node)

        return object_of(self.branch.content, write)

    def statement(self) -> tuple[Columns, sa.Select[Any]]:
        """What its columns are, and from what they are selected: always one row. To be asked behind `parts`."""
        entity = self.branch.link.target
        nodes = list(nodes_of(self.branch.content))
        edges = [node.item for node in nodes if isinstance(node, Rows) and node.edge]
        cursors = any(isinstance(item, Cursor) for edge in edges for _, item in edge.fields)
        keyed = cursors or any(isinstance(node, EndNode) for node in nodes)
        key = [self._of_table(name) for name in entity.ordered(self.writer.scope)] if keyed else []
        subject = None if entity.subject is None else self._of_table(entity.subject)
        most = self.take + 1 if any(isinstance(node, MoreNode) for node in nodes) else self.take
        inner = self.rows(*(value.label(f"c{number}") for number, (value, _) in enumerate(self._values)))
        if not self._values:
            inner = self.rows(sa.literal_column("1").label("c"))
        listed = inner.limit(most).subquery(f"q{self.branch.place}")
        texts = [self.writer.texts.digits(sa.func.count())]
        columns = []
        for number, (_, cell) in enumerate(self._values):
            value = listed.c[f"c{number}"]
            columns.append(Column(text=len(texts), cell=cell, present=len(texts) + 1 if cell.counted else None))
            texts.append(sa.func.coalesce(all_of(sa.func.coalesce(value, text(NONE)), NEXT), text("")))
            if cell.counted:
                texts.append(self.writer.texts.digits(sa.func.count(value)))
        made = sa.select(*(part.label(f"p{place}") for place, part in enumerate(texts))).select_from(listed)
        read = Columns(
            place=self.branch.place,
            texts=len(texts),
            columns=columns,
            key=key,
            subject=subject,
            backward=self.branch.backward,
        )
        return read, made

    def _row(self, fields: Object) -> list[str | Slot]:
        def write(node: Node) -> Iterable[str | Slot]:
            if isinstance(node, Inner):
                return self._row(node.row)
            if isinstance(node, Cursor):
                return [Slot(column=KEY, hole=node.number)]
            if isinstance(node, Leaf):
                value = node.column.form.sql(self.target, None)
                return [Slot(column=self._add(*self.writer.texts.cell(value, node.type)))]
            if isinstance(node, Hole) and node.column is not None:
                return [Slot(column=self._raw(node.column.form.sql(self.target, None)), hole=node.number)]
            if isinstance(node, Branch):
                if node.link.parent is not self.branch.link.target:
                    raise NotCompiled
                return [Slot(column=self._add(self.writer.branch(node, self.target), BARE))]
            return plain(node)

        return object_of(fields, write)

    def _of_table(self, name: str) -> int:
        return self._raw(self.target.c[name])

    def _raw(self, value: sa.ColumnElement[Any]) -> int:
        """The column of a value as JSON, which is read once however often it is asked for."""
        found = self._known.get(id(value))
        if found is None:
            found = self._known[id(value)] = self._add(*self.writer.texts.raw_cell(value))
        return found

    def _add(self, value: sa.ColumnElement[Any], cell: Cell) -> int:
        self._values.append((value, cell))
        return len(self._values) - 1
