"""CSV and TSV files dropped into a folder, in GB18030 or UTF-8, with or without a byte-order mark.

1. A file is read block by block and never held in memory; a page is what a block holds.
2. The encoding is what the stream declares (`auto`: UTF-8 where the beginning of the file is UTF-8, else GB18030); a
   byte-order mark goes before. A character that cannot be read, or was lost before the file was sent, refuses the file.
3. Values stay text, guards of spreadsheets (`="..."`, a leading apostrophe) included: the hub normalises them.
4. A row of another width has shifted values, and quotes that do not close have swallowed rows: both refuse the file,
   by line.
"""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, BinaryIO, ClassVar, Literal

from connectors.base import Connection, Delivery, Page, Stream
from connectors.errors import SourceMalformed
from connectors.transports import drop, headers

BLOCK = 512 * 1024  # bytes read at once
LONGEST = 16 * 1024**2  # bytes that one record may have
BOM_GB18030 = "\ufeff".encode("gb18030")
SEND_AGAIN = "Ask the department to send the file again"

Records = tuple[Sequence[int], list[list[str]]]  # the line on which each begins, its cells
Block = tuple[int, str, Records | None]  # the line on which whole records begin, their text; parsed where it has quotes


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDrop(drop.Drop):
    """Files of `pattern`, their values parted by `delimiter`; one delivery a file."""

    kind: ClassVar[str] = "csv"

    encoding: Literal["gb18030", "utf-8", "auto"] = "gb18030"
    delimiter: Literal[",", "\t", ";", "|"] = ","

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
            blocks = self._blocks(opened, file.name)
            columns, rest = self._header(blocks, stream, file.name)
            pages = (self._page(block, columns, file.name) for block in blocks)
            for page in chain([_exact(*rest, columns, file.name)], pages):
                read += len(page.lines)
                if page.lines:
                    yield page
        file.check(read)

    def _header(self, blocks: Iterator[Block], stream: Stream, name: str) -> tuple[headers.Columns, Records]:
        """The columns, and what of the first block stands below the header. Raises SourceMalformed."""
        for line, text, parsed in blocks:
            lines, rows = parsed or self._records(line, text)
            head = [(at, cells) for at, cells in enumerate(rows) if any(cells)][: headers.SEARCHED]
            found = headers.locate([cells for _, cells in head], stream)
            if found is None:
                break
            at = head[found[0]][0]
            columns = headers.read([rows[at]], stream, file=name, line=lines[at])
            return columns, (lines[at + 1 :], rows[at + 1 :])
        raise headers.absent(stream, file=name)

    def _page(self, block: Block, columns: headers.Columns, name: str) -> Page:
        """A block's rows by column: values cut out of the whole text where no quote and no odd row stands in it."""
        line, text, parsed = block
        plain = text.replace("\r\n", "\n").removesuffix("\n")
        if parsed or "\r" in plain or columns.width < 2:
            return _exact(*(parsed or self._records(line, text)), columns, name)
        lines = plain.split("\n")
        gaps = columns.width - 1
        if self.delimiter * gaps in lines or {one.count(self.delimiter) for one in lines} != {gaps}:
            return _exact(*self._records(line, text), columns, name)
        values = plain.replace("\n", self.delimiter).split(self.delimiter)
        by_place = {field: values[place :: columns.width] for field, place in columns.places}
        return Page(lines=range(line, line + len(lines)), columns=by_place)

    def _blocks(self, file: BinaryIO, name: str) -> Iterator[Block]:
        """The file's text in blocks of whole records."""
        raw = file.read(BLOCK)
        encoding, bom = _encoding(raw, self.encoding, name)
        raw, line = raw[bom:], 1
        while raw:
            more = file.read(BLOCK)
            cut = raw.rfind(b"\n") + 1 if more else len(raw)
            text = _decoded(raw[:cut], encoding, name, line)
            quoted = '"' in text
            parsed = self._parsed(line, text) if quoted else None
            if cut and (parsed or not quoted):
                yield line, text, parsed
                line += raw.count(b"\n", 0, cut)
                raw = raw[cut:] + more
            elif not more or len(raw) > LONGEST:
                raise self._unclosed(line, text, name)
            else:  # a record goes on in the next block
                raw += more

    def _parsed(self, line: int, text: str) -> Records | None:
        """The records of a block; None where the last of them does not end here."""
        try:
            return self._records(line, text)
        except csv.Error:
            return None

    def _records(self, line: int, text: str) -> Records:
        """The records of a block, and the line on which each begins."""
        reader = self._reader(text)
        rows = list(reader)
        if len(rows) == reader.line_num:
            return range(line, line + len(rows)), rows
        reader = self._reader(text)
        begins = [0, *(reader.line_num for _ in reader)]  # values hold line breaks
        return [line + before for before in begins[:-1]], rows

    def _unclosed(self, line: int, text: str, name: str) -> SourceMalformed:
        """The error for a block that cannot be parsed: which record it is."""
        reader = self._reader(text)
        begins = line
        try:
            for _ in reader:
                begins = line + reader.line_num
        except csv.Error:
            pass
        return SourceMalformed(f"{name}, line {begins}: the quotes of this line do not close", remedy=SEND_AGAIN)

    def _reader(self, text: str) -> Any:
        return csv.reader(io.StringIO(text, newline="\n"), strict=True, delimiter=self.delimiter)


def _exact(lines: Sequence[int], rows: list[list[str]], columns: headers.Columns, name: str) -> Page:
    lines, rows = _whole(lines, rows, columns.width, name)
    return Page(lines=lines, columns=columns.of(list(zip(*rows, strict=True))) if rows else {})


def _whole(lines: Sequence[int], rows: list[list[str]], width: int, name: str) -> Records:
    """The rows that are not blank, each of the header's width. Raises SourceMalformed for one that is not."""
    if not all(map(any, rows)):
        kept = [at for at, cells in enumerate(rows) if any(cells)]
        lines, rows = [lines[at] for at in kept], [rows[at] for at in kept]
    if not rows or set(map(len, rows)) == {width}:
        return lines, rows
    for line, cells in zip(lines, rows, strict=True):
        if len(cells) < width or any(cells[width:]):
            raise SourceMalformed(
                f"{name}, line {line}: {len(cells)} values under {width} headers",
                remedy=f"{SEND_AGAIN}; a comma inside a value must stand in quotes",
            )
    return lines, [cells[:width] for cells in rows]


def _encoding(start: bytes, declared: str, name: str) -> tuple[str, int]:
    """How to decode a file that begins so, and how long its byte-order mark is. Raises SourceMalformed."""
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise SourceMalformed(
            f"{name}: the file is UTF-16", remedy="Ask the department to save it as CSV in GB18030 or UTF-8"
        )
    if start.startswith(BOM_UTF8):
        return "utf-8", len(BOM_UTF8)
    if start.startswith(BOM_GB18030):
        return "gb18030", len(BOM_GB18030)
    if declared != "auto":
        return declared, 0
    try:
        getincrementaldecoder("utf-8")().decode(start)  # a character cut off at the block's end is no error
    except UnicodeDecodeError:
        return "gb18030", 0
    return "utf-8", 0


def _decoded(raw: bytes, encoding: str, name: str, line: int) -> str:
    """Text of whole lines: 0x0A is never the second byte of a GB18030 character, so bytes may be split at it."""
    try:
        text = raw.decode(encoding)
        lost = text.find("\ufffd")
        before = text.count("\n", 0, lost)
    except UnicodeDecodeError as error:
        lost, before = error.start, raw.count(b"\n", 0, error.start)
    if lost < 0:
        return text
    raise SourceMalformed(
        f"{name}, line {line + before}: a character is not {encoding}, or was lost before it was sent",
        remedy=f"{SEND_AGAIN} in GB18030, written by its system and not by a spreadsheet",
    ) from None
