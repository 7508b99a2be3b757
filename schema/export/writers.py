"""Rows as CSV, NDJSON, XLSX and Parquet, page by page; memory does not grow with the rows.

1. Amounts are exact decimals in yuan, ratios fractions, as the graph has them; the unit stands in the head of CSV and
   XLSX, in the column's metadata of Parquet. NDJSON has the graph's own values under dotted names.
2. Text that a spreadsheet could take for a formula (it begins with = + - @ or a control character) gets a ' before it.
3. CSV begins with a byte order mark, so that Excel shows Chinese. XLSX is made in a private temporary file, since a
   workbook cannot leave before it is whole.
4. A file that breaks off can be told: NDJSON lacks its last line, Parquet its footer, XLSX never begins; a CSV's
   transfer is aborted, so HTTP clients report it.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from schema.errors import LimitExceeded
from schema.export.columns import Column

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBERS = ("Int", "Long", "Yuan", "Ratio")
EXCEL_ROWS, EXCEL_DIGITS = 1_048_575, 15  # of a sheet below its head; that a cell's number keeps
CHUNK = 1 << 16
Row = Mapping[str, Any]
ARROW: dict[str, pa.DataType] = {
    "Yuan": pa.decimal128(20, 2),
    "Ratio": pa.decimal128(10, 4),
    "Int": pa.int32(),
    "Long": pa.int64(),
    "Boolean": pa.bool_(),
    "Date": pa.date32(),
    "DateTime": pa.timestamp("ms", "UTC"),
}


class Writer:
    """Writes one table: `head`, then pages, then `end`; closed in any case."""

    media = ""
    suffix = ""

    def __init__(self, columns: Sequence[Column], total: int) -> None:
        self.columns = columns

    def head(self) -> bytes:
        """What stands before the rows."""
        return b""

    def page(self, rows: Sequence[Row]) -> bytes:
        """Rows in the graph's values, as far as they can leave already."""
        raise NotImplementedError

    def end(self, rows: int) -> Iterator[bytes]:
        """What says that the file is whole."""
        return iter(())

    def close(self) -> None:
        """Let go of what it holds, whole or not."""

    def heads(self) -> list[str]:
        """The head of a table for people: names with their units."""
        return [f"{item.name} ({item.unit})" if item.unit else item.name for item in self.columns]


def safe(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value


class Csv(Writer):
    media, suffix = "text/csv", "csv"

    def head(self) -> bytes:
        return b"\xef\xbb\xbf" + self._lines([[safe(name) for name in self.heads()]])

    def page(self, rows: Sequence[Row]) -> bytes:
        return self._lines(zip(*(_cells(item, rows) for item in self.columns), strict=True))

    @staticmethod
    def _lines(lines: Iterable[Iterable[Any]]) -> bytes:
        told = io.StringIO()
        csv.writer(told, lineterminator="\r\n").writerows(lines)
        return told.getvalue().encode()


def _cells(column: Column, rows: Sequence[Row]) -> list[Any]:
    """Values as text: numbers and truth values as they are written, text made safe."""
    values = column.of(rows)
    if column.scalar == "Boolean":
        return [None if value is None else "true" if value else "false" for value in values]
    return values if column.scalar in NUMBERS else [safe(value) for value in values]


class Ndjson(Writer):
    """The last line is `{"complete": true, "rows": N}`; where it is missing the file is not whole."""

    media, suffix = "application/x-ndjson", "ndjson"

    def page(self, rows: Sequence[Row]) -> bytes:
        names = [item.name for item in self.columns]
        lines = zip(*(item.of(rows) for item in self.columns), strict=True)
        return b"".join(
            orjson.dumps(dict(zip(names, line, strict=True)), option=orjson.OPT_APPEND_NEWLINE) for line in lines
        )

    def end(self, rows: int) -> Iterator[bytes]:
        yield orjson.dumps({"complete": True, "rows": rows}) + b"\n"


class Xlsx(Writer):
    media, suffix = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"

    def __init__(self, columns: Sequence[Column], total: int) -> None:
        super().__init__(columns, total)
        if total > EXCEL_ROWS:
            raise LimitExceeded("rows of a sheet", EXCEL_ROWS)
        self._folder = tempfile.TemporaryDirectory(prefix="aidgraph-export-")
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=self._folder.name)  # noqa: SIM115  closed by close()
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = xlsxwriter.Workbook(self._file, options)
        self._sheet = self._book.add_worksheet("aidgraph")
        formats = {"Yuan": "0.00", "Ratio": "0.0000"}
        self._formats = {name: self._book.add_format({"num_format": form}) for name, form in formats.items()}
        for place, name in enumerate(self.heads()):
            self._sheet.write_string(0, place, safe(name))
        self._next = 1

    def page(self, rows: Sequence[Row]) -> bytes:
        for line in zip(*(item.of(rows) for item in self.columns), strict=True):
            for place, (item, value) in enumerate(zip(self.columns, line, strict=True)):
                self._write(self._next, place, item, value)
            self._next += 1
        return b""

    def _write(self, line: int, place: int, column: Column, value: Any) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(line, place, value)
        elif column.scalar in NUMBERS and sum(char.isdigit() for char in str(value)) <= EXCEL_DIGITS:
            self._sheet.write_number(line, place, float(value), self._formats.get(column.scalar))
        else:
            self._sheet.write_string(line, place, str(value) if column.scalar in NUMBERS else safe(str(value)))

    def end(self, rows: int) -> Iterator[bytes]:
        self._book.close()
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            yield chunk

    def close(self) -> None:
        if not self._book.fileclosed:  # it broke off; closing lets go of the workbook's own files
            self._book.close()
        self._file.close()
        self._folder.cleanup()


class Parquet(Writer):
    media, suffix = "application/vnd.apache.parquet", "parquet"

    def __init__(self, columns: Sequence[Column], total: int) -> None:
        super().__init__(columns, total)
        fields = [
            pa.field(
                item.name, ARROW.get(item.scalar, pa.string()), metadata={"unit": item.unit} if item.unit else None
            )
            for item in columns
        ]
        self._schema = pa.schema(fields)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(pa.PythonFile(self._sink, mode="w"), self._schema, compression="zstd")

    def page(self, rows: Sequence[Row]) -> bytes:
        if rows:
            arrays = [
                pa.array([_typed(item.scalar, value) for value in item.of(rows)], field.type)
                for item, field in zip(self.columns, self._schema, strict=True)
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        return self._sink.taken()

    def end(self, rows: int) -> Iterator[bytes]:
        self._writer.close()
        yield self._sink.taken()


def _typed(scalar: str, value: Any) -> Any:
    """A value of the graph as Arrow takes it."""
    if value is None:
        return None
    if scalar in ("Yuan", "Ratio"):
        return Decimal(value)
    if scalar == "Date":
        return date.fromisoformat(value)
    if scalar == "DateTime":
        return datetime.fromisoformat(value)
    return value


class _Sink(io.RawIOBase):
    """Takes what is written and gives it on; it knows its length, and is never read."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def taken(self) -> bytes:
        """What was written since the last time."""
        found, self._parts = b"".join(self._parts), []
        return found


WRITERS: dict[str, type[Writer]] = {kind.suffix: kind for kind in (Csv, Ndjson, Xlsx, Parquet)}
