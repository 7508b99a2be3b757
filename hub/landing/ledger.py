"""The ledger of batches: which are in force, which wait for somebody's word, and why.

1. Later stages see a batch only while it is `landed`. `held` waits for somebody; `refused` never counts; `quarantined`
   is a delivery that stopped being readable: all its rows are in quarantine, and absence from it ends nothing.
2. A batch that replays quarantined rows is `part_of` the batch they came in: the later stages see its rows there, never
   as a snapshot of its own. It counts for as long as that batch is landed, or was quarantined whole.
3. Who held, confirmed or refused a batch, why and when, is kept in `batch_change`, which only grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from hub import store

HUB = "hub"  # who acts where no person does


class BatchState(StrEnum):
    """What became of a delivery as a whole."""

    LANDED = "landed"
    HELD = "held"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The complete list in force before a delivery: its number and how many of its rows name somebody."""

    batch_id: int
    present: int


def of_stream(source: str, stream: str) -> sa.ColumnElement[bool]:
    """The condition on batches of a stream."""
    return sa.and_(store.batch.c.source == source, store.batch.c.stream == stream)


def in_force() -> sa.ColumnElement[bool]:
    """The condition on batches that were delivered and count."""
    return sa.and_(store.batch.c.state == BatchState.LANDED, store.batch.c.part_of.is_(None))


def add(connection: sa.Connection, values: Mapping[str, Any], state: BatchState, why: str) -> None:
    """Write a batch's row, and why it is in this state where that needs a word."""
    row = dict(values) | {"state": state, "received_at": datetime.now(UTC)}
    connection.execute(sa.insert(store.batch).values(row))
    if why:
        note(connection, values["batch_id"], state, actor=HUB, reason=why)


def next_id(connection: sa.Connection) -> int:
    """The number of the next batch."""
    return (connection.scalar(sa.select(sa.func.max(store.batch.c.batch_id))) or 0) + 1


def note(connection: sa.Connection, batch_id: int, state: BatchState, *, actor: str, reason: str) -> None:
    """Add to a batch's history."""
    change = {"batch_id": batch_id, "state": state, "actor": actor, "reason": reason, "at": datetime.now(UTC)}
    connection.execute(sa.insert(store.batch_change).values(change))


def of_file(source: str, stream: str, fingerprint: str | None) -> sa.Select[tuple[int]]:
    """The batches of a stream that this very file brought."""
    b = store.batch.c
    return sa.select(b.batch_id).where(of_stream(source, stream), b.fingerprint == (fingerprint or ""))


def again(
    connection: sa.Connection, source: str, stream: str, fingerprint: str | None, before: int | None = None
) -> str:
    """A word where this very file has landed already, for another day (`before`: in an earlier batch than that)."""
    b = store.batch.c
    same = sa.select(b.batch_id, b.label).where(b.batch_id.in_(of_file(source, stream, fingerprint)))
    if before is not None:
        same = same.where(b.batch_id < before)
    first = connection.execute(same.order_by(b.batch_id.desc()).limit(1)).one_or_none()
    return (
        "" if first is None else f"delivered again, unchanged: the very file of batch {first.batch_id}, {first.label}"
    )


def visible(connection: sa.Connection, before: date) -> list[int]:
    """The batches that a month with this cut-off is computed from, ascending; batches they are part of included."""
    b, whole = store.batch.c, store.batch.alias("whole")
    counts = sa.or_(b.part_of.is_(None), whole.c.state.in_((BatchState.LANDED, BatchState.QUARANTINED)))
    query = (
        sa.select(b.batch_id, b.part_of)
        .select_from(store.batch.outerjoin(whole, whole.c.batch_id == b.part_of))
        .where(b.as_of < before, b.state == BatchState.LANDED, counts)
    )
    rows = connection.execute(query).all()
    return sorted({row.batch_id for row in rows} | {row.part_of for row in rows if row.part_of is not None})


def waits() -> sa.ColumnElement[bool]:
    """The condition on batches that somebody must act on: held, or quarantined whole with rows still open."""
    b, q = store.batch.c, store.quarantine.c
    unread = sa.exists().where(q.batch_id == b.batch_id, q.state == "open")
    return sa.or_(b.state == BatchState.HELD, sa.and_(b.state == BatchState.QUARANTINED, unread))


def left_out(connection: sa.Connection, before: date) -> list[tuple[int, str]]:
    """The batches that such a month does without until somebody acts, with what each is called."""
    b = store.batch.c
    query = sa.select(b.batch_id, b.source, b.stream, b.label, b.state).where(b.as_of < before, waits())
    rows = connection.execute(query.order_by(b.batch_id))
    return [(row.batch_id, f"{row.source} {row.stream} {row.label} is {row.state}") for row in rows]


def last_list(connection: sa.Connection, source: str, stream: str, as_of: date, besides: int | None) -> Last | None:
    """The complete list of a stream in force on a day, `besides` one. None where there is none."""
    b, part = store.batch.c, store.batch.alias("part")
    replayed = sa.exists().where(part.c.part_of == b.batch_id, part.c.state == BatchState.LANDED)
    in_force = sa.or_(b.state == BatchState.LANDED, sa.and_(b.state == BatchState.QUARANTINED, replayed))
    query = (
        sa.select(b.batch_id, b.present)
        .where(of_stream(source, stream), b.part_of.is_(None), b.as_of <= as_of, in_force)
        .order_by(b.as_of.desc(), b.batch_id.desc())
    )
    if besides is not None:
        query = query.where(b.batch_id != besides)
    found = connection.execute(query.limit(1)).one_or_none()
    if found is None:
        return None
    return Last(batch_id=found.batch_id, present=found.present)


def history(connection: sa.Connection, batches: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """What was said of batches, oldest first, by batch."""
    c = store.batch_change.c
    query = sa.select(c.batch_id, c.state, c.actor, c.reason, c.at).where(c.batch_id.in_(list(batches))).order_by(c.seq)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(query):
        told = dict(row._mapping)
        found.setdefault(told.pop("batch_id"), []).append(told)
    return found
