"""Retention and erasure: the sealed part of a batch is destroyed, its pseudonymous part and every digest stay.

1. Destroyed are the batch's sealed file, the sealed contents of its quarantined rows (their state stays), and the
   sealed identities that were published from it. A served person whom a remaining sealed part knows gets the identity
   of the newest such part; whom none knows is served without one, under mask and number-less, as before.
2. Steps, each durable before the next: the ledger says `destroying`; the file is unlinked; one transaction empties
   what the store holds, sets `sealed_part` to NULL and says `destroyed`. Who is interrupted runs it again.
3. `erasure` keeps who, when, why and the digest of what was destroyed. Months rebuild to their digest as before.
4. A file is unlinked, not overwritten: on flash and on copying file systems the new bytes land elsewhere. It was
   encrypted; backups and snapshots of lake and store must be let go after the same time.
5. Sealed files that no row of the store names (what a crash left) go with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from hub import store
from hub.errors import InputError
from hub.inputs import month_bounds
from hub.keys import KeyRing
from hub.lake import Lake, Shelf, flush_folder
from hub.sealing import Sealer

DIGEST = re.compile(r"[0-9a-f]{64}")
EVERY = "months"  # the key of [retention] for sources without one of their own
CHUNK = 500  # values bound at once
ROWS = 200_000  # published rows in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A batch whose sealed part is older than its source's retention."""

    batch_id: int
    source: str
    stream: str
    as_of: date
    accepted: int
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was destroyed. `replaced` and `removed` count published rows of persons by what became of them."""

    batch_id: int
    quarantined: int
    replaced: int
    removed: int


def due(connection: sa.Connection, retention: Mapping[str, int], month: str) -> list[Due]:
    """The batches to be erased in a month (yyyy-MM): `as_of` is more than the declared months before its first day.

    A whole snapshot stays while one that is not due was kept as what changed against it: it holds the identities of
    all who did not change.
    """
    first, _ = month_bounds(month)
    b = store.batch.c
    query = sa.select(b.batch_id, b.source, b.stream, b.as_of, b.accepted, b.base).where(b.sealed_part.is_not(None))
    found: dict[int, Due] = {}
    rows = connection.execute(query.order_by(b.batch_id)).all()
    for row in rows:
        months = retention.get(row.source, retention.get(EVERY))
        if months is not None and row.as_of < _before(first, months):
            told = {name: value for name, value in row._mapping.items() if name != "base"}
            found[row.batch_id] = Due(**told, months=months)
    leaned_on = {row.base for row in rows if row.base is not None and row.batch_id not in found}
    return [batch for number, batch in found.items() if number not in leaned_on]


def _before(first: date, months: int) -> date:
    ordinal = first.year * 12 + first.month - 1 - months
    if ordinal < 12:
        return date.min
    return date(ordinal // 12, ordinal % 12 + 1, 1)


class Eraser:
    """Destroys sealed parts of one lake and store. Hold `Lake.lock`."""

    def __init__(self, *, engine: sa.Engine, lake: Lake, ring: KeyRing) -> None:
        self._engine = engine
        self._lake = lake
        self._ring = ring

    def erase(self, batch_id: int, *, actor: str, reason: str) -> list[Erased]:
        """Destroy the sealed parts of a batch and of its replays. Raises InputError: no such batch, nothing left."""
        if not actor.strip() or not reason.strip():
            raise InputError("An erasure needs who and why", remedy="Give --actor and --reason")
        b = store.batch.c
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(b.sealed_part, b.part_of).where(b.batch_id == batch_id)).one_or_none()
            if row is None:
                raise InputError(f"There is no batch {batch_id}", remedy="Look at `aidgraph sources` for their numbers")
            if row.sealed_part is None:
                raise InputError(
                    f"The sealed part of batch {batch_id} has been destroyed already", remedy="Nothing is left to erase"
                )
            root = row.part_of or batch_id  # with a delivery go the replays of its rows, and the other way round
            family = sa.or_(b.batch_id == root, b.part_of == root)
            parts = connection.execute(
                sa.select(b.batch_id, b.sealed_part).where(family, b.sealed_part.is_not(None)).order_by(b.batch_id)
            ).all()
            for part in parts:
                if not self._began(connection, part.batch_id):
                    self._note(connection, part.batch_id, "destroying", part.sealed_part, actor, reason)
        return [self._finish(part.batch_id, part.sealed_part, actor, reason) for part in parts]

    def resume(self) -> list[Erased]:
        """Finish what was interrupted, and remove sealed files that nothing names."""
        b, e = store.batch.c, store.erasure.c
        query = sa.select(e.batch_id, e.sealed_part, e.actor, e.reason).join(store.batch, b.batch_id == e.batch_id)
        with self._engine.connect() as connection:
            left = connection.execute(query.where(b.sealed_part.is_not(None), e.step == "destroying")).all()
        finished = [self._finish(*row) for row in left]
        self._sweep()
        return finished

    def _began(self, connection: sa.Connection, batch_id: int) -> bool:
        return bool(connection.scalar(sa.select(sa.exists().where(store.erasure.c.batch_id == batch_id))))

    def _note(self, connection: sa.Connection, batch_id: int, step: str, part: str, actor: str, reason: str) -> None:
        values = {"batch_id": batch_id, "step": step, "sealed_part": part, "actor": actor, "reason": reason}
        connection.execute(sa.insert(store.erasure).values(**values, at=datetime.now(UTC)))

    def _finish(self, batch_id: int, part: str, actor: str, reason: str) -> Erased:
        q, b = store.quarantine.c, store.batch.c
        with self._engine.connect() as connection:
            shared = sa.exists().where(b.sealed_part == part, b.batch_id != batch_id)  # parts without a row are alike
            if not connection.scalar(sa.select(shared)):
                self._unlink([part])
        with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete = ON").close()  # what is freed is zeroed
            replaced, removed = self._identities(connection, batch_id)
            emptied = connection.execute(
                sa.update(store.quarantine).where(q.batch_id == batch_id, q.sealed != b"").values(sealed=b"")
            ).rowcount
            connection.execute(sa.update(store.batch).where(b.batch_id == batch_id).values(sealed_part=None))
            self._note(connection, batch_id, "destroyed", part, actor, reason)
        self._settle()
        return Erased(batch_id=batch_id, quarantined=emptied, replaced=replaced, removed=removed)

    def _identities(self, connection: sa.Connection, batch_id: int) -> tuple[int, int]:
        """Replace or remove the identities published from a batch: (rows replaced, rows removed)."""
        person, b = store.published["person"], store.batch.c
        p = person.c
        home = connection.execute(sa.select(b.source, b.stream).where(b.batch_id == batch_id)).one()
        sealer = Sealer(self._ring, f"{home.source}/{home.stream}")  # a served identity opens at its row's own place
        update = sa.update(person).where(p.row_id == sa.bindparam("row")).values(identity_sealed=sa.bindparam("sealed"))
        query = sa.select(p.row_id, p.person_id).where(p.batch_id == batch_id, p.identity_sealed.is_not(None))
        last = replaced = removed = 0
        while rows := connection.execute(query.where(p.row_id > last).order_by(p.row_id).limit(ROWS)).all():
            known = self._known_elsewhere(connection, batch_id, {row.person_id for row in rows})
            blobs = [sealer.seal(known[row.person_id]) if row.person_id in known else None for row in rows]
            connection.execute(
                update, [{"row": row.row_id, "sealed": blob} for row, blob in zip(rows, blobs, strict=True)]
            )
            replaced += sum(blob is not None for blob in blobs)
            removed += sum(blob is None for blob in blobs)
            last = rows[-1].row_id
        return replaced, removed

    def _known_elsewhere(
        self, connection: sa.Connection, batch_id: int, persons: set[int]
    ) -> dict[int, dict[str, Any]]:
        """The identities of persons in the newest remaining sealed part that holds them."""
        wanted = self._macs(connection, persons)
        b = store.batch.c
        query = sa.select(b.source, b.stream, b.parts, b.sealed_part).where(
            b.batch_id != batch_id, b.sealed_part.is_not(None), b.batch_id.not_in(sa.select(store.erasure.c.batch_id))
        )
        found: dict[int, dict[str, Any]] = {}
        for batch in connection.execute(query.order_by(b.as_of.desc(), b.batch_id.desc())).all():
            rows = self._rows("rows", batch.parts[""], ("line", "mac"))
            lines = {line: wanted[mac] for line, mac in rows if mac in wanted and wanted[mac] not in found}
            if lines:
                sealer = Sealer(self._ring, f"{batch.source}/{batch.stream}")
                for line, blob in self._rows("sealed", batch.sealed_part, ("line", "sealed")):
                    if line in lines and lines[line] not in found:
                        found[lines[line]] = sealer.open(blob)
            if len(found) == len(persons):
                break
        return found

    def _rows(self, shelf: Shelf, digest: str, columns: tuple[str, str]) -> Iterator[tuple[Any, Any]]:
        """Two columns of a file, some rows at a time."""
        with pq.ParquetFile(self._lake.path(shelf, digest)) as file:
            for part in file.iter_batches(columns=list(columns)):
                yield from zip(part[columns[0]].to_pylist(), part[columns[1]].to_pylist(), strict=True)

    def _macs(self, connection: sa.Connection, persons: set[int]) -> dict[str, int]:
        a = store.alias.c
        ids = sorted(persons)
        found: dict[str, int] = {}
        for start in range(0, len(ids), CHUNK):
            query = sa.select(a.mac, a.person_id).where(a.person_id.in_(ids[start : start + CHUNK]))
            found.update({row.mac: row.person_id for row in connection.execute(query)})
        return found

    def _settle(self) -> None:
        """Let go of what the database itself still holds of old values: SQLite's journal, PostgreSQL's dead rows."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
            else:
                connection.exec_driver_sql("VACUUM quarantine, person")

    def _sweep(self) -> None:
        """Remove sealed files that nothing in the store names, in whatever table."""
        big = {*store.published, "access_log", "access_subject", "alias", "quarantine", "erasure"}
        named: set[str] = set()
        with self._engine.connect() as connection:
            for name, table in store.metadata.tables.items():
                if name not in big:
                    for row in connection.execute(sa.select(table)):
                        named.update(DIGEST.findall(repr(tuple(row))))
        on_disk = {path.stem for path in (self._lake.root / "sealed").glob("*.parquet")}
        self._unlink(sorted(on_disk - named))

    def _unlink(self, parts: Sequence[str]) -> None:
        folder = self._lake.root / "sealed"
        if not parts or not folder.is_dir():
            return
        for part in parts:
            (folder / f"{part}.parquet").unlink(missing_ok=True)
        flush_folder(folder)
