"""Confirm or refuse a batch that is held: somebody's word, kept with who gave it and why.

Confirmed, it is in force from its day. Refused, it never counts: what its rows had replayed is open again, and what it
put into quarantine is waived with it. Hold the lake's lock.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hub import store
from hub.deployment import Deployment
from hub.errors import InputError
from hub.landing import fixed, ledger, quarantine, snapshot
from hub.landing.ledger import BatchState
from hub.landing.quarantine import State


def confirm(deployment: Deployment, batch_id: int, *, actor: str, reason: str) -> None:
    """A held batch comes into force. Raises InputError where it is not held, or nobody is named."""
    with deployment.engine.begin() as connection:
        batch = _held(connection, batch_id, actor, reason)
        _set(connection, batch_id, BatchState.LANDED, actor, reason)
        stream = deployment.stream(batch.source, batch.stream)
        if stream is not None and batch.part_of is None:
            landed = fixed.Landed(
                batch_id=batch_id,
                source=batch.source,
                stream=stream,
                as_of=batch.as_of,
                parts=snapshot.files(connection, deployment.lake, batch_id),
            )
            fixed.close(connection, deployment.lake, deployment.ring, landed)


def refuse(deployment: Deployment, batch_id: int, *, actor: str, reason: str) -> None:
    """A held batch never counts. Raises InputError where it is not held, or nobody is named."""
    q = store.quarantine.c
    told = f"batch {batch_id} was refused: {reason}"
    with deployment.engine.begin() as connection:
        _held(connection, batch_id, actor, reason)
        _set(connection, batch_id, BatchState.REFUSED, actor, reason)
        own = connection.execute(sa.select(q.batch_id, q.line).where(q.batch_id == batch_id, q.state == State.OPEN))
        quarantine.record(connection, _places(own), State.WAIVED, actor=actor, reason=told, by_batch=batch_id)
        c = store.quarantine_change.c
        mine = sa.and_(c.batch_id == q.batch_id, c.line == q.line, c.by_batch == batch_id, c.state == State.REPLAYED)
        back = connection.execute(
            sa.select(q.batch_id, q.line).where(q.state == State.REPLAYED, sa.exists().where(mine))
        )
        quarantine.record(connection, _places(back), State.OPEN, actor=actor, reason=told, by_batch=batch_id)


def _held(connection: sa.Connection, batch_id: int, actor: str, reason: str) -> Any:
    if not actor.strip() or not reason.strip():
        raise InputError("A decision needs an actor and a reason", remedy="Give both; they are kept with it")
    b = store.batch.c
    columns = (b.batch_id, b.source, b.stream, b.as_of, b.parts, b.part_of, b.state)
    batch = connection.execute(sa.select(*columns).where(b.batch_id == batch_id)).one_or_none()
    if batch is None:
        raise InputError(f"There is no batch {batch_id}", remedy="See `aidgraph sources`")
    if batch.state != BatchState.HELD:
        raise InputError(f"Batch {batch_id} is {batch.state}", remedy="Only a held batch waits for a word")
    return batch


def _set(connection: sa.Connection, batch_id: int, state: BatchState, actor: str, reason: str) -> None:
    connection.execute(sa.update(store.batch).where(store.batch.c.batch_id == batch_id).values(state=state))
    ledger.note(connection, batch_id, state, actor=actor, reason=reason)


def _places(rows: sa.CursorResult[Any]) -> list[quarantine.Place]:
    return [(row.batch_id, row.line) for row in rows]
