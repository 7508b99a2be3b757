"""A department's file as rows in and rows out, for sealing: CSV and the first sheet of a workbook.

Lines are counted as the hub counts them when it reads the file written here: a record of a CSV stands on the line on
which it begins, a row of a sheet on its own.
"""

from __future__ import annotations

import codecs
import csv
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from hub.errors import InputError

CHUNK = 1 << 20
MOST = 512 * 1024**2  # bytes that a workbook may unpack to; some 2 million rows


class Sheet(Protocol):
    """A file being written: `line` is that of the next row."""

    line: int

    def write(self, cells: Sequence[object]) -> None: ...


def rows(path: Path) -> Iterator[tuple[int, list[object]]]:
    """(line, cells) of every row that is not empty."""
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        return _workbook_rows(path)
    return _csv_rows(path)


def _workbook_rows(path: Path) -> Iterator[tuple[int, list[object]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > MOST:
            raise InputError(
                f"{path.name} unpacks to {size:,} bytes, and a workbook is read whole into memory: {MOST:,} at most",
                remedy="Save it as CSV, which is sealed row by row whatever its size",
            )
    try:
        with CalamineWorkbook.from_path(path) as book:
            for line, cells in enumerate(book.get_sheet_by_index(0).iter_rows(), 1):
                if any(cell != "" for cell in cells):
                    yield line, list(cells)
    except CalamineError:
        raise InputError(
            f"{path.name} is not a readable XLSX workbook", remedy="Save it again, without a password"
        ) from None


def _csv_rows(path: Path) -> Iterator[tuple[int, list[object]]]:
    with path.open(encoding=_encoding(path), newline="") as file:
        reader = csv.reader(file, strict=True)
        begins = 1
        try:
            for cells in reader:
                if any(cells):
                    yield begins, list(cells)
                begins = reader.line_num + 1
        except (csv.Error, UnicodeDecodeError) as error:
            what = "the quotes of this line do not close" if isinstance(error, csv.Error) else "a character is lost"
            raise InputError(
                f"{path.name}, line {begins}: {what}", remedy="Export the file again as CSV in GB18030 or UTF-8"
            ) from None


def _encoding(path: Path) -> str:
    """UTF-8 where every byte of the file is, else GB18030: text in GB18030 is not UTF-8 by chance."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8-sig"


@contextmanager
def sheet(path: Path, *, workbook: bool) -> Iterator[Sheet]:
    if workbook:
        with TemporaryDirectory(prefix=".", dir=path.parent) as scratch:  # rows wait there, not in a folder of others
            told = {"constant_memory": True, "default_date_format": "yyyy-mm-dd", "tmpdir": scratch}
            with xlsxwriter.Workbook(path, told) as book:
                yield _Workbook(book.add_worksheet())
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        yield _Csv(file)


class _Csv:
    """Counts lines as a reader does: a record begins on the line after the last one's end."""

    line = 1

    def __init__(self, file: Any) -> None:
        self._writer = csv.writer(file, lineterminator="\r\n")

    def write(self, cells: Sequence[object]) -> None:
        texts = [_cell_text(cell) for cell in cells]
        self._writer.writerow(texts)
        self.line += 1 + sum(text.count("\n") for text in texts)


class _Workbook:
    """A worksheet's rows; cells keep their kind."""

    line = 1

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet

    def write(self, cells: Sequence[object]) -> None:
        for at, cell in enumerate(cells):
            if isinstance(cell, str):
                self._sheet.write_string(self.line - 1, at, cell)
            elif isinstance(cell, date):
                self._sheet.write_datetime(self.line - 1, at, cell)
            elif isinstance(cell, (bool, int, float)):
                self._sheet.write(self.line - 1, at, cell)
            else:
                self._sheet.write_string(self.line - 1, at, str(cell))
        self.line += 1


def _cell_text(cell: object) -> str:
    """A workbook's cell as text that reads back as the same value."""
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell)
