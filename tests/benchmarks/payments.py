"""How long the merge stage takes with the calculation by settlement, against the least that a query could do.

    PYTHONPATH=. python tests/benchmarks/payments.py [--persons 300000] [--threads 2] [--memory 3GB] [--read]

Per 3 persons: 5 spells (some begin or end within the year) and 10 settlements, as Parquet; five categories in four
counties with a subsidy, assistance and tilt. In the same run, before and after, a hand-written query finds only each
person's best category on the year's cost and keeps its result with the spell's row. Then the 1 % of persons that
changed are merged again; `--read` also writes entitlements, candidates and payments out as Parquet. Prints seconds of
clock and of CPU, their ratios, the peak memory and the slowest statements; asserts nothing. What it measured belongs
into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1] / "hub" / "stages"))

from world import Row, relation, rule, tiers_of

from hub import tables
from hub.engine import DuckDB
from hub.inputs import CONFIG, PERIOD, period
from hub.merge import merge

COUNTIES = ("370302", "370902", "370911", "653121")
CATEGORIES = ("tekun", "dibao", "dibao_edge", "mon_edge", "mon_unstable")
PICK = "list_extract({}, CAST(1 + ({}) AS INTEGER))"
COUNTY = PICK.format(list(COUNTIES), "(i % {n}) % 4")
SPELL = {
    "person_id": "i % {n}", "category": PICK.format(list(CATEGORIES), "(i * 7 + i // {n}) % 5"), "region": COUNTY,
    "valid_from": "CASE WHEN hash(i, 1) % 100 < 15 THEN DATE '2025-01-01' + to_months(CAST(hash(i, 2) % 10 AS INTEGER))"
    " ELSE DATE '2023-01-01' + to_months(CAST(hash(i, 2) % 24 AS INTEGER)) END",
    "valid_until": "CASE WHEN hash(i, 3) % 100 < 8 THEN DATE '2025-11-01' + to_months(CAST(hash(i, 4) % 14 AS INTEGER))"
    " ELSE DATE '9999-12-31' END",
    "certifier": "'civil_affairs'", "source": "'civil_affairs'", "stream": "'recipients'",
    "household_key": "'civil_affairs:H' || ((i % {n}) // 3)", "batch_id": "3", "line": "i",
    "record_digest": "sha256(CAST(i AS VARCHAR))",
}  # fmt: skip
DAY = "DATE '2025-01-0{}' + CAST(hash(i, 6) % 300 AS INTEGER)"
COST = {
    "setl_id": "'S' || i", "visit_id": "'M' || i", "person_id": "hash(i) % {n}", "insutype": "'390'",
    "setting": PICK.format(["inpatient", "outpatient_chronic", "outpatient"], "hash(i, 5) % 3"),
    "hospital_level": "'2'", "admitted": DAY.format(1), "discharged": DAY.format(5), "settled": DAY.format(5),
    "region": "'370302'", "total": "10000 + hash(i + 1) % 9000000", "scope": "10000 + hash(i + 1) % 9000000",
    "basic_paid": "5000", "serious_illness_paid": "0", "medical_assistance_paid": "0", "tilt_paid": "0",
    "cancelled": "FALSE", "batch_id": "5", "line": "i", "record_digest": "sha256('s' || i)",
}  # fmt: skip
LEAST = """
WITH cost AS (
  SELECT person_id, SUM(scope - basic_paid - serious_illness_paid) AS amount
  FROM settlement
  WHERE NOT cancelled AND discharged >= DATE '2025-01-01' AND discharged < DATE '2026-01-01'
  GROUP BY person_id
),
offer AS (
  SELECT
    s.person_id, s.category, s.region, s.valid_from, s.valid_until, s.batch_id, s.line, s.record_digest, r.rank,
    r.rule_key, LEAST(COALESCE(GREATEST(c.amount - r.line, 0) * r.ratio // 10000, 0), r.cap) AS amount
  FROM category_spell AS s
  JOIN insured_place AS i ON i.person_id = s.person_id
  JOIN rule_in_force AS r
    ON r.category = s.category AND r.region = i.region AND r.benefit = 'medical_assistance'
  LEFT JOIN cost AS c ON c.person_id = s.person_id
  WHERE s.valid_from <= DATE '2025-11-30' AND s.valid_until > DATE '2025-11-30'
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


class Clock:
    """Seconds of clock and of CPU since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Both, so far."""
        return time.perf_counter() - self.wall, time.process_time() - self.cpu


def write(folder: Path, persons: int) -> None:
    """The made-up province: three Parquet files."""
    place = (
        f"i AS person_id, '390' AS insutype, {COUNTY.replace('{n}', str(persons))} AS region, '3703' AS pooling_area"
    )
    made = {
        "category_spell": _made(tables.CATEGORY_SPELL, SPELL, persons, persons * 5 // 3),
        "settlement": _made(tables.SETTLEMENT, COST, persons, persons * 10 // 3),
        "insured_place": f"SELECT {place} FROM range({persons}) AS t (i)",
    }
    with duckdb.connect() as duck:
        for name, query in made.items():
            duck.execute(f"COPY ({query}) TO '{folder / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")


def _made(table: tables.Table, values: dict[str, str], persons: int, rows: int) -> str:
    columns = ", ".join(f"CAST({values.get(k, 'NULL')} AS {kind}) AS {k}" for k, kind in table.columns.items())
    return f"SELECT {columns.replace('{n}', str(persons))} FROM range({rows}) AS t (i)"


def rules() -> list[Row]:
    """Each county's rules: an amount, a line, ratio and cap of assistance and of tilt for each category."""
    found = []
    for region in COUNTIES:
        for k, category in enumerate(CATEGORIES):
            at = {"region": region, "rank": k}
            numbers = {
                "premium_subsidy": {"amount": 400_00 - k * 10_00},
                "medical_assistance": {"ratio": 7_500 - k * 1_000, "line": k * 1_000_00, "cap": 30_000_00},
                "tilt": {"ratio": 7_000, "line": 5_000_00, "cap": 20_000_00},
            }
            found += [rule(b, category, rule_key=f"{region}/{b}-{category}", **at, **n) for b, n in numbers.items()]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=300_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="3GB")
    parser.add_argument("--read", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write(folder, args.persons)
        with Timed(threads=args.threads, memory=args.memory, spill=folder / "spill") as engine:
            measure(engine, folder, args, read=args.read)


def give(engine: Timed, folder: Path) -> None:
    """The inputs of the stage."""
    engine.register("period", period("2025-11"), PERIOD)
    for name, rows in (("rule_in_force", rules()), ("rule_tier", tiers_of(rules())), ("premium", [])):
        engine.register(name, relation(CONFIG[name], rows), CONFIG[name])
    for name in ("category_spell", "settlement", "insured_place"):
        engine.view(name, f"SELECT * FROM '{folder / name}.parquet'")
    engine.view("person", "SELECT person_id, CAST(NULL AS DATE) AS birth FROM insured_place")
    engine.steps = []


def measure(engine: Timed, folder: Path, args: argparse.Namespace, *, read: bool) -> None:
    """Least query, merge, least query; merge of 1 % in an engine of its own, as another run has; what outputs cost."""
    give(engine, folder)
    least = [_least(engine)]
    clock = Clock()
    merge(engine)
    whole, steps = clock.read(), engine.steps[1:]
    if read:
        for name in ("entitlement", "entitlement_candidate", "payment"):
            clock = Clock()
            engine.run("nothing", f"SELECT COUNT(*) AS rows FROM {name}")
            engine._execute(name, f"COPY (SELECT * FROM {name}) TO '{folder / name}.parquet' (FORMAT parquet)")
            print(f"{name:28} written out: clock {clock.read()[0]:.2f} s, {engine.rows('nothing')[0][0]:,} rows")
    least.append(_least(engine))
    some = pa.table({"person_id": pa.array(range(0, args.persons, 100), pa.int64())})
    engine.close()
    with Timed(threads=args.threads, memory=args.memory, spill=folder / "spill") as other:
        give(other, folder)
        clock = Clock()
        merge(other, persons=some)
        again = clock.read()
    for kind, name in enumerate(("clock", "CPU")):
        bare = (least[0][kind] + least[1][kind]) / 2
        print(
            f"{name:5} merge {whole[kind]:7.2f} s   least query {bare:6.2f} s   ratio {whole[kind] / bare:5.1f}   "
            f"1 % again {again[kind]:6.2f} s = {100 * again[kind] / whole[kind]:.1f} %"
        )
    for seconds, step in sorted(steps, reverse=True)[:12]:
        print(f"  {step:28} {seconds:8.2f} s")
    print(f"peak memory  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _least(engine: Timed) -> tuple[float, float]:
    clock = Clock()
    engine.run("least", LEAST)
    taken = clock.read()
    engine.drop("least")
    return taken


if __name__ == "__main__":
    main()
