"""Simulate: what a changed set of policy files would cost, and whom it would lift or lower, before anyone signs it.

1. A computed month's recorded inputs are matched once, then merged under the present configuration and under the
   changed one, in one engine; `sql/simulate/` compares the two.
2. Nothing is written: no table, no publication, no alias (a computed month's persons all have theirs).
3. Undetermined is never 0: such an amount stands in neither cost, and its persons are counted apart. Where a determined
   rule wins while another may give more, the winner's amount counts: it is what is paid.
4. What basic and serious-illness insurance paid is taken as the settlements tell it; warnings, ceilings and
   participation are not computed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub import store
from hub.config import Change, Config, diff
from hub.deployment import Deployment
from hub.engine import SQL, DuckDB, Engine, statements
from hub.errors import InputError
from hub.gather import gather
from hub.inputs import CONFIG, MonthInputs, Progress, month_bounds
from hub.match import load, match
from hub.merge import SHOWN, merge

RECEIVED, COMPARED, SUMMED, OWN_COST = (sql for _, sql in statements(SQL / "simulate"))
OF_POLICY = ("rule_in_force", "rule_tier", "premium")  # the relations that policy files and tables speak through
DIGITS = {"county": 6, "city": 4, "province": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One benefit before and after, of everyone or of those under a label: a category code or a division code.

    Costs are fen, over what is determined both before and after; `known_only_after` is what became determined,
    `known_only_before` what ceased to be. The first six counts part `persons`; the last two say who has an undetermined
    part. Reached is who is entitled in the benefit year, with or without costs so far.
    """

    benefit: str
    label: str = ""
    cost_before: int = 0
    cost_after: int = 0
    known_only_before: int = 0
    known_only_after: int = 0
    persons: int = 0
    lifted: int = 0
    lowered: int = 0
    newly_reached: int = 0
    no_longer_reached: int = 0
    unchanged: int = 0
    undetermined: int = 0
    undetermined_before: int = 0
    undetermined_after: int = 0

    @property
    def difference(self) -> int:
        """What the change costs (below 0: saves), in fen."""
        return self.cost_after - self.cost_before

    @property
    def touched(self) -> bool:
        """Does the change do anything here?"""
        persons = self.lifted or self.lowered or self.newly_reached or self.no_longer_reached
        told = self.known_only_before or self.known_only_after or self.undetermined_before != self.undetermined_after
        return bool(self.difference or persons or told)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCost:
    """What the persons reached by benefits by settlement bear in scope themselves, in fen; receiving more is lifted."""

    persons: int
    own_before: int
    own_after: int
    lifted: int
    lowered: int
    unchanged: int
    undetermined: int  # persons in neither sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A change tried on a month. `changes`: those that hold in its benefit year; `elsewhen`: those that do not."""

    month: str
    changes: list[Change]
    elsewhen: list[Change]
    benefits: list[Figures]
    categories: list[Figures]
    divisions: list[Figures]
    own_cost: OwnCost


def simulate(deployment: Deployment, month: str, changed: Config, progress: Progress, by: str = "county") -> Simulation:
    """Try a changed configuration on a computed month; divisions are summed `by` one of DIGITS.

    Raises InputError where the month has not been computed, ConfigError where a rule lacks a number.
    """
    start, _ = month_bounds(month)
    inputs = gather(deployment, month, _recorded(deployment, month), progress)
    with deployment.spill() as spill, DuckDB(spill=spill) as engine:
        load(engine, inputs)
        match(engine, progress)
        _receive(engine, "before", progress)
        _configure(engine, inputs, changed)
        _receive(engine, "after", progress)
        engine.run("compared", COMPARED)
        whole = {figures.benefit: figures for figures in _summed(engine, "''")}
        categories = _summed(engine, "category")
        divisions = _summed(engine, f"SUBSTRING(county, 1, {DIGITS[by]})")
        engine.run("own_cost", OWN_COST)
        (own,) = _rows(engine, "own_cost")
    changes = diff(deployment.config, changed)
    year = (start.replace(month=1), start.replace(year=start.year + 1, month=1))
    now = [change for change in changes if change.valid_from < year[1] and change.valid_until > year[0]]
    return Simulation(
        month=month,
        changes=now,
        elsewhen=[change for change in changes if change not in now],
        benefits=[whole.get(benefit, Figures(benefit=benefit)) for benefit in dict.fromkeys((*SHOWN, *whole))],
        categories=categories,
        divisions=divisions,
        own_cost=OwnCost(**own),
    )


def _recorded(deployment: Deployment, month: str) -> Mapping[str, Any]:
    """The inputs recorded with a month."""
    m = store.month.c
    with deployment.engine.connect() as connection:
        found = connection.execute(sa.select(m.inputs).where(m.month == month)).one_or_none()
    if found is None:
        raise InputError(
            f"{month} has not been computed",
            remedy=f"Name a month that `aidgraph month list` shows, or run `aidgraph month compute {month}`",
        )
    inputs: Mapping[str, Any] = found.inputs
    return inputs


def _configure(engine: Engine, inputs: MonthInputs, changed: Config) -> None:
    year = month_bounds(inputs.month)[0].year
    relations = changed.relations(inputs.counties, year)
    for name in OF_POLICY:
        engine.register(name, relations[name], CONFIG[name])


def _receive(engine: Engine, side: str, progress: Progress) -> None:
    """Merge, and keep what each person receives under a name that the next merge leaves alone."""
    merge(engine, lambda _, done, total: progress(f"merge {side}", done, total))
    engine.run(f"received_{side}", RECEIVED)


def _summed(engine: Engine, label: str) -> list[Figures]:
    engine.view("labelled", f"SELECT c.*, {label} AS label FROM compared AS c")
    engine.run("summed", SUMMED)
    return sorted(
        (Figures(**row) for row in _rows(engine, "summed")), key=lambda figures: (figures.benefit, figures.label)
    )


def _rows(engine: Engine, name: str) -> list[dict[str, Any]]:
    return [dict(zip(engine.columns(name), row, strict=True)) for row in engine.rows(name)]
