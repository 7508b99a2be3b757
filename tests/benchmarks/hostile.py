"""Hostile documents against a real server, while a normal client goes on asking.

    python -m tests.benchmarks.hostile [--seconds 4] [--postgres URL] [--connections 2] [--beside]

Each kind is first sent alone, for the server's CPU time a document. Then a client of its own, in a process of its own,
sends it over some connections without a pause, under the shipped agreement `civil-affairs` (its rate raised: the rate
limit shall hide nothing). Told are how long its answers took and what became of them, and the normal client's 95th
percentile meanwhile, against the one in the idle turns before and after.

--beside sends each kind to another server as well, which shares nothing with the normal client's but the machine: what
the normal client's answers take then is what the machine's cores cost it, and not its server.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tests.schema import world  # noqa: E402
from tests.schema.server import Server  # noqa: E402

NORMAL = """query Normal($after: String) { persons(first: 20, after: $after, filter: {county: "370911"}) {
  nodes { token name categories { category validFrom } enrolments { insutype status } } pageInfo { endCursor } } }"""
ALONE = 30  # documents
PAUSE = 0.02  # seconds between a normal client's requests
AGREEMENT = "civil-affairs"


def bomb(levels: int) -> str:
    spreads = " ".join(f"fragment F{n} on Person {{ ...F{n + 1} sex ...F{n + 1} }}" for n in range(levels))
    return f"{{ persons {{ nodes {{ ...F0 }} }} }} {spreads} fragment F{levels} on Person {{ sex }}"


def distinct(fields: int) -> Iterator[str]:
    n = 0
    while True:
        n += 1
        yield f"query Q{n} {{ agreement {{ " + " ".join(f"a{n}_{k}: id" for k in range(fields)) + " } }"


def same(text: str) -> Callable[[], Iterator[str]]:
    def forever() -> Iterator[str]:
        while True:
            yield text

    return forever


KINDS: dict[str, Callable[[], Iterator[str]]] = {
    "fragment bomb, 60 levels": same(bomb(60)),
    "1,000 aliases": same("{ " + " ".join(f"a{n}: agreement {{ id }}" for n in range(1_000)) + " }"),
    "30 aliases of pages": same(
        "{ " + " ".join(f"a{n}: persons(first: 20) {{ nodes {{ sex }} }}" for n in range(30)) + "}"
    ),
    "deep nesting": same("{ households { nodes { members { household " * 30 + "{ token }" + " }" * 120),
    "5,000 braces": same("{" * 5_000),
    "1 MB string": same('{ person(token: "' + "x" * 1_000_000 + '") { sex } }'),
    "60 KB string": same('{ person(token: "' + "x" * 60_000 + '") { sex } }'),
    "3,000 equal fields": same("{ persons { nodes { " + "sex " * 3_000 + "} } }"),
    "290 equal fields": same("{ persons { nodes { " + "sex " * 290 + "} } }"),
    "90 equal lists": same("{ " + "persons { nodes { sex } } " * 90 + "}"),
    "70 fragments": same(
        "{ persons { nodes { " + " ".join(f"...F{n}" for n in range(70)) + " } } } "
        + " ".join(f"fragment F{n} on Person {{ sex }}" for n in range(70))
    ),
    "wide object": same("{ persons(filter: {" + " ".join(f"k{n}: 1" for n in range(290)) + "}) { nodes { sex } } }"),
    "2 whole schemas": same(
        "{ " + " ".join(f"a{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for n in range(2)) + " }"
    ),
    "distinct small documents": lambda: distinct(1),
    "distinct large documents": lambda: distinct(29),
}  # fmt: skip


def post(client: httpx.Client, text: str, variables: Any = None) -> tuple[float, str]:
    """Milliseconds, and what became of it."""
    began = time.perf_counter()
    answer = client.post("/graphql", json={"query": text, "variables": variables or {}})
    took = (time.perf_counter() - began) * 1000
    errors = answer.json().get("errors", [])
    return took, errors[0]["extensions"].get("limit", errors[0]["extensions"]["code"]) if errors else "answered"


def hostile(url: str, token: str, kind: str, seconds: float, connections: int, out: Any) -> None:
    gc.freeze()  # the callers' own collector, which takes 0.1 s, is not the server's

    def one(_: int) -> list[tuple[float, str]]:
        texts, until, found = KINDS[kind](), time.monotonic() + seconds, []
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            post(client, "{ __typename }")
            while time.monotonic() < until:
                found.append(post(client, next(texts)))
        return found

    with ThreadPoolExecutor(connections) as pool:
        out.put([item for found in pool.map(one, range(connections)) for item in found])
    gc.unfreeze()


def cpu(server: Server) -> float:
    """CPU milliseconds of the server so far."""
    parts = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def alone(server: Server, client: httpx.Client, kind: str) -> float:
    """The server's CPU milliseconds for one document of a kind; each tick of the kernel's clock is 10."""
    texts = KINDS[kind]()
    post(client, next(texts))
    before = cpu(server)
    for _ in range(ALONE):
        post(client, next(texts))
    return (cpu(server) - before) / ALONE


def normal(client: httpx.Client, until: Callable[[], bool]) -> list[float]:
    found = []
    while not until():
        took, became = post(client, NORMAL)
        assert became == "answered", became
        found.append(took)
        time.sleep(PAUSE)
    return found


def resting(client: httpx.Client, seconds: float) -> list[float]:
    """What a normal client's answers take while nobody attacks."""
    until = time.monotonic() + seconds
    return normal(client, lambda: time.monotonic() > until)


def attack(
    context: Any, client: httpx.Client, server: Server, kind: str, told: argparse.Namespace
) -> tuple[list[float], list[tuple[float, str]]]:
    """What a normal client's answers take while a server is attacked, and the attacker's own."""
    out = context.Queue()
    token = server.token(AGREEMENT, client="hostile")
    process = context.Process(target=hostile, args=(server.url, token, kind, told.seconds, told.connections, out))
    process.start()
    time.sleep(1.5)  # it imports
    under = normal(client, lambda: not out.empty())
    found = out.get()
    process.join()
    return under, found


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def configuration(folder: Path) -> Path:
    """The shipped configuration, its rate raised."""
    made = folder / "config"
    shutil.copytree(ROOT / "config", made, ignore=shutil.ignore_patterns("__pycache__"))
    file = made / "agreements" / f"{AGREEMENT}.toml"
    file.write_text(file.read_text().replace("[limits]\n", "[limits]\nrate = 600000\n"))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--postgres", default="", help="URL of an empty database")
    parser.add_argument("--beside", action="store_true", help="attack another server as well")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    results = []
    gc.freeze()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as opened:
        folder = Path(temporary)
        config = configuration(folder)
        fill = lambda engine, ring: world.fill(engine, ring, many=400)  # noqa: E731
        server = opened.enter_context(Server(folder / "data", config=config, store_url=told.postgres, fill=fill))
        attacked = [server]
        if told.beside:
            attacked.append(opened.enter_context(Server(folder / "beside", config=config, fill=fill)))
        headers = {"Authorization": f"Bearer {server.token(AGREEMENT, client='normal')}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            for _ in range(50):
                post(client, NORMAL)
            for kind in KINDS:
                spent = alone(server, client, kind)
                idle = resting(client, told.seconds / 2)
                attacks = [attack(context, client, other, kind, told) for other in attacked]
                idle += resting(client, told.seconds / 2)
                under, found = attacks[0]
                times = [took for took, _ in found]
                results.append(
                    {
                        "kind": kind, "cpu_ms": spent, "sent": len(found),
                        "became": dict(Counter(became for _, became in found)),
                        "median_ms": statistics.median(times), "p99_ms": sorted(times)[int(len(times) * 0.99)],
                        "slowest_ms": max(times), "idle_p95_ms": p95(idle), "under_p95_ms": p95(under),
                        "beside_p95_ms": p95(attacks[1][0]) if told.beside else None,
                    }
                )  # fmt: skip
                if not told.json:
                    print(line(results[-1]), flush=True)
        for row in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
            if row.startswith("VmHWM"):
                print(f"peak memory of the server: {int(row.split()[1]) // 1024} MB", file=sys.stderr)
    gc.unfreeze()
    if told.json:
        print(json.dumps(results))


def line(found: dict[str, Any]) -> str:
    ratio = found["under_p95_ms"] / found["idle_p95_ms"]
    beside = found["beside_p95_ms"]
    aside = "" if beside is None else f", beside {beside:5.1f} ms ({beside / found['idle_p95_ms']:.1f}x)"
    became = ", ".join(f"{name} {count}" for name, count in found["became"].items())
    return (
        f"{found['kind']:26} CPU {found['cpu_ms']:5.1f} ms  {found['sent']:5} sent"
        f"  median {found['median_ms']:6.1f}  p99 {found['p99_ms']:6.1f}"
        f"  slowest {found['slowest_ms']:6.1f} ms"
        f"  normal p95 {found['idle_p95_ms']:5.1f} -> {found['under_p95_ms']:5.1f} ms ({ratio:.1f}x){aside}  {became}"
    )


if __name__ == "__main__":
    main()
