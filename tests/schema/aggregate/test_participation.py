"""Participation rates follow the scope and the smallest cell of an agreement, by both ways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from hub import store
from hub.keys import KeyRing
from schema.agreement import Agreement
from tests.schema.client import serve
from tests.stores import a_store

AREAS = {"3703": 1_000, "3709": 9, "653121": 10, "6531": 500}
QUERY = """{ month(month: "2025-11") { participation {
  poolingArea population target suppressed listed insured rate met } } }"""
NUMBERS = ("listed", "insured", "rate", "met")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def areas(
    request: pytest.FixtureRequest, postgres: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    with ExitStack() as opened:
        url = opened.enter_context(a_store(request.param, postgres, tmp_path_factory.mktemp("store")))
        engine = store.connect(url)
        opened.callback(engine.dispose)
        store.metadata.create_all(engine)
        at = datetime(2025, 12, 5, tzinfo=UTC)
        with engine.begin() as connection:
            connection.execute(store.publication.insert().values(publication=1, month="2025-11", at=at, digest="d"))
            connection.execute(
                store.month.insert().values(
                    month="2025-11", state="open", inputs={}, tables={}, digest="e", computed_at=at, publication=1
                )
            )
            for area, listed in AREAS.items():
                connection.execute(
                    store.published["participation"].insert().values(
                        month="2025-11", pooling_area=area, population="rural_low_income", listed=listed,
                        insured=listed, rate=10_000, target=9_900, met=True, row_digest=b"-", pub_from=1,
                    )
                )  # fmt: skip
        yield engine


@pytest.mark.parametrize(
    ("smallest", "divisions", "seen", "withheld"),
    [
        (10, None, {"3703", "653121", "6531"}, {"3709"}),
        (11, None, {"3703", "6531"}, {"3709", "653121"}),
        (1, None, set(AREAS), set()),
        (1, ("370302",), {"3703"}, set()),
        (1, ("37",), {"3703", "3709"}, set()),
        (1, ("653121",), {"653121", "6531"}, set()),
        (10, ("3709", "653121"), {"653121", "6531"}, {"3709"}),
    ],
)
def test_areas_of_the_scope_have_their_numbers_where_enough_are_listed(
    areas: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], smallest: int,
    divisions: tuple[str, ...] | None, seen: set[str], withheld: set[str],
) -> None:  # fmt: skip
    (auditor,) = (item for item in agreements if item.id == "auditor")
    own = replace(auditor, smallest_cell=smallest, scope=replace(auditor.scope, divisions=divisions))
    ways = [serve(areas, ring, (own,), compiled=compiled) for compiled in (True, False)]
    try:
        for client in ways:
            found = client.ask("auditor", QUERY).data["month"]["participation"]
            by_area = {row["poolingArea"]: row for row in found}
            assert {area for area, row in by_area.items() if row["suppressed"]} == withheld
            assert {area: by_area[area]["listed"] for area in by_area if area not in withheld} == {
                area: AREAS[area] for area in seen
            }
            for row in found:
                assert (row["population"], row["target"]) == ("RURAL_LOW_INCOME", "0.9900")
                assert {row[name] is None for name in NUMBERS} == {row["poolingArea"] in withheld}
    finally:
        for client in ways:
            client.app.state.hub.workers.close()
