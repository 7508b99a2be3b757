"""What the writers of statements share: parts of a text, and what stands for itself in the tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import operators

from schema.compile.marks import Part
from schema.compile.texts import text
from schema.compile.tree import HOLE, SUBJECT, Constant, Hole, Inner, Node, NotCompiled, Object
from schema.read.model import Link, Table

Piece = TypeVar("Piece")
Write = Callable[[Node], Iterable[str | Piece]]


def subject(link: Link, target: Table, parent: Table | None) -> list[Part]:
    """Whose row it is, where its parent's row does not tell."""
    entity = link.target
    if entity.subject is None or (parent is not None and _same_subject(link, parent, target)):
        return []
    return [f"{HOLE}{SUBJECT}:", sa.func.coalesce(sa.cast(target.c[entity.subject], sa.Text()), text("-1")), HOLE]


def tells(node: Hole, link: Link, target: Table, parent: Table | None) -> bool:
    """Whether a hole's own value is whose row it is."""
    whose = link.target.subject
    return whose is not None and node.column is not None and node.column.form.sql(target, parent) is target.c[whose]


def told(fields: Object, link: Link, target: Table, parent: Table | None) -> bool:
    """Whether a hole of a row's object, or of the row in an edge, tells whose row it is."""
    nodes = [node for _, node in fields.fields]
    if any(isinstance(node, Inner) and told(node.row, link, target, parent) for node in nodes):
        return True
    return any(isinstance(node, Hole) and tells(node, link, target, parent) for node in nodes)


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


def all_of(column: sa.ColumnElement[Any], between: str = ",") -> Any:
    return sa.func.aggregate_strings(column, between)


def object_of(fields: Object, write: Write[Piece]) -> list[str | Piece]:
    parts: list[str | Piece] = ["{"]
    for place, (key, node) in enumerate(fields.fields):
        parts += [f'{"," if place else ""}"{key}":', *write(node)]
    return [*parts, "}"]


def nodes_of(content: Object) -> Iterable[Node]:
    """What stands in a connection, its page information included."""
    for _, node in content.fields:
        yield node
        if isinstance(node, Object):
            yield from nodes_of(node)


def plain(node: Node) -> Iterable[str]:
    if isinstance(node, Constant):
        return [node.text]
    if isinstance(node, Hole) and node.column is None:
        return [f"{HOLE}{node.number}:{HOLE}"]
    raise NotCompiled
