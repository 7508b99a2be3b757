"""`aidgraph erase` and `retain`: a dry run first; what is left still rebuilds closed months to their digest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.simulator.server import Departments
from connectors.simulator.world import World
from hub import settings, store
from hub.deployment import open_deployment
from hub.sealing import Sealer
from tests.test_main_job import deploy

WHY = ("--actor", "office", "--reason", "sent by mistake")


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Path:
    """A data folder in which October was closed by November; retention of one month for civil affairs."""
    folder = tmp_path_factory.mktemp("retention")
    data = folder / "data"
    with Departments(World(200), folder=folder / "departments") as departments:
        with deploy(data, f"sqlite:///{data / 'store.sqlite'}", departments) as deployment:
            from hub import months
            from tests.test_main_job import pull, quiet

            for month in ("2025-10", "2025-11"):
                departments.show(month)
                pull(deployment)
                months.compute(deployment, month, quiet)
        with (data / "aidgraph.toml").open("a") as file:
            file.write("\n[retention]\ncivil_affairs = 1\n")
        yield data


def sealed_parts(data: Path) -> dict[int, tuple[str, str | None]]:
    b = store.batch.c
    with open_deployment(settings.load(data=data, environment={})) as deployment:
        with deployment.engine.connect() as connection:
            rows = connection.execute(sa.select(b.batch_id, b.source, b.sealed_part)).all()
        named = {row.sealed_part for row in rows if row.sealed_part}
        assert {path.stem for path in (deployment.lake.root / "sealed").glob("*.parquet")} == named
        return {row.batch_id: (row.source, row.sealed_part) for row in rows}


def identities(data: Path) -> dict[int, bool]:
    """Which persons served now have a sealed identity; each opens at its row's place and says a number."""
    p, b = store.published["person"].c, store.batch.c
    query = sa.select(p.person_id, p.identity_sealed, b.source, b.stream).join(store.batch, b.batch_id == p.batch_id)
    with open_deployment(settings.load(data=data, environment={})) as deployment:
        with deployment.engine.connect() as connection:
            rows = connection.execute(query.where(p.pub_until.is_(None))).all()
        for row in rows:
            if row.identity_sealed is not None:
                assert "certno" in Sealer(deployment.ring, f"{row.source}/{row.stream}").open(
                    bytes(row.identity_sealed)
                )
        return {row.person_id: row.identity_sealed is not None for row in rows}


def test_a_dry_run_destroys_nothing_then_the_old_go_and_closed_months_rebuild(run, hub):
    before, known = sealed_parts(hub), identities(hub)
    assert all(known.values())
    code, out, _ = run("--data", hub, "retain", "--month", "2025-12", "--json")
    assert code == 0
    listed = {d["batch_id"] for d in json.loads(out)["due"]}
    assert listed
    assert {before[batch][0] for batch in listed} == {"civil_affairs"}
    assert sealed_parts(hub) == before
    assert run("--data", hub, "retain", "--month", "2025-12", "--apply")[0] == 2  # nobody decided it
    code, out, _ = run("--data", hub, "retain", "--month", "2025-12", "--apply", "--actor", "office", "--json")
    assert code == 0
    destroyed = {d["batch_id"]: d for d in json.loads(out)["destroyed"]}
    assert destroyed.keys() == listed
    after = sealed_parts(hub)
    assert {batch for batch, (_, part) in after.items() if part is None} == listed
    served = identities(hub)
    assert served.keys() == known.keys()
    code, out, err = run("--data", hub, "month", "compute", "2025-10", "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "verified"), err
    code, out, _ = run("--data", hub, "retain", "--month", "2025-12", "--apply", "--actor", "office", "--json")
    assert (code, json.loads(out)) == (0, {"destroyed": []})


def test_one_batch_is_erased_by_hand_once(run, hub):
    batch = next(number for number, (_, part) in sealed_parts(hub).items() if part)
    code, out, _ = run("--data", hub, "erase", "--batch", batch, *WHY, "--json")
    assert (code, [d["batch_id"] for d in json.loads(out)["destroyed"]]) == (0, [batch])
    assert sealed_parts(hub)[batch][1] is None
    code, _, err = run("--data", hub, "erase", "--batch", batch, *WHY)
    assert code == 4
    assert "already" in err
    assert run("--data", hub, "erase", "--batch", 999, *WHY)[0] == 4
    e = store.erasure.c
    with (
        open_deployment(settings.load(data=hub, environment={})) as deployment,
        deployment.engine.connect() as connection,
    ):
        row = connection.execute(sa.select(e.actor, e.reason).where(e.batch_id == batch, e.step == "destroyed")).one()
    assert tuple(row) == ("office", "sent by mistake")


@pytest.mark.parametrize(
    "told", ["months = 0", "months = 1.5", 'months = "x"', "civil_affairs = true", "civil_affair = 1"]
)
def test_a_retention_that_is_no_number_of_months_is_refused(run, tmp_path, told):
    (tmp_path / "aidgraph.toml").write_text(f"[retention]\n{told}\n")
    code, _, err = run("--data", tmp_path, "retain")
    assert code == 3
    assert "whole months" in err or "no source" in err
