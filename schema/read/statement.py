"""One SQL statement for one level: the granted columns of a link's target, in scope, in order, for all its parents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from schema.read.model import Binder, Condition, Entity, Kind, Link, Scope, Shape, Table, Where
from schema.read.times import Then, binds

PARENTS = "parents"  # bound: the identities of the parents' rows
TAKE = "take"  # bound: rows a parent gets, one more than the page so that we know whether there are more


def build(shape: Shape, scope: Scope) -> sa.Select[Any]:
    """The statement of a shape under a scope.

    It yields `_parent` (where there is one), `_id`, `_subject` (where there is one), the order key as `_k0`, `_k1` ...
    and the columns under their names.
    """
    link, entity = shape.link, shape.link.target
    target = entity.table.alias("t")
    parent = link.parent.table.alias("p") if link.parent else None
    keys: list[sa.ColumnElement[Any]] = [target.c[name] for name in entity.ordered(scope)]
    columns: list[sa.ColumnElement[Any]] = [target.c[entity.identity].label("_id")]
    if link.parent and parent is not None:
        columns.insert(0, parent.c[link.parent.identity].label("_parent"))
    if entity.subject:
        columns.append(target.c[entity.subject].label("_subject"))
    columns += [key.label(f"_k{place}") for place, key in enumerate(keys)]
    columns += [column.form.sql(target, parent).label(column.name) for column in shape.columns]
    then = binds(known=shape.known, dated=shape.dated)
    query = sa.select(*columns).where(*conditions(link, target, scope, shape.filters, sa.bindparam, then))
    ordered = order(entity, target, scope, backward=shape.backward)
    if shape.after:
        query = query.where(beyond(entity, target, scope, sa.bindparam, backward=shape.backward))
    if parent is None or link.parent is None:
        query = query.select_from(target).order_by(*ordered)
        return query.limit(sa.bindparam(TAKE, type_=sa.Integer)) if link.kind is Kind.PAGE else query
    if link.on is None:
        raise TypeError("a link with a parent says how it joins")
    owner = parent.c[link.parent.identity]
    query = query.select_from(parent.join(target, link.on(parent, target)))
    query = query.where(owner.in_(sa.bindparam(PARENTS, expanding=True)))
    if link.kind is not Kind.PAGE:
        return query.order_by(owner, *ordered)
    numbered = query.add_columns(sa.func.row_number().over(partition_by=owner, order_by=ordered).label("_n")).subquery()
    kept = [column for column in numbered.c if column.name != "_n"]
    return (
        sa.select(*kept)
        .where(numbered.c["_n"] <= sa.bindparam(TAKE, type_=sa.Integer))
        .order_by(numbered.c["_parent"], numbered.c["_n"])
    )


def conditions(
    link: Link,
    target: Table,
    scope: Scope,
    filters: Iterable[tuple[str, Where]],
    bind: Binder,
    then: Then | None = None,
) -> list[Condition]:
    """Which of the target's rows a link leads to under a scope and the conditions that are set; `then` None: now."""
    entity = link.target
    found: list[Condition] = []
    if "pub_until" in target.c:
        found.append(target.c.pub_until.is_(None))
    if then is not None and then.known is not None and "pub_given" in target.c:
        found.append(target.c.pub_given <= then.known)
    if not link.inherits:
        found += entity.place(target, scope)
    found += entity.rows(target, scope)
    if link.find:
        found.append(link.find(target, bind))
    if link.fixed:
        found.append(link.fixed(target))
    dated = then if then is not None and then.day is not None else None
    for name, where in filters:
        value = bind(f"f_{name}")
        found.append(where.on(target, value, dated, scope) if where.on else where.sql(target, value))
    if dated and entity.period:
        found.append(entity.period.sql(target, dated))
    return found if then is None else [then.turned(condition) for condition in found]


def order(entity: Entity, target: Table, scope: Scope, *, backward: bool) -> list[sa.ColumnElement[Any]]:
    """The order of an entity's rows, or its reverse."""
    down = entity.descending != backward
    return [target.c[name].desc() if down else target.c[name].asc() for name in entity.ordered(scope)]


def beyond(entity: Entity, target: Table, scope: Scope, bind: Binder, *, backward: bool) -> Condition:
    """Behind the key that is bound as `k0`, `k1` ... in the direction of reading."""
    keys: list[sa.ColumnElement[Any]] = [target.c[name] for name in entity.ordered(scope)]
    bound = [bind(f"k{place}", type_=key.type) for place, key in enumerate(keys)]
    down = entity.descending != backward
    if len(keys) == 1:
        return keys[0] < bound[0] if down else keys[0] > bound[0]
    here, there = sa.tuple_(*keys), sa.tuple_(*bound)
    return here < there if down else here > there
