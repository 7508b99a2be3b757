"""The cells of a month in the store: made from its tables, replaced when it is published again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from hub import store
from hub.deployment import Deployment
from hub.engine import DuckDB, Engine
from hub.rollup.cube import ALL, Cube, cube
from hub.rollup.demand import Demand
from hub.rollup.facts import facts, read
from hub.rollup.hidden import hidden

CHUNK = 50_000
Row = dict[str, Any]
NOBODY: Row = {
    "level": 0, "division": "", "label": ALL, "suppressed": False, "persons": 0, "cases": 0, "amount": None,
    "second": None,
}  # fmt: skip


def cells(engine: Engine, demand: Demand) -> Iterator[Row]:
    """The cells of every family under a demand, over the month that the engine was given (facts.read)."""
    for found in facts(engine, demand):
        if found.whole:
            yield from _cells(found.family.name, cube(found, demand), demand)
        else:  # nobody is a count too: a family without a cell was not made
            yield {**NOBODY, "family": found.family.name}


def replace(
    connection: sa.Connection, engine: Engine, month: str, computed: Mapping[str, pa.Table], demands: Iterable[Demand]
) -> None:
    """Put the cells of a month under each demand into the store, and forget its others; in the caller's transaction."""
    connection.execute(sa.delete(store.cell).where(store.cell.c.month == month))
    connection.execute(sa.delete(store.rollup).where(store.rollup.c.month == month))
    add(connection, engine, month, computed, demands)


def add(
    connection: sa.Connection, engine: Engine, month: str, computed: Mapping[str, pa.Table], demands: Iterable[Demand]
) -> None:
    """Put the cells of a month under demands that it lacks into the store."""
    wanted = {demand.key: demand for demand in demands}
    if wanted:
        read(engine, month, computed)
    for key, demand in sorted(wanted.items()):
        connection.execute(sa.insert(store.rollup).values(cube=key, month=month))
        rows = [{"cube": key, "month": month, **row} for row in cells(engine, demand)]
        for start in range(0, len(rows), CHUNK):
            connection.execute(sa.insert(store.cell), rows[start : start + CHUNK])


def ensure(deployment: Deployment, demands: Sequence[Demand]) -> int:
    """Make what the published months lack for these demands, from the months' own tables; how many were made.

    An agreement that came after a month was published finds its cells so. Hold the lake's lock.
    """
    wanted = {demand.key: demand for demand in demands}
    m = store.month.c
    made = 0
    with deployment.engine.begin() as connection:
        there = {(row.cube, row.month) for row in connection.execute(sa.select(store.rollup))}
        months = connection.execute(sa.select(m.month, m.tables).order_by(m.month)).all()
        for month, files in months:
            lacking = [demand for key, demand in wanted.items() if (key, month) not in there]
            if not lacking or not files:  # nothing was kept of the month to count
                continue
            computed = {name: deployment.lake.read("derived", file) for name, file in files.items()}
            with deployment.spill() as spill, DuckDB(spill=spill) as engine:
                add(connection, engine, month, computed, lacking)
            made += len(lacking)
    return made


def _cells(family: str, whole: Cube, demand: Demand) -> Iterator[Row]:
    """A cell that is withheld is told, though it may be empty; its numbers are not."""
    withheld = hidden(whole, demand.smallest_cell)
    last = len(whole.labels) - 1
    for node, label in zip(*np.nonzero((whole.persons > 0) | withheld.cells), strict=True):
        level, division = whole.nodes[node]
        secret = bool(withheld.cells[node, label])
        unsummed = secret or (label == last and bool(withheld.totals[node]))
        row: Row = {
            "family": family,
            "level": level,
            "division": division,
            "label": whole.labels[label],
            "suppressed": unsummed,
            "persons": None if secret else int(whole.persons[node, label]),
            "cases": None if secret else int(whole.cases[node, label]),
            "amount": None,
            "second": None,
        }
        for amount in whole.amounts:
            if not unsummed and amount.told[node, label]:
                row[amount.name] = int(amount.total[node, label])
        yield row
