"""How long the merge stage takes with the calculation by settlement, against the least that a query could do.

    PYTHONPATH=. python tests/benchmarks/payments.py [--persons 300000] [--threads 2]

Per 3 persons: 5 spells and 10 settlements, four categories, assistance and tilt. In the same run a hand-written query
only finds each person's best category on the year's cost and keeps its result. Prints seconds, their ratio, the peak
memory and the slowest statements; asserts nothing. What it measured belongs into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "hub" / "stages"))

from world import COUNTY, relation, rule, tiers_of

from hub import tables
from hub.engine import DuckDB
from hub.inputs import CONFIG, PERIOD, period
from hub.merge import merge

CATEGORIES = ("tekun", "dibao", "dibao_edge", "mon_edge")
PLACED = {"batch_id": "1", "line": "i", "record_digest": "'x'"}
SPELL = {
    "category": f"{list(CATEGORIES)}[1 + (i * 7 + i // {{n}}) % 4]", "valid_from": "DATE '2024-01-01'",
    "valid_until": "DATE '9999-12-31'", "region": f"'{COUNTY}'", "source": "'s'", "household_key": "''", **PLACED,
    "person_id": "i % {n}",
}  # fmt: skip
COST = {
    "setl_id": "'S' || i", "visit_id": "'M' || i", "person_id": "hash(i) % {n}", "insutype": "'390'",
    "setting": "'inpatient'", "admitted": "DATE '2025-01-01' + CAST(i % 300 AS INTEGER)",
    "discharged": "DATE '2025-01-05' + CAST(i % 300 AS INTEGER)",
    "settled": "DATE '2025-01-05' + CAST(i % 300 AS INTEGER)", "total": "10000 + hash(i + 1) % 9000000",
    "scope": "10000 + hash(i + 1) % 9000000", "basic_paid": "5000", "serious_illness_paid": "0",
    "cancelled": "FALSE", **PLACED,
}  # fmt: skip
LEAST = """
WITH cost AS (
  SELECT person_id, SUM(scope - basic_paid - serious_illness_paid) AS amount
  FROM settlement WHERE NOT cancelled GROUP BY person_id
),
offer AS (
  SELECT s.person_id, s.category, r.rank,
    LEAST(COALESCE(GREATEST(c.amount - r.line, 0) * r.ratio // 10000, 0), r.cap) AS amount
  FROM category_spell AS s
  JOIN rule_in_force AS r ON r.category = s.category AND r.region = s.region AND r.benefit = 'medical_assistance'
  LEFT JOIN cost AS c ON c.person_id = s.person_id
)
SELECT * FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY amount DESC, rank, category) AS nth FROM offer
) WHERE nth = 1
"""


class Timed(DuckDB):
    """The engine, noting how long each result took."""

    steps: list[tuple[float, str]]

    def run(self, name: str, sql: str) -> None:
        """See DuckDB."""
        began = time.perf_counter()
        super().run(name, sql)
        self.steps = [*getattr(self, "steps", []), (time.perf_counter() - began, name)]


def made(table: tables.Table, values: dict[str, str], persons: int, rows: int) -> str:
    """A query that makes up a table's rows."""
    columns = ", ".join(f"CAST({values.get(k, 'NULL')} AS {kind}) AS {k}" for k, kind in table.columns.items())
    return f"SELECT {columns.replace('{n}', str(persons))} FROM range({rows}) AS t (i)"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=300_000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    n = args.persons
    rules = [
        *(rule("medical_assistance", c, ratio=7_500 - k * 1_000, line=k * 1_000_00, cap=30_000_00)
          for k, c in enumerate(CATEGORIES)),
        *(rule("tilt", c, ratio=7_000, line=5_000_00, cap=20_000_00) for c in CATEGORIES),
    ]  # fmt: skip
    with Timed(threads=args.threads, memory="4GB") as engine:
        engine.register("period", period("2025-11"), PERIOD)
        for name, rows in (("rule_in_force", rules), ("rule_tier", tiers_of(rules)), ("premium", [])):
            engine.register(name, relation(CONFIG[name], rows), CONFIG[name])
        place = f"i AS person_id, '390' AS insutype, '{COUNTY}' AS region, '{COUNTY[:4]}' AS pooling_area"
        engine.run("insured_place", f"SELECT {place} FROM range({n}) AS t (i)")
        engine.run("category_spell", made(tables.CATEGORY_SPELL, SPELL, n, n * 5 // 3))
        engine.run("settlement", made(tables.SETTLEMENT, COST, n, n * 10 // 3))
        engine.steps = []
        engine.run("least", LEAST)
        least = engine.steps[0][0]
        began = time.perf_counter()
        merge(engine)
        whole = time.perf_counter() - began
    print(f"merge {whole:.2f} s, least query {least:.2f} s, ratio {whole / least:.1f}")
    for seconds, step in sorted(engine.steps, reverse=True)[:12]:
        print(f"  {step:28} {seconds:8.2f} s")
    print(f"peak memory  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
