"""`aidgraph month`: compute, list and show months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import typer

from hub.errors import InputError
from schema.cli.common import AsJson, Report, State, app, bars, complain, print_json, say, show

if TYPE_CHECKING:
    from hub.deployment import Deployment
    from hub.months import MonthReport

month_app = typer.Typer(no_args_is_help=True, help="The monthly reconciliation. 每月比对。")
app.add_typer(month_app, name="month")

STATES = ("new", "persisting", "reopened", "cleared")
Month = Annotated[str, typer.Argument(help="yyyy-MM, as 2025-11.")]


@month_app.command("compute")
def month_compute(month: Month, as_json: AsJson = False) -> None:
    """Match, merge, reconcile and publish a month; a closed month is rebuilt and verified. 计算当月比对结果。"""
    from hub import months
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment, deployment.lake.lock():
        with bars() as progress:
            report = compute_month(deployment, month, progress)
        left_out = months.left_out(deployment, month)
    show_month(report)
    for batch, told in left_out:
        complain(f"without batch {batch}", f"{told}; see `aidgraph sources`")
    if as_json:
        print_json(month_object(report))


def compute_month(deployment: Deployment, month: str, progress: Report) -> MonthReport:
    """Compute one month of a deployment, with the roll-ups of its agreements.

    Raises InputError, AuditFailed, ConfigError.
    """
    from hub import months
    from schema.aggregate import demands
    from schema.agreement import load_all

    return months.compute(deployment, month, progress, demands(load_all(deployment.settings.config)))


def show_month(report: MonthReport) -> None:
    """The findings of a month by kind and state, and what publishing changed."""
    show_findings(report.month, report.findings)
    counts = report.counts
    say(
        f"{report.month} {report.outcome}: {counts['person']:,} persons, {counts['entitlement']:,} entitlements, "
        f"{counts['warning']:,} warnings"
    )
    say(
        f"publication {report.publication}: {report.opened:,} rows opened, {report.closed:,} closed; "
        f"digest {report.digest[:16]}"
    )


def show_findings(month: str, findings: dict[str, dict[str, int]]) -> None:
    """Findings by kind, with their titles, and by state."""
    from hub.reconcile import checks

    titles = {check.kind: f"{check.kind} {check.title}" for check in checks()}
    rows = [
        (titles.get(kind, kind), *(states.get(state, 0) for state in STATES))
        for kind, states in sorted(findings.items())
    ]
    show(f"Findings 比对发现 {month}", ("finding", *STATES), rows, numbers=frozenset(STATES))


def month_object(report: MonthReport) -> dict[str, Any]:
    """A month as `month compute --json` prints it."""
    return {
        "month": report.month, "outcome": report.outcome, "digest": report.digest, "publication": report.publication,
        "opened": report.opened, "closed": report.closed, "rows": report.counts, "findings": report.findings,
    }  # fmt: skip


@month_app.command("list")
def month_list(as_json: AsJson = False) -> None:
    """The months computed so far. 已计算的月份。"""
    from hub import store
    from hub.deployment import open_deployment

    m = store.month.c
    with open_deployment(State.settings()) as deployment, deployment.engine.connect() as connection:
        rows = connection.execute(
            sa.select(m.month, m.state, m.publication, m.computed_at, m.digest).order_by(m.month)
        ).all()
    if as_json:
        print_json({"months": [dict(row._mapping) for row in rows]})
        return
    show(
        "Months 月份",
        ("month", "state", "publication", "computed", "digest"),
        [(*row[:3], f"{row[3]:%Y-%m-%d %H:%M}", row[4][:16]) for row in rows],
    )


@month_app.command("show")
def month_show(month: Month, as_json: AsJson = False) -> None:
    """The findings and the participation of a published month. 当月结果。"""
    from hub import months
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        published = months.published(deployment, month)
    if published is None:
        raise InputError(f"{month} has not been computed", remedy=f"Run `aidgraph month compute {month}`")
    if as_json:
        print_json(published)
        return
    show_findings(month, published["findings"])
    columns = ("pooling area", "population", "listed", "insured", "rate", "target", "met")
    cells = [
        (
            p["pooling_area"],
            p["population"],
            p["listed"],
            p["insured"],
            f"{p['rate'] / 100:.2f} %",
            f"{p['target'] / 100:.2f} %",
            "yes 达标" if p["met"] else "no 未达标",
        )
        for p in published["participation"]
    ]
    show("Participation 参保率", columns, cells, numbers=frozenset({"listed", "insured", "rate", "target"}))
