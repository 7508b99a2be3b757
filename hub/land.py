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

import sqlalchemy as sa

from connectors.base import Connection, Delivery, Source, Stream
from hub import store
from hub.batch import Batch
from hub.collector import held_back
from hub.digests import Digests, keys
from hub.errors import ConservationError, InputError
from hub.identity import Linkage
from hub.inputs import Progress
from hub.keys import KeyRing
from hub.lake import Lake
from hub.rows import RowReader
from hub.sealing import Sealer
from hub.values import Codes

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

    def _known(self, source: Source, stream: Stream, as_of: date) -> Digests:
        """Digests of rows that an incremental delivery may repeat."""
        known = Digests()
        if stream.complete:
            return known
        b = store.batch.c
        with self._engine.connect() as connection:
            earlier = sa.and_(b.source == source.name, b.stream == stream.name, b.as_of >= as_of - OVERLAP)
            parts = connection.scalars(sa.select(b.parts).where(earlier)).all()
            q = store.quarantine.c
            held = sa.select(q.digest).where(q.batch_id.in_(sa.select(b.batch_id).where(earlier)))
            known.add(keys(connection.scalars(held)))
        for part in parts:
            for some in self._lake.batches("rows", part[""], ["record_digest"]):
                known.add(keys(some["record_digest"].to_pylist()))
        return known

    def _batch(self, source: Source, stream: Stream, delivery: Delivery, progress: Progress) -> BatchReport:
        making = Batch(
            reader=RowReader(stream, self._codes, self._linkage, delivery.as_of),
            lake=self._lake,
            sealer=Sealer(self._ring, f"{source.name}/{stream.name}"),
            known=self._known(source, stream, delivery.as_of),
        )
        name = f"{source.name}.{stream.name}"
        try:
            with held_back():
                for page in delivery.pages:
                    making.take(page)
                    progress(name, making.read, delivery.declared_rows)
            self._assess(stream, delivery, making, name)
            parts, sealed = making.finish()
        finally:
            making.discard()
        return self._commit(source, stream, delivery, making, parts, sealed)

    def _assess(self, stream: Stream, delivery: Delivery, making: Batch, name: str) -> None:
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
        self, source: Source, stream: Stream, delivery: Delivery, making: Batch, parts: dict[str, str], sealed: str
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
