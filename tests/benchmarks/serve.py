"""How much an answer costs: Q1 to Q3 of the graph, in process, with everything the product puts in the way.

    python tests/benchmarks/serve.py [--persons 20000] [--requests 200] [--postgres URL]

Q1 one person by token with enrolment, categories, the last 5 settlements, entitlements; Q2 a keyset page of 100
persons of a county with enrolment and categories; Q3 1,000 persons by 12 scalars. Authentication, contract, scope,
masks, limits and the durable log are all in the way; an HTTP client is not. Compiled and plain take turns.
Prints the median, the 95th percentile and the CPU a request takes (server and, on PostgreSQL, its backends) on a
store of made-up persons (made_persons.py); also the same without the log, to show its share. It asserts nothing; what
it measured belongs into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub import store
from schema.app import create_app
from schema.codec import Codec
from schema.tokens import issue
from tests.benchmarks.made_persons import counties, fill
from tests.benchmarks.serve_app import graph, without_log
from tests.benchmarks.serve_compare import QUERIES, SHARE

WAYS = ("compiled", "plain")  # by turns, so that a busy machine is busy for both
ROUNDS = 5


class Asker:
    """Asks the application over ASGI, without a client's own cost."""

    def __init__(self, app: Any, token: str) -> None:
        self.app = app
        self.headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]

    async def ask(self, query: str, variables: dict[str, Any]) -> bytes:
        body, out = json.dumps({"query": query, "variables": variables}).encode(), bytearray()
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/graphql",
            "raw_path": b"/graphql", "query_string": b"", "root_path": "", "scheme": "http", "headers": self.headers,
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            out.extend(message.get("body", b""))

        await self.app(scope, receive, send)
        return bytes(out)


def backends(engine: sa.Engine) -> float:
    """CPU seconds of PostgreSQL's backends, as the kernel counts them; 0 on SQLite or where they cannot be read."""
    if engine.dialect.name != "postgresql":
        return 0.0
    with engine.connect() as connection:
        pids = connection.scalars(sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")).all()
    total = 0
    for pid in pids:
        try:
            parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(parts[11]) + int(parts[12])
    return total / os.sysconf("SC_CLK_TCK")


async def measure(asker: Asker, engine: sa.Engine, query: str, variables: list[dict[str, Any]]) -> tuple[float, ...]:
    """Median and 95th percentile in ms, CPU ms of the server and of the database, bytes."""
    for told in variables[:5]:
        body = await asker.ask(query, told)
        assert b'"errors"' not in body, body[:300]
    cpu, database, times, size = time.process_time(), backends(engine), [], 0
    for told in variables:
        began = time.perf_counter()
        size = len(await asker.ask(query, told))
        times.append((time.perf_counter() - began) * 1000)
    count = len(variables)
    server, behind = time.process_time() - cpu, backends(engine) - database
    quantile = sorted(times)[int(count * 0.95)]
    return statistics.median(times), quantile, server * 1000 / count, behind * 1000 / count, size


def run(engine: sa.Engine, persons: int, requests: int) -> None:
    began = time.perf_counter()
    fill(engine, persons)
    print(f"{engine.dialect.name}: {persons:,} persons filled in {time.perf_counter() - began:.0f} s")
    served, there = graph(engine.url.render_as_string(hide_password=False), persons, keep=0), counties(persons)
    under = served.agreements[0].id
    apps = {way: create_app(replace(served, compiled=way == "compiled")) for way in WAYS}
    askers = {way: Asker(app, issue(served.ring, agreements=(under,), client="benchmark")) for way, app in apps.items()}
    codec = Codec(served.ring, under)
    told: dict[str, Callable[[int], dict[str, Any]]] = {
        "Q1": lambda n: {"token": codec.person(n * 7919 % persons)},
        "Q2": lambda n: {"county": there[n % len(there)]},
        "Q3": lambda n: {"c": there[n % len(there)]},
    }
    for logged in (True, False):
        if not logged:
            for app in apps.values():
                without_log(app)
        for name, variables_of in told.items():
            count = max(8, requests // SHARE[name] // ROUNDS)
            found: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
            for turn in range(ROUNDS):
                for way in WAYS:
                    variables = [variables_of(turn * count + n) for n in range(count)]
                    found[way].append(asyncio.run(measure(askers[way], engine, QUERIES[name], variables)))
            for way, times in found.items():
                shown = [statistics.median(column) for column in zip(*times, strict=True)]
                print(
                    f"  {name} {way:8} {'with the log' if logged else 'without it  '}"
                    f"  median {shown[0]:7.2f} ms  p95 {shown[1]:7.2f} ms"
                    f"  CPU {shown[2]:7.2f} + {shown[3]:6.2f} ms  {shown[4]:,.0f} bytes",
                    flush=True,
                )
    for app in apps.values():
        app.state.hub.workers.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--postgres", help="URL of an empty database")
    told = parser.parse_args()
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        engine = store.connect(f"sqlite:///{folder}/store.sqlite")
        run(engine, told.persons, told.requests)
        engine.dispose()
    if told.postgres:
        engine = store.connect(told.postgres)
        run(engine, told.persons, told.requests)
        engine.dispose()


if __name__ == "__main__":
    main()
