"""What a month would save if the persons whose inputs did not change kept the last result of merge.

    PYTHONPATH=. python tests/benchmarks/taking_over.py [--persons 300000]

The world of merge.py is computed whole, as a month is: match, merge, reconcile, read out, audit, digests and the
difference to be published. Then, in the same run, what taking over would take instead of the whole merge: comparing
each person's inputs with those of the last time (read from Parquet), merging 1 % and 10 % of the persons, and reading
everybody else's rows back. It decides nothing and asserts nothing; what it measured belongs into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent))

from merge import inputs

from hub import publish, store, tables
from hub.audit import audit
from hub.engine import DuckDB, digest, schema
from hub.match import load, match
from hub.merge import merge
from hub.reconcile import reconcile

READ = ("category_spell", "settlement", "insured_place")
MADE = ("entitlement", "entitlement_candidate", "payment")
CHANGED = """
WITH before AS ({before}), now AS ({now})
SELECT COALESCE(a.person_id, b.person_id) AS person_id
FROM before AS a FULL JOIN now AS b ON b.person_id = a.person_id
WHERE a.content IS DISTINCT FROM b.content
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=300_000)
    given = parser.parse_args()
    times: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> object:
        began = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - began
        return result

    with tempfile.TemporaryDirectory() as folder, DuckDB() as engine:
        month = inputs(Path(folder), given.persons)
        load(engine, month)
        for name, table in (("earlier_finding", tables.FINDING), ("earlier_warning", tables.WARNING)):
            engine.register(name, schema(table).empty_table(), table.columns)
        timed("match", lambda: match(engine))
        timed("merge", lambda: merge(engine))
        timed("reconcile", lambda: reconcile(engine))
        found: dict[str, pa.Table] = {}
        timed("read out", lambda: found.update({n: engine.fetch(t) for n, t in tables.PUBLISHED.items()}))
        timed("audit", lambda: audit(found, []))
        timed("digests", lambda: [digest(tables.PUBLISHED[n], rows) for n, rows in found.items()])
        with store.connect("sqlite://").connect() as none:  # against what was last computed: everything but 1 %
            last = {n: rows.slice(rows.num_rows // 100) for n, rows in found.items()}
            store.metadata.create_all(none)
            timed(
                "difference",
                lambda: [
                    publish.difference(none, tables.PUBLISHED[n], rows, "2025-11", last[n]) for n, rows in found.items()
                ],
            )
        sums = dict(times)
        timed(
            "(digests of all rows instead)",
            lambda: [publish.row_digests(tables.PUBLISHED[n], rows) for n, rows in found.items()],
        )
        whole = sum(sums.values())
        for name, seconds in times.items():
            print(f"{name:12} {seconds:7.2f} s  {seconds / whole:4.0%}")
        paths = {}
        for name in (*READ, *MADE):
            engine.run("kept", f"SELECT * FROM {name}")
            rows = engine._connection.sql("SELECT * FROM kept").to_arrow_table()
            paths[name] = f"{folder}/kept-{name}.parquet"
            pq.write_table(rows, paths[name], compression="zstd")
        times.clear()
        hashed = "SELECT person_id, SUM(CAST(h AS HUGEINT)) AS content FROM ({}) GROUP BY person_id"
        sides = []
        for place in ("'{path}'", "{name}"):
            parts = [
                f"SELECT person_id, hash({said}) AS h FROM {place.format(path=paths[n], name=n)}"
                for n in READ
                for said in [", ".join(c for c in engine.columns(n) if c not in publish.PLACE)]
            ]
            sides.append(hashed.format(" UNION ALL ".join(parts)))
        timed("compare", lambda: engine.run("changed", CHANGED.format(before=sides[0], now=sides[1])))
        for share in (100, 10):
            some = pa.table({"person_id": pa.array(range(1, given.persons, share), pa.int64())})
            timed(f"merge {100 // share} %", lambda some=some: merge(engine, persons=some))
        timed("take over", lambda: [engine.run("kept", f"SELECT * FROM '{paths[n]}'") for n in MADE])
        for name, seconds in times.items():
            print(f"{name:12} {seconds:7.2f} s  {seconds / whole:4.0%} of the whole")


if __name__ == "__main__":
    main()
