"""`aidgraph assess`: one case, layer by layer, without any store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from schema.cli.common import AsJson, State, app, line, print_json, say, show

NAMES = {
    "basic_insurance": "基本医保",
    "serious_illness": "大病保险",
    "medical_assistance": "医疗救助",
    "tilt": "倾斜救助",
}
PASSED = {
    "warning": "预警 warning: the burden of {burden} passes the line of {line}",
    "ceiling": "超过上限 ceiling: the layers pay {burden}, at most {line}",
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
    notes = Notes()
    for settlement in found["settlements"]:
        _settlement(settlement, notes)
    if found["premium_subsidy"]:
        subsidy = found["premium_subsidy"]
        say(f"参保资助 premium subsidy: {notes.told(subsidy['amount'])} ({subsidy['category']}, {subsidy['document']})")
    for warning in found["warnings"]:
        told = PASSED[warning["benefit"]].format(burden=notes.told(warning["burden"]), line=warning["line"])
        line("", f"{told} ({warning['document']}: {warning['article']})")
    totals = found["totals"]
    bears = f"{notes.told(totals['self_in_scope'])} in scope, {notes.told(totals['self_total'])} in all"
    say(f"合计 the person bears {bears}")
    for reason, number in notes.reasons.items():
        line("", f"({number}) {reason}")


class Notes:
    """Reasons for what is undetermined, told once each under the tables."""

    def __init__(self) -> None:
        self.reasons: dict[str, int] = {}

    def told(self, value: Any) -> str:
        """A value as a person reads it; an undetermined one names its reason's number."""
        if value is None:
            return "–"
        if not isinstance(value, dict):
            return str(value)
        number = self.reasons.setdefault(value["undetermined"], len(self.reasons) + 1)
        return f"不确定 undetermined ({number})"


def _settlement(settlement: dict[str, Any], notes: Notes) -> None:
    rows = []
    for layer in settlement["layers"]:
        told = [notes.told(layer[key]) for key in ("base", "line", "ratio", "amount")]
        rows.append([NAMES[layer["benefit"]], layer["category"], *told, f"{layer['document']}: {layer['article']}"])
    columns = ("层次", "category", "base", "line", "ratio", "amount", "article")
    show(settlement["id"], columns, rows, numbers=frozenset({"base", "line", "ratio", "amount"}))
    for rival in settlement["outranked"]:
        say(f"  {NAMES[rival['benefit']]} outranked: {rival['category']} {notes.told(rival['amount'])}")
    paid = zip(("basic_paid", "serious_illness_paid", "medical_assistance", "tilt"), NAMES.values(), strict=True)
    line("  ", ", ".join(f"{name} {notes.told(settlement[key])}" for key, name in paid))
    bears = f"{notes.told(settlement['self_in_scope'])} in scope, {notes.told(settlement['self_total'])} in all"
    line("  ", f"self {bears}")
