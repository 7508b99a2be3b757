"""One benefit year of a case, through the text of merge and reconcile.

Refunds are matched by `sql/match/78_taken_back.sql`, payments made by the merge stage, warnings and ceilings by
`sql/reconcile/`: there on what was paid, here on what is computed (`borne`). `sql/assess/` only puts results together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub import match, reconcile
from hub.assess.case import Case, Stay
from hub.assess.configured import county
from hub.assess.inputs import details, given, settlement
from hub.config.config import Config
from hub.engine import SQL, DuckDB, statements
from hub.merge import STANDING, merge, union
from hub.tables import ENTITLEMENT, PAYMENT

Row = dict[str, Any]
STEPS = tuple(statements(SQL / "assess"))
TURN = "passed"  # the step that gathers what reconcile's text found
TAKEN_BACK = dict(match.STEPS)["taken_back"]
COMPARED = ("holding", "above_ceiling", "screened", "burden", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the SQL found of a year: rows of its results, and its settlements in the order in which they count."""

    stays: tuple[Stay, ...]
    bills: dict[str, Row]
    payments: list[Row]
    outranked: list[Row]
    passed: list[Row]
    entitlements: list[Row]


def run(case: Case, known: Config, year: int) -> Found:
    """Compute a benefit year."""
    place = county(case, known)
    with DuckDB(threads=1, memory="1GB") as engine:
        for name, columns, rows in given(case, known, place, year):
            engine.register(name, rows, columns)
        engine.run("taken_back", TAKEN_BACK)
        name, columns, rows = settlement(case, place, year, {str(row[0]) for row in engine.rows("taken_back")})
        engine.register(name, rows, columns)
        merge(engine, details=details(case, year), every_settlement=True)
        union(engine, "ranked_everywhere", {benefit: f"ranked_{benefit}" for benefit in STANDING})
        union(engine, "every_offer", {benefit: f"offer_{benefit}" for benefit in STANDING})
        for step, sql in STEPS:
            if step == TURN:
                _compare(engine)
            engine.run(step, sql)
        return Found(
            stays=case.of_year(year),
            bills={row["setl_id"]: row for row in _rows(engine, "bill")},
            payments=engine.fetch(PAYMENT).to_pylist(),
            outranked=_rows(engine, "outranked"),
            passed=_rows(engine, "passed"),
            entitlements=engine.fetch(ENTITLEMENT).to_pylist(),
        )


def _compare(engine: DuckDB) -> None:
    """The steps of reconcile that speak of one person, on what is computed."""
    engine.view("borne", reconcile.BORNE["computed"])
    for name, sql in reconcile.STEPS:
        if name in COMPARED:
            engine.run(name, sql)


def _rows(engine: DuckDB, name: str) -> list[Row]:
    return [dict(zip(engine.columns(name), row, strict=True)) for row in engine.rows(name)]
