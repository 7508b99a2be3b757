"""The batch engine: runs the stages' SQL text over the lake. DuckDB in process by default.

1. A stage is a folder of `.sql` files, one result a file, run in order of file name; `20_linked.sql` makes `linked`.
2. The text stays in the common subset of DuckDB and Spark SQL (pins.md, "Numbers on two engines"); what differs
   between engines is in `sql/prelude.ENGINE.sql` and in the engine's own class, nowhere else.
3. A result leaves the engine only as its declared table: names checked, types cast, rows sorted by a key that is
   proved unique. `digest` of such a table is what "identical" means.
4. The engine reads the files it is given. It reaches no network and loads no extension.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hub.errors import AuditFailed, InputError
from hub.inputs import SQL_TYPES, Columns, LandedPart
from hub.tables import Table

SQL = Path(__file__).parent / "sql"
REPORT = "Nothing was published; report this as a defect of the hub"
DIGEST_ROWS = 65_536
ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


class Engine(Protocol):
    """What the stages ask of an engine."""

    def register(self, name: str, rows: pa.Table, columns: Columns) -> None:
        """A relation from rows in memory, as `columns` declares it. InputError where a column is missing."""
        ...

    def landed(self, name: str, columns: Columns, parts: Iterable[LandedPart]) -> None:
        """A relation over Parquet parts; batch_id and as_of are each part's own, undelivered columns are NULL."""
        ...

    def view(self, name: str, sql: str) -> None:
        """Give a query a name without running it."""
        ...

    def run(self, name: str, sql: str) -> None:
        """Run a query and keep its result as the table `name`."""
        ...

    def drop(self, *names: str) -> None:
        """Forget tables that `run` made and nothing reads any more."""
        ...

    def columns(self, name: str) -> tuple[str, ...]:
        """The columns of a relation."""
        ...

    def fetch(self, table: Table) -> pa.Table:
        """A result as its declared table. AuditFailed where names differ or the key is not unique."""
        ...

    def rows(self, name: str) -> list[tuple[object, ...]]:
        """All rows of a small relation."""
        ...


class DuckDB:
    """DuckDB, in process. `spill` is a folder for what exceeds `memory` (None: fail instead)."""

    def __init__(self, *, threads: int = 2, memory: str = "4GB", spill: Path | None = None) -> None:
        self._connection = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": str(spill) if spill else "",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
            }
        )
        self._connection.execute((SQL / "prelude.duckdb.sql").read_text(encoding="utf-8"))
        self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free everything the engine holds."""
        self._connection.close()

    def register(self, name: str, rows: pa.Table, columns: Columns) -> None:
        """See Engine."""
        missing = [column for column in columns if column not in rows.column_names]
        if missing:
            raise InputError(
                f"The relation {name} has no {', '.join(missing)}", remedy="Build it as hub/inputs.py declares it"
            )
        self._connection.register("given", rows)
        self.run(name, f"SELECT {_cast(columns)} FROM given")
        self._connection.unregister("given")

    def landed(self, name: str, columns: Columns, parts: Iterable[LandedPart]) -> None:
        """See Engine."""
        selects = [_part(columns, part) for part in parts]
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns.items())
        self.view(name, "\nUNION ALL\n".join(selects) or f"SELECT {nothing} WHERE FALSE")

    def view(self, name: str, sql: str) -> None:
        """See Engine."""
        self._execute(name, f"CREATE OR REPLACE VIEW {name} AS\n{sql}")

    def run(self, name: str, sql: str) -> None:
        """See Engine."""
        self._execute(name, f"CREATE OR REPLACE TABLE {name} AS\n{sql}")

    def drop(self, *names: str) -> None:
        """See Engine."""
        for name in names:
            self._execute(name, f"DROP TABLE IF EXISTS {name}")

    def columns(self, name: str) -> tuple[str, ...]:
        """See Engine."""
        return tuple(row[0] for row in self._execute(name, f"DESCRIBE {name}").fetchall())

    def fetch(self, table: Table) -> pa.Table:
        """See Engine."""
        found = self.columns(table.name)
        if set(found) != set(table.columns):
            odd = sorted(set(found) ^ set(table.columns))
            raise AuditFailed(f"{table.name}: the SQL and hub/tables.py differ in {', '.join(odd)}", remedy=REPORT)
        keys = ", ".join(table.key)
        twice = f"SELECT {keys} FROM {table.name} GROUP BY {keys} HAVING COUNT(*) > 1"
        if count := len(self._execute(table.name, twice).fetchall()):
            raise AuditFailed(f"{table.name}: {count} keys ({keys}) name more than one row", remedy=REPORT)
        order = ", ".join(f"{key} ASC NULLS LAST" for key in table.key)
        query = f"SELECT {_cast(table.columns)} FROM {table.name} ORDER BY {order}"
        with _told(table.name):
            return self._connection.sql(query).to_arrow_table()

    def rows(self, name: str) -> list[tuple[object, ...]]:
        """See Engine."""
        return self._execute(name, f"SELECT * FROM {name}").fetchall()

    def _execute(self, name: str, sql: str) -> duckdb.DuckDBPyConnection:
        with _told(name):
            return self._connection.execute(sql)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """An engine's error as one of the hub's, without a row's value in it."""
    try:
        yield
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        raise AuditFailed(f"{name}: {error}", remedy=REPORT) from None
    except duckdb.IOException:
        raise InputError(f"{name}: a file of the lake cannot be read", remedy="Restore the lake from backup") from None
    except duckdb.Error as error:  # its text may hold a row's value
        raise AuditFailed(f"{name}: {type(error).__name__}", remedy=REPORT) from None


def _cast(columns: Columns) -> str:
    return ", ".join(f"CAST({column} AS {kind}) AS {column}" for column, kind in columns.items())


def _part(columns: Columns, part: LandedPart) -> str:
    delivered = set(pq.read_schema(part.path).names)
    own = {"batch_id": str(part.batch_id), "as_of": f"'{part.as_of.isoformat()}'"}
    values = {column: own.get(column, column if column in delivered else "NULL") for column in columns}
    select = ", ".join(f"CAST({value} AS {columns[column]}) AS {column}" for column, value in values.items())
    path = part.path.replace("'", "''")
    return f"SELECT {select} FROM read_parquet('{path}')"


def statements(folder: Path) -> Iterator[tuple[str, str]]:
    """The (name, text) of each `.sql` file of a folder, in order: `20_linked.sql` is ("linked", ...)."""
    for path in sorted(folder.glob("*.sql")):
        yield re.sub(r"^\d+_", "", path.stem), path.read_text(encoding="utf-8")


def schema(table: Table) -> pa.Schema:
    """The Arrow schema of a declared table."""
    types = {kind: arrow for arrow, kind in SQL_TYPES.items()}
    return pa.schema([(name, types[kind]) for name, kind in table.columns.items()])


def digest(table: Table, rows: pa.Table) -> str:
    """SHA-256, as hex, over the canonical rows of a table.

    The canonical form is PostgreSQL's COPY text with a header line, in UTF-8: the declared columns in declared order,
    separated by tabs; one row a line; NULL is \\N, which no text can spell because backslash, tab, newline and carriage
    return in texts are written \\\\, \\t, \\n and \\r; integers in decimal, days as yyyy-mm-dd, booleans t and f. Rows
    are sorted by the table's key: numbers and days ascending, texts by their UTF-8 bytes, NULL last. The order of the
    rows given does not matter. `psql -c "COPY (SELECT ... ORDER BY ...) TO STDOUT (HEADER)" | sha256sum` says the same.
    """
    rows = rows.select(list(table.columns)).cast(schema(table))
    hasher = hashlib.sha256("\t".join(table.columns).encode() + b"\n")
    order = pc.sort_indices(rows, sort_keys=[(key, "ascending", "at_end") for key in table.key])
    for start in range(0, rows.num_rows, DIGEST_ROWS):
        chunk = rows.take(order.slice(start, DIGEST_ROWS)).combine_chunks()
        for column in _lines([_text(chunk[name]) for name in table.columns]).chunks:
            hasher.update(_bytes(column))
    return hasher.hexdigest()


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, "t", "f")
    elif pa.types.is_string(column.type):
        for found, written in ESCAPES:
            column = pc.replace_substring(column, found, written)
    return pc.fill_null(column.cast(pa.string()), "\\N")


def _lines(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(pc.binary_join_element_wise(*columns, "\t"), "", "\n")


def _bytes(column: pa.Array) -> memoryview:
    """The texts of a freshly made string array, end to end: Arrow keeps them so."""
    offsets = memoryview(column.buffers()[1]).cast("i")
    return memoryview(column.buffers()[2])[offsets[column.offset] : offsets[column.offset + len(column)]]
