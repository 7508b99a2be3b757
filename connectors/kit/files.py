"""Dropped files of made-up rows, whole and spoilt: the storms of a department that sends files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import xlsxwriter

from connectors.base import Stream
from connectors.kit.rows import Row
from connectors.transports.csv_drop import CsvDrop

Cells = list[list[object]]  # the header, then the rows


def is_file(stream: Stream) -> bool:
    """Does the stream arrive as files?"""
    return hasattr(stream.transport, "pattern")


def table(stream: Stream, rows: Sequence[Row]) -> Cells:
    """The cells of a file, under the preferred headers."""
    head: list[object] = [f.names[0] for f in stream.fields]
    return [head, *([row[f.name] for f in stream.fields] for row in rows)]


def write(stream: Stream, cells: Cells, path: Path) -> None:
    """A file as the stream's transport reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(stream.transport, CsvDrop):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(cells)
        path.write_bytes(text.getvalue().encode(stream.transport.encoding))
        return
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for line, row in enumerate(cells):
        for place, cell in enumerate(row):
            sheet.write(line, place, cell)
    book.close()


def name(stream: Stream, stamp: str, copy: str = "") -> str:
    """A file's name that the stream's pattern takes: `stamp` is yyyyMM."""
    pattern = str(getattr(stream.transport, "pattern", "*"))
    return pattern.replace("*", f"{copy}_{stamp}" if copy else stamp)


def _required(stream: Stream) -> int:
    return next(place for place, f in enumerate(stream.fields) if f.required and f.sealed is None)


def _renamed(stream: Stream, cells: Cells) -> Cells:
    place = _required(stream)
    return [[*cells[0][:place], "新的名称", *cells[0][place + 1 :]], *cells[1:]]


def _gone(stream: Stream, cells: Cells) -> Cells:
    place = _required(stream)
    return [[*row[:place], *row[place + 1 :]] for row in cells]


def _shifted(_: Stream, cells: Cells) -> Cells:
    return [*cells[:-1], [*cells[-1], "多出的值"]]


def _cut(whole: bytes) -> bytes:
    """A file that ends within a line: after the first value of one (of a workbook: anywhere)."""
    place = whole.rfind(b"\n", 0, len(whole) * 2 // 3) + 1
    return whole[: whole.find(b",", place) + 1 or len(whole) // 2]


SPOILT: dict[str, Callable[[Stream, Cells], Cells]] = {  # nothing of these may count
    "required column renamed": _renamed,
    "required column gone": _gone,
    "no header": lambda _, cells: cells[1:],
    "a value without a header": _shifted,
}
SPOILT_BYTES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut off": _cut,
    "a page of HTML": lambda _: b"<html><body>\xe8\xaf\xb7\xe7\x99\xbb\xe5\xbd\x95</body></html>",
    "a PDF": lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "zero bytes": lambda whole: b"\0" * len(whole),
    "a line without end": lambda _: "救助证号,".encode("gb18030") * 200_000,
}
HARMLESS: dict[str, Callable[[Stream, Cells], Cells]] = {  # every row lands once
    "rows twice": lambda _, cells: [*cells, *cells[1:3]],
    "rows in another order": lambda _, cells: [cells[0], *reversed(cells[1:])],
    "columns in another order": lambda _, cells: [list(reversed(row)) for row in cells],
    "a title above": lambda _, cells: [["某县名单"], *cells],
    "blank rows": lambda _, cells: [*cells[:2], [""] * len(cells[0]), *cells[2:]],
    "headers with spaces": lambda _, cells: [
        [f" {str(cells[0][0])[:1]} {str(cells[0][0])[1:]} ", *cells[0][1:]],
        *cells[1:],
    ],
}
