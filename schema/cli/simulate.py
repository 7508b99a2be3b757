"""`aidgraph simulate`: what a change of policy files would cost and whom it lifts or lowers, before it is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from schema.cli.common import AsJson, State, app, bars, line, print_json, say, show, styled
from schema.cli.policy import show_changes

if TYPE_CHECKING:
    from hub.config import Config
    from hub.simulate import Figures, OwnCost, Simulation

MONEY = {
    "cost_before": "现行\nbefore",
    "cost_after": "变动后\nafter",
    "difference": "增减\ndifference",
    "known_only_after": "另: 新确定\nbesides: became\ndetermined",
    "known_only_before": "另: 转不确定\nbesides: ceased\nto be",
}
ALWAYS = ("cost_before", "cost_after", "difference")
COUNTS = {
    "lifted": "提高\nlifted",
    "lowered": "降低\nlowered",
    "newly_reached": "新享\nnewly\nreached",
    "no_longer_reached": "不再享\nno longer\nreached",
    "unchanged": "不变\nunchanged",
}
UNDETERMINED = "不确定\nundetermined\nbefore→after"
SETTLED = ("basic_insurance", "serious_illness")
Rows = Sequence[tuple[str, "Figures"]]
COUNTED = (*COUNTS, "undetermined", "undetermined_before", "undetermined_after")


class By(StrEnum):
    """Divisions to sum by."""

    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"


@app.command()
def simulate(
    policy: Annotated[Path, typer.Option(help="A folder of policy files that add to or replace config's.")],
    month: Annotated[str, typer.Option(help="A computed month, yyyy-MM, as 2025-11.")],
    only: Annotated[bool, typer.Option("--only", help="The folder's documents stand in place of config's.")] = False,
    by: Annotated[By, typer.Option(help="The divisions to sum by.")] = By.COUNTY,
    as_json: AsJson = False,
) -> None:
    """What a change of policy files would cost and whom it would lift or lower. 政策变动测算，不写入任何数据。"""
    from hub import config
    from hub.deployment import open_deployment
    from hub.simulate import simulate as run

    with open_deployment(State.settings()) as deployment:
        changed = config.overlaid(deployment.settings.config, policy, only=only)
        with bars() as progress:
            found = run(deployment, month, changed, progress, by.value)
    if as_json:
        told = {"month": month, "policy": str(policy), "only": only, "by": by.value}
        print_json(told | simulation_object(found, changed))
        return
    show_changes(found.changes)
    _notes(found)
    _tables(month, "待遇 benefit", [(_benefit(figures.benefit, changed), figures) for figures in found.benefits])
    for figures in found.benefits:
        if figures.touched:
            title = _benefit(figures.benefit, changed)
            by_category = [(_category(f.label, changed), f) for f in found.categories if f.benefit == figures.benefit]
            _breakdown(f"{title} 按类别 by category", "类别 category", by_category)
            by_division = [(_division(f.label, changed), f) for f in found.divisions if f.benefit == figures.benefit]
            _breakdown(f"{title} 按地区 by {by}", f"地区 {by}", by_division)
    _own(found.own_cost)


def _notes(found: Simulation) -> None:
    """What the figures cannot show."""
    year = found.month[:4]
    if not found.changes:
        say(f"No rule in force in {year} changes. 本年度执行的政策无变动。")
    if found.elsewhen:
        say(f"Changes outside {year}, which cannot show in its months 非本年度变动: {len(found.elsewhen)}")
        line("  ", f"To try them, give the documents days within {year}; `aidgraph policy diff` tells them.")
    computed = {figures.benefit for figures in found.benefits}
    for benefit in sorted({change.benefit for change in found.changes} - computed):
        say(f"{benefit}: " + ("taken as settled 按结算数据" if benefit in SETTLED else "not computed here 不在测算内"))


def _breakdown(title: str, column: str, rows: Rows) -> None:
    """The rows that the change touches."""
    touched = [(label, figures) for label, figures in rows if figures.touched]
    _tables(title, column, touched)
    if len(touched) < len(rows):
        say(f"  rows without change, left out (--json has them) 未变动的行从略: {len(rows) - len(touched)}")


def _tables(title: str, column: str, rows: Rows) -> None:
    """Costs, and below them persons."""
    styled(f"\n[bold]{escape(title)}[/]")
    names = [name for name in MONEY if name in ALWAYS or any(getattr(figures, name) for _, figures in rows)]
    columns = [MONEY[name] for name in names]
    money = [(label, *(_yuan(getattr(f, name), signed=name == "difference") for name in names)) for label, f in rows]
    show("费用 Cost (yuan 元)", (column, *columns), money, numbers=frozenset(columns))
    counts = (*COUNTS.values(), UNDETERMINED)
    persons = [
        (label, *(getattr(f, name) for name in COUNTS), f"{f.undetermined_before:,}→{f.undetermined_after:,}")
        for label, f in rows
    ]
    show("人数 Persons", (column, *counts), persons, numbers=frozenset(counts))


def _own(own: OwnCost) -> None:
    change = _yuan(own.own_after - own.own_before, signed=True)
    say(f"个人负担 own in-scope cost: {_yuan(own.own_before)} → {_yuan(own.own_after)} ({change})")
    moved = f"{own.lifted:,} lifted 减轻, {own.lowered:,} lowered 加重, {own.unchanged:,} unchanged 不变"
    line("  ", f"{moved}, {own.undetermined:,} undetermined 不确定 and in neither sum")


def simulation_object(found: Simulation, changed: Config) -> dict[str, Any]:
    """A simulation as `--json` prints it; costs in fen."""
    from dataclasses import asdict

    own = found.own_cost
    return {
        "changes": [asdict(change) for change in found.changes],
        "changes_outside_the_year": [asdict(change) for change in found.elsewhen],
        "benefits": list(_objects(found.benefits, lambda _: {})),
        "categories": list(_objects(found.categories, lambda code: {"category": code})),
        "divisions": list(
            _objects(found.divisions, lambda code: {"division": code, "name": changed.divisions.names.get(code)})
        ),
        "own_in_scope": {
            "before": own.own_before,
            "after": own.own_after,
            "difference": own.own_after - own.own_before,
            "persons": {"all": own.persons}
            | {name: getattr(own, name) for name in ("lifted", "lowered", "unchanged", "undetermined")},
        },
    }


def _objects(rows: Iterable[Figures], label: Callable[[str], dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for figures in rows:
        cost = {"before": figures.cost_before, "after": figures.cost_after, "difference": figures.difference}
        cost |= {"known_only_before": figures.known_only_before, "known_only_after": figures.known_only_after}
        persons = {"all": figures.persons} | {name: getattr(figures, name) for name in COUNTED}
        yield {"benefit": figures.benefit, **label(figures.label), "cost": cost, "persons": persons}


def _benefit(code: str, changed: Config) -> str:
    return f"{changed.benefits[code].title} {code}"


def _category(code: str, changed: Config) -> str:
    return f"{changed.categories[code].title} {code}" if code in changed.categories else code


def _division(code: str, changed: Config) -> str:
    return f"{code} {changed.divisions.names.get(code, '')}"


def _yuan(amount: int, *, signed: bool = False) -> str:
    """Fen as yuan with two decimals."""
    sign = "-" if amount < 0 else "+" if signed and amount else ""
    return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02d}"
