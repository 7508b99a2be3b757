"""What a big access log costs: its index of persons, an append, a person's report, verification, a proof.

    python tests/benchmarks/big_log.py [--entries 1000000] [--persons 1000000] [--postgres URL]

Made-up entries: 90 of 100 of one person, 9 of 50, 1 of 1,000 (15.4 on average). CPU seconds of this process; on
PostgreSQL wall seconds tell the rest. It asserts nothing.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from hub import keys, log, store
from hub.log.entry import Row, row_of
from hub.log.tree import extend
from hub.store import access_log, access_subject

CHUNK = 10_000
ORIGIN = "benchmark/log"
ENTRY = log.Entry(
    at=datetime(2025, 11, 30, tzinfo=UTC),
    client="civil-affairs-370302",
    role="client",
    agreement="civil-affairs",
    purpose="assistance-certification",
    outcome="answered",
    document="ab" * 32,
    operation="Needy",
    fields=tuple(f"Person.field{n}" for n in range(15)),
)


def entries(count: int, persons: int) -> list[Row]:
    """Entries of one, 50 or 1,000 persons."""
    made = []
    for _ in range(count):
        place = random.randrange(100)
        size = 1 if place < 90 else 50 if place < 99 else 1_000
        made.append(row_of(replace(ENTRY, subjects=frozenset(random.choices(range(persons), k=size)))))
    return made


def told(what: str, work: Callable[[], Any], times: int = 1) -> Any:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        found = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    unit, factor = ("s", 1) if times == 1 else ("ms each", 1000 / times)
    print(f"  {what}: CPU {cpu * factor:.2f} {unit}, wall {wall * factor:.2f} {unit}", flush=True)
    return found


def run(engine: sa.Engine, count: int, persons: int) -> None:
    store.metadata.create_all(engine)
    ring = keys.make()
    writer = log.Writer(engine)
    print(f"{engine.dialect.name}: {count:,} entries")
    told("append to an empty log", lambda: writer.append(ENTRY), 300)
    columns = Row._fields
    for start in range(0, count, CHUNK):
        rows = [{name: getattr(row, name) for name in columns} for row in entries(min(CHUNK, count - start), persons)]
        with engine.begin() as connection:
            connection.execute(access_log.insert(), rows)
    told("append to a big log, nothing behind it built", lambda: writer.append(ENTRY), 300)
    told("build the index of persons", lambda: log.index_subjects(engine))
    with engine.connect() as connection:
        print(f"  {connection.scalar(sa.select(sa.func.count()).select_from(access_subject)):,} subjects")
    told("build the tree", lambda: extend(engine))
    told("append to a big log", lambda: writer.append(ENTRY), 300)
    told(
        "append and index",
        lambda: (writer.append(replace(ENTRY, subjects=frozenset({5}))), log.index_subjects(engine)),
        300,
    )
    told("a person's accesses", lambda: list(log.accesses(engine, random.randrange(persons))), 100)
    told("a checkpoint", lambda: log.checkpoint(engine, ring, ORIGIN), 20)
    told("a proof of an entry", lambda: log.inclusion(engine, ring, ORIGIN, random.randrange(1, count)), 20)
    found = told("verify everything", lambda: log.examine(engine))
    assert found.problems == []
    log.keep_verified(engine, ring, ORIGIN, found)
    since = log.last_verified(engine, ring, ORIGIN)
    print(f"  then {told('verify what follows', lambda: log.examine(engine, since=since)).read:,} entries were read")
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--postgres", help="URL of an empty database, in place of SQLite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = store.connect(given.postgres or f"sqlite:///{folder}/store.sqlite")
        run(engine, given.entries, given.persons)
        engine.dispose()


if __name__ == "__main__":
    main()
