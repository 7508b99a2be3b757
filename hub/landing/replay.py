"""Replay: rows of quarantine read again, on the path they came, under today's declarations and configuration.

1. A replay becomes a batch of the same stream with the day of the batch its rows came in, and is `part_of` that batch:
   later stages see its rows there, so that nobody else's spell ends by it (ledger.py). Rows keep their lines.
2. Rows that are accepted now, or are identical to rows already landed, become `replayed`; the others stay open where
   they are, and what is wrong with them today is noted; a row that does not open any more stays too. The replay's own
   ledger row counts those that left only: read = accepted + duplicates.
3. All of it commits at once; a replay killed before that has changed nothing, and can be run again.
4. A batch that was quarantined whole is replayed whole: a complete list with a few of its rows would say that all
   others have left. It is held where rows are missing from it as from any other list.
5. Months that are closed record their batches and never see a replay; it enters the next compute.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from connectors.base import Stream
from connectors.pages import Page
from hub import store
from hub.deployment import Deployment
from hub.edge.envelope import Opener
from hub.errors import ConservationError, InputError, KeysError
from hub.inputs import Progress
from hub.land import OVERLAP, add_rows
from hub.landing import doubt, ledger, quarantine, snapshot
from hub.landing.declaration import contract
from hub.landing.departed import departed, landed
from hub.landing.ledger import BatchState
from hub.landing.quarantine import CHUNK, Filter, State
from hub.reading.batch import Batch
from hub.reading.digests import Digests
from hub.reading.held_rows import Held
from hub.reading.page_reader import PageReader
from hub.reading.rows import RowReader
from hub.sealing import Sealer

REPLAYABLE = (BatchState.LANDED, BatchState.QUARANTINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What became of the open rows of one batch; `batch_id` is the replay's own, None where no row passed.

    `read` = `accepted` + `duplicates` + rows that failed again; `still_open` counts besides those any that do not open.
    """

    source: str
    stream: str
    replayed_batch: int
    batch_id: int | None
    read: int
    accepted: int
    duplicates: int
    still_open: int
    reasons: dict[str, int] = field(default_factory=dict)
    state: BatchState = BatchState.LANDED
    note: str = ""


def replay(
    deployment: Deployment, wanted: Filter, progress: Progress, *, actor: str, reason: str
) -> Iterator[ReplayReport]:
    """Replay the open rows that a filter chooses, a report a batch they came in. Hold the lake's lock.

    Raises InputError: nobody named, a batch held or refused, a stream no longer declared.
    """
    if not actor.strip() or not reason.strip():
        raise InputError("A replay needs an actor and a reason", remedy="Give both; they are kept with every row")
    for batch in _batches(deployment, wanted):
        yield _Replay(deployment, batch, wanted).run(progress, actor=actor, reason=reason)


def _batches(deployment: Deployment, wanted: Filter) -> Sequence[Any]:
    b, q = store.batch.c, store.quarantine.c
    columns = (b.batch_id, b.source, b.stream, b.as_of, b.state, b.parts)
    chosen = sa.select(q.batch_id).select_from(quarantine.JOINED).where(wanted.condition(), q.state == State.OPEN)
    with deployment.engine.connect() as connection:
        found = connection.execute(sa.select(*columns).where(b.batch_id.in_(chosen)).order_by(b.batch_id)).all()
    if wanted.batch is not None and found and found[0].state not in REPLAYABLE:
        raise InputError(
            f"Batch {wanted.batch} is {found[0].state}",
            remedy=f"Say first whether it counts: `aidgraph source confirm {wanted.batch}` or `refuse`",
        )
    return [batch for batch in found if batch.state in REPLAYABLE]


class _Replay:
    """The replay of one batch's open rows."""

    def __init__(self, deployment: Deployment, batch: Any, wanted: Filter) -> None:
        self._deployment, self._batch = deployment, batch
        self._stream = _declared(deployment, batch)
        self._whole = batch.state == BatchState.QUARANTINED
        rows = sa.true() if self._whole else wanted.condition()
        q = store.quarantine.c
        there = q.reason != "edge_damaged"  # what was moved or damaged after it was sealed must be sent again
        self._chosen = sa.and_(rows, there, q.batch_id == batch.batch_id)
        self._sealer = Sealer(deployment.ring, f"{batch.source}/{batch.stream}")
        self._lines = array("i")
        self._shut = 0

    def run(self, progress: Progress, *, actor: str, reason: str) -> ReplayReport:
        codes, linkage = self._deployment.config.codes, self._deployment.linkage
        reader = PageReader(RowReader(self._stream, codes, linkage, self._batch.as_of), self._sealer)
        making = Batch(reader=reader, lake=self._deployment.lake, known=self._known())
        try:
            edge = Opener(self._deployment.ring, self._stream, making.refuse)
            for page in self._pages():
                making.take(reader.read(edge.opened(page)))
                progress(f"replay of batch {self._batch.batch_id}", making.read, None)
            self._assess(making)
            if making.read == len(making.held):
                return self._commit(making, None, actor, reason)
            return self._commit(making, making.finish(), actor, reason)
        finally:
            making.discard()

    def _assess(self, making: Batch) -> None:
        if not making.read == len(self._lines) == making.accepted + len(making.held) + making.duplicates:
            raise ConservationError(
                f"Replay of batch {self._batch.batch_id}: read {making.read} of {len(self._lines)}, accepted "
                f"{making.accepted}, still in quarantine {len(making.held)}, duplicates {making.duplicates}",
                remedy="Nothing was changed; report this as a defect of the hub",
            )

    def _pages(self) -> Iterator[Page]:
        """The rows as they came, opened in memory, a page at a time."""
        q = store.quarantine.c
        query = sa.select(q.line, q.sealed).select_from(quarantine.JOINED).where(self._chosen, q.state == State.OPEN)
        last = -1
        while True:
            with self._deployment.engine.connect() as connection:
                rows = connection.execute(query.where(q.line > last).order_by(q.line).limit(CHUNK)).all()
            if not rows:
                return
            last = rows[-1].line
            opened = [(row.line, values) for row in rows if (values := self._open(row)) is not None]
            lines = [line for line, _ in opened]
            self._lines.extend(lines)
            if lines:
                yield Page.of([values for _, values in opened], lines)

    def _open(self, row: Any) -> dict[str, Any] | None:
        """What a row holds; None where it does not open: its key is gone, or it was destroyed."""
        try:
            return self._sealer.open(row.sealed)
        except KeysError:
            self._shut += 1
            return None

    def _known(self) -> Digests:
        """Digests of accepted rows that a row may be identical to: those of its list, or of the overlap's pulls."""
        lake, batch, known = self._deployment.lake, self._batch, Digests()
        with self._deployment.engine.connect() as connection:
            if self._stream.complete:
                files = snapshot.files(connection, lake, batch.batch_id)
            else:
                b = store.batch.c
                near = sa.and_(b.as_of >= batch.as_of - OVERLAP, b.state != BatchState.REFUSED)
                mine = ledger.of_stream(batch.source, batch.stream)
                parts = connection.scalars(sa.select(b.parts).where(mine, near))
                files = {part[""]: frozenset() for part in parts}
        for part, gone in files.items():
            add_rows(known, lake, part, gone)
        return known

    def _commit(self, making: Batch, files: tuple[dict[str, str], str] | None, actor: str, reason: str) -> ReplayReport:
        batch = self._batch
        under = contract(self._deployment.linkage, self._stream)
        failed = np.fromiter((row.line for row in making.held), np.int32, len(making.held))
        with self._deployment.engine.begin() as connection:
            number, state, why = None, BatchState.LANDED, ""
            if files is not None:
                number = ledger.next_id(connection)
                parts, sealed = files
                state, why = self._state(connection, making, parts)
                values = {
                    "batch_id": number,
                    "source": batch.source,
                    "stream": batch.stream,
                    "label": f"replay of batch {batch.batch_id}",
                    "as_of": batch.as_of,
                    "read": making.read - len(failed),
                    "accepted": making.accepted,
                    "quarantined": 0,
                    "duplicates": making.duplicates,
                    "parts": parts,
                    "sealed_part": sealed,
                    "contract": under,
                    "part_of": batch.batch_id,
                    "repairs": dict(making.repairs) or None,
                    "warnings": dict(making.warnings) or None,
                }
                ledger.add(connection, values, state, why)
                passed = ((batch.batch_id, line) for line in np.setdiff1d(self._lines, failed).tolist())
                quarantine.record(connection, passed, State.REPLAYED, actor=actor, reason=reason, by_batch=number)
            _note(connection, batch.batch_id, making.held, under, actor=actor)
        return ReplayReport(
            source=batch.source,
            stream=batch.stream,
            replayed_batch=batch.batch_id,
            batch_id=number,
            read=making.read,
            accepted=making.accepted,
            duplicates=making.duplicates,
            still_open=len(failed) + self._shut,
            reasons=dict(making.held.by_reason),
            state=state,
            note="; ".join(filter(None, (why, f"{self._shut} rows do not open" if self._shut else ""))),
        )

    def _state(self, connection: sa.Connection, making: Batch, parts: dict[str, str]) -> tuple[BatchState, str]:
        """A list that was quarantined whole comes into force by its replay: is it all there?"""
        if not self._whole:
            return BatchState.LANDED, ""
        batch = self._batch
        last = ledger.last_list(connection, batch.source, batch.stream, batch.as_of, batch.batch_id)
        q = store.quarantine.c
        before = sa.select(sa.func.count()).where(q.batch_id == batch.batch_id, q.state == State.REPLAYED)
        here = making.read - making.duplicates - making.held.nobody + (connection.scalar(before) or 0)
        missing = doubt.shrunk(self._stream, last, here)
        if missing is None and last is not None:
            whole = landed(connection, batch.batch_id)
            now = replace(whole, own=[*whole.own, parts[""]], macs=(row.mac for row in making.held))
            earlier, linkage = landed(connection, last.batch_id), self._deployment.linkage
            gone = departed(connection, self._deployment.lake, linkage, earlier, now)
            missing = doubt.replaced(self._stream, last, *gone)
        return (
            (BatchState.HELD, f"held until somebody confirms it: {missing.told}")
            if missing
            else (
                BatchState.LANDED,
                "",
            )
        )


def _declared(deployment: Deployment, batch: Any) -> Stream:
    stream = deployment.stream(batch.source, batch.stream)
    if stream is None:
        raise InputError(
            f"No source declares {batch.source}.{batch.stream}, from which batch {batch.batch_id} came",
            remedy="Put the source's file back into connectors/sources/ or the deployment's folder sources",
        )
    return stream


def _note(connection: sa.Connection, batch_id: int, held: Iterable[Held], under: str, *, actor: str) -> None:
    """Say of rows that failed again what is wrong with them today; what was wrong before stays in their history."""
    q = store.quarantine.c
    here = sa.and_(q.batch_id == batch_id, q.line == sa.bindparam("at_line"))
    update = sa.update(store.quarantine).where(here).values(contract=under)
    for chunk in quarantine.chunks(held):
        lines = [row.line for row in chunk]
        asked = sa.select(q.line, q.reason, q.field).where(q.batch_id == batch_id, q.line.in_(lines))
        before = {row.line: f"{row.reason} {row.field}" for row in connection.execute(asked)}
        now = [{"at_line": row.line, "reason": row.reason, "field": row.field, "mac": row.mac} for row in chunk]
        connection.execute(update, now)
        told = (((batch_id, row.line), _told(row, before[row.line])) for row in chunk)
        quarantine.record_each(connection, told, State.OPEN, actor=actor)


def _told(row: Held, before: str) -> str:
    now = f"{row.reason} {row.field}"
    return f"read again: still {now}" if now == before else f"read again: {now} (before: {before})"
