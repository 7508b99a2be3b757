"""Roll-ups are published with their month, and made later for an agreement that came after it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.simulator.server import Departments
from connectors.simulator.world import World
from hub import months, store
from hub.rollup import Demand, cells
from schema import aggregate
from tests.test_main_job import deploy, pull, quiet

MONTH = "2025-10"
EARLY, LATE = Demand(smallest_cell=8), Demand(smallest_cell=5, divisions=("37",))


def stored(engine: sa.Engine) -> dict[str, list[sa.Row[Any]]]:
    """Cells by cube."""
    c = store.cell.c
    columns = [column for column in store.cell.c if column.name != "cell_id"]
    query = sa.select(*columns).order_by(c.cube, c.family, c.level, c.division, c.label)
    found: dict[str, list[sa.Row[Any]]] = {}
    with engine.connect() as connection:
        for row in connection.execute(query):
            found.setdefault(row.cube, []).append(row)
    return found


def test_roll_ups_come_with_their_month_and_later_for_who_came_later(tmp_path, monkeypatch):
    world = World(400)
    with (
        Departments(world, folder=tmp_path / "departments") as departments,
        deploy(tmp_path / "data", f"sqlite:///{tmp_path / 'store.sqlite'}", departments) as deployment,
    ):
        departments.show(MONTH)
        pull(deployment)
        months.compute(deployment, MONTH, quiet, [EARLY])
        first = stored(deployment.engine)
        assert set(first) == {EARLY.key}
        assert {"listed", "entitled", "subsidised"} <= {row.family for row in first[EARLY.key] if row.persons}
        assert cells.ensure(deployment, [EARLY, LATE, LATE]) == 1
        second = stored(deployment.engine)
        assert set(second) == {EARLY.key, LATE.key}
        assert second[EARLY.key] == first[EARLY.key]
        assert cells.ensure(deployment, [EARLY, LATE]) == 0
        with deployment.engine.begin() as connection:
            connection.execute(sa.delete(store.rollup))
            connection.execute(sa.delete(store.cell))
        assert cells.ensure(deployment, [EARLY, LATE]) == 2
        assert stored(deployment.engine) == second

        files = (deployment.settings.config / "agreements").glob("*.toml")
        counting = {file.stem for file in files if re.search(r"^\[fields\.\w+Count\]", file.read_text("utf-8"), re.M)}
        assert {"auditor", "finance", "supervisor"} <= counting  # no two have the same scope and smallest cell
        assert [aggregate.ensure(deployment) for _ in range(2)] == [len(counting), 0]  # what `aidgraph serve` does
        second = stored(deployment.engine)

        def broken(*_: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(cells, "replace", broken)
        with deployment.engine.begin() as connection:
            before = connection.scalar(sa.select(sa.func.max(store.publication.c.publication)))
            connection.execute(sa.update(store.month).where(store.month.c.month == MONTH).values(digest="other"))
        with pytest.raises(RuntimeError):
            months.compute(deployment, MONTH, quiet, [EARLY])
        with deployment.engine.connect() as connection:
            assert connection.scalar(sa.select(sa.func.max(store.publication.c.publication))) == before
        assert stored(deployment.engine) == second
