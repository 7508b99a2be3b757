"""A page made ready for a batch: read, its direct identifiers sealed, its rows told again. Nothing in it is clear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from connectors.pages import Page, RawRow
from hub.reading.children import Children
from hub.reading.digests import Keys, keys
from hub.reading.held_rows import Held
from hub.reading.raw_digests import RawDigests
from hub.reading.rows import Rejected, RowReader
from hub.sealing import Sealer

PART = 500  # rows read at once: what is made of them meanwhile stays in a core's own cache


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """What a page of `read` rows says.

    `table`, `children`, `keys` and `sealed` are of its accepted rows, as in `rows.Rows`; `held` are the others.
    `raw` has the digest of each row as it came, where the batch keeps them.
    """

    read: int
    table: pa.RecordBatch
    children: tuple[Children, ...]
    keys: Keys
    sealed: pa.Array
    held: list[Held]
    undeclared: frozenset[str]
    raw: list[bytes] | None

    def fresh(self, keep: NDArray[np.bool_]) -> tuple[pa.RecordBatch, list[pa.RecordBatch], pa.Array]:
        """The accepted rows where `keep` says so, the items of their lists, and what is sealed of them."""
        if keep.all():
            return self.table, [child.table for child in self.children], self.sealed
        mask = pa.array(keep)
        return self.table.filter(mask), [child.only(keep).table for child in self.children], self.sealed.filter(mask)

    @classmethod
    def join(cls, pages: Sequence[ReadPage]) -> ReadPage:
        """What several pages say, one after the other."""
        if len(pages) == 1:
            return pages[0]
        rows = [len(page.table) for page in pages]
        return cls(
            read=sum(page.read for page in pages),
            table=pa.concat_batches([page.table for page in pages]),
            children=tuple(Children.join(each, rows) for each in zip(*(page.children for page in pages), strict=True)),
            keys=(np.concatenate([page.keys[0] for page in pages]), np.concatenate([page.keys[1] for page in pages])),
            sealed=pa.concat_arrays([page.sealed for page in pages]),
            held=[row for page in pages for row in page.held],
            undeclared=frozenset().union(*(page.undeclared for page in pages)),
            raw=None if pages[0].raw is None else [digest for page in pages for digest in page.raw or ()],
        )


class PageReader:
    """Reads pages of one stream; a copy in another process reads them alike (reading/crew.py)."""

    def __init__(self, rows: RowReader, sealer: Sealer, raw: RawDigests | None = None) -> None:
        self.rows = rows
        self.raw = raw
        self._sealer = sealer

    def read(self, page: Page) -> ReadPage:
        """Raises what a page raises whose rows are read only now (`connectors.pages.Unread`)."""
        return ReadPage.join([self._read(part) for part in page.parts(PART)])

    def _read(self, page: Page) -> ReadPage:
        raw = self.raw.of(page) if self.raw else None
        rows, rejected = self.rows.read(page)
        blobs = self._sealer.seal_all(rows.contents(), len(rows.table))
        return ReadPage(
            read=len(page.lines),
            table=rows.table,
            children=rows.children,
            keys=rows.keys,
            sealed=pa.array(blobs, pa.binary()),
            held=self._held(rejected),
            undeclared=frozenset(self.rows.undeclared),
            raw=raw,
        )

    def unopened(self, raw: RawRow, reason: str, field: str, clear: Mapping[str, object]) -> Held:
        """See `RowReader.unopened`."""
        (held,) = self._held([self.rows.unopened(raw, reason, field, clear)])
        return held

    def _held(self, rejected: list[Rejected]) -> list[Held]:
        blobs = self._sealer.seal_all((row.content for row in rejected), len(rejected))
        return [
            Held(line=row.line, reason=row.reason, field=row.field, digest=row.digest, mac=row.mac, sealed=blob)
            for row, blob in zip(rejected, blobs, strict=True)
        ]


def keys_of(held: Iterable[Held]) -> Keys:
    """The keys of held rows."""
    return keys(row.digest for row in held)
