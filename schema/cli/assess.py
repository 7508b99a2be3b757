"""`aidgraph assess`: one case, layer by layer, without any store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from schema.cli.common import AsJson, State, app, print_json, say, show

NAMES = {
    "basic_insurance": "基本医保",
    "serious_illness": "大病保险",
    "medical_assistance": "医疗救助",
    "tilt": "倾斜救助",
}


@app.command()
def assess(
    case: Annotated[Path, typer.Argument(help="A case file (TOML).")],
    policy: Annotated[
        Path | None, typer.Option(help="A folder of policy files that add to or replace config's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What one case is due, layer by layer, with the article. 测算一例。"""
    from hub.assess import assess as answer

    found = answer(case, State.settings().config, policy)
    if as_json:
        print_json(found)
        return
    for settlement in found["settlements"]:
        _settlement(settlement)
    if found["premium_subsidy"]:
        subsidy = found["premium_subsidy"]
        say(f"参保资助 premium subsidy: {_told(subsidy['amount'])} ({subsidy['category']}, {subsidy['document']})")
    for warning in found["warnings"]:
        say(f"预警 warning: {warning['burden']} is above {warning['line']} ({warning['document']})")
    totals = found["totals"]
    say(f"合计 the person bears {_told(totals['self_in_scope'])} in scope, {_told(totals['self_total'])} in all")


def _settlement(settlement: dict[str, Any]) -> None:
    rows = []
    for layer in settlement["layers"]:
        name = NAMES[layer["benefit"]]
        told = [_told(layer[key]) for key in ("base", "line", "ratio", "amount")]
        rows.append([name, layer["category"], *told, f"{layer['document']}: {layer['article']}"])
    columns = ("层次", "category", "base", "line", "ratio", "amount", "article")
    show(settlement["id"], columns, rows, numbers=frozenset({"base", "line", "ratio", "amount"}))
    for rival in settlement["outranked"]:
        say(f"  {NAMES[rival['benefit']]} outranked: {rival['category']} {_told(rival['amount'])}")
    paid = ", ".join(
        f"{name} {_told(settlement[key])}"
        for key, name in zip(
            ("basic_paid", "serious_illness_paid", "medical_assistance", "tilt"), NAMES.values(), strict=True
        )
    )
    say(f"  {paid}; self {_told(settlement['self_in_scope'])} in scope, {_told(settlement['self_total'])} in all")


def _told(value: Any) -> str:
    if value is None:
        return "–"
    return f"undetermined: {value['undetermined']}" if isinstance(value, dict) else str(value)
