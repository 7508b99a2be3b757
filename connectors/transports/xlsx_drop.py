"""XLSX files dropped into a folder: the first sheet, its header found below title rows.

Cells keep their kind: text stays text, a number stays a number (an ID number that a spreadsheet turned into a
float must reach the hub as a float, to be refused), a date cell is a date. Subtotal rows (合计, 小计) and
empty rows are not rows of the stream. The sheet is unpacked by python-calamine and handed over row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from connectors.base import Connection, Delivery, Page, Stream
from connectors.errors import SourceMalformed
from connectors.transports import drop, headers

SUBTOTAL = re.compile(r"(本页|本村|本户)?(合计|小计|总计)[:：]?[\d,.]*(人|户|元|条)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class XlsxDrop:
    """Files of `pattern`; one delivery a file."""

    pattern: str

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`; a fingerprint tells what is new, so a late file is found."""
        for file in drop.new_files(stream, connection, self.pattern, seen):
            yield Delivery(
                label=file.path.name,
                as_of=file.as_of,
                pages=_pages(file.path, stream),
                fingerprint=file.fingerprint,
            )


def _pages(path: Path, stream: Stream) -> Iterator[Page]:
    columns: headers.Columns | None = None
    required: tuple[str, ...] = tuple(f.name for f in stream.fields if f.required)
    lines: list[int] = []
    rows: list[dict[str, object]] = []
    searched = 0
    for line, cells in _rows(path):
        if columns is not None:
            _check_width(cells, columns, file=path.name, line=line)
            values = columns.values(cells)
            if is_subtotal(cells) and not all(values[name] for name in required):
                continue
            lines.append(line)
            rows.append(values)
            if len(rows) == drop.PAGE:
                yield Page.of(rows, lines)
                lines, rows = [], []
        elif headers.is_header(cells, stream):
            columns = headers.read(cells, stream, file=path.name, line=line)
        elif (searched := searched + 1) == headers.SEARCHED:
            break
    if columns is None:
        raise headers.absent(stream, file=path.name)
    if rows:
        yield Page.of(rows, lines)


def is_subtotal(cells: Sequence[object]) -> bool:
    """Is this a line of sums? Its first words say so."""
    words = (re.sub(r"\s", "", cell) for cell in cells if isinstance(cell, str) and cell)
    return any(SUBTOTAL.fullmatch(word) for word in words)


def _rows(path: Path) -> Iterator[tuple[int, list[object]]]:
    """(the sheet's row number, cells) of every row that is not empty."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            for line, cells in enumerate(book.get_sheet_by_index(0).iter_rows(), 1):
                if any(cell != "" for cell in cells):
                    yield line, [_cell(cell) for cell in cells]
    except CalamineError:
        raise SourceMalformed(
            f"{path.name}: the file is not a readable XLSX workbook",
            remedy="Ask the department to send it again, without a password",
        ) from None


def _cell(cell: int | float | str | bool | time | date | datetime | timedelta) -> object:
    if isinstance(cell, datetime):
        return cell.date()
    return cell if isinstance(cell, (str, bool, int, float, date)) else str(cell)


def _check_width(cells: Sequence[object], columns: headers.Columns, *, file: str, line: int) -> None:
    if any(cell != "" for cell in cells[columns.width :]):
        raise SourceMalformed(
            f"{file}, line {line}: a value stands in a column without a header",
            remedy="Ask the department to give the column its header, or to empty it",
        )
