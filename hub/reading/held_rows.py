"""The rows of a batch for quarantine, until it commits: counted at once, and on disk where they are many.

1. What a row holds is sealed before it comes here: nothing clear is written.
2. The file has no name: a process that is killed leaves nothing behind.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pyarrow as pa

KEPT = 5_000  # rows in memory, at most about this many


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row for quarantine; `digest` tells it again when an overlap repeats it, `mac` whose it is, where known."""

    line: int
    reason: str
    field: str
    digest: str
    mac: str | None
    sealed: bytes


SCHEMA = pa.schema(
    [(f.name, {"line": pa.int32(), "sealed": pa.binary()}.get(f.name, pa.string())) for f in fields(Held)]
)


class HeldRows:
    """Rows in the order in which they were added; may be walked through again and again, until `close`.

    `reasons` counts them by reason code and field; `nobody` are those whose ID number cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: where what does not fit into memory is kept; it exists."""
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.nobody = 0
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._ends = [0]
        self._recent: list[Held] = []

    def __len__(self) -> int:
        return self.reasons.total()

    def __iter__(self) -> Iterator[Held]:
        if self._file is not None:
            for start, end in pairwise(self._ends):
                yield from _kept(self._file, start, end)
        yield from self._recent

    @property
    def by_reason(self) -> Counter[str]:
        """How many rows have each reason code."""
        counted: Counter[str] = Counter()
        for (reason, _), count in self.reasons.items():
            counted[reason] += count
        return counted

    def extend(self, rows: Iterable[Held]) -> None:
        """Add rows. Raises OSError where the disk does not take them."""
        for row in rows:
            self.reasons[row.reason, row.field] += 1
            self.nobody += row.mac is None
            self._recent.append(row)
        if len(self._recent) >= KEPT:
            self._spill()

    def close(self) -> None:
        """Give the disk back; the rows are gone."""
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        columns = zip(*map(astuple, self._recent), strict=True)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, SCHEMA) as writer:
            writer.write_batch(pa.record_batch(arrays, schema=SCHEMA))
        if self._file is None:
            self._file = TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - closed by `close`
        written, rest = self._ends[-1], memoryview(sink.getvalue())
        while rest:
            count = os.pwrite(self._file.fileno(), rest, written)
            written, rest = written + count, rest[count:]
        self._ends.append(written)
        self._recent = []


def _kept(file: IO[bytes], start: int, end: int) -> Iterator[Held]:
    with pa.ipc.open_stream(os.pread(file.fileno(), end - start, start)) as reader:
        for row in reader.read_all().to_pylist():
            yield Held(**row)
