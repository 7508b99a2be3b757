"""How each source stands: its last delivery against its cadence, what became of it, what waits; the late ones first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from connectors.base import Source, Stream
from hub import store
from hub.landing import ledger
from hub.landing.ledger import BatchState
from hub.landing.quarantine import JOINED, State

COUNTS = ("read", "accepted", "quarantined", "duplicates")
ORDER = ("never", "late", "held", "ok")  # what a stream's state may be, the worst first


def freshness(engine: sa.Engine, sources: Iterable[Source], today: date) -> list[dict[str, Any]]:
    """Every declared stream, the late ones first. `age_days` counts from the day the newest delivery describes.

    A stream is `late` when that is longer ago than its cadence; `held` when one of its batches waits for a word, or is
    quarantined whole with rows still open. The last batch is the newest that is no replay and was not refused;
    `read` to `duplicates` are sums over its stream; its `repairs` and `warnings` are None where none was counted, its
    `unchanged` are the accepted rows that stand as before, and `again` says of which batch it is the very file, if any.
    """
    with engine.connect() as connection:
        rows = [_row(connection, source, stream, today) for source in sources for stream in source.streams]
    return sorted(rows, key=lambda row: (ORDER.index(row["state"]), row["stream"]))


def _row(connection: sa.Connection, source: Source, stream: Stream, today: date) -> dict[str, Any]:
    b, q = store.batch.c, store.quarantine.c
    mine = ledger.of_stream(source.name, stream.name)
    delivered = sa.and_(mine, b.part_of.is_(None), b.state != BatchState.REFUSED)
    said = (b.batch_id, b.label, b.as_of, b.received_at, b.state, b.contract, b.unchanged, b.repairs, b.warnings)
    shown = (*said, b.fingerprint, *(b[name] for name in COUNTS))
    newest = sa.select(*shown).where(delivered).order_by(b.as_of.desc(), b.batch_id.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    sums = connection.execute(sa.select(sa.func.count(), *(sa.func.sum(b[name]) for name in COUNTS)).where(mine)).one()
    held = connection.execute(sa.select(b.batch_id, b.state).where(mine, ledger.waits()).order_by(b.batch_id)).all()
    waiting = sa.select(sa.func.count()).select_from(JOINED).where(mine, q.state == State.OPEN)
    age = None if last is None else (today - last.as_of).days
    late = age is None or age > stream.cadence_days
    if last is None:
        state = "never"
    elif late:
        state = "late"
    else:
        state = "held" if held else "ok"
    return {
        "stream": f"{source.name}.{stream.name}",
        "title": stream.title,
        "title_en": stream.title_en,
        "department": source.department,
        "cadence_days": stream.cadence_days,
        "last": None if last is None else last.batch_id,
        "as_of": None if last is None else last.as_of,
        "age_days": age,
        "batches": sums[0],
        **{name: int(count or 0) for name, count in zip(COUNTS, sums[1:], strict=True)},
        "last_batch": None if last is None else _last(connection, source.name, stream.name, dict(last._mapping)),
        "open": connection.scalar(waiting) or 0,
        "held": [dict(told) for told in _held(connection, held)],
        "late": late,
        "state": state,
    }


def _last(connection: sa.Connection, source: str, stream: str, last: dict[str, Any]) -> dict[str, Any]:
    print_ = last.pop("fingerprint")
    return last | {"again": ledger.again(connection, source, stream, print_, before=last["batch_id"])}


def _held(connection: sa.Connection, batches: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """The batches that wait for a word or to be replayed whole, and why."""
    told = ledger.history(connection, [batch.batch_id for batch in batches])
    for batch in batches:
        why = [change["reason"] for change in told.get(batch.batch_id, ()) if change["state"] == batch.state]
        yield {"batch": batch.batch_id, "state": batch.state, "why": why[-1] if why else ""}
