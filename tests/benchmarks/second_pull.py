"""What a second complete pull costs in which 1 % of the rows changed, against the first.

    PYTHONPATH=. python tests/benchmarks/second_pull.py [--rows 60000] [--rounds 3] [--changed 1]

A server of its own process shows the register of insured persons (550 bytes a row) over HTTP on loopback, in two
versions. Each round lands the first version and then the second into a new lake; beside them the same pages are only
fetched and decoded, which no hub can save. Prints seconds of clock and of CPU (of this process and of the hub's reading
processes), bytes written, and the ratio of the second pull to the first (medians); asserts nothing. What it measured
belongs into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import resource
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import hub
from connectors.base import Connection, discover
from hub import config, keys, store
from hub.lake import Lake
from hub.land import Landing
from hub.reading import identity
from hub.reading.identity import check_digit
from tests.benchmarks.land import cpu_seconds

SOURCE = next(source for source in discover() if source.name == "medical_insurance")
PERSONS = SOURCE.stream("persons")
CONFIG = Path(hub.__file__).parents[1] / "config"
PAGE = 1_000


def person(order: int, version: int) -> dict[str, object]:
    """A row of the register; `version` shows in the telephone number."""
    head = (
        f"370302{1940 + order % 80}{1 + order // 80 % 12:02d}{1 + order // 960 % 28:02d}{order // 26_880 % 1_000:03d}"
    )
    cover = {"insutype": "390", "psn_type": "15", "psn_insu_stas": "1", "psn_insu_date": "2019-01-01"}
    return {
        "psn_no": f"3703020000{order:010d}", "psn_cert_type": "01", "certno": head + check_digit(head),
        "psn_name": f"王{chr(0x4E00 + order % 9000)}{chr(0x4E00 + order // 9000 % 9000)}", "gend": "1", "naty": "01",
        "brdy": f"{head[6:10]}-{head[10:12]}-{head[12:14]}", "tel": f"138{version}{order:07d}",
        "insuinfo": [{**cover, "paus_insu_date": None, "insuplc_admdvs": "370302"}],
        "idetinfo": [{"psn_idet_type": "01", "psn_type_lv": None, "memo": None, "begntime": "2024-01-01 00:00:00"}],
        "subsidyinfo": [{"insu_year": 2025, "payer": "1", "subsidy_amt": "150.00", "pay_date": "2025-02-01"}],
    }  # fmt: skip


def serve(port: int, rows: int, changed: int) -> None:
    """The platform: pages of either version, encoded before anybody asks."""
    pages: dict[str, list[bytes]] = {}
    for version, day in ((0, "2025-10-31"), (1, "2025-11-30")):
        whole = [person(order, version if order % 100 < changed else 0) for order in range(rows)]
        parts = [whole[start : start + PAGE] for start in range(0, rows, PAGE)]
        told = {"infcode": 0, "respond_time": f"{day} 08:00:00"}
        count = {"recordCounts": rows, "pages": len(parts)}
        pages[str(version)] = [orjson.dumps({**told, "output": {**count, "baseinfo": part}}) for part in parts]

    async def page(request: Request) -> Response:
        asked = orjson.loads(await request.body())["input"]["page_num"]
        return Response(pages[request.path_params["version"]][asked - 1], media_type="application/json")

    app = Starlette(routes=[Route("/{version}/{path:path}", page, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", ws="none")


def wait(port: int) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of clock, and of CPU of this process and those it started for the work."""
    clock, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - clock, cpu_seconds() - cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changed", type=int, default=1, help="of a hundred rows")
    given = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = get_context("spawn").Process(target=serve, args=(port, given.rows, given.changed), daemon=True)
    server.start()
    wait(port)
    loaded, ring = config.load(CONFIG), keys.make()
    linkage = identity.load(CONFIG, "v1", ring)
    source = replace(SOURCE, streams=(PERSONS,))
    times: dict[str, list[tuple[float, float]]] = {"fetch": [], "first": [], "second": []}
    for turn in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            engine, lake = store.connect(f"sqlite:///{folder}/store.sqlite"), Lake(Path(folder) / "lake")
            store.metadata.create_all(engine)
            landing = Landing(engine=engine, lake=lake, linkage=linkage, codes=loaded.codes, ring=ring)

            def fetch(version: int) -> None:
                connection = Connection(url=f"http://127.0.0.1:{port}/{version}")
                (delivery,) = PERSONS.transport.deliveries(PERSONS, connection, since=None, seen=frozenset())
                assert sum(len(page.lines) for page in delivery.pages) == given.rows

            def pull(version: int, landing: Landing = landing) -> None:
                connection = Connection(url=f"http://127.0.0.1:{port}/{version}")
                (report,) = landing.pull(source, connection, lambda *_: None)
                kept = given.rows * (100 - given.changed) // 100 if version else 0
                assert (report.accepted, report.unchanged) == (given.rows, kept)

            times["fetch"].append(measured(lambda: fetch(1)))
            times["first"].append(measured(lambda: pull(0)))
            before = size(lake)
            times["second"].append(measured(lambda: pull(1)))
            written = (before, size(lake) - before)
            engine.dispose()
        clock = {name: seconds[turn][0] for name, seconds in times.items()}
        print("  ".join(f"{name} {seconds:.2f} s" for name, seconds in clock.items()))
    server.terminate()
    for name, column in (("clock", 0), ("CPU", 1)):
        middle = {what: statistics.median(pair[column] for pair in pairs) for what, pairs in times.items()}
        each = "  ".join(f"{what} {seconds / given.rows * 1e6:.2f} us" for what, seconds in middle.items())
        print(f"{name} a row: {each}; second/first {middle['second'] / middle['first']:.0%}")
    print(f"bytes written: {written[0]:,} and {written[1]:,} ({written[1] / written[0]:.1%})")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def size(lake: Lake) -> int:
    return sum(path.stat().st_size for path in lake.root.rglob("*.parquet"))


if __name__ == "__main__":
    main()
