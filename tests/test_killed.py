"""kill -9 again and again while the hub pulls and computes: it ends where an undisturbed run does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.simulator.server import Departments
from connectors.simulator.world import World
from hub import settings, store, tables
from hub.deployment import Deployment, open_deployment
from hub.publish import PLACE
from tests.test_main_job import deploy

STEP = 0.12  # seconds by which each life is longer than the last
JOB = "import sys; from schema.cli import main; main()"
MONTH = "2025-10"


def life(data: Path, verb: tuple[str, ...], seconds: float | None) -> int:
    """Run a verb in a process of its own, killed without warning after so many seconds; its exit code."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIDGRAPH_")}
    command = [sys.executable, "-c", JOB, "--data", str(data), *verb]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return process.wait()


def content(deployment: Deployment) -> dict[str, Counter[tuple[object, ...]]]:
    """What is served, without the places of the source's rows: a pull that was killed may have been landed before."""
    found = {}
    with deployment.engine.connect() as connection:
        for name, table in tables.PUBLISHED.items():
            t = store.published[name]
            columns = [t.c[column] for column in table.columns if column not in PLACE]
            rows = connection.execute(sa.select(*columns).where(t.c.pub_until.is_(None)))
            found[name] = Counter(tuple(row) for row in rows)
    return found


def adds_up(deployment: Deployment) -> None:
    """Every visible batch adds up, and every file it names is there whole."""
    with deployment.engine.connect() as connection:
        batches = connection.execute(sa.select(store.batch)).all()
        held = dict(
            connection.execute(
                sa.select(store.quarantine.c.batch_id, sa.func.count()).group_by(store.quarantine.c.batch_id)
            ).all()
        )
    for batch in batches:
        assert batch.read == batch.accepted + batch.quarantined + batch.duplicates
        own = batch.accepted - batch.unchanged
        assert held.get(batch.batch_id, 0) == batch.quarantined or batch.base is not None
        assert deployment.lake.read("rows", batch.parts[""]).num_rows == own
        assert deployment.lake.read("sealed", batch.sealed_part).num_rows == own


@pytest.mark.slow
def test_a_hub_killed_at_any_moment_ends_where_an_undisturbed_one_does(tmp_path):
    with Departments(World(1_000), folder=tmp_path / "departments") as departments:
        departments.show(MONTH)
        calm, killed = tmp_path / "calm", tmp_path / "killed"
        with deploy(calm, f"sqlite:///{tmp_path / 'calm.sqlite'}", departments):
            pass
        killed.mkdir()
        told = (calm / "aidgraph.toml").read_text().replace("calm.sqlite", "killed.sqlite")
        (killed / "aidgraph.toml").write_text(told)  # the same keys, so that the same persons have the same numbers
        lives = 0
        for verb in (("pull",), ("month", "compute", MONTH)):
            assert life(calm, verb, None) == 0
            seconds = 0.3
            while life(killed, verb, seconds) == -signal.SIGKILL:
                lives += 1
                seconds += STEP
                if lives % 4 == 0:
                    with open_deployment(settings.load(data=killed, environment={})) as deployment:
                        adds_up(deployment)
        assert lives >= 10
        with (
            open_deployment(settings.load(data=calm, environment={})) as undisturbed,
            open_deployment(settings.load(data=killed, environment={})) as disturbed,
        ):
            adds_up(disturbed)
            assert content(disturbed) == content(undisturbed)
            assert list(disturbed.lake.root.glob("*/.*.tmp")) == []
