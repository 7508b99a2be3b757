"""A batch in the making: a delivery's rows go in; parts of the lake and rows for quarantine come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import Page, RawRow
from hub.lake import Lake, Writer
from hub.rows import SEALED_SCHEMA, Rejected, Row, RowReader, child_schemas
from hub.sealing import Sealer

FLUSH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A row for quarantine; `digest` tells it again when an overlap repeats it, `mac` whose it is, where known."""

    line: int
    reason: str
    field: str
    digest: str
    mac: str | None
    sealed: bytes


class Batch:
    """A batch in the making: rows go in, parts of the lake come out."""

    def __init__(self, *, reader: RowReader, lake: Lake, sealer: Sealer, known: set[str]) -> None:
        self.reader = reader
        self.read = self.accepted = self.duplicates = 0
        self.held: list[Held] = []
        self._sealer = sealer
        self._known = known
        self._digests: set[str] = set()
        self._rows: list[Row] = []
        self._writers = {"": Writer(lake, "rows", reader.schema)}
        self._writers |= {name: Writer(lake, "rows", schema) for name, schema in child_schemas(reader.stream).items()}
        self._sealed = Writer(lake, "sealed", SEALED_SCHEMA)

    @property
    def distinct(self) -> int:
        """How many different rows the delivery held."""
        return len(self._digests)

    def take(self, page: Page) -> None:
        """Read the rows of a page: each is accepted, held for quarantine, or a duplicate."""
        for raw in page.rows():
            self._take(raw)

    def _take(self, raw: RawRow) -> None:
        self.read += 1
        try:
            row = self.reader.read(raw)
        except Rejected as rejected:
            self._hold(raw, rejected.reason, rejected.field, rejected.mac)
            return
        if self._seen(row.digest) or row.digest in self._known:
            self.duplicates += 1
            return
        self.accepted += 1
        self._rows.append(row)
        if len(self._rows) >= FLUSH:
            self._flush()

    def refuse(self, raw: RawRow, reason: str, field: str, clear: Mapping[str, object]) -> None:
        """Hold a row that could not be opened (hub/edge.py); `clear` is what of it did open, to tell whose it is."""
        self.read += 1
        self._hold(raw, reason, field, self._whose(RawRow(line=raw.line, values=clear)))

    def _whose(self, raw: RawRow) -> str | None:
        try:
            mac: str = self.reader.read(raw).values[1]
        except Rejected as rejected:
            return rejected.mac
        return mac

    def _hold(self, raw: RawRow, reason: str, field: str, mac: str | None) -> None:
        digest = self.reader.raw_digest(raw)
        if self._seen(digest) or digest in self._known:
            self.duplicates += 1
            return
        sealed = self._sealer.seal(raw.values)
        self.held.append(Held(line=raw.line, reason=reason, field=field, digest=digest, mac=mac, sealed=sealed))

    def finish(self) -> tuple[dict[str, str], str]:
        """The digests of the parts by name, and of the sealed part."""
        self._flush()
        return {name: writer.finish() for name, writer in self._writers.items()}, self._sealed.finish()

    def discard(self) -> None:
        for writer in (*self._writers.values(), self._sealed):
            writer.discard()

    def _seen(self, digest: str) -> bool:
        if digest in self._digests:
            return True
        self._digests.add(digest)
        return False

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        self._append("", [row.values for row in rows])
        for index, child in enumerate(self.reader.stream.children):
            self._append(child.name, [item for row in rows for item in row.children[index]])
        lines = [row.values[0] for row in rows]
        self._sealed.append({"line": lines, "sealed": [self._sealer.seal(row.sealed) for row in rows]})

    def _append(self, part: str, rows: list[tuple[Any, ...]]) -> None:
        writer = self._writers[part]
        if rows:
            columns = zip(*rows, strict=True)
            writer.append({name: list(column) for name, column in zip(writer.schema.names, columns, strict=True)})
