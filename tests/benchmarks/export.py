"""What an export costs: CPU and peak memory of a whole one, by compiled pages and by the executor's.

    PYTHONPATH=. python tests/benchmarks/export.py sqlite:////tmp/x.sqlite --persons 20000 --fill
        [--form csv] [--plain] [--page 1000]

Each run is a process of its own: its peak is the export's, on the store of made-up persons (made_persons.py).
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from hub import store

sys.path.insert(0, str(Path(__file__).parents[2]))
from schema.answer import Answer, Request
from schema.contract import Contract
from schema.export.run import start
from schema.identities import Identities
from schema.operation import Operations
from schema.read.reference import Reference
from schema.tokens import Claims
from schema.workers import Workers
from tests.benchmarks.made_persons import fill
from tests.benchmarks.serve_app import graph

QUERY = "{ persons { nodes { token name sex birth residence { code } county { name } } } }"


def run(url: str, persons: int, form: str, *, compiled: bool, page: int) -> dict[str, object]:
    """One export, its parts thrown away."""
    served = graph(url, persons)
    (agreement,) = served.agreements
    agreement = replace(agreement, export=True, limits=replace(agreement.limits, page=page, rows=10_000_000))
    contract = Contract(agreement)
    operations = Operations(
        engine=served.engine, ring=served.ring, contracts={agreement.id: contract}, lookup=served.lookup,
        compiled=compiled, reference=Reference(served.config, ()), identities=Identities(served.ring, ()),
    )  # fmt: skip
    claims = Claims(client="bench", role="client", agreements=(agreement.id,), expires=2**40)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began, request = time.monotonic(), Request(query=QUERY, variables={})

    async def whole(workers: Workers) -> tuple[int, int]:
        begun = await workers.run(partial(start, operations, contract, claims, request, form))
        if isinstance(begun, Answer):
            raise SystemExit(begun.body.decode())
        rows = size = 0
        while (part := await workers.run(begun.next)) is not None:
            rows, size = part.rows, size + len(part.data)
        begun.close()
        return rows, size

    workers = Workers(threads=1, waiting=1, closing=operations.close)
    rows, size = asyncio.run(whole(workers))
    after = resource.getrusage(resource.RUSAGE_SELF)
    workers.close()
    return {
        "rows": rows,
        "bytes": size,
        "form": form,
        "way": "compiled" if compiled else "plain",
        "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "seconds": round(time.monotonic() - began, 2),
        "before_mib": before.ru_maxrss // 1024,
        "peak_mib": after.ru_maxrss // 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--fill", action="store_true", help="make the persons first, and nothing else")
    parser.add_argument("--form", default="csv")
    parser.add_argument("--plain", action="store_true", help="by the graph's own executor")
    parser.add_argument("--page", type=int, default=1_000)
    told = parser.parse_args()
    if told.fill:
        engine = store.connect(told.url)
        fill(engine, told.persons)
        engine.dispose()
        return
    print(json.dumps(run(told.url, told.persons, told.form, compiled=not told.plain, page=told.page)))


if __name__ == "__main__":
    main()
