"""Audits of a computed month: what must hold before anything of it is published.

Audit first, then publish (lessons.md 28): a month that fails here changes nothing, and the last good one stays served.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from hub import tables
from hub.errors import AuditFailed

SPELLS = ("household_member", "category_spell", "identity_tag", "enrolment", "entitlement", "entitlement_candidate")
OF_PERSONS = tuple(
    name for name, table in tables.PUBLISHED.items() if "person_id" in table.columns and name != "person"
)
AMOUNTS = {
    "entitlement": "annual_amount < 0",
    "settlement": "NOT cancelled AND (total < 0 OR scope > total)",
    "payment": "amount < 0 OR determined <> (amount IS NOT NULL)",
    "participation": "insured > listed OR insured < 0",
    "warning": "burden <= threshold AND state <> 'cleared'",
}
CODES = ("category", "county", "pooling_area", "region", "residence")  # columns that the graph writes unescaped
CODE = "[0-9A-Za-z_*]*"


def audit(computed: Mapping[str, pa.Table], batches: list[int]) -> None:
    """Check a month's tables against each other. Raises AuditFailed, naming the table and what does not hold."""
    with duckdb.connect() as connection:
        for name, rows in computed.items():
            connection.register(name, rows)
        for name, table in tables.PUBLISHED.items():
            key = ", ".join(table.key)
            _none(connection, name, "its key is not unique", f"SELECT 1 FROM {name} GROUP BY {key} HAVING COUNT(*) > 1")
            if "batch_id" in table.columns and batches:
                inputs = ", ".join(str(batch) for batch in (-1, *batches))
                _none(
                    connection,
                    name,
                    "a row leads to a batch that is no input",
                    f"SELECT 1 FROM {name} WHERE batch_id NOT IN ({inputs})",
                )
        for name in OF_PERSONS:
            missing = f"SELECT 1 FROM {name} WHERE person_id <> -1 AND person_id NOT IN (SELECT person_id FROM person)"
            _none(connection, name, "a row has a person who does not exist", missing)
        for name in SPELLS:
            _none(
                connection,
                name,
                "a spell ends before it begins",
                f"SELECT 1 FROM {name} WHERE valid_from >= valid_until",
            )
        overlap = (
            "SELECT 1 FROM (SELECT valid_until, LEAD(valid_from) OVER (PARTITION BY person_id, benefit "
            "ORDER BY valid_from) AS following FROM entitlement) WHERE following < valid_until"
        )
        _none(connection, "entitlement", "a benefit is enjoyed twice on a day", overlap)
        unpaid = "SELECT 1 FROM payment WHERE setl_id NOT IN (SELECT setl_id FROM settlement WHERE NOT cancelled)"
        _none(connection, "payment", "a row is due for no settlement that counts", unpaid)
        for name, table in tables.PUBLISHED.items():
            for column in sorted({*CODES} & {*table.columns}):
                wrong = f"SELECT 1 FROM {name} WHERE NOT regexp_full_match({column}, '{CODE}')"
                _none(connection, name, f"{column} is no code", wrong)
        for name, wrong in AMOUNTS.items():
            _none(connection, name, f"a row has {wrong}", f"SELECT 1 FROM {name} WHERE {wrong}")


def _none(connection: duckdb.DuckDBPyConnection, table: str, what: str, query: str) -> None:
    ((count,),) = connection.execute(f"SELECT COUNT(*) FROM ({query})").fetchall()
    if count:
        raise AuditFailed(
            f"Audit of {table}: {what} ({count} cases)",
            remedy="Nothing was published; report this with the month and the batch numbers",
        )
