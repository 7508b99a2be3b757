"""The lists that a person's row carries: what is read with most persons stands where the person stands.

1. To read a person's enrolments and spells in their own tables costs a look-up a person and list, which is most of what
   a page of persons costs. On PostgreSQL publish puts both into `person.carried`, as a JSON object of lists; each
   element holds the values of `columns`, in that order (schema/compile/carried.py reads them).
2. They are about what is published now, and renewed within the transaction that changes what they repeat. What was
   known earlier is asked of the tables.
3. What is not there (a row that nothing has made it for, a list that was declared since, SQLite) is asked of the
   tables too, so nothing is ever missing for want of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub import store


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A list of a person's rows: the values that are carried of each, and the order, the latest first."""

    columns: tuple[str, ...]
    order: tuple[str, ...]


LISTS = {  # by table; what changes here makes a revision of the store that empties `carried`
    "category_spell": Carried(
        columns=("category", "valid_from", "valid_until", "region"),
        order=("valid_from", "category", "household_key", "person_id", "row_digest", "row_id"),
    ),
    "enrolment": Carried(
        columns=("insutype", "status", "valid_from", "valid_until", "region"),
        order=("valid_from", "insutype", "region"),
    ),
}


def listed(name: str, person_id: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """A person's current rows of a table as the JSON list that is carried; empty where there are none."""
    row, kept = store.published[name].alias(f"{name}_of"), LISTS[name]
    values = sa.func.jsonb_build_array(*(row.c[column] for column in kept.columns))
    ordered = postgresql.aggregate_order_by(values, *(row.c[column].desc() for column in kept.order))
    none = sa.literal_column("'[]'::jsonb", postgresql.JSONB())
    made = sa.func.coalesce(sa.func.jsonb_agg(ordered), none, type_=postgresql.JSONB())
    mine = sa.and_(row.c.person_id == person_id, row.c.pub_until.is_(None))
    return sa.select(made).select_from(row).where(mine).scalar_subquery()


def made(person_id: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """What a person's row carries."""
    parts: list[sa.ColumnElement[Any]] = []
    for name in LISTS:
        parts += [sa.literal_column(f"'{name}'"), listed(name, person_id)]
    return sa.func.jsonb_build_object(*parts, type_=postgresql.JSONB())


def renew(connection: sa.Connection, publication: int) -> int:
    """Make anew what current persons' rows carry, where a publication changed it or nothing has made it; how many."""
    if connection.dialect.name != "postgresql":
        return 0
    person = store.published["person"].c
    changed = []
    for name in LISTS:
        c = store.published[name].c
        changed.append(sa.select(c.person_id).where(sa.or_(c.pub_from == publication, c.pub_until == publication)))
    update = sa.update(store.published["person"]).where(person.pub_until.is_(None))
    update = update.values(carried=made(person.person_id))
    none = connection.execute(update.where(person.carried.is_(None))).rowcount
    earlier = update.where(person.pub_from != publication, person.person_id.in_(sa.union_all(*changed)))
    return none + connection.execute(earlier).rowcount  # two statements: OR would look for each person in a list of all
