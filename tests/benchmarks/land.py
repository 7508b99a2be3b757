"""How fast rows land: the hub's landing beside a bare pipeline, interleaved, and each step beside its own limit.

    python tests/benchmarks/land.py [--kind http|csv|xlsx|memory] [--rows 200000] [--rounds 5] [--core 0]
        [--refused 0.5]

http: rows of some 550 bytes (medical_insurance.persons) from a loopback server in its own process. The bare pipeline
fetches with httpx, decodes with orjson, hashes (the number, the name, the row), seals three fields and writes the same
rows and lists into Parquet with plain Python, validating nothing. csv, xlsx: files of civil_affairs.recipients and
rural_revitalization.monitored, beside the transport alone and the library alone. memory: the same list landed twice
into one lake, and the most that this process and those it started held together meanwhile; `refused` is the share of
its rows that go to quarantine, at most a half.
Rates are rows per second of CPU time, of this process and of the hub's reading processes together, so that other work
on the machine counts less; those of the wall clock, where the processes run side by side, stand beside. With `core`
the hub has one core and starts none. It asserts nothing; what it measured belongs into DECISIONS.md.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from connectors.base import Connection, Source
from connectors.simulator.soil import PERSONS
from connectors.simulator.world import World
from connectors.sources import civil_affairs, medical_insurance, rural_revitalization
from hub import config, keys, store
from hub.lake import Lake
from hub.land import BatchReport, Landing
from hub.reading import identity
from tests.benchmarks import bare as without
from tests.benchmarks import files
from tests.benchmarks.pages import Platform

ROOT = Path(__file__).parents[2]
PAGE = 1_000
DISTINCT = 20_000  # rows prepared; more are copies with numbers of their own
RING = keys.make()
CONFIG = config.load(ROOT / "config")
LINKAGE = identity.load(ROOT / "config", "v1", RING)
Work = Callable[[], object]


@contextmanager
def hub(source: Source, stream: str) -> Iterator[Callable[[Connection], BatchReport]]:
    """A hub that lands one stream, each time into a fresh lake."""
    only = replace(source, streams=(source.stream(stream),))
    with tempfile.TemporaryDirectory() as folder:
        engine = store.connect(f"sqlite:///{folder}/store.db")
        store.metadata.create_all(engine)

        def land(connection: Connection) -> BatchReport:
            with tempfile.TemporaryDirectory() as lake:
                landing = Landing(engine=engine, lake=Lake(Path(lake)), linkage=LINKAGE, codes=CONFIG.codes, ring=RING)
                (report,) = landing.pull(only, connection, lambda *_: None)
            with engine.begin() as begun:
                for table in (store.quarantine, store.batch):
                    begun.execute(table.delete())
            return report

        yield land
        engine.dispose()


def cpu_seconds() -> float:
    """CPU time of this process and of those it started that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def race(rows: int, rounds: int, works: dict[str, Work]) -> dict[str, tuple[float, float]]:
    """Each work in turn, several rounds; prints and returns CPU seconds a row: the median, and the best round."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    gc.collect()
    gc.freeze()  # what the benchmark itself holds is not the collector's work
    for _ in range(rounds):
        for name, work in works.items():
            cpu, wall = cpu_seconds(), time.perf_counter()
            work()
            seconds[name].append((cpu_seconds() - cpu, time.perf_counter() - wall))
    costs = {}
    for name, spent in seconds.items():
        cpu, wall = (statistics.median(each) / rows for each in zip(*spent, strict=True))
        best = min(cpu for cpu, _ in spent) / rows
        costs[name] = cpu, best
        print(
            f"{name:26} {1e6 * cpu:7.2f} us a row, best {1e6 * best:7.2f}; {1 / cpu:10,.0f} rows/s, "
            f"best {1 / best:10,.0f}, by the clock {1 / wall:10,.0f}"
        )
    return costs


@contextmanager
def platform(rows: int, core: int | None, refused: float = 0.0) -> Iterator[tuple[Connection, list[bytes]]]:
    """The register of insured persons as a platform that serves `rows` of it, and its pages' bodies."""
    made, _, _ = World(DISTINCT + 2_000).deliveries.page(PERSONS, "2025-10", 1, DISTINCT, None)
    made = (made * 2)[: DISTINCT // PAGE * PAGE]
    for at, row in enumerate(made):  # by two fields in turn: refused for one alone, the list would be in doubt
        if (at % 100) < 100 * refused:
            made[at] = row | ({"brdy": "不详"} if at % 2 else {"gend": "不详"})
    texts = [json.dumps(row, ensure_ascii=False) for row in made]
    print(f"{sum(len(text.encode()) for text in texts) / len(texts):.0f} bytes a row")
    bodies = [f"[{', '.join(texts[start : start + PAGE])}]".encode() for start in range(0, min(rows, DISTINCT), PAGE)]
    copies = max(1, rows // DISTINCT)
    with Platform(
        medical_insurance.PERSONS.transport, bodies, rows=len(bodies) * PAGE, copies=copies, core=core
    ) as url:
        yield Connection(url=url), bodies


def over_http(rows: int, rounds: int, core: int | None) -> None:
    with platform(rows, core) as (connection, bodies), hub(medical_insurance.SOURCE, "persons") as land:
        stream = medical_insurance.PERSONS
        costs = race(
            rows,
            rounds,
            {
                "bare": lambda: without.pipeline(connection, stream, RING),
                "hub": lambda: land(connection),
            },
        )
        ratio, best = (bare / hub for bare, hub in zip(costs["bare"], costs["hub"], strict=True))
        print(f"the hub's rate is {ratio:.2f} of the bare pipeline's; of the best rounds {best:.2f}")
        print("each step over the same pages, its limit first:")
        race(len(bodies) * PAGE, rounds, without.steps(connection, bodies, stream, CONFIG.codes, LINKAGE, RING))


def from_files(kind: str, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, stream, alone = (
            (civil_affairs.SOURCE, "recipients", files.csv_alone)
            if kind == "csv"
            else (rural_revitalization.SOURCE, "monitored", files.xlsx_alone)
        )
        count, path = files.write(Path(folder), kind, rows)
        connection = Connection(folder=str(path.parent))
        print(f"{count} rows, {path.stat().st_size / count:.0f} bytes a row")
        works: dict[str, Work] = {
            "library alone": lambda: alone(path),
            "transport alone": lambda: files.transport_alone(source.stream(stream), connection),
        }
        with hub(source, stream) as land:
            race(count, rounds, works | {"hub": lambda: land(connection)})


def in_memory(rows: int, refused: float) -> None:
    only = replace(medical_insurance.SOURCE, streams=(medical_insurance.PERSONS,))
    with platform(rows, None, refused) as (connection, _), tempfile.TemporaryDirectory() as folder:
        engine = store.connect(f"sqlite:///{folder}/store.db")
        store.metadata.create_all(engine)
        landing = Landing(engine=engine, lake=Lake(Path(folder)), linkage=LINKAGE, codes=CONFIG.codes, ring=RING)
        for turn in ("first", "second"):
            with Watch() as watch:
                race(rows, 1, {turn: lambda: print(*landing.pull(only, connection, lambda *_: None))})
            print(f"{turn} pull: peak {watch.peak:,.0f} MB, before it {watch.before:,.0f} MB")
        engine.dispose()


class Watch:
    """The memory of this process and of its children (the platform's apart), looked at five times a second."""

    def __init__(self) -> None:
        self._others = set(_children())
        self._done = threading.Event()
        self.before = self.peak = self._held()

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.peak = max(self.peak, self._held())

    def _held(self) -> float:
        return sum(_resident(pid) for pid in (os.getpid(), *(set(_children()) - self._others)))


def _children() -> list[int]:
    threads = Path("/proc/self/task").iterdir()
    return [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]


def _resident(pid: int) -> float:
    """Megabytes of memory in use."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2
    except FileNotFoundError:
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("http", "csv", "xlsx", "memory"), default="http")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--refused", type=float, default=0.0)
    parser.add_argument("--core", type=int, help="run on this core only; the server takes the next")
    given = parser.parse_args()
    if given.core is not None:
        os.sched_setaffinity(0, {given.core})
    other = None if given.core is None else (given.core + 1) % (os.cpu_count() or 1)
    if given.kind == "http":
        over_http(given.rows, given.rounds, other)
    elif given.kind == "memory":
        in_memory(given.rows, given.refused)
    else:
        from_files(given.kind, given.rows, given.rounds)


if __name__ == "__main__":
    main()
