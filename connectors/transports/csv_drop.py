"""CSV and TSV files dropped into a folder, in GB18030 or UTF-8, with or without a byte-order mark.

1. A file is read block by block and never held in memory; a page is what a block holds. Where each record is a line of
   its own, its values are cut out when they are asked for (`connectors.pages.Unread`), else at once.
2. The encoding is what the stream declares (`auto`: UTF-8 where the beginning of the file is UTF-8, else GB18030); a
   byte-order mark goes before. A character that cannot be read, or was lost before the file was sent, refuses the file.
3. Values stay text, guards of spreadsheets (`="..."`, a leading apostrophe) included: the hub normalises them.
4. A row of another width has shifted values, and quotes that do not close have swallowed rows: both refuse the file,
   by line.
"""

from __future__ import annotations

import csv
import hashlib
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, BinaryIO, ClassVar, Literal

import numpy as np

from connectors.base import Connection, Delivery, Stream
from connectors.errors import SourceMalformed
from connectors.pages import Page, Unread
from connectors.transports import drop, headers

BLOCK = 512 * 1024  # bytes read at once
LONGEST = 16 * 1024**2  # bytes that one record may have
LOST = "\ufffd"  # stands for a character that was lost
BOM_GB18030 = "\ufeff".encode("gb18030")
SEND_AGAIN = "Ask the department to send the file again"

Records = tuple[Sequence[int], list[list[str]]]  # the line on which each begins, its cells
Block = tuple[int, bytes, Records | None]  # the line on which whole records begin, their bytes; parsed where it must be


class NotWhole(Exception):
    """Lines that are no records of the header's width, or no text of the encoding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Lines of a file, each a whole record, by column."""

    columns: headers.Columns
    encoding: str
    delimiter: str

    @property
    def under(self) -> bytes:
        """A digest of what decides beside a line's own bytes what it says."""
        return hashlib.sha256(repr(self).encode()).digest()

    def __call__(self, rows: Sequence[bytes]) -> Mapping[str, Sequence[object]]:
        """Raises NotWhole."""
        try:
            plain = b"\n".join(rows).decode(self.encoding)
        except UnicodeDecodeError:
            raise NotWhole from None
        if LOST in plain:
            raise NotWhole
        width = self.columns.width
        if '"' not in plain:
            values = plain.replace("\n", f"{self.delimiter}\n{self.delimiter}").split(self.delimiter)
            ends = values[width :: width + 1]  # a line's end stands between its last value and the next line's first
            if len(values) == (width + 1) * len(rows) - 1 and ends.count("\n") == len(rows) - 1:
                return {field: values[place :: width + 1] for field, place in self.columns.places}
        try:
            cells = list(csv.reader(plain.split("\n"), strict=True, delimiter=self.delimiter))
        except csv.Error:
            raise NotWhole from None
        if len(cells) != len(rows):
            raise NotWhole
        if set(map(len, cells)) != {width}:
            if any(len(row) < width or any(row[width:]) for row in cells):
                raise NotWhole
            cells = [row[:width] for row in cells]
        return self.columns.of(list(zip(*cells, strict=True)))


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
            raw = opened.read(BLOCK)
            encoding, bom = _encoding(raw, self.encoding, file.name)
            blocks = self._blocks(opened, raw[bom:], encoding, file.name)
            columns, rest = self._header(blocks, stream, encoding, file.name)
            reading = Reading(columns=columns, encoding=encoding, delimiter=self.delimiter)
            under = None if stream.ignored else reading.under
            pages = (self._page(block, reading, under, file.name) for block in blocks)
            for page in chain([_exact(*rest, columns, file.name)], pages):
                read += len(page.lines)
                if page.lines:
                    yield page
        file.check(read)

    def _header(
        self, blocks: Iterator[Block], stream: Stream, encoding: str, name: str
    ) -> tuple[headers.Columns, Records]:
        """The columns, and what of the first block stands below the header. Raises SourceMalformed."""
        for line, raw, parsed in blocks:
            lines, rows = parsed or self._records(line, _decoded(raw, encoding, name, line))
            head = [(at, cells) for at, cells in enumerate(rows) if any(cells)][: headers.SEARCHED]
            found = headers.locate([cells for _, cells in head], stream)
            if found is None:
                break
            at = head[found[0]][0]
            columns = headers.read([rows[at]], stream, file=name, line=lines[at])
            return columns, (lines[at + 1 :], rows[at + 1 :])
        raise headers.absent(stream, file=name)

    def _page(self, block: Block, reading: Reading, under: bytes | None, name: str) -> Page:
        """A block's rows: to be cut out of their lines, where each line seems to be a record, else read at once."""
        line, raw, parsed = block
        if parsed:
            return _exact(*parsed, reading.columns, name)

        def exactly() -> Page:
            text = _decoded(raw, reading.encoding, name, line)
            try:
                return _exact(*self._records(line, text), reading.columns, name)
            except csv.Error:
                raise self._unclosed(line, text, name) from None

        lines = _lines(raw)
        empty = 3 * reading.columns.width  # bytes: no longer is a line of nothing but quotes and delimiters
        if lines is None or min(map(len, lines)) <= empty or reading.columns.width < 2:
            return exactly()

        def told(fault: Exception) -> Exception:
            if not isinstance(fault, NotWhole):
                return fault
            exactly()  # says which line it is
            return self._unclosed(line, _decoded(raw, reading.encoding, name, line), name)

        return Page(lines=range(line, line + len(lines)), columns=Unread(lines, reading, told, under))

    def _blocks(self, file: BinaryIO, raw: bytes, encoding: str, name: str) -> Iterator[Block]:
        """The file in blocks of whole records; `raw` is its beginning."""
        line = 1
        while raw:
            more = file.read(BLOCK)
            cut = raw.rfind(b"\n") + 1 if more else len(raw)
            block = raw[:cut]
            broken = line == 1 or _breaks(block)  # the first is searched for the header
            parsed = self._parsed(line, _decoded(block, encoding, name, line)) if broken else None
            if cut and (parsed or not broken):
                yield line, block, parsed
                line += block.count(b"\n")
                raw = raw[cut:] + more
            elif not more or len(raw) > LONGEST:
                raise self._unclosed(line, _decoded(block, encoding, name, line), name)
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
        with suppress(csv.Error):
            for _ in reader:
                begins = line + reader.line_num
        return SourceMalformed(f"{name}, line {begins}: the quotes of this line do not close", remedy=SEND_AGAIN)

    def _reader(self, text: str) -> Any:
        return csv.reader(io.StringIO(text, newline="\n"), strict=True, delimiter=self.delimiter)


def _breaks(block: bytes) -> bool:
    """Does a record stand on several lines? Then a line ends behind an odd number of quotes."""
    if b'"' not in block:
        return False
    every = np.frombuffer(block, np.uint8)
    quotes, ends = np.flatnonzero(every == ord('"')), np.flatnonzero(every == ord("\n"))
    return bool((np.searchsorted(quotes, ends) % 2).any())


def _lines(block: bytes) -> list[bytes] | None:
    """The lines of a block; None where they do not all end alike."""
    end = b"\r\n" if b"\r" in block else b"\n"
    lines = block.removesuffix(end).split(end)
    ends = len(lines) - 1 + block.endswith(end)
    return lines if block.count(b"\n") == ends and block.count(b"\r") in (0, ends) else None


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
        lost = text.find(LOST)
        before = text.count("\n", 0, lost)
    except UnicodeDecodeError as error:
        lost, before = error.start, raw.count(b"\n", 0, error.start)
    if lost < 0:
        return text
    raise SourceMalformed(
        f"{name}, line {line + before}: a character is not {encoding}, or was lost before it was sent",
        remedy=f"{SEND_AGAIN} in GB18030, written by its system and not by a spreadsheet",
    ) from None
