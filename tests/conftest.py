"""What every test may ask for: a store on each database, fresh keys, the shipped configuration.

PostgreSQL comes from AIDGRAPH_TEST_POSTGRES, else from a throw-away cluster started with this machine's own server
binaries (under another user when root, since initdb refuses root); else the run says clearly that it was not tested.
"""

from __future__ import annotations

import gc
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from hub import keys, store
from hub.config import divisions
from hub.config.divisions import Divisions
from hub.policy.toml import Problem
from tests.stores import a_store

ROOT = Path(__file__).parents[1]
POSTGRES: dict[str, str | None] = {}

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no test asserts time


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    candidates = [Path(found).parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in candidates if (path / "initdb").exists()), None)


class Cluster:
    """A PostgreSQL of the tests' own, in a temporary folder, listening on loopback only."""

    def __init__(self, binaries: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aidgraph-postgres-"))
        self._user = None
        if os.geteuid() == 0:
            self._user = next(name for name in ("postgres", "nobody") if _exists(name))
            shutil.chown(self.folder, self._user)
        self._binaries = binaries
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-U",
            "aidgraph",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        )
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -F -c full_page_writes=off -c max_connections=50"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )
        self.url = f"postgresql+psycopg://aidgraph@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [str(self._binaries / program), *arguments]
        subprocess.run(command, check=True, user=self._user, cwd=self.folder, **quiet)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres() -> Iterator[str | None]:
    """The URL of a PostgreSQL server, or None where this machine has none."""
    given = os.environ.get("AIDGRAPH_TEST_POSTGRES")
    binaries = _binaries()
    if given:
        POSTGRES["told"] = "AIDGRAPH_TEST_POSTGRES"
        yield given
    elif binaries:
        cluster = Cluster(binaries)
        POSTGRES["told"] = f"a throw-away cluster from {binaries}"
        yield cluster.url
        cluster.stop()
    else:
        POSTGRES["told"] = None
        yield None


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not walk over it again and again (a fifth of the time, else)."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of a run in parallel tells what it tested on."""
    gc.unfreeze()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["postgres"] = dict(POSTGRES)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    POSTGRES.update(node.workeroutput.get("postgres", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if "told" in POSTGRES:
        told = POSTGRES["told"]
        terminalreporter.write_line(
            f"PostgreSQL: tested on {told}" if told else "PostgreSQL: NOT TESTED, no server on this machine"
        )


@pytest.fixture(scope="session", autouse=True)
def divisions_by_content() -> Iterator[None]:
    """A divisions.csv that was read without a problem is not parsed again while its bytes are the same."""
    read, known = divisions.read, dict[bytes, Divisions]()

    def once(root: Path, problems: list[Problem]) -> Divisions:
        path = root / "divisions.csv"
        content = path.read_bytes() if path.is_file() else b""
        if content in known:
            return known[content]
        before = len(problems)
        found = read(root, problems)
        return known.setdefault(content, found) if len(problems) == before else found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(divisions, "read", once)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, postgres: str | None, tmp_path: Path) -> Iterator[str]:
    """An empty store's URL, on each database in turn; tables are not yet made."""
    with a_store(request.param, postgres, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's file with its tables and nothing in them: each table is a commit that waits for the disk."""
    path = tmp_path_factory.mktemp("empty") / "store.sqlite"
    made = store.connect(f"sqlite:///{path}")
    store.metadata.create_all(made)
    made.dispose()
    return path


@pytest.fixture
def engine(store_url: str, empty_sqlite: Path) -> Iterator[sa.Engine]:
    """A store with its tables, on each database in turn."""
    made = store.connect(store_url)
    if made.dialect.name == "sqlite" and not Path(str(made.url.database)).exists():
        shutil.copyfile(empty_sqlite, str(made.url.database))
    else:
        store.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def ring() -> keys.KeyRing:
    """Fresh keys."""
    return keys.make()


@pytest.fixture(scope="session")
def config_folder() -> Path:
    """The shipped config/."""
    return ROOT / "config"
