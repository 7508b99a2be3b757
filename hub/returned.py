"""The list a department is sent of what it must correct (退回清单): delivery, line, reason, field, remedy.

It holds no value of a person. Every cell is text: one that a spreadsheet would take for a formula is told so by an
apostrophe (names of files and fields come from outside).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from connectors.base import Source, Stream, find
from hub.errors import InputError
from hub.reasons import reason

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

Cells = tuple[str, ...]


def cells(rows: Iterable[Mapping[str, Any]], sources: Sequence[Source]) -> Iterator[Cells]:
    """The report's lines for rows of `hub.quarantine.rows`; texts that no spreadsheet computes."""
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


def as_csv(lines: Iterable[Cells]) -> str:
    """The report as CSV, marked as UTF-8 so that spreadsheets show Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(TITLES)
    writer.writerows(lines)
    return "\ufeff" + out.getvalue()


def as_markdown(lines: Iterable[Cells]) -> str:
    """The report as a Markdown table."""
    table = [TITLES, tuple("---" for _ in TITLES), *(tuple(map(_quoted, line)) for line in lines)]
    return "\n".join("| " + " | ".join(line) + " |" for line in table) + "\n"


def write(path: Path, lines: Iterable[Cells]) -> None:
    """Write the report as the file's ending says: .csv, .xlsx or .md. Raises InputError: another ending, no room."""
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx", ".md"):
        raise InputError(f"A report cannot be written as {path.suffix or path.name}", remedy="Use .csv, .xlsx or .md")
    try:
        if kind == ".xlsx":
            _sheet(path, lines)
        else:
            text = as_csv(lines) if kind == ".csv" else as_markdown(lines)
            path.write_text(text, encoding="utf-8", newline="")
    except (OSError, FileCreateError) as error:
        raise InputError(f"{path} cannot be written ({type(error).__name__})", remedy="Name another file") from None


def _sheet(path: Path, lines: Iterable[Cells]) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("退回清单")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(TITLES) - 1, WIDTH)
        bold = book.add_format({"bold": True})
        for row, line in enumerate([TITLES, *lines]):
            for column, cell in enumerate(line):
                sheet.write_string(row, column, cell, None if row else bold)


def _header(stream: Stream | None, field: str) -> str:
    """Under which header the department sends a field."""
    known: Sequence[Any] = () if stream is None else [*stream.fields, *(f for c in stream.children for f in c.fields)]
    return next((f.names[0] for f in known if f.name == field), "")


def _quoted(cell: str) -> str:
    return " ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
