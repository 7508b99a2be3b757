"""The lake: a folder of immutable Parquet files named by the SHA-256 of their content.

1. A file is written under a temporary name, flushed to disk, then renamed to its digest: whole or not at all.
2. A file is never changed. What is not named by the store's ledger does not exist for the hub (an orphan of a crash).
3. `rows/` holds pseudonymous parts, `sealed/` the direct identifiers (retention destroys them without touching the
   rows), `derived/` a month's tables.
4. One run at a time: `lock` refuses a second one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from hub.errors import Locked, StoreError

Shelf = Literal["rows", "sealed", "derived"]
SHELVES: tuple[Shelf, ...] = ("rows", "sealed", "derived")


def flush_folder(folder: Path) -> None:
    """Make durable which files a folder holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Writer:
    """One Parquet file in the making: append batches of rows, then `finish` for its digest, or `discard`."""

    def __init__(self, lake: Lake, shelf: Shelf, schema: pa.Schema, *, random: Collection[str] = ()) -> None:
        """`random`: columns of keyed or sealed values, which no dictionary makes smaller."""
        folder = lake.root / shelf
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / f".{uuid4().hex}.tmp"
        self.schema = schema
        self._writer = pq.ParquetWriter(
            self._path,
            schema,
            compression=dict.fromkeys(schema.names, "none" if shelf == "sealed" else "zstd"),
            use_dictionary=[name for name in schema.names if name not in random],
        )

    def append_table(self, table: pa.Table) -> None:
        """Write rows given as an Arrow table of this file's schema."""
        self._writer.write_table(table)

    def finish(self) -> str:
        """Flush to disk and give the file its name. Returns the content digest."""
        self._writer.close()
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        self._path.rename(self._folder / f"{digest}.parquet")
        flush_folder(self._folder)
        return digest

    def discard(self) -> None:
        """Leave nothing behind, whatever the disk says; harmless after `finish`. What stays, `lock` removes."""
        with suppress(OSError):
            self._writer.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


class Lake:
    """A lake at a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, shelf: Shelf, digest: str) -> Path:
        """Where a file is. Raises StoreError where the ledger names a file that is not there."""
        path = self.root / shelf / f"{digest}.parquet"
        if not path.is_file():
            raise StoreError(
                f"The lake has no {shelf} file {digest[:12]}…",
                remedy="Restore the lake from backup; the store names a file that is gone",
            )
        return path

    def write(self, shelf: Shelf, table: pa.Table) -> str:
        """Write a whole table; returns its content digest."""
        writer = Writer(self, shelf, table.schema)
        try:
            writer.append_table(table)
            return writer.finish()
        finally:
            writer.discard()

    def read(self, shelf: Shelf, digest: str, columns: list[str] | None = None) -> pa.Table:
        """A file's rows, all columns or some."""
        return pq.read_table(self.path(shelf, digest), columns=columns)

    def batches(self, shelf: Shelf, digest: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Some columns of a file, some rows at a time."""
        with pq.ParquetFile(self.path(shelf, digest)) as file:
            yield from file.iter_batches(columns=columns)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lake for one run; released when the process ends, however it ends. Raises Locked."""
        for shelf in SHELVES:
            (self.root / shelf).mkdir(parents=True, exist_ok=True)
        flush_folder(self.root)
        with (self.root / ".lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Locked(
                    f"Another run works on the lake {self.root}", remedy="Wait until it has ended, then run this again"
                ) from None
            for orphan in self.root.glob("*/.*.tmp"):
                orphan.unlink(missing_ok=True)
            yield
