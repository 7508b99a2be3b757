"""What the access log costs: CPU of server and database for each operation, alone and with others at the same time.

    python tests/benchmarks/log.py [--persons 4000] [--rounds 5] [--requests 120] [--threads 4] [--postgres URL]

Q1 to Q3 of serve.py, in process with everything in the way, by 1, 4 and 16 callers. The log takes turns: `none` (no
entry is written), `wait` (none is, but the operation sleeps as long as a commit takes here: what runs after a wait
finds cold caches, on a busy machine above all), `each` (a transaction of its own for each operation, four exchanges on
PostgreSQL, as it was before group commit), `group` (as it is). Medians of the rounds; ratios to `none`. The index of
persons is built behind the log and measured by big_log.py. It asserts nothing.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub import log, store
from hub.log.entry import canonical, pack
from hub.log.entry import told as leaf_says
from hub.log.writer import APPEND_LOCK
from hub.store import access_log
from schema.app import THREADS, create_app
from schema.codec import Codec
from schema.tokens import issue
from tests.benchmarks.made_persons import counties, fill
from tests.benchmarks.serve import Asker
from tests.benchmarks.serve_app import graph
from tests.benchmarks.serve_compare import QUERIES

CALLERS = (1, 4, 16)
SHARE = {"Q1": 1, "Q2": 3, "Q3": 6}  # of the requests


class Each:
    """The log as it was: every entry in a transaction of its own, on a connection of the engine's pool."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(self, entry: log.Entry) -> None:
        packed = pack(entry.subjects, bytes(16))
        leaf = canonical(leaf_says(entry, packed))
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))
            columns = {name: getattr(entry, name) for name in ("at", "client", "agreement", "purpose", "outcome")}
            made = sa.insert(access_log).values(**columns, leaf=leaf, leaf_hash=bytes(32), subjects=packed)
            connection.execute(made)


class Nothing:
    """No log at all."""

    def append(self, entry: log.Entry) -> None:
        pass


class Wait:
    """No log, but its wait: as long as the median of some commits."""

    def __init__(self, engine: sa.Engine) -> None:
        writer, times = log.Writer(engine), list[float]()
        at = datetime(2025, 11, 30, tzinfo=UTC)
        for _ in range(30):
            began = time.perf_counter()
            writer.append(log.Entry(at=at, client="", role="", agreement="", purpose="", outcome="answered"))
            times.append(time.perf_counter() - began)
        writer.close()
        self.seconds = statistics.median(times)

    def append(self, entry: log.Entry) -> None:
        time.sleep(self.seconds)


def database(engine: sa.Engine) -> float:
    """CPU seconds of PostgreSQL's backends of this database, in nanoseconds' resolution; 0 on SQLite."""
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        pids = connection.scalars(sa.text(query)).all()
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # it ended meanwhile
            total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return total / 1e9


async def by(callers: int, asker: Asker, query: str, variables: list[dict[str, Any]]) -> None:
    """Ask all, `callers` at a time."""
    waiting = iter(variables)

    async def one() -> None:
        for given in waiting:
            body = await asker.ask(query, given)
            assert b'"errors"' not in body, body[:300]

    await asyncio.gather(*(one() for _ in range(callers)))


def run(engine: sa.Engine, persons: int, rounds: int, requests: int, threads: int) -> None:
    fill(engine, persons)
    served = graph(engine.url.render_as_string(hide_password=False), persons)
    under, there = served.agreements[0].id, counties(persons)
    app = create_app(replace(served, patience=0), threads=threads)
    operations = app.state.hub.operations
    asker = Asker(app, issue(served.ring, agreements=(under,), client="benchmark"))
    codec = Codec(served.ring, under)
    asked: dict[str, Callable[[int], dict[str, Any]]] = {
        "Q1": lambda n: {"token": codec.person(n * 7919 % persons)},
        "Q2": lambda n: {"county": there[n % len(there)]},
        "Q3": lambda n: {"c": there[n % len(there)]},
    }
    logs: dict[str, Any] = {"none": Nothing(), "wait": Wait(engine), "each": Each(engine), "group": operations.log}
    print(f"{engine.dialect.name}: CPU ms an operation, server + database (wall ms)")
    for name, variables_of in asked.items():
        for callers in CALLERS:
            count = max(callers * 4, requests // SHARE[name])
            found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in logs}
            for turn in range(rounds + 1):
                for way, kept in logs.items():
                    operations.log = kept
                    variables = [variables_of(turn * count + n) for n in range(count)]
                    cpu, behind, wall = time.process_time(), database(engine), time.perf_counter()
                    asyncio.run(by(callers, asker, QUERIES[name], variables))
                    wall = time.perf_counter() - wall
                    spent = time.process_time() - cpu, database(engine) - behind, wall
                    if turn:  # the first warms up
                        found[way].append(tuple(1000 * x / count for x in spent))  # type: ignore[arg-type]
            shown = {way: [statistics.median(column) for column in zip(*f, strict=True)] for way, f in found.items()}
            base = sum(shown["none"][:2])
            told = (
                f"{way} {s[0]:.2f} + {s[1]:.2f} ({s[2]:.1f}) {100 * sum(s[:2]) / base - 100:+.0f} %"
                for way, s in shown.items()
            )
            print(f"  {name} {callers:2} callers  {'  '.join(told)}", flush=True)
    operations.log = logs["group"]
    app.state.hub.workers.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--persons", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=120)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--postgres", help="URL of an empty database")
    given = parser.parse_args()
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        for url in filter(None, (f"sqlite:///{folder}/store.sqlite", given.postgres)):
            engine = store.connect(url)
            run(engine, given.persons, given.rounds, given.requests, given.threads)
            engine.dispose()


if __name__ == "__main__":
    main()
