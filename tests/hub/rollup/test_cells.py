"""The cells in the store are what plain loops over the published rows count, but for those that are withheld."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from hub import store
from hub.engine import DuckDB
from hub.rollup import cells
from hub.rollup.cube import ALL
from hub.rollup.demand import Demand
from hub.rollup.facts import read
from tests.hub.rollup.rows import DEMANDS, MONTH, Naive, made, tables_of

SEED = 11
NUMBERS = ("persons", "cases", "amount", "second")


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict[str, Any]]]:
    return made(SEED)


@pytest.fixture(scope="module")
def duck(rows) -> Iterator[DuckDB]:
    with DuckDB() as engine:
        read(engine, MONTH, tables_of(rows))
        yield engine


def by_cell(found: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {(row["family"], row["level"], row["division"], row["label"]): dict(row) for row in found}


@pytest.mark.parametrize("demand", DEMANDS, ids=range(len(DEMANDS)))
def test_cells_are_what_plain_loops_count(rows, duck: DuckDB, demand: Demand) -> None:
    found = by_cell(cells.cells(duck, demand))
    expected = Naive(rows, demand).cells()
    assert set(expected) <= set(found)
    for cell in set(found) - set(expected):  # nobody, told or withheld
        assert found[cell]["persons"] == 0 or found[cell]["suppressed"]
    shown = 0
    for cell, numbers in expected.items():
        row = found[cell]
        if row["suppressed"]:
            assert (row["amount"], row["second"]) == (None, None)
            assert row["persons"] in (None, numbers["persons"])
            assert row["persons"] is None or (cell[3] == ALL and cell[0] != "listed")
        else:
            assert numbers["persons"] >= demand.smallest_cell
            assert {name: row[name] for name in NUMBERS} == numbers, cell
            shown += 1
    assert shown > 10


def test_every_family_has_its_whole_even_where_it_counts_nobody(duck: DuckDB) -> None:
    found = by_cell(cells.cells(duck, Demand(smallest_cell=10, divisions=("110101",))))
    assert {cell: row["persons"] for cell, row in found.items()} == {
        (family, 0, "", ALL): 0 for family in ("listed", "entitled", "paid", "subsidised", "finding", "warning")
    }


def stored(engine: sa.Engine) -> list[tuple[Any, ...]]:
    c = store.cell.c
    query = sa.select(c.cube, c.month, c.family, c.level, c.division, c.label, c.suppressed, *(c[n] for n in NUMBERS))
    with engine.connect() as connection:
        return sorted(map(tuple, connection.execute(query)), key=str)


def test_a_month_published_again_has_the_cells_of_its_tables_only(engine: sa.Engine, duck: DuckDB, rows) -> None:
    """And a publication that fails leaves those that there were."""
    computed, demand, other = tables_of(rows), DEMANDS[1], DEMANDS[2]
    with engine.begin() as connection:
        cells.replace(connection, duck, MONTH, computed, [demand, other, demand])
    first = stored(engine)
    assert {row[0] for row in first} == {demand.key, other.key}
    fewer = tables_of(made(SEED + 1, persons=40))
    with DuckDB() as again, engine.connect() as connection:
        cells.replace(connection, again, MONTH, fewer, [demand])
        connection.rollback()
        assert stored(engine) == first
        cells.replace(connection, again, MONTH, fewer, [demand])
        connection.commit()
    second = stored(engine)
    assert {row[0] for row in second} == {demand.key}
    assert second != [row for row in first if row[0] == demand.key]


def test_demands_are_named_by_what_they_ask() -> None:
    assert Demand(smallest_cell=5, divisions=("37", "65")).key == Demand(smallest_cell=5, divisions=("65", "37")).key
    assert len({demand.key for demand in (*DEMANDS, Demand(smallest_cell=11))}) == len(DEMANDS) + 1
