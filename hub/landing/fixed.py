"""Fixed at the source: an open row whose person and key a later delivery brings, accepted.

The key is the stream's own (`Stream.key`). A row takes part where its ID number could be read when it came and every
field of its key can be read now; a row whose number was damaged, or whose key is itself what cannot be read, stays open
until it is replayed or somebody says it was fixed: that another row of the person arrived proves nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from connectors.base import Stream
from hub import store
from hub.errors import KeysError
from hub.keys import KeyRing
from hub.lake import Lake
from hub.landing import ledger
from hub.landing.ledger import HUB
from hub.landing.quarantine import JOINED, Place, State, chunks, record
from hub.reading.values import READ, Unreadable
from hub.sealing import Sealer

Key = tuple[Any, ...]
MACS = 100_000  # persons with open rows who are looked up at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A batch whose accepted rows may bring open ones right.

    `parts`: the digest of each file that holds rows of it, and which lines of that file it has no more.
    """

    batch_id: int
    source: str
    stream: Stream
    as_of: date
    parts: Mapping[str, frozenset[int]]


def close(connection: sa.Connection, lake: Lake, ring: KeyRing, landed: Landed) -> int:
    """Mark what this batch brought right, in the caller's transaction; returns how many rows."""
    reason = f"batch {landed.batch_id} brought the same row, accepted"
    count = 0
    for macs in _waiting(connection, landed):
        places = list(_places(connection, lake, ring, landed, macs))
        count += record(connection, places, State.FIXED, actor=HUB, reason=reason, by_batch=landed.batch_id)
    return count


def key_of(stream: Stream, values: Mapping[str, Any], mac: str) -> Key | None:
    """The key of a row as it came; None where a field of it is empty or cannot be read."""
    fields = {field.name: field for field in stream.fields}
    found: list[Any] = []
    for name in stream.key:
        if name == "mac":
            found.append(mac)
            continue
        try:
            found.append(READ[fields[name].type](values.get(name)))
        except (KeyError, Unreadable):
            return None
        if found[-1] is None:
            return None
    return tuple(found)


def _waiting(connection: sa.Connection, landed: Landed) -> Iterator[list[str]]:
    """Whose open rows the batch may bring right, MACS of them at a time."""
    clear = {field.name for field in landed.stream.fields if field.sealed is None}
    if not set(landed.stream.key) <= clear | {"mac"}:
        return
    q = store.quarantine.c
    query = sa.select(q.mac).select_from(JOINED).where(_open(landed)).distinct().order_by(q.mac).limit(MACS)
    last = ""
    while macs := list(connection.scalars(query.where(q.mac > last))):
        yield macs
        last = macs[-1]


def _open(landed: Landed) -> sa.ColumnElement[bool]:
    """The condition on rows that the batch may bring right: open ones of its stream, of lists before it."""
    q, b = store.quarantine.c, store.batch.c
    return sa.and_(
        ledger.of_stream(landed.source, landed.stream.name),
        b.as_of <= landed.as_of,
        q.state == State.OPEN,
        q.mac.is_not(None),
        q.batch_id != landed.batch_id,
    )


def _places(
    connection: sa.Connection, lake: Lake, ring: KeyRing, landed: Landed, macs: Sequence[str]
) -> Iterator[Place]:
    q = store.quarantine.c
    arrived = _keys(lake, landed, macs)
    sealer = Sealer(ring, f"{landed.source}/{landed.stream.name}")
    columns = sa.select(q.batch_id, q.line, q.mac, q.sealed).select_from(JOINED).where(_open(landed))
    for chunk in chunks(sorted(arrived)):
        for row in connection.execute(columns.where(q.mac.in_(chunk))).all():
            try:
                values = sealer.open(row.sealed)
            except KeysError:
                continue  # sealed with a key that is gone: it stays open
            if key_of(landed.stream, values, row.mac) in arrived[row.mac]:
                yield row.batch_id, row.line


def _keys(lake: Lake, landed: Landed, macs: Sequence[str]) -> dict[str, set[Key]]:
    """The keys of a batch's rows that belong to one of these persons, by MAC; the batch is never held in memory."""
    names = list(landed.stream.key)
    found: dict[str, set[Key]] = {}
    wanted = pa.array(macs, pa.string())
    for part, gone in landed.parts.items():
        with pq.ParquetFile(lake.path("rows", part)) as file:
            for batch in file.iter_batches(columns=list(dict.fromkeys(["line", "mac", *names]))):
                rows = batch.filter(pc.is_in(batch["mac"], value_set=wanted))
                keys = zip(*(rows[name].to_pylist() for name in names), strict=True)
                for line, mac, key in zip(rows["line"].to_pylist(), rows["mac"].to_pylist(), keys, strict=True):
                    if line not in gone:
                        found.setdefault(mac, set()).add(key)
    return found
