"""Who counts where, under which label: the families of cells, each one file of sql/rollup/.

A family's file yields one row for each (unit, place, label): the unit is a person (or a household, where a finding
names nobody), the place a division's code, `cases` how many rows of the source stand behind it, `amount` and `second`
fen, NULL where nothing tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from hub import tables
from hub.engine import SQL, Engine, statements
from hub.inputs import PERIOD, period
from hub.rollup.demand import SCOPE, Demand

STEPS = tuple(statements(SQL / "rollup"))
READ = (
    tables.PERSON, tables.HOUSEHOLD_MEMBER, tables.CATEGORY_SPELL, tables.ENTITLEMENT, tables.SETTLEMENT,
    tables.SUBSIDY, tables.FINDING, tables.WARNING,
)  # fmt: skip
TOWNSHIP, COUNTY = 9, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One kind of counting. `finest` is the digits of its smallest division, `amounts` its sums."""

    name: str
    finest: int
    amounts: tuple[str, ...] = ()


FAMILIES = (
    Family(name="listed", finest=TOWNSHIP),
    Family(name="entitled", finest=TOWNSHIP, amounts=("amount",)),
    Family(name="paid", finest=TOWNSHIP, amounts=("amount",)),
    Family(name="subsidised", finest=TOWNSHIP, amounts=("amount",)),
    Family(name="finding", finest=COUNTY, amounts=("amount", "second")),
    Family(name="warning", finest=COUNTY, amounts=("amount",)),
)

CELLS = """
SELECT place, label, COUNT(*) AS units, CAST(SUM(cases) AS BIGINT) AS cases,
  CAST(SUM(amount) AS BIGINT) AS amount, COUNT(amount) AS amount_told,
  CAST(SUM(ABS(amount)) AS BIGINT) AS amount_size, MAX(ABS(amount)) AS amount_most,
  CAST(SUM(second) AS BIGINT) AS second, COUNT(second) AS second_told,
  CAST(SUM(ABS(second)) AS BIGINT) AS second_size, MAX(ABS(second)) AS second_most,
  COUNT(NULLIF(amount, 0)) AS amount_givers, COUNT(NULLIF(second, 0)) AS second_givers
FROM {fact} GROUP BY place, label ORDER BY place NULLS FIRST, label NULLS FIRST"""
WHOLE = """
WITH person_fact AS (
  SELECT unit, place, CAST(SUM(ABS(amount)) AS BIGINT) AS amount, CAST(SUM(ABS(second)) AS BIGINT) AS second
  FROM {fact} GROUP BY unit, place
)
SELECT place, COUNT(*) AS units, MAX(amount) AS amount_most, MAX(second) AS second_most,
  COUNT(NULLIF(amount, 0)) AS amount_givers, COUNT(NULLIF(second, 0)) AS second_givers
FROM person_fact GROUP BY place ORDER BY place NULLS FIRST"""
SINGLE = """
WITH person_fact AS (
  SELECT unit, place, MIN(label) AS label FROM {fact} GROUP BY unit, place HAVING COUNT(*) = 1
)
SELECT place, label, COUNT(*) AS units FROM person_fact GROUP BY place, label ORDER BY place NULLS FIRST"""
PAIRS = """
SELECT a.place, a.label AS one, b.label AS other, COUNT(*) AS units
FROM {fact} AS a JOIN {fact} AS b ON b.unit = a.unit AND b.place = a.place AND b.label > a.label
GROUP BY a.place, a.label, b.label ORDER BY a.place NULLS FIRST"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A family's facts, summed at their places.

    `cells` by (place, label), `whole` by place with each unit once, `single` the units that have one label only,
    `pairs` those that have two.
    """

    family: Family
    cells: list[tuple[Any, ...]]
    whole: list[tuple[Any, ...]]
    single: list[tuple[Any, ...]]
    pairs: list[tuple[Any, ...]]


def read(engine: Engine, month: str, computed: Mapping[str, pa.Table]) -> None:
    """Give the engine a month's tables."""
    engine.register("period", period(month), PERIOD)
    for table in READ:
        engine.register(table.name, computed[table.name], table.columns)


def facts(engine: Engine, demand: Demand) -> Iterator[Facts]:
    """The facts of every family under a demand, over the month that the engine was given."""
    engine.register("scope", demand.scope(), SCOPE)
    for name, sql in STEPS:
        engine.run(name, sql)
    for family in FAMILIES:
        fact = f"{family.name}_fact"
        made = {}
        for kind, sql in (("cells", CELLS), ("whole", WHOLE), ("single", SINGLE), ("pairs", PAIRS)):
            engine.view(f"{fact}_{kind}", sql.format(fact=fact))
            made[kind] = engine.rows(f"{fact}_{kind}")
        yield Facts(family=family, **made)
