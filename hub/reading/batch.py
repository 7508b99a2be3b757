"""A batch in the making: pages go in, as they were read; parts of the lake and rows for quarantine come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from connectors.pages import RawRow
from hub.lake import Lake, Writer
from hub.reading.collector import catch_up
from hub.reading.digests import Digests, Keys
from hub.reading.held_rows import Held, HeldRows
from hub.reading.page_reader import PageReader, ReadPage, keys_of
from hub.reading.rows import SEALED_SCHEMA, child_schemas, counted, repaired

FLUSH = 20_000  # rows of a row group
RANDOM = ("mac", "name_mac", "record_digest")  # columns that no dictionary makes smaller


class Batch:
    """A batch in the making. `known`: digests of rows that the delivery may repeat from earlier ones.

    `repairs` counts the words of `id_repairs`, and those of `name_repairs` as `name_<word>`, and `warnings` those of
    `id_warnings`, among the accepted rows.
    """

    def __init__(self, *, reader: PageReader, lake: Lake, known: Digests | Iterable[str]) -> None:
        self.reader = reader
        self.read = self.accepted = self.duplicates = 0
        self.undeclared: set[str] = set()
        self.held = HeldRows(lake.root / "sealed")
        self.repairs: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self._known = known if isinstance(known, Digests) else Digests(known)
        self._seen = Digests()
        self._waiting: list[tuple[pa.RecordBatch, list[pa.RecordBatch], pa.Array]] = []
        rows = reader.rows
        self._children = child_schemas(rows.stream)
        schemas = {"": rows.schema} | self._children
        self._writers = {name: Writer(lake, "rows", schema, random=RANDOM) for name, schema in schemas.items()}
        self._sealed = Writer(lake, "sealed", SEALED_SCHEMA, random=SEALED_SCHEMA.names)

    @property
    def distinct(self) -> int:
        """How many different rows the delivery held."""
        return len(self._seen)

    def take(self, page: ReadPage) -> None:
        """Add a page: each of its rows is accepted, held for quarantine, or a duplicate."""
        self.read += page.read
        self.undeclared |= page.undeclared
        if page.held:
            self._hold(page.held)
        fresh = page.fresh(self._new(page.keys))
        table = fresh[0]
        self.accepted += len(table)
        self.repairs.update(repaired(table))
        self.warnings.update(counted(table, "id_warnings"))
        self._waiting.append(fresh)
        if sum(len(waiting) for waiting, _, _ in self._waiting) >= FLUSH:
            self._flush()

    def refuse(self, raw: RawRow, reason: str, field: str, clear: Mapping[str, object]) -> None:
        """Hold a row that could not be opened (edge/envelope.py); `clear` is what of it did, to tell whose it is."""
        self.read += 1
        self._hold([self.reader.unopened(raw, reason, field, clear)])

    def finish(self) -> tuple[dict[str, str], str]:
        """The digests of the parts by name, and of the sealed part."""
        self._flush()
        return {name: writer.finish() for name, writer in self._writers.items()}, self._sealed.finish()

    def discard(self) -> None:
        """Leave nothing of the files behind; what was finished stays, but for the rows held."""
        for writer in (*self._writers.values(), self._sealed):
            writer.discard()
        self.held.close()

    def _new(self, told: Keys) -> NDArray[np.bool_]:
        """Which rows are not duplicates; the others are counted."""
        new = self._seen.add(told) & ~self._known.known(told)
        self.duplicates += int((~new).sum())
        return new

    def _hold(self, rows: list[Held]) -> None:
        new = self._new(keys_of(rows)).tolist()
        self.held.extend(row for row, fresh in zip(rows, new, strict=True) if fresh)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        catch_up()
        self._append("", [table for table, _, _ in waiting])
        for index, name in enumerate(self._children):
            self._append(name, [children[index] for _, children, _ in waiting])
        sealed = pa.concat_arrays([sealed for _, _, sealed in waiting])
        lines = pa.concat_arrays([table["line"] for table, _, _ in waiting])
        self._sealed.append_table(pa.table([lines, sealed], schema=SEALED_SCHEMA))

    def _append(self, part: str, batches: list[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(batches)
        if len(table):
            self._writers[part].append_table(table.combine_chunks())
