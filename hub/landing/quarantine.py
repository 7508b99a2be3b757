"""Quarantine: rows that were not understood, until each is replayed, brought right at its source, or waived.

1. A row is never taken out. Its state is that of the last change in `quarantine_change`, which only grows: who, why,
   when. `quarantine.state` repeats it for queries and is set in the same transaction.
2. What a row holds is sealed. Nothing here shows a value but `unsealed`, which the access log records first.
3. Hold the lake's lock to change a state: a pull or a replay may be at work on the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from hub import store
from hub.errors import InputError

CHUNK = 5_000

Place = tuple[int, int]  # batch_id, line
Item = TypeVar("Item")


class State(StrEnum):
    """Where a row of quarantine stands."""

    OPEN = "open"
    FIXED = "fixed_at_source"
    WAIVED = "waived"
    REPLAYED = "replayed"


def state_of(changes: Sequence[State]) -> State:
    """The state after these changes, oldest first."""
    return changes[-1] if changes else State.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows; None: any."""

    source: str | None = None
    stream: str | None = None
    reason: str | None = None
    field: str | None = None
    state: str | None = None
    batch: int | None = None

    def condition(self) -> sa.ColumnElement[bool]:
        """The condition on quarantine joined with batch."""
        q, b = store.quarantine.c, store.batch.c
        asked = (
            (b.source, self.source),
            (b.stream, self.stream),
            (q.reason, self.reason),
            (q.field, self.field),
            (q.state, self.state),
            (q.batch_id, self.batch),
        )
        return sa.and_(sa.true(), *(column == value for column, value in asked if value is not None))


JOINED = store.quarantine.join(store.batch, store.quarantine.c.batch_id == store.batch.c.batch_id)


def summary(engine: sa.Engine, wanted: Filter) -> list[dict[str, Any]]:
    """Rows counted by source, stream, reason, field and state."""
    q, b = store.quarantine.c, store.batch.c
    by = (b.source, b.stream, q.reason, q.field, q.state)
    query = sa.select(*by, sa.func.count().label("rows")).select_from(JOINED).where(wanted.condition())
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query.group_by(*by).order_by(*by))]


def rows(engine: sa.Engine, wanted: Filter) -> Iterator[dict[str, Any]]:
    """The rows one by one, by source, stream, batch and line: place, reason, field, state; never a value."""
    q, b = store.quarantine.c, store.batch.c
    columns = (b.source, b.stream, q.batch_id, b.label, b.as_of, q.line, q.reason, q.field, q.state, q.contract)
    query = sa.select(*columns).select_from(JOINED).where(wanted.condition())
    with engine.connect() as connection:
        ordered = query.order_by(b.source, b.stream, q.batch_id, q.line)
        for row in connection.execution_options(yield_per=CHUNK).execute(ordered):
            yield dict(row._mapping)


def history(connection: sa.Connection, place: Place) -> list[dict[str, Any]]:
    """The changes of a row, oldest first: state, actor, reason, at, by_batch."""
    c = store.quarantine_change.c
    query = sa.select(c.state, c.actor, c.reason, c.at, c.by_batch).where(c.batch_id == place[0], c.line == place[1])
    return [dict(row._mapping) for row in connection.execute(query.order_by(c.seq))]


def land(connection: sa.Connection, batch_id: int, contract: str, held: Iterable[Mapping[str, Any]]) -> None:
    """Put the rows of a batch into quarantine, open."""
    common = {"batch_id": batch_id, "contract": contract, "state": State.OPEN}
    for chunk in chunks(dict(row) | common for row in held):
        connection.execute(sa.insert(store.quarantine), chunk)


def record(
    connection: sa.Connection,
    places: Iterable[Place],
    state: State,
    *,
    actor: str,
    reason: str,
    by_batch: int | None = None,
) -> int:
    """Append a change to the history of each row and set its state; returns how many."""
    return record_each(connection, ((place, reason) for place in places), state, actor=actor, by_batch=by_batch)


def record_each(
    connection: sa.Connection,
    reasons: Iterable[tuple[Place, str]],
    state: State,
    *,
    actor: str,
    by_batch: int | None = None,
) -> int:
    """As `record`, with a reason of its own for each row."""
    told = {"state": state, "actor": actor, "by_batch": by_batch, "at": datetime.now(UTC)}
    q = store.quarantine.c
    update = (
        sa.update(store.quarantine)
        .where(q.batch_id == sa.bindparam("at_batch"), q.line == sa.bindparam("at_line"))
        .values(state=state)
    )
    count = 0
    for chunk in chunks(reasons):
        changes = [{"batch_id": batch, "line": line, "reason": reason} | told for (batch, line), reason in chunk]
        connection.execute(sa.insert(store.quarantine_change), changes)
        connection.execute(update, [{"at_batch": batch, "at_line": line} for (batch, line), _ in chunk])
        count += len(chunk)
    return count


def decide(engine: sa.Engine, batch: int, lines: Sequence[int], state: State, *, actor: str, reason: str) -> int:
    """Somebody's word on rows of a batch (`lines` empty: on all it may concern); returns how many it changed.

    Open rows may be waived or said to be fixed at their source; such rows may be opened again. Raises InputError.
    """
    if not actor.strip() or not reason.strip():
        raise InputError("A decision needs an actor and a reason", remedy="Give both; they are kept with it")
    before = (State.WAIVED, State.FIXED) if state is State.OPEN else (State.OPEN,)
    q = store.quarantine.c
    here = sa.and_(q.batch_id == batch, q.state.in_(before))
    with engine.begin() as connection:
        if not lines:
            return _record_all(connection, here, state, actor=actor, reason=reason)
        found: dict[int, str] = {}
        for chunk in chunks(sorted(set(lines))):
            asked = sa.select(q.line, q.state).where(q.batch_id == batch, q.line.in_(chunk))
            found |= dict(connection.execute(asked).all())
        if missing := sorted(set(lines) - set(found)):
            raise InputError(
                f"Batch {batch} holds no line {missing[0]} in quarantine", remedy="See `aidgraph quarantine show BATCH`"
            )
        if wrong := [line for line in lines if found[line] not in before]:
            raise InputError(
                f"Line {wrong[0]} of batch {batch} is {found[wrong[0]]}",
                remedy=f"Only rows that are {' or '.join(before)} can become {state}",
            )
        return record(connection, ((batch, line) for line in sorted(found)), state, actor=actor, reason=reason)


def _record_all(
    connection: sa.Connection, chosen: sa.ColumnElement[bool], state: State, *, actor: str, reason: str
) -> int:
    """As `record`, for all rows of a condition, however many: nothing of them comes here."""
    q = store.quarantine.c
    told = {"state": str(state), "actor": actor, "reason": reason, "at": datetime.now(UTC)}
    columns = [store.quarantine_change.c[name] for name in told]
    values = [sa.literal(value, column.type) for value, column in zip(told.values(), columns, strict=True)]
    rows = sa.select(q.batch_id, q.line, *values).where(chosen).order_by(q.line)
    connection.execute(sa.insert(store.quarantine_change).from_select(["batch_id", "line", *told], rows))
    return connection.execute(sa.update(store.quarantine).where(chosen).values(state=state)).rowcount


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in lists of CHUNK, so that statements stay short and memory bounded."""
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
