"""One run at a time: two hubs that share a lake, or a store, refuse each other.

1. The lake is held by a lock on a file of its folder (hub/lake.py); a SQLite store by one on a file beside it; a
   PostgreSQL store by an advisory lock on a connection of its own. All of them end with the process that took them,
   however it ends: nothing stale is ever left to clear.
2. A store belongs to the lake that holds the files it names. A hub with another lake is refused, even when nobody else
   is at work: what it landed would be missing from the first one's lake.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import sqlalchemy as sa

from hub import store
from hub.errors import Locked
from hub.lake import Lake, Shelf

WAIT = "Wait until it has ended, then run this again"
ADVISORY = int.from_bytes(b"aidgraph", signed=True)  # locks of this kind are each database's own
KEEPALIVE = {"tcp_keepalives_idle": 60, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 6}  # seconds, times


@contextmanager
def held(engine: sa.Engine, lake: Lake) -> Iterator[None]:
    """Hold the lake and the store for one run. Raises Locked."""
    with lake.lock(), _store(engine):
        _belongs(engine, lake)
        yield


def _store(engine: sa.Engine) -> AbstractContextManager[None]:
    if engine.dialect.name == "postgresql":
        return _advisory(engine)
    return _beside(Path(engine.url.database).resolve()) if engine.url.database else nullcontext()


@contextmanager
def _beside(database: Path) -> Iterator[None]:
    with database.with_name(f"{database.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(f"Another run works on the store {database}", remedy=WAIT) from None
        yield


@contextmanager
def _advisory(engine: sa.Engine) -> Iterator[None]:
    with engine.connect() as connection:
        held = connection.execution_options(isolation_level="AUTOCOMMIT")
        for name, value in KEEPALIVE.items():  # a machine that lost its power is noticed, and its lock freed
            held.execute(sa.text(f"SET {name} = {value}"))
        if not held.scalar(sa.select(sa.func.pg_try_advisory_lock(ADVISORY))):
            raise Locked(f"Another run works on the store, database {engine.url.database}", remedy=WAIT)
        try:
            yield
        finally:
            with suppress(sa.exc.DBAPIError):  # a connection that broke holds nothing
                held.execute(sa.select(sa.func.pg_advisory_unlock(ADVISORY)))


def _belongs(engine: sa.Engine, lake: Lake) -> None:
    """Does this lake hold what the store's newest batch and newest month are made of?"""
    b, m = store.batch.c, store.month.c
    named: list[tuple[Shelf, str]] = []
    with engine.connect() as connection:
        batch = connection.scalar(sa.select(b.parts).order_by(b.batch_id.desc()).limit(1))
        month = connection.scalar(sa.select(m.tables).order_by(m.publication.desc()).limit(1))
    named += (("rows", digest) for digest in (batch or {}).values())
    named += (("derived", digest) for digest in (month or {}).values())
    if any(not (lake.root / shelf / f"{digest}.parquet").is_file() for shelf, digest in named):
        raise Locked(
            f"The store belongs to another lake: {lake.root} does not hold the files that it names",
            remedy="Give each hub a store and a lake of its own; where this is the only hub, set `lake` to the folder "
            "that holds them, or restore it",
        )
