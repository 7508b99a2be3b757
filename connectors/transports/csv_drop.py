"""CSV files dropped into a folder, in GB18030 (with or without byte-order mark) or UTF-8 with one.

A file is read line by line and never held in memory. Values stay text, guards of spreadsheets (`="..."`, a
leading apostrophe) included: the hub normalises them. A character that cannot be read refuses the file.
"""

from __future__ import annotations

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.base import Connection, Delivery, Page, Stream
from connectors.errors import SourceMalformed
from connectors.transports import drop, headers

SEND_AGAIN = "Ask the department to send the file again"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDrop:
    """Files of `pattern`, decoded as `encoding` unless a byte-order mark says UTF-8; one delivery a file."""

    pattern: str
    encoding: str = "gb18030"

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`; a fingerprint tells what is new, so a late file is found."""
        for file in drop.new_files(stream, connection, self.pattern, seen):
            yield Delivery(
                label=file.path.name,
                as_of=file.as_of,
                pages=_pages(file.path, stream, self.encoding),
                fingerprint=file.fingerprint,
            )


def _pages(path: Path, stream: Stream, encoding: str) -> Iterator[Page]:
    columns: headers.Columns | None = None
    lines: list[int] = []
    rows: list[dict[str, object]] = []
    searched = 0
    for line, cells in _records(path, encoding):
        if columns is not None:
            _check_width(cells, columns, file=path.name, line=line)
            lines.append(line)
            rows.append(columns.values(cells))
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


def _records(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which it begins, cells) of every record that is not blank."""
    reader = csv.reader(_lines(path, encoding), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        raise SourceMalformed(
            f"{path.name}, line {begins}: the quotes of this line do not close", remedy=SEND_AGAIN
        ) from None


def _lines(path: Path, encoding: str) -> Iterator[str]:
    """Decoded lines. 0x0A is never the second byte of a GB18030 character, so bytes may be split at it."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if number == 1:
                if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                    raise SourceMalformed(
                        f"{path.name}: the file is UTF-16",
                        remedy="Ask the department to save it as CSV in GB18030 or UTF-8",
                    )
                encoding = "utf-8" if raw.startswith(BOM_UTF8) else encoding
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                raise _unreadable(path, number, encoding) from None
            if "\ufffd" in text:
                raise _unreadable(path, number, encoding)
            yield text.removeprefix("\ufeff") if number == 1 else text


def _unreadable(path: Path, line: int, encoding: str) -> SourceMalformed:
    return SourceMalformed(
        f"{path.name}, line {line}: a character is not {encoding}, or was lost before it was sent",
        remedy=f"{SEND_AGAIN} in GB18030, written by its system and not by a spreadsheet",
    )


def _check_width(cells: Sequence[str], columns: headers.Columns, *, file: str, line: int) -> None:
    """A row of another width has shifted values: reading on would put them under wrong headers."""
    if len(cells) < columns.width or any(cells[columns.width :]):
        raise SourceMalformed(
            f"{file}, line {line}: {len(cells)} values under {columns.width} headers",
            remedy=f"{SEND_AGAIN}; a comma inside a value must stand in quotes",
        )
