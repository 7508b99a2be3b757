"""What a deployment keeps in order around the stages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub import keys, settings
from hub.deployment import Deployment, open_deployment
from hub.engine import DuckDB
from hub.errors import ConfigError


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    keys.save(keys.make(), tmp_path / "keys.json")
    return open_deployment(
        settings.load(data=tmp_path / "data", environment={"AIDGRAPH_KEYS": str(tmp_path / "keys.json")})
    )


@pytest.mark.parametrize(("source", "asked"), [("civil_affairs", 4), ("civil_affairs", 1), ("medical_insurance", 4)])
def test_a_concurrency_that_would_change_nothing_is_refused(tmp_path: Path, source: str, asked: int) -> None:
    keys.save(keys.make(), tmp_path / "keys.json")
    told = {"AIDGRAPH_KEYS": str(tmp_path / "keys.json"), f"AIDGRAPH_SOURCE_{source.upper()}_CONCURRENCY": str(asked)}
    there = settings.load(data=tmp_path / "data", environment=told)
    if source == "civil_affairs" and asked > 1:
        with pytest.raises(ConfigError, match="civil_affairs: concurrency = 4 has no effect"):
            open_deployment(there)
    else:
        open_deployment(there).engine.dispose()


def test_what_does_not_fit_into_memory_is_spilled_and_removed(deployment: Deployment) -> None:
    with deployment.spill() as spill, DuckDB(threads=1, memory="50MB", spill=spill) as engine:
        engine.run("wide", "SELECT i, sha256(CAST(i AS VARCHAR)) AS t FROM range(1000000) AS r (i)")
        assert list(spill.iterdir())
        engine.run("counted", "SELECT COUNT(DISTINCT t) AS n FROM wide")
        assert engine.rows("counted") == [(1_000_000,)]
    assert not list(deployment.settings.data.glob("spill-*"))


def test_what_a_killed_process_left_is_removed_and_a_running_one_s_is_kept(deployment: Deployment) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    data = deployment.settings.data
    for process in (gone.pid, os.getppid(), "nobody"):
        (data / f"spill-{process}").mkdir()
        (data / f"spill-{process}" / "x.tmp").write_text("left")
    with deployment.spill():
        assert [path.name for path in data.glob("spill-*")] == [f"spill-{os.getppid()}"]
