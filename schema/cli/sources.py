"""`aidgraph sources`, `source confirm`, `source refuse`: how the sources stand, and the word on a held batch."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from schema.cli.common import MOST, AsJson, State, app, complain, line, print_json, say, show
from schema.cli.pull import show_said, show_unconnected

source_app = typer.Typer(no_args_is_help=True, help="One source and its batches. 数据源与批次。")
app.add_typer(source_app, name="source")

TITLES = {"never": "未报送", "late": "逾期", "held": "待确认", "ok": "正常"}

COUNTS = "read 读取\n= accepted\n+ quarantined\n+ duplicates"

BatchNumber = Annotated[int, typer.Argument(help="A held batch, as in `aidgraph sources`.", max=MOST)]
Actor = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="Why; no value of a person.")]


@app.command()
def sources(as_json: AsJson = False) -> None:
    """Every stream with its last batch, its quarantine and its lateness; late ones first. 数据来源状态。"""
    from hub.deployment import open_deployment
    from hub.landing.freshness import freshness

    with open_deployment(State.settings()) as deployment:
        rows = freshness(deployment.engine, deployment.sources, date.today())  # noqa: DTZ011  lateness is counted in the operator's days
        reached = deployment.settings.sources
    for row in rows:
        row["connected"] = row["stream"].partition(".")[0] in reached
    if as_json:
        print_json({"streams": rows})
        return
    columns = (
        "stream 数据流",
        "last batch 最近批次",
        "age 距今",
        COUNTS,
        "open",
        "state 状态",
    )
    idle = [row for row in rows if reached and not row["connected"] and row["state"] == "never"]
    cells = [_cells(row) for row in rows if row not in idle]
    show("Sources 数据来源", columns, cells, numbers=frozenset({"open"}))
    if idle:
        show_unconnected(row["stream"] for row in idle)
    for row in rows:
        if last := row["last_batch"]:
            what = f"{row['stream']} batch {last['batch_id']}"
            show_said(what, last["repairs"], last["warnings"])
            if last["again"]:
                line("  ", f"{what} {last['again']} 内容未变，重复报送")
    for row in rows:
        for held in row["held"]:
            complain(f"{row['stream']} batch {held['batch']}", held["why"])


@source_app.command("confirm")
def source_confirm(batch: BatchNumber, actor: Actor, reason: Why) -> None:
    """Let a held batch count from its day; the months to come are computed with it. 确认批次。"""
    from hub.deployment import open_deployment
    from hub.landing.confirm import confirm

    with open_deployment(State.settings()) as deployment, deployment.lock():
        confirm(deployment, batch, actor=actor, reason=reason)
    say(f"Batch {batch} is in force. Run `aidgraph month compute` to apply it.")


@source_app.command("refuse")
def source_refuse(batch: BatchNumber, actor: Actor, reason: Why) -> None:
    """Let a held batch never count; the earlier one stays in force. 退回批次。"""
    from hub.deployment import open_deployment
    from hub.landing.confirm import refuse

    with open_deployment(State.settings()) as deployment, deployment.lock():
        refuse(deployment, batch, actor=actor, reason=reason)
    say(f"Batch {batch} never counts.")


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    source, stream = row["stream"].split(".")
    last = row["last_batch"]
    told = counts = ""
    age = f"never\nof {row['cadence_days']} d"
    if last is not None:
        told = f"{last['batch_id']} {last['label']}\nof {last['as_of']}, received {last['received_at']:%Y-%m-%d}"
        age = f"{row['age_days']} d\nof {row['cadence_days']} d"
        stands = f" ({last['unchanged']:,} unchanged 未变)" if last["unchanged"] else ""
        counts = f"{last['read']:,}\n= {last['accepted']:,}{stands}"
        counts += f"\n+ {last['quarantined']:,}\n+ {last['duplicates']:,}"
    whose = "" if row["department"] == source else f"\n{row['department']}"
    state = f"{row['state']}\n{TITLES[row['state']]}"
    return f"{source}{whose}\n{stream}\n{row['title']}", told, age, counts, row["open"], state
