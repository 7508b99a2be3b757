"""Land: a source's deliveries become batches, and nothing is lost on the way.

1. *read = accepted + quarantined + identical duplicates*, asserted for every batch before it is committed.
2. A batch is visible only when its ledger row commits; the files it names are on disk before that. A crash at any
   point leaves an orphan file that nothing names, and the next pull lands the delivery again.
3. Direct identifiers go into the sealed part; what is not understood goes to quarantine, whole and sealed, with its
   place, reason code and field.
4. What a batch of an incremental stream repeats from earlier ones (an overlap re-read on purpose) is a duplicate;
   what a complete snapshot repeats is kept once (hub/landing/snapshot.py), and counted as before. A file that is the
   very one of another day is a delivery like any other: nothing of it is kept twice, and it says that all still stands.
5. A delivery in doubt as a whole (hub/landing/doubt.py) is quarantined whole, or held until somebody confirms it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta

import sqlalchemy as sa

from connectors.base import Connection, Delivery, Source, Stream, landed_as
from connectors.pages import Page
from hub import store
from hub.edge.envelope import Opener
from hub.errors import ConservationError, InputError
from hub.inputs import Progress
from hub.keys import KeyRing
from hub.lake import Lake
from hub.landing import doubt, fixed, ledger, quarantine, snapshot
from hub.landing.declaration import contract
from hub.landing.departed import Listed, departed, landed
from hub.landing.doubt import Doubt
from hub.landing.ledger import BatchState
from hub.landing.snapshot import Earlier, Snapshot
from hub.landing.spool import spooling
from hub.reading.batch import Batch
from hub.reading.collector import held_back
from hub.reading.crew import Crew
from hub.reading.digests import Digests, keys
from hub.reading.identity import Linkage
from hub.reading.page_reader import PageReader
from hub.reading.rows import RowReader
from hub.reading.values import Codes
from hub.sealing import Sealer

AHEAD = timedelta(days=31)  # how far before its end a month's list may come; less than any overlap
OVERLAP = timedelta(days=62)  # how far back an incremental pull may repeat rows


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of one delivery. `reasons` counts quarantined rows by reason code.

    `unchanged` are those of the accepted rows that stand as an earlier batch holds them. `repairs` and `warnings`
    count what was repaired in the accepted rows and what is odd about them (hub/reading/batch.py).
    """

    source: str
    stream: str
    batch_id: int
    label: str
    as_of: date
    read: int
    accepted: int
    quarantined: int
    duplicates: int
    unchanged: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    state: BatchState = BatchState.LANDED


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
        with Crew() as crew:
            for stream in source.streams:
                since, seen = self._landed(source, stream)
                with spooling(self._engine, self._lake, self._ring, source, stream) as spool:
                    reached = replace(connection, spool=spool)
                    for delivery in stream.transport.deliveries(stream, reached, since=since, seen=seen):
                        report = self._batch(source, stream, delivery, crew, progress)
                        spool.clear()
                        yield report

    def _landed(self, source: Source, stream: Stream) -> tuple[date | None, frozenset[str]]:
        b = store.batch.c
        mine = ledger.of_stream(source.name, stream.name)
        with self._engine.connect() as connection:
            since = connection.scalar(sa.select(sa.func.max(b.as_of)).where(mine, b.state != BatchState.REFUSED))
            prints = connection.execute(sa.select(b.fingerprint, b.as_of).where(mine, b.fingerprint.is_not(None)))
            return since, frozenset(landed_as(*row) for row in prints)

    def _known(self, source: Source, stream: Stream, delivery: Delivery) -> Digests:
        """Digests of rows that an incremental delivery may repeat: those of its overlap, and of the very same file."""
        known = Digests()
        if stream.complete:
            return known
        b = store.batch.c
        mine = ledger.of_stream(source.name, stream.name)
        with self._engine.connect() as connection:
            same = ledger.of_file(source.name, stream.name, delivery.fingerprint)
            near = sa.or_(b.as_of >= delivery.as_of - OVERLAP, b.batch_id.in_(same), b.part_of.in_(same))
            earlier = sa.and_(mine, near, b.state != BatchState.REFUSED)
            parts = connection.scalars(sa.select(b.parts).where(earlier)).all()
            q = store.quarantine.c
            held = sa.select(q.digest).where(q.batch_id.in_(sa.select(b.batch_id).where(earlier)))
            for chunk in quarantine.chunks(connection.execution_options(yield_per=quarantine.CHUNK).scalars(held)):
                known.add(keys(chunk))
        for part in parts:
            add_rows(known, self._lake, part[""])
        return known

    def _making(self, source: Source, stream: Stream, as_of: date, known: Digests, earlier: Earlier) -> Snapshot:
        reader = PageReader(
            RowReader(stream, self._codes, self._linkage, as_of),
            Sealer(self._ring, f"{source.name}/{stream.name}"),
            earlier.digests if earlier.keeps else None,
        )
        return Snapshot(Batch(reader=reader, lake=self._lake, known=known), self._lake, earlier)

    def _batch(self, source: Source, stream: Stream, delivery: Delivery, crew: Crew, progress: Progress) -> BatchReport:
        name = f"{source.name}.{stream.name}"
        self._dated(name, delivery)
        known = self._known(source, stream, delivery)
        earlier = snapshot.earlier(
            self._engine, self._lake, source, stream, delivery.as_of, self._codes, self._linkage, self._ring
        )
        making = self._making(source, stream, delivery.as_of, known, earlier)
        edge = Opener(self._ring, stream, making.refuse)
        about = self._about(source, stream, delivery)

        def take(pages: Iterable[Page]) -> None:
            whole = making.reader
            for page, read in crew.read(pages, whole) if whole else ((page, None) for page in pages):
                if read is not None:
                    making.add(page, read)
                elif (left := making.left(page)).lines:
                    making.take(edge.opened(left))
                progress(name, making.read, about if about and making.read <= about else None)
            making.settle()

        try:
            with held_back():
                pages = iter(delivery.pages)
                first = doubt.opening(pages)
                take(first)
                wrong = doubt.column(stream, making.held, first)
                if wrong:
                    making.discard()
                    alone = replace(earlier, read=None, base=None)
                    making = self._making(source, doubt.unmet(stream), delivery.as_of, known, alone)
                    edge = Opener(self._ring, stream, making.refuse)
                    take(first)
                first.clear()
                take(pages)
            edge.finish(f"{name} {delivery.label}")
            self._assess(stream, delivery, making, name)
            parts, sealed = making.finish()
            return self._commit(source, stream, delivery, making, parts, sealed, wrong)
        finally:
            making.discard()

    def _about(self, source: Source, stream: Stream, delivery: Delivery) -> int | None:
        """How many rows to expect, for those who watch: as the source counts them, or as on the list before."""
        if delivery.declared_rows is not None or not stream.complete:
            return delivery.declared_rows
        with self._engine.connect() as connection:
            last = ledger.last_list(connection, source.name, stream.name, delivery.as_of, None)
        return last.present if last else None

    def _dated(self, name: str, delivery: Delivery) -> None:
        """Refuse a day to come: until then a pull's window would be empty. A month's list may come before its end."""
        if delivery.as_of > date.today() + AHEAD:  # noqa: DTZ011 - a civil day, as the sources tell it
            raise InputError(
                f"{name} {delivery.label}: it says that it describes {delivery.as_of}, a day to come",
                remedy="Nothing was landed; ask the department to set its clock, or to name its file by its month",
            )

    def _assess(self, stream: Stream, delivery: Delivery, making: Snapshot, name: str) -> None:
        """Refuse a delivery that does not add up before anything of it is visible."""
        if making.read != making.accepted + making.quarantined + making.duplicates:
            raise ConservationError(
                f"{name} {delivery.label}: read {making.read}, accepted {making.accepted}, "
                f"quarantined {making.quarantined}, duplicates {making.duplicates}",
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
        self,
        source: Source,
        stream: Stream,
        delivery: Delivery,
        making: Snapshot,
        parts: dict[str, str],
        sealed: str,
        wrong: Doubt | None,
    ) -> BatchReport:
        notes = tuple(f"undeclared field {name}" for name in sorted(making.undeclared))
        if making.read > stream.expected[1]:
            notes += (f"more rows than the declared maximum of {stream.expected[1]}",)
        under = contract(self._linkage, stream)
        with self._engine.begin() as connection:
            again = ledger.again(connection, source.name, stream.name, delivery.fingerprint)
            state, why = self._state(connection, source, stream, delivery, making, parts, wrong)
            report = BatchReport(
                source=source.name,
                stream=stream.name,
                batch_id=ledger.next_id(connection),
                label=delivery.label,
                as_of=delivery.as_of,
                read=making.read,
                accepted=making.accepted,
                quarantined=making.quarantined,
                duplicates=making.duplicates,
                unchanged=making.unchanged,
                reasons={wrong.reason: making.quarantined} if wrong else making.reasons,
                repairs=dict(making.repairs),
                warnings=dict(making.warnings),
                notes=notes + tuple(filter(None, (again, why))),
                state=state,
            )
            row = {name: value for name, value in asdict(report).items() if name not in ("reasons", "notes", "state")}
            row |= {"repairs": report.repairs or None, "warnings": report.warnings or None}
            row |= {"fingerprint": delivery.fingerprint, "parts": parts, "sealed_part": sealed, "contract": under}
            ledger.add(connection, row | {"base": making.base, "present": making.present}, state, why)
            held = (replace(each, reason=wrong.reason, field=wrong.field) if wrong else each for each in making.held)
            quarantine.land(connection, report.batch_id, under, (asdict(each) for each in held))
            if state is BatchState.LANDED:
                landed = fixed.Landed(
                    batch_id=report.batch_id,
                    source=source.name,
                    stream=stream,
                    as_of=delivery.as_of,
                    parts=snapshot.files(connection, self._lake, report.batch_id),
                )
                fixed.close(connection, self._lake, self._ring, landed)
        return report

    def _state(
        self,
        connection: sa.Connection,
        source: Source,
        stream: Stream,
        delivery: Delivery,
        making: Snapshot,
        parts: dict[str, str],
        wrong: Doubt | None,
    ) -> tuple[BatchState, str]:
        """Is the batch in force, and if not, why."""
        if wrong:
            return BatchState.QUARANTINED, f"the whole delivery is quarantined: {wrong.told}"
        rows = making.read - making.duplicates
        doubtful = doubt.later(stream, making.held, rows)
        if not stream.complete:  # nobody leaves by it: what could be read counts, and its department is told
            return BatchState.LANDED, doubtful.told if doubtful else ""
        last = ledger.last_list(connection, source.name, stream.name, delivery.as_of, None)
        doubtful = doubtful or doubt.shrunk(stream, last, making.present)
        if doubtful is None and last is not None:
            macs = (each.mac for each in making.held)
            now = Listed(own=[parts[""]], base=making.base, gone=parts.get(snapshot.GONE), macs=macs)
            gone = departed(connection, self._lake, self._linkage, landed(connection, last.batch_id), now)
            doubtful = doubt.replaced(stream, last, *gone)
        if doubtful:
            return BatchState.HELD, f"held until somebody confirms it: {doubtful.told}"
        return BatchState.LANDED, ""


def add_rows(known: Digests, lake: Lake, part: str, gone: Collection[int] = ()) -> None:
    """Add the digests of the accepted rows in a file, but those of the lines `gone`."""
    for some in lake.batches("rows", part, ["line", "record_digest"]):
        rows = zip(some["line"].to_pylist(), some["record_digest"].to_pylist(), strict=True)
        known.add(keys(digest for line, digest in rows if line not in gone))
