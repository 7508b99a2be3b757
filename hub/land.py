"""Land: a source's deliveries become batches, and nothing is lost on the way.

1. *read = accepted + quarantined + identical duplicates*, asserted for every batch before it is committed.
2. A batch is visible only when its ledger row commits; the files it names are on disk before that. A crash at any
   point leaves an orphan file that nothing names, and the next pull lands the delivery again.
3. Direct identifiers go into the sealed part; what is not understood goes to quarantine, whole and sealed, with its
   place, reason code and field.
4. What a batch of an incremental stream repeats from earlier ones (an overlap re-read on purpose) is a duplicate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors.base import Connection, Delivery, RawRow, Source, Stream
from hub import store
from hub.errors import ConservationError, InputError
from hub.identity import Linkage
from hub.inputs import Progress
from hub.keys import KeyRing
from hub.lake import Lake, Writer
from hub.rows import SEALED_SCHEMA, Codes, Rejected, Row, RowReader, child_schemas
from hub.sealing import Sealer

FLUSH = 20_000
OVERLAP = timedelta(days=62)  # how far back an incremental pull may repeat rows


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of one delivery. `reasons` counts quarantined rows by reason code."""

    source: str
    stream: str
    batch_id: int
    label: str
    as_of: date
    read: int
    accepted: int
    quarantined: int
    duplicates: int
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Landing:
    """Lands the streams of sources into one lake and store. One at a time: hold `Lake.lock`."""

    def __init__(self, *, engine: sa.Engine, lake: Lake, linkage: Linkage, codes: Codes, ring: KeyRing) -> None:
        self._engine = engine
        self._lake = lake
        self._linkage = linkage
        self._codes = codes
        self._ring = ring

    def pull(self, source: Source, connection: Connection, progress: Progress) -> Iterator[BatchReport]:
        """Land whatever is new at a source, stream by stream, a report a batch. Raises SourceError, HubError."""
        for stream in source.streams:
            since, seen = self._landed(source, stream)
            for delivery in stream.transport.deliveries(stream, connection, since=since, seen=seen):
                yield self._batch(source, stream, delivery, progress)

    def _landed(self, source: Source, stream: Stream) -> tuple[date | None, frozenset[str]]:
        b = store.batch.c
        mine = sa.and_(b.source == source.name, b.stream == stream.name)
        with self._engine.connect() as connection:
            since = connection.scalar(sa.select(sa.func.max(b.as_of)).where(mine))
            prints = connection.scalars(sa.select(b.fingerprint).where(mine, b.fingerprint.is_not(None)))
            return since, frozenset(p for p in prints if p)

    def _known(self, source: Source, stream: Stream, as_of: date) -> set[str]:
        """Digests of rows that an incremental delivery may repeat."""
        if stream.complete:
            return set()
        b = store.batch.c
        with self._engine.connect() as connection:
            earlier = sa.and_(b.source == source.name, b.stream == stream.name, b.as_of >= as_of - OVERLAP)
            parts = connection.scalars(sa.select(b.parts).where(earlier)).all()
            q = store.quarantine.c
            held = sa.select(q.digest).where(q.batch_id.in_(sa.select(b.batch_id).where(earlier)))
            known = set(connection.scalars(held))
        for part in parts:
            known.update(self._lake.read("rows", part[""], columns=["record_digest"])["record_digest"].to_pylist())
        return known

    def _batch(self, source: Source, stream: Stream, delivery: Delivery, progress: Progress) -> BatchReport:
        making = _Batch(
            reader=RowReader(stream, self._codes, self._linkage),
            lake=self._lake,
            sealer=Sealer(self._ring, f"{source.name}/{stream.name}"),
            known=self._known(source, stream, delivery.as_of),
        )
        name = f"{source.name}.{stream.name}"
        try:
            for page in delivery.pages:
                for raw in page.rows():
                    making.take(raw)
                progress(name, making.read, delivery.declared_rows)
            self._assess(stream, delivery, making, name)
            parts, sealed = making.finish()
        finally:
            making.discard()
        return self._commit(source, stream, delivery, making, parts, sealed)

    def _assess(self, stream: Stream, delivery: Delivery, making: _Batch, name: str) -> None:
        """Refuse a delivery that does not add up before anything of it is visible."""
        if making.read != making.accepted + len(making.held) + making.duplicates:
            raise ConservationError(
                f"{name} {delivery.label}: read {making.read}, accepted {making.accepted}, "
                f"quarantined {len(making.held)}, duplicates {making.duplicates}",
                remedy="Nothing was landed; report this as a defect of the hub",
            )
        if delivery.declared_rows is not None and delivery.declared_rows != making.distinct:
            raise InputError(
                f"{name} {delivery.label}: the source counts {delivery.declared_rows} rows, "
                f"{making.distinct} different ones arrived",
                remedy="Nothing was landed; pull again, and ask the department if it happens twice",
            )
        if making.read < stream.expected[0]:
            raise InputError(
                f"{name} {delivery.label}: {making.read} rows, fewer than the declared minimum of {stream.expected[0]}",
                remedy="Nothing was landed; ask the department for the whole list",
            )

    def _commit(
        self, source: Source, stream: Stream, delivery: Delivery, making: _Batch, parts: dict[str, str], sealed: str
    ) -> BatchReport:
        reasons = Counter(held.reason for held in making.held)
        notes = tuple(f"undeclared field {name}" for name in sorted(making.reader.undeclared))
        if making.read > stream.expected[1]:
            notes += (f"more rows than the declared maximum of {stream.expected[1]}",)
        contract = f"linkage {self._linkage.version}"
        with self._engine.begin() as connection:
            batch_id = (connection.scalar(sa.select(sa.func.max(store.batch.c.batch_id))) or 0) + 1
            report = BatchReport(
                source=source.name,
                stream=stream.name,
                batch_id=batch_id,
                label=delivery.label,
                as_of=delivery.as_of,
                read=making.read,
                accepted=making.accepted,
                quarantined=len(making.held),
                duplicates=making.duplicates,
                reasons=dict(reasons),
                notes=notes,
            )
            ledger = {name: value for name, value in asdict(report).items() if name not in ("reasons", "notes")}
            files = {"fingerprint": delivery.fingerprint, "parts": parts, "sealed_part": sealed}
            connection.execute(
                sa.insert(store.batch).values(**ledger, **files, contract=contract, received_at=datetime.now(UTC))
            )
            if making.held:
                places = [asdict(held) for held in making.held]
                common = {"batch_id": batch_id, "contract": contract, "state": "open"}
                connection.execute(sa.insert(store.quarantine), [place | common for place in places])
        return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A row for quarantine; `digest` tells it again when an overlap repeats it, `mac` whose it is, where known."""

    line: int
    reason: str
    field: str
    digest: str
    mac: str | None
    sealed: bytes


class _Batch:
    """A batch in the making: rows go in, parts of the lake come out."""

    def __init__(self, *, reader: RowReader, lake: Lake, sealer: Sealer, known: set[str]) -> None:
        self.reader = reader
        self.read = self.accepted = self.duplicates = 0
        self.held: list[_Held] = []
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

    def take(self, raw: RawRow) -> None:
        self.read += 1
        try:
            row = self.reader.read(raw)
        except Rejected as rejected:
            digest = self.reader.raw_digest(raw)
            if self._seen(digest) or digest in self._known:
                self.duplicates += 1
            else:
                sealed = self._sealer.seal(raw.values)
                self.held.append(
                    _Held(
                        line=raw.line,
                        reason=rejected.reason,
                        field=rejected.field,
                        digest=digest,
                        mac=rejected.mac,
                        sealed=sealed,
                    )
                )
            return
        if self._seen(row.digest) or row.digest in self._known:
            self.duplicates += 1
            return
        self.accepted += 1
        self._rows.append(row)
        if len(self._rows) >= FLUSH:
            self._flush()

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
