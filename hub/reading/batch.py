"""A batch in the making: a delivery's pages go in; parts of the lake and rows for quarantine come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from connectors.base import Page, RawRow
from hub.lake import Lake, Writer
from hub.reading.collector import catch_up
from hub.reading.digests import Digests, Keys, keys
from hub.reading.held_rows import Held, HeldRows
from hub.reading.rows import SEALED_SCHEMA, Rejected, RowReader, Rows, child_schemas, counted, repaired
from hub.sealing import Sealer

FLUSH = 20_000  # rows of a row group
RANDOM = ("mac", "name_mac", "record_digest")  # columns that no dictionary makes smaller


class Batch:
    """A batch in the making. `known`: digests of rows that the delivery may repeat from earlier ones.

    `repairs` counts the words of `id_repairs`, and those of `name_repairs` as `name_<word>`, and `warnings` those of
    `id_warnings`, among the accepted rows.
    """

    def __init__(self, *, reader: RowReader, lake: Lake, sealer: Sealer, known: Digests | Iterable[str]) -> None:
        self.reader = reader
        self.read = self.accepted = self.duplicates = 0
        self.held = HeldRows(lake.root / "sealed")
        self.repairs: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self._sealer = sealer
        self._known = known if isinstance(known, Digests) else Digests(known)
        self._seen = Digests()
        self._waiting: list[Rows] = []
        self._blobs: list[pa.RecordBatch] = []
        schemas = {"": reader.schema} | child_schemas(reader.stream)
        self._writers = {name: Writer(lake, "rows", schema, random=RANDOM) for name, schema in schemas.items()}
        self._sealed = Writer(lake, "sealed", SEALED_SCHEMA, random=SEALED_SCHEMA.names)

    @property
    def distinct(self) -> int:
        """How many different rows the delivery held."""
        return len(self._seen)

    def take(self, page: Page) -> None:
        """Read the rows of a page: each is accepted, held for quarantine, or a duplicate."""
        self.read += len(page.lines)
        rows, rejected = self.reader.read(page)
        if rejected:
            self._hold(rejected)
        new = self._new(rows.keys)
        if not new.all():
            rows = rows.only(new)
        self.accepted += len(rows.table)
        self.repairs.update(repaired(rows.table))
        self.warnings.update(counted(rows.table, "id_warnings"))
        blobs = self._sealer.seal_all(rows.contents(), len(rows.table))
        self._blobs.append(pa.record_batch([rows.table["line"], pa.array(blobs, pa.binary())], schema=SEALED_SCHEMA))
        self._waiting.append(rows)
        if sum(len(waiting.table) for waiting in self._waiting) >= FLUSH:
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

    def _hold(self, rejected: list[Rejected]) -> None:
        new = self._new(keys(row.digest for row in rejected)).tolist()
        kept = [row for row, fresh in zip(rejected, new, strict=True) if fresh]
        blobs = self._sealer.seal_all((row.content for row in kept), len(kept))
        self.held.extend(
            Held(line=row.line, reason=row.reason, field=row.field, digest=row.digest, mac=row.mac, sealed=blob)
            for row, blob in zip(kept, blobs, strict=True)
        )

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        blobs, self._blobs = self._blobs, []
        if not waiting:
            return
        catch_up()
        self._append("", [rows.table for rows in waiting])
        for index, child in enumerate(self.reader.stream.children):
            self._append(child.name, [rows.children[index].table for rows in waiting])
        self._sealed.append_table(pa.Table.from_batches(blobs).combine_chunks())

    def _append(self, part: str, batches: list[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(batches)
        if len(table):
            self._writers[part].append_table(table.combine_chunks())
