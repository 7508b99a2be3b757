"""A person's list read from the person's own row (hub/carried.py), where nothing asks for more than stands there.

What stands there takes the place of the list's table in the statement: forms, scope, filters and days are written over
it as over the table, so there is one meaning of each, not two. PostgreSQL only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import operators, visitors

from hub.carried import LISTS, listed
from hub.store import published
from schema.compile.tree import Branch, Hole, Leaf
from schema.read.model import Kind, Link, Scope, Table

PERSON = published["person"]
GIVEN = ("person_id", "pub_until")  # whose a carried row is, and that it is current, is known without a look


def carried(branch: Branch, target: Table, parent: Table | None, scope: Scope, where: Iterable[Any]) -> Table | None:
    """The rows that stand in `parent` for those of `target`, in their order; None where the branch reads its table.

    `where` are the conditions that will be written over them.
    """
    link, name = branch.link, getattr(branch.link.target.table, "name", "")
    if parent is None or name not in LISTS or branch.known is not None or not _of_person(link, parent, target):
        return None
    if not link.target.descending or link.target.ordered(scope) != LISTS[name].order:
        return None
    if not _read([*where, *_shown(branch, target, parent)], target) <= {*LISTS[name].columns, *GIVEN}:
        return None
    kept = sa.func.coalesce(parent.c.carried[name], listed(name, parent.c.person_id).correlate(parent), type_=JSONB())
    values = sa.func.jsonb_array_elements(kept).table_valued(sa.column("value", JSONB()), name=f"e{branch.place}")
    columns = [
        _typed(values.c.value[place].astext, published[name].c[column])
        for place, column in enumerate(LISTS[name].columns)
    ]
    rows = sa.select(*columns, parent.c.person_id.label("person_id")).select_from(values).correlate(parent)
    return rows.subquery(target.name)


def _of_person(link: Link, parent: Table, target: Table) -> bool:
    """Whether a link leads to all the rows of its parent, a person."""
    if link.kind is not Kind.LIST or link.parent is None or link.parent.table is not PERSON or link.on is None:
        return False
    on, mine = link.on(parent, target), {parent.c.person_id, target.c.person_id}
    return isinstance(on, sa.BinaryExpression) and on.operator is operators.eq and {on.left, on.right} == mine


def _shown(branch: Branch, target: Table, parent: Table) -> Iterable[Any]:
    """What is written of the rows, and what leads on from them."""
    for _, node in branch.content.fields:
        if isinstance(node, Leaf | Hole) and node.column is not None:
            yield node.column.form.sql(target, parent)
        elif isinstance(node, Branch) and node.link.on is not None:
            yield node.link.on(target, node.link.target.table.alias())


def _read(expressions: Iterable[Any], target: Table) -> set[str]:
    """The names of the target's columns that expressions read."""
    found = (part for expression in expressions for part in visitors.iterate(expression))
    return {part.name for part in found if isinstance(part, sa.Column) and part.table is target}


def _typed(value: sa.ColumnElement[Any], column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    typed = value if isinstance(column.type, sa.Text) else sa.cast(value, column.type)
    return typed.label(column.name)
