"""An old binary workbook (.xls: BIFF8 in a compound file) of one sheet, made by hand: nothing writes them any more."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

SECTOR, SHORTEST = 512, 4096  # bytes; a shorter stream would live in the compound file's small sectors
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
BOF, EOF, CODEPAGE, BOUNDSHEET, LABEL, NUMBER = 0x0809, 0x000A, 0x0042, 0x0085, 0x0204, 0x0203


def write(path: Path, table: Sequence[Sequence[str | float | None]]) -> None:
    """Texts and numbers; None leaves a cell empty."""
    path.write_bytes(_compound(_workbook(table)))


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _text(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def _begin(kind: int) -> bytes:
    return _record(BOF, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _workbook(table: Sequence[Sequence[str | float | None]]) -> bytes:
    head = _begin(5) + _record(CODEPAGE, struct.pack("<H", 1200))
    name = "名单"
    sheet = struct.pack("<HBB", 0, len(name), 1) + name.encode("utf-16-le")
    globals_ = len(head) + 4 + 4 + len(sheet) + 4
    whole = head + _record(BOUNDSHEET, struct.pack("<I", globals_) + sheet) + _record(EOF) + _begin(0x10)
    for row, cells in enumerate(table):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, str):
                whole += _record(LABEL, place + _text(cell))
            elif cell is not None:
                whole += _record(NUMBER, place + struct.pack("<d", cell))
    return whole + _record(EOF)


def _compound(stream: bytes) -> bytes:
    """A compound file: the allocation table, the directory, then the one stream."""
    stream = stream.ljust(max(SHORTEST, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    table = [FAT, END, *range(3, 2 + count), END]
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, SHORTEST, END, 0, END, 0)
    head += struct.pack("<I", 0) + struct.pack("<I", FREE) * 108
    entries = _entry("Root Entry", 5, END, 0, child=1) + _entry("Workbook", 2, 2, len(stream)) + _entry("", 0, 0, 0) * 2
    return head + struct.pack("<128I", *table, *[FREE] * (128 - len(table))) + entries + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    text = name.encode("utf-16-le")
    length = len(text) + 2 if name else 0
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", length, kind, 1, FREE, FREE, child)
    return head + bytes(16 + 4 + 16) + struct.pack("<IQ", start, size)
