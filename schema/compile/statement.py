"""The tree of an answer as one SQL statement: each link a subselect that joins the texts of its rows, in their order.

1. Rows are chosen by the same conditions as the plain executor's: scope in the WHERE clause, masks in the projection.
2. Lists join the texts of an ordered subselect; that order is kept by both databases.
3. A page reads one row more than it shows where it is asked whether there are more; that row is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators

from hub.store import erasure, publication
from schema.compile.arguments import named
from schema.compile.texts import Texts, joined, text
from schema.compile.tree import (
    HOLE,
    ROW,
    SUBJECT,
    UNWRITTEN,
    Branch,
    Constant,
    Cursor,
    End,
    Hole,
    Inner,
    Leaf,
    More,
    Node,
    NotCompiled,
    Object,
    Rows,
)
from schema.read.model import Kind, Link, Scope, Table
from schema.read.statement import TAKE, beyond, conditions, order
from schema.read.times import DAY, KNOWN, MONTH, SINCE, Then

WIDTH = 8  # digits of a row's number within its page
Part = str | sa.ColumnElement[Any]
Write = Callable[[Node], Iterable[Part]]


class Writer:
    """Writes one statement in one dialect under one scope."""

    def __init__(self, texts: Texts, scope: Scope) -> None:
        self.texts = texts
        self.scope = scope

    def statement(self, root: Object) -> sa.Select[Any]:
        """The statement that yields the answer's data as one text, the latest publication and the latest erasure.

        Raises NotCompiled.
        """

        def write(node: Node) -> Iterable[Part]:
            if isinstance(node, Branch):
                return [self._branch(node, None)]
            return _plain(node)

        latest = sa.select(sa.func.max(publication.c.publication)).scalar_subquery()
        erased = sa.select(sa.func.max(erasure.c.seq)).scalar_subquery()
        text = joined(*_object(root, write)).label("text")
        return sa.select(text, latest.label("publication"), erased.label("erasure"))

    def _branch(self, branch: Branch, parent: Table | None) -> sa.ColumnElement[Any]:
        link = branch.link
        target = link.target.table.alias(f"t{branch.place}")

        def bind(name: str, type_: Any = None) -> sa.BindParameter[Any]:
            return sa.bindparam(named(branch.place, name), type_=type_)

        where = conditions(link, target, self.scope, branch.filters, bind, _then(branch))
        if link.on and parent is not None:
            where.append(link.on(parent, target))
        if branch.after:
            where.append(beyond(link.target, target, self.scope, bind, backward=branch.backward))

        def rows(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
            ordered = order(link.target, target, self.scope, backward=branch.backward)
            found = sa.select(*columns).select_from(target).where(*where).order_by(*ordered)
            return found if parent is None else found.correlate(parent)

        if link.kind is Kind.PAGE:
            return _Page(self, branch, target, parent, rows, bind(TAKE, sa.Integer())).text()
        row = joined(*self.row(branch.content, link, target, parent))
        if link.kind is Kind.ONE:
            return sa.func.coalesce(rows(row).limit(1).scalar_subquery(), text("null"))
        listed = rows(row.label("x")).subquery(f"q{branch.place}")
        return joined("[", together(sa.select(_all(listed.c.x))), "]")

    def row(
        self, fields: Object, link: Link, target: Table, parent: Table | None, *, counted: bool = True
    ) -> list[Part]:
        """A row's object; where it is counted, with the mark of a row and whose row it is."""

        def write(node: Node) -> Iterable[Part]:
            return self.value(node, link, target, parent)

        start: list[Part] = ["{"]
        if counted:
            told = any(isinstance(node, Hole) and _tells(node, link, target, parent) for _, node in fields.fields)
            start = [ROW, *([] if told else subject(link, target, parent))]
        return [*start, *_object(fields, write)[1:]]

    def value(self, node: Node, link: Link, target: Table, parent: Table | None) -> Iterable[Part]:
        """What stands under one key of a row."""
        if isinstance(node, Leaf):
            written = self.texts.leaf(node.column.form.sql(target, parent), node.type)
            return [sa.func.coalesce(written, text("null"))]
        if isinstance(node, Hole) and node.column is not None:
            raw = self.texts.raw(node.column.form.sql(target, parent))
            mark = SUBJECT if _tells(node, link, target, parent) else ""
            return [sa.func.coalesce(joined(f"{HOLE}{mark}{node.number}:", raw, HOLE), text("null"))]
        if isinstance(node, Branch):
            if node.link.parent is not link.target:
                raise NotCompiled
            return [self._branch(node, target)]
        return _plain(node)


class _Page:
    """A page of a connection: its rows read once, written as often as they are asked for."""

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
        nodes = list(_nodes(branch.content))
        self.looks = any(isinstance(node, More) for node in nodes)
        self.ends = any(isinstance(node, End) for node in nodes)
        self.numbered = self.looks or self.ends or branch.backward
        self.counts = not any(isinstance(node, Rows) for node in nodes)  # the rows are counted, though none is written

    def text(self) -> sa.ColumnElement[Any]:
        """The connection's object."""
        link, target = self.branch.link, self.target
        items = [node for node in _nodes(self.branch.content) if isinstance(node, Rows)]
        for place, node in enumerate(items):
            self.columns.append(joined(*self._item(node, counted=place == 0)).label(f"x{place}"))
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
                return ["[", self._kept(_all(written[id(node)]), listed), "]"]
            if isinstance(node, Object):
                return _object(node, write)
            if isinstance(node, More):
                return [sa.case((sa.func.count() > self.take, text("true")), else_=text("false"))]
            if isinstance(node, End):
                return [self._end(node, listed)]
            return _plain(node)

        parts = _object(self.branch.content, write)
        if self.counts:
            parts.insert(0, self._kept(_all(listed.c.x0, ""), listed))
        return sa.select(joined(*parts)).select_from(listed).scalar_subquery()

    def _item(self, node: Rows, *, counted: bool) -> list[Part]:
        link, target, parent = self.branch.link, self.target, self.parent
        if not node.edge:
            return self.writer.row(node.item, link, target, parent, counted=counted)

        def write(inner: Node) -> Iterable[Part]:
            if isinstance(inner, Inner):
                return self.writer.row(inner.row, link, target, parent, counted=False)
            if isinstance(inner, Cursor):
                return [f"{HOLE}{inner.number}:", *self._key(), HOLE]
            return _plain(inner)

        start: list[Part] = [ROW, *subject(link, target, parent)] if counted else ["{"]
        return [*start, *_object(node.item, write)[1:]]

    def _key(self) -> list[Part]:
        """The order key of a row, as JSON."""
        parts: list[Part] = []
        for place, name in enumerate(self.branch.link.target.ordered(self.writer.scope)):
            parts += ["," if place else "[", sa.func.coalesce(self.writer.texts.raw(self.target.c[name]), text("null"))]
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


def subject(link: Link, target: Table, parent: Table | None) -> list[Part]:
    """Whose row it is, where its parent's row does not tell."""
    entity = link.target
    if entity.subject is None or (parent is not None and _same_subject(link, parent, target)):
        return []
    return [f"{HOLE}{SUBJECT}:", sa.func.coalesce(sa.cast(target.c[entity.subject], sa.Text()), text("-1")), HOLE]


def _tells(node: Hole, link: Link, target: Table, parent: Table | None) -> bool:
    """Whether a hole's own value is whose row it is."""
    whose = link.target.subject
    return whose is not None and node.column is not None and node.column.form.sql(target, parent) is target.c[whose]


def _same_subject(link: Link, parent: Table, target: Table) -> bool:
    """Whether the join itself says that parent and target are rows of one person."""
    if link.parent is None or link.parent.subject is None or link.target.subject is None or link.on is None:
        return False
    on = link.on(parent, target)
    whole = on.clauses if isinstance(on, sa.BooleanClauseList) and on.operator is operators.and_ else [on]
    pair = {parent.c[link.parent.subject], target.c[link.target.subject]}
    return any(
        isinstance(part, sa.BinaryExpression) and part.operator is operators.eq and {part.left, part.right} == pair
        for part in whole
    )


def together(query: sa.Select[Any]) -> sa.ColumnElement[Any]:
    """The joined text of a list; empty where there are no rows."""
    return sa.func.coalesce(query.scalar_subquery(), text(""))


def _all(column: sa.ColumnElement[Any], between: str = ",") -> Any:
    return sa.func.aggregate_strings(column, between)


def _object(fields: Object, write: Write) -> list[Part]:
    parts: list[Part] = ["{"]
    for place, (key, node) in enumerate(fields.fields):
        parts += [f'{"," if place else ""}"{key}":', *write(node)]
    return [*parts, "}"]


def _nodes(content: Object) -> Iterable[Node]:
    """What stands in a connection, its page information included."""
    for _, node in content.fields:
        yield node
        if isinstance(node, Object):
            yield from _nodes(node)


def _plain(node: Node) -> Iterable[Part]:
    if isinstance(node, Constant):
        return [node.text]
    if isinstance(node, Hole) and node.column is None:
        return [f"{HOLE}{node.number}:{HOLE}"]
    raise NotCompiled
