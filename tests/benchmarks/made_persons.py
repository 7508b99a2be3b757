"""Made-up persons in a store, by the million: each with an enrolment, 6 settlements, 2 entitlements, 1 or 2 spells.

DuckDB makes the rows; PostgreSQL takes them by COPY, SQLite by executemany. Persons of a county are scattered over
the table, as they are where lists of many counties arrive one after the other, unless they are asked for clustered
(by county, as publish can write them).
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from hub import carried, store, tables
from hub.engine import DuckDB
from hub.held import BITS
from hub.rollup import Demand, cells, facts
from hub.store import published

PER_COUNTY = 2_000
MONTH = "2025-11"
CHUNK = 20_000
SHARED = "1 AS batch_id, n::INTEGER AS line, repeat('0', 64) AS record_digest"
PERIOD = "DATE '2024-01-01' AS valid_from, DATE '9999-12-31' AS valid_until"
ANY = "(n * 2654435761 // 65536 % 65536)"  # of a person: neighbours, and a county's persons, differ in it
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
ROWS = {
    "person": f"""SELECT n AS person_id, substr('{SURNAMES}', CAST(1 + {ANY} % {len(SURNAMES)} AS INTEGER), 1) || '*'
        AS name_masked, CAST(1 + {ANY} // 32 % 2 AS VARCHAR) AS sex,
        make_date(CAST(1950 + n % 60 AS INTEGER), 1, CAST(1 + n % 28 AS INTEGER)) AS birth,
        CASE WHEN {ANY} // 64 % 16 = 0 THEN '11' ELSE '01' END AS ethnic, {ANY} // 1024 % 2 = 0 AS rural,
        county || printf('%03d', 1 + i % 20) AS residence, county,
        CASE WHEN {ANY} // 2048 % 32 = 0 THEN 'legacy_15' ELSE 'verified_form' END AS id_grade,
        {BITS["dibao"]} + n % 2 * {BITS["tekun"]} AS held, {SHARED} FROM persons""",
    "category_spell": f"""SELECT n AS person_id, code AS category, {PERIOD}, county AS region,
        DATE '2024-01-01' AS certified, 'civil_affairs' AS certifier, 'h' || CAST(n // 3 AS VARCHAR) AS household_key,
        'civil_affairs' AS source, 'recipients' AS stream, {SHARED}
        FROM persons, (VALUES ('dibao', 0), ('tekun', 1)) AS codes(code, place) WHERE place <= n % 2""",
    "enrolment": f"""SELECT n AS person_id, '390' AS insutype, 'normal' AS status, {PERIOD}, county AS region,
        '3701' AS pooling_area, {SHARED} FROM persons""",
    "settlement": f"""SELECT n AS person_id, printf('s%d-%d', n, k) AS setl_id, printf('v%d-%d', n, k) AS visit_id,
        '390' AS insutype, 'inpatient' AS setting,
        make_date(2025, CAST(1 + k AS INTEGER), CAST(1 + n % 28 AS INTEGER)) AS settled,
        county AS region, 123456 AS total, 120000 AS scope, 4500 AS medical_assistance_paid, 5600 AS self_in_scope,
        false AS cancelled, {SHARED} FROM persons, range(6) AS visits(k)""",
    "entitlement": f"""SELECT n AS person_id, benefit, {PERIOD}, 'dibao' AS category, county AS region,
        'd/r' AS rule_key, 'd' AS document, '3' AS article, true AS determined, 4500 AS annual_amount,
        'per_benefit' AS mode
        FROM persons, (VALUES ('medical_assistance'), ('premium_subsidy')) AS benefits(benefit)""",
}


def counties(persons: int, each: int = PER_COUNTY) -> list[str]:
    """The codes of the counties that so many persons live in, `each` so many."""
    return [f"{370100 + n:06d}" for n in range(max(1, persons // each))]


def fill(
    engine: sa.Engine, persons: int, *, clustered: bool = False, each: int = PER_COUNTY, demand: Demand | None = None
) -> None:
    """Make the tables and their rows, and publish them as publication 1, with the roll-ups of a demand."""
    store.metadata.create_all(engine)
    at = datetime(2025, 12, 1, tzinfo=UTC)
    with engine.begin() as connection, duckdb.connect() as duck:
        connection.execute(store.publication.insert().values(publication=1, month=MONTH, at=at, digest="-"))
        there = len(counties(persons, each))
        duck.execute(
            f"""CREATE TABLE persons AS SELECT range AS n, CAST(370100 + range % {there} AS VARCHAR) AS county,
                range // {there} AS i FROM range({persons})"""
        )
        order = "ORDER BY p.county, rows.person_id" if clustered else ""
        for name, text in ROWS.items():
            rows = duck.sql(
                f"SELECT rows.*, repeat('0', 64) AS row_digest, 1 AS pub_from FROM ({text}) AS rows"
                f" JOIN persons AS p ON p.n = rows.person_id {order}"
            )
            _load(connection, published[name], rows)
        carried.renew(connection, 1)
        if demand is not None:
            _roll_up(connection, duck, demand)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM FULL person")  # written twice here, once by publish
        connection.exec_driver_sql("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE")


def _roll_up(connection: sa.Connection, duck: duckdb.DuckDBPyConnection, demand: Demand) -> None:
    made: dict[str, Any] = {}
    for table in tables.PUBLISHED.values():
        there = f"SELECT * FROM ({ROWS[table.name]})" if table.name in ("person", "category_spell") else ""
        held = set(duck.sql(there).columns) if there else set()
        columns = ", ".join(
            f"CAST({name if name in held else 'NULL'} AS {k}) AS {name}" for name, k in table.columns.items()
        )
        made[table.name] = duck.sql(f"SELECT {columns} FROM ({there or 'SELECT 1 WHERE false'})").to_arrow_table()
    with DuckDB() as engine:
        facts.read(engine, MONTH, made)
        cells.replace(connection, engine, MONTH, made, [demand])


def _load(connection: sa.Connection, table: sa.Table, rows: duckdb.DuckDBPyRelation) -> None:
    names = ", ".join(rows.columns)
    if connection.dialect.name == "sqlite":
        insert = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(rows.columns))})"
        for chunk in rows.to_arrow_table().to_batches(CHUNK):
            columns = [column.to_pylist() for column in chunk.columns]
            connection.exec_driver_sql(
                insert, [tuple(_plain(value) for value in row) for row in zip(*columns, strict=True)]
            )
        return
    for index in table.indexes:
        index.drop(connection)
    driver: Any = connection.connection.driver_connection
    with tempfile.TemporaryDirectory() as folder, driver.cursor() as cursor:
        path = Path(folder) / "rows.csv"
        rows.write_csv(str(path))
        with (
            cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT csv, HEADER)") as copy,
            path.open("rb") as file,
        ):
            while chunk := file.read(1 << 20):
                copy.write(chunk)
    for index in table.indexes:
        index.create(connection)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
