"""How much an answer costs: Q1 to Q3 of the graph, in process, with everything the product puts in the way.

    python tests/benchmarks/serve.py [--persons 20000] [--requests 200] [--postgres URL]

Q1 one person by token with enrolment, categories, the last 5 settlements, entitlements; Q2 a keyset page of 100
persons of a county with enrolment and categories; Q3 1,000 persons by 12 scalars. Authentication, contract, scope,
masks, limits and the durable log are all in the way; an HTTP client is not. Compiled and plain take turns.
Prints the median, the 95th percentile
and the CPU a request takes (server and, on PostgreSQL, its backends) on a store of made-up persons; also the same
without the log, to show its share. It asserts nothing; what it measured belongs into DECISIONS.md.
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
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from hub import keys, store
from hub.config.divisions import Divisions
from hub.store import published
from schema.agreement import MOST, Agreement, load_all
from schema.app import create_app
from schema.codec import Codec
from schema.serving import Graph
from schema.tokens import issue
from tests.benchmarks.serve_app import without_log

ROOT = Path(__file__).parents[2]
OPEN = date(9999, 12, 31)
PER_COUNTY = 2_000
WAYS = ("compiled", "plain")  # by turns, so that a busy machine is busy for both
ROUNDS = 5
CHUNK = 20_000
SCALARS = "token name sex birth ethnic rural death idGrade residence { code name } county { code name }"
QUERIES = {
    "Q1": """query Q1($token: String!) { person(token: $token) { token name sex birth
      enrolments { insutype status region { name } } categories { category validFrom validUntil }
      settlements(first: 5) { nodes { settled total medicalAssistancePaid selfInScope } }
      entitlements { benefit category annualAmount article } } }""",
    "Q2": """query Q2($county: String!) { persons(first: 100, filter: {county: $county}) {
      edges { cursor node { token name sex enrolments { insutype status } categories { category validFrom } } }
      pageInfo { hasNextPage endCursor } } }""",
    "Q3": f"query Q3($c: String!) {{ persons(first: 1000, filter: {{county: $c}}) {{ nodes {{ {SCALARS} }} }} }}",
}


def rows(persons: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of made-up persons, table by table in chunks: each with an enrolment, 6 settlements, 2 entitlements."""
    for start in range(0, persons, CHUNK):
        made: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("person", "category_spell", "enrolment", "settlement", "entitlement")
        }
        for n in range(start, min(start + CHUNK, persons)):
            county = f"{370100 + n // PER_COUNTY:06d}"
            shared = {"person_id": n, "batch_id": 1, "line": n, "record_digest": "0" * 64}
            period = {"valid_from": date(2024, 1, 1), "valid_until": OPEN}
            made["person"].append(
                {**shared, "name_masked": "王*", "sex": str(1 + n % 2), "birth": date(1950 + n % 60, 1, 1 + n % 28),
                 "ethnic": "01", "rural": n % 2 == 0, "residence": county, "county": county,
                 "id_grade": "verified_form"}
            )  # fmt: skip
            made["category_spell"] += [
                {**shared, **period, "category": code, "region": county, "certified": date(2024, 1, 1),
                 "certifier": "civil_affairs", "household_key": f"h{n // 3}", "source": "civil_affairs",
                 "stream": "recipients"}
                for code in ("dibao", "tekun")[: 1 + n % 2]
            ]  # fmt: skip
            made["enrolment"].append(
                {**shared, **period, "insutype": "390", "status": "normal", "region": county, "pooling_area": "3701"}
            )
            made["settlement"] += [
                {**shared, "setl_id": f"s{n}-{k}", "visit_id": f"v{n}-{k}", "insutype": "390", "setting": "inpatient",
                 "settled": date(2025, 1 + k, 1 + n % 28), "region": county, "total": 123456, "scope": 120000,
                 "medical_assistance_paid": 4500, "self_in_scope": 5600, "cancelled": False}
                for k in range(6)
            ]  # fmt: skip
            made["entitlement"] += [
                {"person_id": n, **period, "benefit": benefit, "category": "dibao", "region": county, "rule_key": "d/r",
                 "document": "d", "article": "3", "determined": True, "annual_amount": 4500, "mode": "per_benefit"}
                for benefit in ("medical_assistance", "premium_subsidy")
            ]  # fmt: skip
        yield from made.items()


def fill(engine: sa.Engine, persons: int) -> None:
    at = datetime(2025, 12, 1, tzinfo=UTC)
    store.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(store.publication.insert().values(publication=1, month="2025-11", at=at, digest="-"))
        for table, made in rows(persons):
            for row in made:
                row |= {"row_digest": b"-", "pub_from": 1}
            connection.execute(published[table].insert(), made)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def agreement() -> Agreement:
    """The shipped civil-affairs agreement over all the made-up counties, with what Q1 to Q3 read."""
    shipped = next(item for item in load_all(ROOT / "config") if item.id == "civil-affairs")
    person = {**shipped.fields["Person"], "ethnic": "show", "idGrade": "show"}
    fields = {**shipped.fields, "Person": person}
    return replace(shipped, fields=fields, limits=MOST, scope=replace(shipped.scope, divisions=("37",)))


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
    ring, under = keys.make(), agreement()
    counties = [f"{370100 + n:06d}" for n in range(max(1, persons // PER_COUNTY))]
    config: Any = SimpleNamespace(divisions=Divisions(names=dict.fromkeys(counties, "某县")), documents={})
    graph = Graph(
        engine=engine, ring=ring, config=config, agreements=[under], lookup=lambda _n, _c: "", sources=(), keep=0
    )
    apps = {way: create_app(replace(graph, compiled=way == "compiled")) for way in WAYS}
    askers = {way: Asker(app, issue(ring, agreements=(under.id,), client="benchmark")) for way, app in apps.items()}
    codec = Codec(ring, under.id)
    told: dict[str, Callable[[int], dict[str, Any]]] = {
        "Q1": lambda n: {"token": codec.person(n * 7919 % persons)},
        "Q2": lambda n: {"county": counties[n % len(counties)]},
        "Q3": lambda n: {"c": counties[n % len(counties)]},
    }
    for logged in (True, False):
        if not logged:
            for app in apps.values():
                without_log(app)
        for name, query in QUERIES.items():
            count = max(8, requests // {"Q1": 1, "Q2": 4, "Q3": 10}[name] // ROUNDS)
            found: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
            for turn in range(ROUNDS):
                for way in WAYS:
                    variables = [told[name](turn * count + n) for n in range(count)]
                    found[way].append(asyncio.run(measure(askers[way], engine, query, variables)))
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
