"""The list a department is sent of what it must correct (退回清单): delivery, line, reason, field, remedy.

It holds no value of a person. Every cell is text: one that a spreadsheet would take for a formula is told so by an
apostrophe (names of files and fields come from outside).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import xlsxwriter

from connectors.base import Source, Stream, find
from hub.errors import InputError
from hub.landing.reasons import reason

TITLES = (
    "数据流 stream",
    "报送文件 delivery",
    "数据日期 as of",
    "批次 batch",
    "行号 line",
    "原因",
    "reason",
    "字段 field",
    "列名 column",
    "处理办法",
    "what to do",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "|", "%")
WIDTH = 24
SHEET = 1_048_575  # rows of a sheet under its header

Cells = tuple[str, ...]


def cells(rows: Iterable[Mapping[str, Any]], sources: Sequence[Source]) -> Iterator[Cells]:
    """The report's lines for rows of `hub.landing.quarantine.rows`; texts that no spreadsheet computes."""
    streams: dict[tuple[str, str], Stream | None] = {}
    for row in rows:
        name = (row["source"], row["stream"])
        if name not in streams:
            streams[name] = find(sources, *name)
        why = reason(row["reason"])
        told = (
            f"{row['source']}.{row['stream']}",
            row["label"],
            row["as_of"].isoformat(),
            row["batch_id"],
            row["line"],
            why.title,
            why.title_en,
            row["field"],
            _header(streams[name], row["field"]),
            why.advice,
            why.advice_en,
        )
        yield tuple(harmless(cell) for cell in told)


def harmless(cell: object) -> str:
    """A cell as text that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


def as_csv(out: TextIO, lines: Iterable[Cells]) -> int:
    """The report as CSV, marked as UTF-8 so that spreadsheets show Chinese; returns how many rows."""
    out.write("\ufeff")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(TITLES)
    return sum(1 for line in lines if writer.writerow(line))


def as_markdown(out: TextIO, lines: Iterable[Cells]) -> int:
    """The report as a Markdown table; returns how many rows."""
    out.write(f"| {' | '.join(TITLES)} |\n|{' --- |' * len(TITLES)}\n")
    return sum(1 for line in lines if out.write(f"| {' | '.join(map(_quoted, line))} |\n"))


def write(path: Path, lines: Iterable[Cells]) -> int:
    """Write the report as the file's ending says: .csv, .xlsx or .md; returns how many rows. Raises InputError."""
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx", ".md"):
        raise InputError(f"A report cannot be written as {path.suffix or path.name}", remedy="Use .csv, .xlsx or .md")
    try:
        if kind == ".xlsx":
            return _sheet(path, lines)
        with path.open("w", encoding="utf-8", newline="") as out:
            return as_csv(out, lines) if kind == ".csv" else as_markdown(out, lines)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({type(error).__name__})", remedy="Name another file") from None


def _sheet(path: Path, lines: Iterable[Cells]) -> int:
    told = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with path.open("wb") as out, xlsxwriter.Workbook(out, told) as book:
        sheet = book.add_worksheet("退回清单")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(TITLES) - 1, WIDTH)
        bold = book.add_format({"bold": True})
        count = 0
        for row, line in enumerate(chain([TITLES], lines)):
            count = row
            if row > SHEET:
                raise InputError(f"A sheet holds {SHEET:,} rows, and there are more", remedy="Use .csv")
            for column, cell in enumerate(line):
                sheet.write_string(row, column, cell, None if row else bold)
    return count


def _header(stream: Stream | None, field: str) -> str:
    """Under which header the department sends a field."""
    known: Sequence[Any] = () if stream is None else [*stream.fields, *(f for c in stream.children for f in c.fields)]
    return next((f.names[0] for f in known if f.name == field), "")


def _quoted(cell: str) -> str:
    return " ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
