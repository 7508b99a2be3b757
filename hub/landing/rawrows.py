"""Raw rows told again: the sorted list of the digests of an earlier snapshot's rows (hub/reading/raw_digests.py).

1. Two rows of one digest read alike, for the same reading (`reading`).
2. The list is a part of the lake, one (digest, line) a row read, in the order of arrival; it is sorted when used.
   20 bytes a row in memory: 10 million rows are 200 MB.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from connectors.base import Stream
from hub.lake import Lake, Writer
from hub.reading.identity import Linkage
from hub.reading.values import Codes

FLUSH = 100_000
READING = b"aidgraph.reading"
SCHEMA = pa.schema([("high", pa.uint64()), ("low", pa.uint64()), ("line", pa.int32())])
SORTED = "SELECT high, low, line FROM read_parquet($raw) {where} ORDER BY high, low, line"
KEPT = "WHERE line IN (SELECT line FROM held UNION ALL SELECT line FROM read_parquet($rows))"
MEMORY = "256MB"  # of DuckDB; what exceeds it goes to disk


def reading(stream: Stream, codes: Codes, linkage: Linkage) -> str | None:
    """A digest of everything that decides how a row is read: where it is the same, an equal row reads the same.

    None where the code lists cannot say what they hold: then nothing may be concluded.
    """
    told = getattr(codes, "digest", None)
    if told is None:
        return None
    fields = (*stream.fields, *(field for child in stream.children for field in child.fields))
    lists = told({field.codes for field in fields if field.codes})
    declared = (stream.fields, stream.children, stream.division, stream.ignored)
    parts = (declared, linkage.contract.digest, linkage.key_id, lists, _program())
    return hashlib.sha256(repr(parts).encode()).hexdigest()


@lru_cache(maxsize=1)
def _program() -> str:
    """The hub's own text, and the Python and the Unicode it runs on."""
    root = Path(__file__).parents[1]
    content = hashlib.sha256(f"{sys.version_info[:3]} {unicodedata.unidata_version}".encode())
    for path in sorted(root.rglob("*.py")):
        content.update(path.read_bytes())
    return content.hexdigest()


class RawWriter:
    """The list of a snapshot's raw rows in the making."""

    def __init__(self, lake: Lake, read: str) -> None:
        self._writer = Writer(lake, "rows", SCHEMA.with_metadata({READING: read.encode()}))
        self._digests: list[bytes] = []
        self._lines: list[int] = []

    def append(self, digests: Sequence[bytes], lines: Sequence[int]) -> None:
        self._digests += digests
        self._lines += lines
        if len(self._lines) >= FLUSH:
            self._flush()

    def _flush(self) -> None:
        words = memoryview(b"".join(self._digests)).cast("Q")
        columns = [_words(words[half::2]) for half in (0, 1)]
        self._writer.append_table(pa.table([*columns, pa.array(self._lines, pa.int32())], schema=self._writer.schema))
        self._digests, self._lines = [], []

    def finish(self) -> str:
        self._flush()
        return self._writer.finish()

    def discard(self) -> None:
        self._writer.discard()


def _words(words: memoryview) -> pa.Array:
    return pa.Array.from_buffers(pa.uint64(), len(words), [None, pa.py_buffer(words.tobytes())])


class Waiting(NamedTuple):
    """A row in quarantine: why, and whether it names nobody."""

    reason: str
    nobody: bool


class Held:
    """The rows of a batch that wait in quarantine, by line: 6 bytes a row."""

    def __init__(self, rows: Iterable[tuple[int, Waiting]] = ()) -> None:
        self.kinds: list[Waiting] = []
        known: dict[Waiting, int] = {}
        lines, codes = array("i"), array("H")
        for line, waiting in rows:
            if waiting not in known:
                known[waiting] = len(self.kinds)
                self.kinds.append(waiting)
            lines.append(line)
            codes.append(known[waiting])
        order = np.argsort(lines)
        self.lines: NDArray[np.int32] = np.array(lines, np.int32)[order]
        self._codes: NDArray[np.uint16] = np.array(codes, np.uint16)[order]

    def of(self, lines: NDArray[np.int32]) -> array[int]:
        """For each line 1 + its place in `kinds`; 0 where the row is not held. Empty where none ever is."""
        if not len(self.lines):
            return array("H")
        at = np.searchsorted(self.lines, lines).clip(max=len(self.lines) - 1)
        return array("H", np.where(self.lines[at] == lines, self._codes[at] + 1, 0).astype(np.uint16).tobytes())


class RawIndex:
    """The rows of a whole snapshot that were accepted or held, found by their digests; `lines` is the line of each."""

    def __init__(self, found: Iterable[pa.RecordBatch], held: Held) -> None:
        self._high, self._low, lines = array("Q"), array("Q"), array("i")
        for batch in found:
            for words, name in ((self._high, "high"), (self._low, "low"), (lines, "line")):
                column, size = batch[name], words.itemsize
                start = size * column.offset
                words.frombytes(memoryview(column.buffers()[1])[start : start + size * len(column)])
        self.lines = pa.Array.from_buffers(pa.int32(), len(lines), [None, pa.py_buffer(lines)])
        self._kinds, self._held = (
            held.kinds,
            held.of(np.frombuffer(lines, np.int32) if lines else np.empty(0, np.int32)),
        )
        bits = min(16, max(0, len(self._high).bit_length() - 8))
        self._shift = 64 - bits
        edges = (bisect_left(self._high, bucket << self._shift) for bucket in range(1 << bits))
        self._starts = array("q", [*edges, len(self._high)])

    def __len__(self) -> int:
        return len(self._high)

    def waiting(self, at: int) -> Waiting | None:
        """What of the row at this position is in quarantine; None where it was accepted."""
        held = self._held[at] if self._held else 0
        return self._kinds[held - 1] if held else None

    def find(self, digests: Sequence[bytes]) -> list[int]:
        """The position of each row; -1 where the snapshot has no such row."""
        high, low, starts, shift, count = self._high, self._low, self._starts, self._shift, len(self._high)
        words = memoryview(b"".join(digests)).cast("Q").tolist()
        found = []
        for first, second in zip(words[0::2], words[1::2], strict=True):
            bucket = first >> shift
            at = bisect_left(high, first, starts[bucket], starts[bucket + 1])
            found.append(at if at < count and high[at] == first and low[at] == second else -1)
        return found


def read_as(lake: Lake, raw: str) -> str:
    """The `reading` under which the rows of a list were read."""
    metadata = pq.read_schema(lake.path("rows", raw)).metadata or {}
    return bytes(metadata.get(READING, b"")).decode()


def load(lake: Lake, raw: str, rows: str | None, held: Held) -> RawIndex:
    """The index over a list; `held` are the batch's rows in quarantine.

    `rows` is the part with the batch's accepted rows, where not every row read was accepted or held: what the batch
    left out as a duplicate of a row in other letters is not a row that anything can stand on.
    """
    paths = {"raw": str(lake.path("rows", raw))} | ({"rows": str(lake.path("rows", rows))} if rows else {})
    with engine(lake) as duck:
        duck.register("held", pa.table({"line": pa.array(held.lines)}))
        return RawIndex(duck.sql(SORTED.format(where=KEPT if rows else ""), params=paths).to_arrow_reader(), held)


@contextmanager
def engine(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of little memory, for what concerns a whole list; the rest goes to the lake's disk meanwhile."""
    spill = lake.root / ".spill"
    shutil.rmtree(spill, ignore_errors=True)
    try:
        with duckdb.connect(config={"memory_limit": MEMORY, "threads": 2, "temp_directory": str(spill)}) as duck:
            yield duck
    finally:
        shutil.rmtree(spill, ignore_errors=True)
