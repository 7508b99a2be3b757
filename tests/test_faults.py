"""A disk that fills, a flush that fails, a commit without an answer, kill -9: at any write point, a re-run mends it."""

from __future__ import annotations

import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
import stamina

from connectors.base import discover
from connectors.simulator.server import Departments
from connectors.simulator.world import World
from hub import deployment, keys, months, settings, store
from hub.deployment import Deployment, open_deployment
from hub.landing import snapshot
from hub.landing.snapshot import GONE
from hub.reading import held_rows
from schema.cli import main
from tests.faults import Points
from tests.test_killed import adds_up, content
from tests.test_main_job import CONFIG

MONTH = "2025-10"
PULL, COMPUTE = ("pull",), ("month", "compute", MONTH)
Job = Callable[..., tuple[int, str]]
Batches = dict[tuple[str, str], Counter[tuple[object, ...]]]


@pytest.fixture
def job(monkeypatch, capsys) -> Job:
    """Run a verb on a data folder: (exit code, what was told). Rows for quarantine wait on disk, few as they are."""
    monkeypatch.setattr(held_rows, "KEPT", 1)
    monkeypatch.setattr(deployment.config, "load", cache(deployment.config.load))  # the same each time

    def run(data: Path, verb: tuple[str, ...]) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["aidgraph", "--data", str(data), *verb])
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0), capsys.readouterr().err

    return run


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Iterator[Path]:
    """A data folder with keys, sources and an empty store, to be copied: its store and lake lie inside it."""
    folder = tmp_path_factory.mktemp("faults")
    data = folder / "empty"
    data.mkdir()
    keys.save(keys.make(), folder / "keys.json")
    shutil.copytree(CONFIG, folder / "config", ignore=shutil.ignore_patterns("demo"))
    shutil.copytree(CONFIG / "demo", folder / "config", dirs_exist_ok=True)
    with Departments(World(200), folder=folder / "departments") as departments:
        departments.show(MONTH)
        lines = [f'keys = "{folder / "keys.json"}"', f'config = "{folder / "config"}"']
        for name, connection in departments.connections().items():
            lines.append(f"[source.{name}]")
            lines += [f'{key} = "{told}"' for key in ("url", "folder", "token") if (told := getattr(connection, key))]
        (data / "aidgraph.toml").write_text("\n".join(lines))
        opened(data).engine.dispose()
        yield data


@pytest.fixture
def quick(monkeypatch) -> None:
    """Stages that answer from memory once they have answered: only what is written is of interest here."""
    answered: list[dict[str, pa.Table]] = []
    real = months.compute_month

    def compute_month(*arguments: object) -> dict[str, pa.Table]:
        if not answered:
            answered.append(real(*arguments))
        return answered[0]

    monkeypatch.setattr(months, "compute_month", compute_month)


def opened(data: Path) -> Deployment:
    return open_deployment(settings.load(data=data, environment={}))


def copy(source: Path, target: Path) -> Path:
    """Copied by another process: closing a database's file here would give up its locks."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    return target


def landed(data: Path) -> Batches:
    """What every stream says now: of a snapshot its last batch, of increments all of them."""
    found: Batches = {}
    complete = {(source.name, stream.name): stream.complete for source in discover() for stream in source.streams}
    with opened(data) as hub:
        adds_up(hub)
        assert list(hub.lake.root.glob("*/.*.tmp")) == []
        with hub.engine.connect() as connection:
            batches = connection.execute(sa.select(store.batch).order_by(store.batch.c.batch_id)).all()
            q = store.quarantine.c
            held = connection.execute(sa.select(q.batch_id, q.line, q.digest, q.reason, q.field, q.mac, q.state)).all()
            files = {batch.batch_id: snapshot.files(connection, hub.lake, batch.batch_id) for batch in batches}
        for batch in batches:
            rows: Counter[tuple[object, ...]] = Counter()
            for part, gone in files[batch.batch_id].items():
                read = hub.lake.read("rows", part, columns=["line", "record_digest"]).to_pylist()
                rows += Counter((row["record_digest"],) for row in read if row["line"] not in gone)
            lost = set(hub.lake.read("rows", batch.parts[GONE])["line"].to_pylist()) if batch.base else set()
            standing = [row for row in held if row.batch_id == batch.base and row.line not in lost]
            own = [row for row in held if row.batch_id == batch.batch_id]
            rows += Counter(tuple(row[2:]) for row in (*own, *standing))
            name = (batch.source, batch.stream)
            found[name] = rows if complete[name] else found.get(name, Counter()) + rows
    return found


def served(data: Path) -> tuple[object, ...]:
    """What is published, and the months."""
    with opened(data) as hub:
        adds_up(hub)
        m = store.month.c
        with hub.engine.connect() as connection:
            recorded = connection.execute(sa.select(m.month, m.state, m.digest, m.publication, m.tables)).all()
        for month in recorded:
            assert all(hub.lake.path("derived", digest) for digest in month.tables.values())
        return content(hub), [tuple(row) for row in recorded]


def sampled(count: int, wanted: int) -> list[int]:
    """So many of the points 1..count, spread evenly."""
    return sorted({1 + at * (count - 1) // (wanted - 1) for at in range(wanted)})


def disturbed(
    job: Job,
    start: Path,
    verb: tuple[str, ...],
    seen: Callable[[Path], object],
    folder: Path,
    wanted: int,
    *,
    turns: bool,
):
    """Fail at each write point in turn, and kill at each; run again: what is seen is that of a calm run.

    What kill -9 leaves at a point is what is on disk then, so one run gives them all. By `turns`: a point is
    killed or fails, not both.
    """
    with Points() as points:
        assert job(copy(start, folder / "counted"), verb)[0] == 0
    assert {"fsync", "rename", "write_table", "close", "INSERT", "do_commit", "after do_commit"} <= set(points.names)
    assert verb != PULL or "pwrite" in points.names
    total = len(points.names)
    chosen = sampled(total, min(wanted, total))
    calm, images = copy(start, folder / "calm"), folder / "images"
    images.mkdir()
    with Points(at=lambda number: copy(calm, images / str(number)) if number in chosen else None):
        assert job(calm, verb)[0] == 0
    expected = seen(calm)
    for number in chosen[:: 1 + turns]:
        where = f"killed at point {number} of {total}, {points.names[number - 1]}"
        code, told = job(images / str(number), verb)
        assert code == 0, f"{where}: {told}"
        assert seen(images / str(number)) == expected, where
    for number in chosen[turns :: 1 + turns]:
        data = copy(start, folder / f"faulty{number}")
        kind = "full" if number % 2 else "once"
        where = f"failed at point {number} of {total}, {points.names[number - 1]}, {kind}"
        with Points(fail=number, kind=kind):
            code, told = job(data, verb)
        assert code == 75, f"{where}: {told}"
        assert "Traceback" not in told, where
        assert "run this again" in told.replace("\n", " "), where
        code, told = job(data, verb)
        assert code == 0, f"{where}: {told}"
        assert seen(data) == expected, where
        shutil.rmtree(data)


ALL = 1_000  # more than there are
EACH = pytest.param(ALL, marks=pytest.mark.slow)


@pytest.mark.parametrize("wanted", [4, EACH])
def test_a_pull_disturbed_at_any_write_lands_the_same_when_run_again(job, empty, tmp_path, wanted):
    disturbed(job, empty, PULL, landed, tmp_path, wanted, turns=wanted < ALL)


@pytest.mark.parametrize("wanted", [4, EACH])
def test_publishing_disturbed_at_any_write_serves_the_same_when_run_again(job, empty, tmp_path, quick, wanted):
    start = copy(empty, tmp_path / "pulled")
    assert job(start, PULL)[0] == 0
    disturbed(job, start, COMPUTE, served, tmp_path, wanted, turns=True)


class Cut:
    """A line to a server that breaks off after so many bytes of answers (None: never); `passed` counts them."""

    def __init__(self, port: int, after: int | None) -> None:
        self.passed = 0
        self._port, self._left = port, after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Cut:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._pump, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if answers:
                    self.passed += len(data)
                    if self._left is not None and self.passed > self._left:
                        break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def test_a_line_cut_in_the_middle_of_an_answer_lands_nothing_half_and_the_next_pull_all(job, empty, tmp_path):
    verb = ("pull", "medical_insurance")
    told = (empty / "aidgraph.toml").read_text()
    port = int(re.findall(r'url = "http://127\.0\.0\.1:(\d+)"', told)[0])

    def through(line: Cut, name: str) -> Path:
        data = copy(empty, tmp_path / name)
        (data / "aidgraph.toml").write_text(told.replace(f":{port}", f":{line.port}"))
        return data

    with Cut(port, None) as line:
        calm = through(line, "calm")
        assert job(calm, verb)[0] == 0
    for share in (1, 50, 90):
        with Cut(port, line.passed * share // 100) as cut, stamina.set_testing(True, attempts=2):
            data = through(cut, f"cut{share}")
            code, said = job(data, verb)
        assert code in (4, 75), said
        assert "Traceback" not in said
        assert all(landed(data)[name] == rows for name, rows in landed(calm).items() if name in landed(data))
        (data / "aidgraph.toml").write_text(told)
        assert job(data, verb)[0] == 0
        assert landed(data) == landed(calm)


@pytest.mark.parametrize("size", [0, 700, 6_000, 40_000])
def test_a_disk_that_takes_no_more_bytes_stops_the_pull_and_the_next_one_lands_all(job, empty, tmp_path, size):
    calm, data = copy(empty, tmp_path / "calm"), copy(empty, tmp_path / "full")
    assert job(calm, PULL)[0] == 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))  # no file grows beyond: EFBIG at the next byte
    try:
        code, told = job(data, PULL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert code == 75, told
    assert "Traceback" not in told
    assert job(data, PULL)[0] == 0
    assert landed(data) == landed(calm)


def test_two_hubs_on_one_lake_refuse_each_other_under_any_spelling_of_its_path(job, empty, tmp_path):
    data = copy(empty, tmp_path / "data")
    told = (data / "aidgraph.toml").read_text()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # a source that answers nothing keeps the first hub busy
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        (data / "aidgraph.toml").write_text(told.split("[source.")[0] + f'[source.medical_insurance]\nurl = "{url}"\n')
        (data / "lake").mkdir(exist_ok=True)
        (tmp_path / "linked").symlink_to(data / "lake")
        command = [sys.executable, "-c", "from schema.cli import main; main()", "--data", str(data)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([*command, "pull", "medical_insurance"], **quiet) as first:
            try:
                silent.settimeout(60)
                silent.accept()[0].close()  # it holds the lake now, and tries again
                for spelling in (data / "lake", tmp_path / "linked", tmp_path / "data" / ".." / "data" / "lake"):
                    second = tmp_path / "second"
                    shutil.rmtree(second, ignore_errors=True)
                    copy(data, second)
                    settings_file = second / "aidgraph.toml"
                    settings_file.write_text(f'lake = "{spelling}"\n' + settings_file.read_text())
                    code, told = job(second, PULL)
                    assert code == 6, told
                    assert "Another run works on the lake" in told.replace("\n", " ")
                done = subprocess.run([*command, *COMPUTE], **quiet, check=False)
                assert done.returncode == 6
            finally:
                first.kill()
