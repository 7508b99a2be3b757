"""How long the stages take: a made-up province through match, merge and reconcile, step by step.

    python tests/benchmarks/merge.py [--persons 300000] [--threads 2] [--steps 12]

Writes two months of snapshots and a year of settlements as landed Parquet into a temporary folder, computes 2025-11
over them with the shipped configuration, and prints the seconds of each stage, the slowest steps and the peak memory.
It decides nothing and asserts nothing; what it measured belongs into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from hub import tables
from hub.config.config import load as load_config
from hub.engine import DuckDB, digest, schema
from hub.inputs import LandedPart, MonthInputs
from hub.match import load, match
from hub.merge import merge
from hub.reconcile import reconcile

COUNTIES = ("370302", "370902", "370911", "653121")
MONTHS = (date(2025, 10, 31), date(2025, 11, 30))
COUNTY = f"[{', '.join(repr(county) for county in COUNTIES)}][1 + i % {len(COUNTIES)}]"
SNAPSHOTS = {  # relation: fields of person i, and which persons are on it
    "medical_insurance_persons": ("'P' || i AS psn_no, '01' AS psn_cert_type, '1' AS gend", "TRUE"),
    "civil_affairs_recipients": (
        "['低保', '特困人员', '低保边缘'][1 + i % 3] AS assistance_type, '农村' AS urban_rural, TRUE AS covered, "
        "'H' || (i // 3) AS household_number, DATE '2024-01-01' + CAST(i % 500 AS INTEGER) AS begin_month, "
        f"{COUNTY} || '001' AS division",
        "i % 5 < 2",
    ),
    "rural_revitalization_monitored": (
        f"'R' || (i // 4) AS household_number, 'N' || i AS person_number, {COUNTY} || '002' AS division, "
        "['脱贫户', '一般农户'][1 + i % 2] AS household_type, 2018 AS out_of_poverty_year, "
        "['脱贫不稳定户', '边缘易致贫户', '无'][1 + i % 3] AS monitored_type, i % 7 = 0 AS risk_removed, "
        "DATE '2023-01-01' + CAST(i % 900 AS INTEGER) AS identified, "
        "CASE WHEN i % 7 = 0 THEN DATE '2025-05-01' END AS removed",
        "i % 4 < 2",
    ),
}
CHILDREN = {
    "medical_insurance_persons_insuinfo": (
        f"'390' AS insutype, '1' AS psn_insu_stas, DATE '2019-01-01' AS psn_insu_date, {COUNTY} AS insuplc_admdvs",
        "i % 97 > 0",
    ),
    "medical_insurance_persons_idetinfo": (
        "'01' AS psn_idet_type, DATE '2024-01-01' AS begntime",
        "i % 5 < 2 AND i % 97 > 0",
    ),
    "medical_insurance_persons_subsidyinfo": (
        "2025 AS insu_year, '1' AS payer, 15000 AS subsidy_amt, DATE '2025-02-01' AS pay_date",
        "i % 3 > 0",
    ),
}
SETTLEMENTS = (
    "'S' || i || '-' || n AS setl_id, 'M' || i || '-' || n AS mdtrt_id, 'P' || i AS psn_no, '01' AS psn_cert_type, "
    f"'390' AS insutype, {COUNTY} AS insuplc_admdvs, ['21', '14', '11'][1 + n % 3] AS med_type, '2' AS hosp_lv, "
    "d AS begndate, d AS enddate, d AS setl_time, t AS medfee_sumamt, t AS inscp_scp_amt, t * 6 // 10 AS hifp_pay, "
    "0 AS hifmi_pay, 0 AS maf_pay"
)
VISITS = (
    "(SELECT i, n, DATE '2025-01-01' + CAST(i * 7 % 330 AS INTEGER) AS d, "
    "CAST(20000 + hash(i, n) % 9000000 AS BIGINT) AS t FROM range({persons}) AS p (i) CROSS JOIN range(5) AS m (n))"
)
HEAD = (
    "CAST(row_number() OVER () AS INTEGER) AS line, 'k1.' || sha256(CAST(i AS VARCHAR)) AS mac, "
    "sha256('n' || i) AS name_mac, '张*' AS name_masked, 'verified' AS id_grade, '1' AS id_sex, "
    "DATE '1970-01-01' AS id_birth, sha256({content}) AS record_digest"
)


def write(folder: Path, persons: int) -> Iterator[LandedPart]:
    """The landed parts of the world: two snapshots a complete stream, one batch of settlements."""
    everyone = f"range({persons}) AS p (i)"
    batch = 0
    with duckdb.connect() as duck:

        def part(relation: str, as_of: date, query: str) -> LandedPart:
            path = folder / f"{batch}-{relation}.parquet"
            duck.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
            return LandedPart(relation=relation, batch_id=batch, as_of=as_of, path=str(path))

        for relation, (fields, where) in SNAPSHOTS.items():
            head = HEAD.replace("{content}", f"'{relation}' || i")
            for as_of in MONTHS:
                batch += 1
                yield part(relation, as_of, f"SELECT {head}, {fields} FROM {everyone} WHERE {where} ORDER BY i")
                if relation == "medical_insurance_persons":
                    for child, (items, only) in CHILDREN.items():
                        line = "CAST(i + 1 AS INTEGER) AS line, 0 AS ordinal"
                        yield part(child, as_of, f"SELECT {line}, {items} FROM {everyone} WHERE {only}")
        batch += 1
        head = HEAD.replace("{content}", "'setl' || i || '-' || n")
        visits = VISITS.replace("{persons}", str(persons))
        yield part(
            "medical_insurance_settlements", MONTHS[1], f"SELECT {head}, {SETTLEMENTS} FROM {visits} WHERE i % 3 = 0"
        )


def inputs(folder: Path, persons: int) -> MonthInputs:
    """Everything the month is computed from."""
    landed = tuple(write(folder, persons))
    semantics = {"persons": "register", "settlements": "event"}
    batches = []
    for part in landed:
        stream = part.relation.rpartition("_")[2]
        if stream in {"persons", "settlements", "recipients", "monitored"}:
            batches.append(
                {
                    "batch_id": part.batch_id,
                    "source": part.relation.removesuffix(f"_{stream}"),
                    "stream": stream,
                    "as_of": part.as_of,
                    "semantics": semantics.get(stream, "certification"),
                    "complete": stream != "settlements",
                    "department": None,
                }
            )
    with duckdb.connect() as duck:
        alias = duck.sql(
            f"SELECT 'k1.' || sha256(CAST(i AS VARCHAR)) AS mac, i + 1 AS person_id FROM range({persons}) AS p (i)"
        ).to_arrow_table()
    text = pa.string()
    return MonthInputs(
        month="2025-11",
        landed=landed,
        batches=pa.Table.from_pylist(batches),
        alias=alias,
        decisions=pa.schema([("mac", text), ("name_mac", text), ("judgement", text)]).empty_table(),
        config=load_config(Path(__file__).parents[2] / "config").relations(COUNTIES, 2025),
    )


class Timed(DuckDB):
    """The engine, noting how long each result took."""

    steps: list[tuple[float, str]]

    def run(self, name: str, sql: str) -> None:
        """See DuckDB."""
        began = time.perf_counter()
        super().run(name, sql)
        self.steps = [*getattr(self, "steps", []), (time.perf_counter() - began, name)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=300_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Timed(threads=args.threads, memory="4GB") as engine:
        given = inputs(Path(folder), args.persons)
        times = {}
        start = time.perf_counter()
        load(engine, given)
        for name, table in (("earlier_finding", tables.FINDING), ("earlier_warning", tables.WARNING)):
            engine.register(name, schema(table).empty_table(), table.columns)
        for stage in (match, merge, reconcile):
            began = time.perf_counter()
            stage(engine)
            times[stage.__name__] = time.perf_counter() - began
        began = time.perf_counter()
        found = {name: engine.fetch(table) for name, table in tables.PUBLISHED.items()}
        times["fetch"] = time.perf_counter() - began
        began = time.perf_counter()
        for name, rows in found.items():
            digest(tables.PUBLISHED[name], rows)
        times["digest"] = time.perf_counter() - began
        times["all"] = time.perf_counter() - start
    for name, seconds in times.items():
        print(f"{name:12} {seconds:8.2f} s")
    for seconds, step in sorted(engine.steps, reverse=True)[: args.steps]:
        print(f"  {step:28} {seconds:8.2f} s")
    for name, rows in found.items():
        print(f"  {name:24} {rows.num_rows:>12,} rows")
    print(f"peak memory  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
