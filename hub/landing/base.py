"""The snapshot kept whole that a later one stands on (hub/landing/snapshot.py), and what has been seen of it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hub.landing.rawrows import Held, RawIndex


class Base:
    """A whole snapshot, and which of its rows have been seen again."""

    def __init__(self, *, batch_id: int, rows: str, index: RawIndex) -> None:
        self.batch_id = batch_id
        self.rows = rows
        self.index = index
        self.seen = bytearray(len(index))

    def lines(self, *, seen: bool) -> pa.Array:
        """The lines that were seen again, or were not."""
        marks = pa.Array.from_buffers(pa.uint8(), len(self.seen), [None, pa.py_buffer(self.seen)])
        return self.index.lines.filter(pc.equal(marks, int(seen)))

    def forget(self) -> None:
        """Hold no rows any more: none follows. Of ten million this is a quarter of a gigabyte."""
        self.index, self.seen = RawIndex((), Held()), bytearray()
