"""A department's file sealed before it travels: `aidgraph seal`. Needs the hub's public key and nothing else of it.

1. CSV (GB18030 or UTF-8) or XLSX in; CSV in UTF-8 with a byte-order mark out, or XLSX where OUT ends in .xlsx. The
   header, one row of it, and all other columns stay; rows above the header are left out. Row by row: a CSV is never
   held in memory; a workbook is, and must not unpack to more than sheet.MOST bytes.
2. Sealed are the declared identifiers and every column whose title says that it is one (户主姓名), wanted or not; or,
   with --columns, those named and no others. What would leave an identifier clear refuses the file: an ID number in
   another column, values without a title, a row wider or narrower than the header, no column to seal.
3. OUT appears whole or not at all, after its manifest `OUT.manifest.json`: {"file", "rows", "sha256"}. A row added or
   taken away is noticed by it, and by the values themselves: they know their line, the last of them that it is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from connectors.base import Field, Stream
from connectors.transports.headers import SEARCHED, plain
from connectors.transports.xlsx_drop import is_subtotal
from hub.edge import sheet as sheets
from hub.edge.envelope import Envelope, PublicKey, is_sealed
from hub.errors import InputError
from hub.reading.numbers import check_digit

NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
LIKELY = re.compile(
    r"姓名|户名|身份证|证件号|公民号|电话|手机|账号|账户|卡号|地址|住址|^户主$"
)  # titles of identifiers
Progress = Callable[[int], None]  # rows so far


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """What was written: rows without the header, its SHA-256, and the headers of sealed and of clear columns."""

    file: str
    rows: int
    sha256: str
    sealed: tuple[str, ...]
    clear: tuple[str, ...]

    def manifest(self) -> str:
        """The text of `OUT.manifest.json`."""
        return json.dumps({"file": self.file, "rows": self.rows, "sha256": self.sha256}, ensure_ascii=False)


def identifier_headers(streams: Sequence[Stream]) -> frozenset[str]:
    """The headers under which streams declare direct identifiers, as headers are compared."""
    fields: list[Field] = [field for stream in streams for field in stream.fields if field.sealed is not None]
    return frozenset(plain(name) for field in fields for name in (*field.names, field.name))


def seal_file(
    source: Path, out: Path, public: PublicKey, headers: frozenset[str], *, all_of_them: bool, progress: Progress
) -> SealedFile:
    """Seal what is headed by `headers` or looks like it, or exactly `all_of_them`. Raises InputError, OSError."""
    if out.exists():
        raise InputError(f"{out} exists", remedy="Name another file, or move this one away")
    if not out.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(out.parent))
    beside = out.with_name(f".{out.name}.{uuid4().hex}.tmp")
    note = out.with_name(f"{out.name}.manifest.json")
    try:
        with sheets.sheet(beside, workbook=out.suffix.lower() == ".xlsx") as written:
            rows, sums, sealed, clear = _copy(source, written, Envelope(public), headers, all_of_them, progress)
            if out.suffix.lower() == ".xlsx":
                rows -= sums  # the hub reads no lines of sums in a workbook
        with beside.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        made = SealedFile(file=out.name, rows=rows, sha256=digest, sealed=sealed, clear=clear)
        note.write_text(made.manifest(), encoding="utf-8")
        beside.rename(out)
    finally:
        beside.unlink(missing_ok=True)
    return made


def _copy(
    source: Path,
    sheet: sheets.Sheet,
    envelope: Envelope,
    headers: frozenset[str],
    all_of_them: bool,
    progress: Progress,
) -> tuple[int, int, tuple[str, ...], tuple[str, ...]]:
    """Rows, those of sums among them, the headers of sealed and of clear columns."""
    rows = sheets.rows(source)
    header = _header(source, rows, headers, all_of_them=all_of_them)
    titles, width = [plain(cell) for cell in header], len(header)
    likely = [] if all_of_them else [title for title in titles if LIKELY.search(title)]
    places = [at for at, title in enumerate(titles) if title in headers.union(likely)]
    others = [at for at in range(width) if at not in places]
    sheet.write(header)
    count = sums = 0
    waiting: list[list[object]] = []  # a row to be sealed, and those without anything to seal that follow it
    for line, cells in rows:
        if len(cells) < width or any(cell != "" for cell in cells[width:]):
            raise InputError(
                f"{source.name}, line {line}: {len(cells)} values under {width} headers",
                remedy="Correct the line; a comma inside a value must stand in quotes",
            )
        if any(is_sealed(cell) for cell in cells):
            raise InputError(
                f"{source.name}, line {line}: a value is sealed already", remedy="Seal the file as your system wrote it"
            )
        _refuse_clear(source, line, cells, others, titles)
        a_person = any(_to_be_sealed(cells[at]) for at in places)
        if a_person:
            _write(sheet, waiting, envelope, titles, places, last=False)
            waiting = []
        waiting.append(list(cells[:width]))
        count += 1
        sums += not a_person and is_subtotal(cells)
        if count % 1_000 == 0:
            progress(count)
    _write(sheet, waiting, envelope, titles, places, last=True)
    progress(count)
    return count, sums, tuple(titles[at] for at in places), tuple(titles[at] for at in others)


def _write(
    sheet: sheets.Sheet,
    rows: Sequence[list[object]],
    envelope: Envelope,
    titles: Sequence[str],
    places: Sequence[int],
    *,
    last: bool,
) -> None:
    for row in rows:
        for at in places:
            if _to_be_sealed(row[at]):
                row[at] = envelope.seal(row[at], titles[at], sheet.line, last=last)
        sheet.write(row)


def _to_be_sealed(cell: object) -> bool:
    """All but the word of a line of sums, which the hub must see to leave the line out."""
    return cell not in ("", None) and (not is_subtotal([cell]) or bool(NUMBER.search(str(cell))))


def _refuse_clear(
    source: Path, line: int, cells: Sequence[object], others: Sequence[int], titles: Sequence[str]
) -> None:
    for at in others:
        cell = cells[at]
        if cell != "" and not titles[at]:
            raise InputError(
                f"{source.name}, line {line}: column {at + 1} has values and no header",
                remedy="Give every column its header in one row, the one with the columns to be sealed",
            )
        if isinstance(cell, str) and len(cell) >= 18 and any(_is_number(found) for found in NUMBER.findall(cell)):
            raise InputError(
                f"{source.name}, line {line}: column {at + 1}, headed {titles[at][:30]}, holds an ID number",
                remedy="Name that column, with all the others to be sealed, in --columns; or leave it out of the file",
            )


def _is_number(text: str) -> bool:
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return check_digit(text[:17]) == text[17].upper()


def _header(
    source: Path, rows: Iterator[tuple[int, list[object]]], headers: frozenset[str], *, all_of_them: bool
) -> list[object]:
    """The header row: the first to name a column to be sealed."""
    for _, (_, cells) in zip(range(SEARCHED), rows, strict=False):
        titles = [plain(cell) for cell in cells]
        found = headers.intersection(titles)
        if found == headers if all_of_them else found:
            width = max(at for at, title in enumerate(titles, 1) if title)
            return cells[:width]
    shown = ", ".join(sorted(headers)[:12])
    raise InputError(
        f"{source.name}: no header row among the first {SEARCHED} names a column to be sealed",
        remedy=f"Headers looked for are {shown}; name the file's own with --columns",
    )
