"""Workbooks (XLSX, XLS, ODS) dropped into a folder: one sheet, its header found below title rows.

1. Cells keep their kind: text stays text, a number stays a number (an ID number that a spreadsheet turned into a
   float must reach the hub as a float, to be refused), a date cell is a date, a serial date is the number it is.
2. A header may stand in up to DEEPEST rows, its groups in merged cells. A cell merged over several rows says its value
   for each of them (a household's number beside its members).
3. Subtotal rows (合计, 小计) and empty rows are not rows of the stream.
4. The sheet is unpacked by python-calamine, which holds it in its own memory, and handed over page by page; a file that
   would unpack to more than MOST bytes is refused before; so is an XLSX file whose cells stand so far apart that the
   rectangle around them has more than CELLS cells: calamine holds that rectangle, and one stray cell in the last
   column of the last row asks for 512 GB, which ends the process.
5. Where the declaration names no sheet, only one may hold the stream's header: a list over several sheets is not the
   first of them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import IO, Any, BinaryIO, ClassVar

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from connectors.base import Connection, Delivery, Stream
from connectors.errors import SourceMalformed
from connectors.pages import Page
from connectors.transports import archive, drop, headers

SUBTOTAL = re.compile(r"(本页|本村|本户)?(合计|小计|总计)[:：]?[\d,.]*(人|户|元|条)?")
DEEPEST = 3  # rows that a header may have
TOP = 100  # rows in which the header is looked for; of those that are not empty, headers.SEARCHED
PAGE = 2_000  # rows handed over at once
MOST = 2 * 1024**3  # bytes that a workbook may unpack to
CELLS = 64 * 1024**2  # in the rectangle that holds all cells of a sheet; 32 bytes each
FAR = re.compile(rb""" r=["']([A-Z]{2,3})[0-9]""")  # a cell in a column beyond Z
ROW = re.compile(rb"""<row [^>]{0,200}?\br=["']([0-9]{1,7})["']""")
OVERLAP = 256  # bytes of what was read before that may begin what is looked for
AS_IT_IS = {str, float, int, bool, date}
Range = tuple[int, int, int, int]  # merged cells: first and last row (from 1), first and last column (from 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class XlsxDrop(drop.Drop):
    """Files of `pattern`; one delivery a file. `sheet` is the sheet's name, or its `number` from 1."""

    kind: ClassVar[str] = "xlsx"

    sheet: str | None = None
    number: int = 1

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`; a fingerprint tells what is new, so a late file is found."""
        for file in drop.new_files(stream, connection, self, seen):
            yield Delivery(
                label=file.name, as_of=file.as_of, pages=self._pages(file, stream), fingerprint=file.fingerprint
            )

    def _pages(self, file: drop.Dropped, stream: Stream) -> Iterator[Page]:
        read = 0
        with file.open() as opened:
            _check_size(opened, file.name)
            try:
                with CalamineWorkbook.from_filelike(opened) as book:
                    sheet = self._sheet(book, file.name)
                    self._only(book, sheet, stream, file.name)
                    for page in _read(sheet, stream, file.name):
                        read += len(page.lines)
                        yield page
            except CalamineError:
                raise SourceMalformed(
                    f"{file.name}: the file is not a readable XLSX workbook",
                    remedy="Ask the department to send it again, saved as XLSX without a password (XLS and ODS do too)",
                ) from None
        file.check(read)

    def _only(self, book: CalamineWorkbook, read: CalamineSheet, stream: Stream, name: str) -> None:
        """Refuse a workbook of which another sheet holds the stream's header too, where nothing says which is meant."""
        if self.sheet is not None or self.number != 1 or len(book.sheet_names) == 1:
            return
        others = (book.get_sheet_by_index(at) for at in range(1, len(book.sheet_names)))
        if also := [sheet.name for sheet in others if _found(sheet, stream)]:
            raise SourceMalformed(
                f"{name}: not only the sheet {read.name} holds the header of {stream.name}, {', '.join(also)} too",
                remedy="Ask the department for one sheet, or name the one that counts under `sheet` in the declaration",
            )

    def _sheet(self, book: CalamineWorkbook, name: str) -> CalamineSheet:
        if self.sheet is not None and self.sheet in book.sheet_names:
            return book.get_sheet_by_name(self.sheet)
        if self.sheet is None and 1 <= self.number <= len(book.sheet_names):
            return book.get_sheet_by_index(self.number - 1)
        wanted = f"named {self.sheet}" if self.sheet is not None else f"number {self.number}"
        raise SourceMalformed(
            f"{name}: the workbook has no sheet {wanted}",
            remedy="Ask the department for the agreed sheet, or correct `sheet` in the declaration",
        )


def _found(sheet: CalamineSheet, stream: Stream) -> bool:
    """Does the stream's header stand on this sheet?"""
    merged = _merged(sheet)
    top = enumerate(islice(_rows(sheet, merged), TOP), 1)
    head = [_across(line, cells, merged) for line, cells in top if any(cell != "" for cell in cells)]
    return headers.locate(head, stream, deepest=DEEPEST) is not None


def _read(sheet: CalamineSheet, stream: Stream, name: str) -> Iterator[Page]:
    merged = _merged(sheet)
    rows = _rows(sheet, merged)
    top = list(islice(rows, TOP))
    head = [(at, _across(at + 1, cells, merged)) for at, cells in enumerate(top) if any(cell != "" for cell in cells)]
    found = headers.locate([cells for _, cells in head], stream, deepest=DEEPEST)
    if found is None:
        raise headers.absent(stream, file=name)
    first, behind = found
    begins, last = head[first][0], head[behind - 1][0]
    last = max([last, *(bottom - 1 for top, bottom, _, _ in merged if begins < top <= last + 1)])  # merged downwards
    behind += sum(at <= last for at, _ in head[behind:])
    columns = headers.read([cells for _, cells in head[first:behind]], stream, file=name, line=last + 1)
    needed = {f.name for f in stream.fields if f.required}
    required = [place for field, place in columns.places if field in needed]
    chunk, line = top[last + 1 :], last + 2
    while chunk or (chunk := list(islice(rows, PAGE))):
        if page := _page(line, chunk, columns, required, name):
            yield page
        line += len(chunk)
        chunk = []


def _page(line: int, rows: list[list[Any]], columns: headers.Columns, required: list[int], name: str) -> Page | None:
    """The rows that are rows of the stream, by column; `line` is the first one's."""
    lines: Sequence[int] = range(line, line + len(rows))
    by_place = list(zip(*rows, strict=True))
    if not required or any("" in by_place[place] for place in required):
        kept = [at for at, cells in enumerate(rows) if _is_row(cells, required)]
        lines = [lines[at] for at in kept]
        by_place = list(zip(*(rows[at] for at in kept), strict=True))
    if not lines:
        return None
    for beyond in by_place[columns.width :]:
        odd = next((at for at, cell in zip(lines, beyond, strict=True) if cell != ""), None)
        if odd is not None:
            raise SourceMalformed(
                f"{name}, line {odd}: a value stands in a column without a header",
                remedy="Ask the department to give the column its header, or to empty it",
            )
    return Page(lines=lines, columns={field: _values(column) for field, column in columns.of(by_place).items()})


def _is_row(cells: Sequence[object], required: list[int]) -> bool:
    """Neither empty nor a line of sums. A row that has all required values is one, whatever words stand in it."""
    if required and "" not in [cells[place] for place in required]:
        return True
    return any(cell != "" for cell in cells) and not is_subtotal(cells)


def is_subtotal(cells: Sequence[object]) -> bool:
    """Is this a line of sums? Its first words say so."""
    words = (re.sub(r"\s", "", cell) for cell in cells if isinstance(cell, str) and cell)
    return any(SUBTOTAL.fullmatch(word) for word in words)


def _values(column: Sequence[Any]) -> Sequence[object]:
    if set(map(type, column)) <= AS_IT_IS:
        return column
    return [cell.date() if type(cell) is datetime else cell if type(cell) in AS_IT_IS else str(cell) for cell in column]


def _rows(sheet: CalamineSheet, merged: Sequence[Range]) -> Iterator[list[Any]]:
    """Every row of a sheet from its first; a cell merged downwards says its value in each of its rows."""
    if not merged:
        yield from sheet.iter_rows()
        return
    waiting = sorted(merged, reverse=True)
    below: list[tuple[int, int, Any]] = []  # last row, column, value
    for line, cells in enumerate(sheet.iter_rows(), 1):
        below = [one for one in below if one[0] >= line]
        for _, column, value in below:
            cells[column] = value
        while waiting and waiting[-1][0] <= line:
            _, bottom, left, _ = waiting.pop()
            below.append((bottom, left, cells[left]))
        yield cells


def _across(line: int, cells: Sequence[Any], merged: Sequence[Range]) -> Sequence[Any]:
    """A row of a header, a group's name standing in each column below which it is merged."""
    filled = list(cells)
    for top, bottom, left, right in merged:
        if top <= line <= bottom:
            filled[left : right + 1] = [cells[left]] * (right + 1 - left)
    return filled


def _merged(sheet: CalamineSheet) -> list[Range]:
    """The merged cells of a sheet; calamine's rows begin with the first column that is not empty."""
    left = sheet.start[1] if sheet.start else 0
    width = sheet.width
    return [
        (top + 1, bottom + 1, begin - left, min(end - left, width - 1))
        for (top, begin), (bottom, end) in sheet.merged_cell_ranges or ()
        if 0 <= begin - left < width
    ]


def _check_size(file: BinaryIO, name: str) -> None:
    """Refuse a workbook that unpacks to too much: XLSX and ODS are ZIP archives. XLS is not packed."""
    try:
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            archive.check_size(name, sum(m.compress_size for m in members), sum(m.file_size for m in members), MOST)
            for member in members:
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    with packed.open(member) as sheet:
                        _check_extent(sheet, name)
    except zipfile.BadZipFile:
        pass  # XLS, or nothing that can be read: calamine says so
    except archive.BROKEN:
        raise SourceMalformed(
            f"{name}: the workbook is damaged", remedy="Ask the department to send it again"
        ) from None
    file.seek(0)


def _check_extent(sheet: IO[bytes], name: str) -> None:
    """Refuse a sheet of few cells that stand far apart."""
    wide, deep, rest = 26, 0, b""
    while chunk := sheet.read(1 << 20):
        text = rest + chunk
        wide = max([wide, *map(_column, set(FAR.findall(text)))])
        last = text.rfind(b"<row ")
        told = ROW.match(text, last) if last >= 0 else None
        deep = max(deep, int(told[1])) if told else deep + text.count(b"<row ")
        rest = text[-OVERLAP:]
    if wide * deep > CELLS:
        raise SourceMalformed(
            f"{name}: its cells stand as far apart as column {wide:,} and row {deep:,}",
            remedy="Ask the department to delete the stray cells beside and below the list, and to send the file again",
        )


def _column(letters: bytes) -> int:
    """AA is 27."""
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place
