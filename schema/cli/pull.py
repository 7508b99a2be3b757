"""`aidgraph pull`, `sources`, `departments`: where rows come from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import typer

from connectors.base import Source
from connectors.errors import SourceError, SourceUnavailable
from hub.errors import InputError
from schema.cli.common import AsJson, Report, State, app, bars, complain, print_json, say, show

if TYPE_CHECKING:
    from hub.deployment import Deployment
    from hub.land import BatchReport

COUNTS = ("read", "accepted", "quarantined", "duplicates")
Names = Annotated[list[str] | None, typer.Argument(help="Sources to pull; all of them where none is named.")]


@app.command()
def pull(names: Names = None, as_json: AsJson = False) -> None:
    """Land whatever is new at the sources. 拉取各部门数据入库。"""
    from hub.deployment import open_deployment

    reports: list[BatchReport] = []
    failed = 0
    with open_deployment(State.settings()) as deployment, deployment.lake.lock():
        for source in chosen(deployment, names):
            try:
                with bars() as progress:
                    reports += pull_source(deployment, source, progress)
            except (SourceError, InputError) as error:
                complain(source.name, error)
                failed = failed or (75 if isinstance(error, SourceUnavailable) else 4)
    show_batches(reports)
    if as_json:
        print_json({"batches": [batch_object(report) for report in reports]})
    raise typer.Exit(failed)


def chosen(deployment: Deployment, names: list[str] | None) -> tuple[Source, ...]:
    """The declared sources of these names, or all. Raises InputError."""
    declared = {source.name: source for source in deployment.sources}
    unknown = [name for name in names or [] if name not in declared]
    if unknown:
        raise InputError(f"There is no source {unknown[0]}", remedy=f"The declared sources are {', '.join(declared)}")
    return tuple(declared[name] for name in names) if names else tuple(declared.values())


def pull_source(deployment: Deployment, source: Source, progress: Report) -> list[BatchReport]:
    """Land what is new at one source, a report a batch. Raises SourceError, InputError."""
    from hub.land import Landing

    landing = Landing(
        engine=deployment.engine,
        lake=deployment.lake,
        linkage=deployment.linkage,
        codes=deployment.config.codes,
        ring=deployment.ring,
    )
    return list(landing.pull(source, deployment.settings.connection(source.name), progress))


def show_batches(reports: list[BatchReport]) -> None:
    """The batches as a table, with what is to be noted about them."""
    if not reports:
        say("Nothing new at the sources.")
        return
    rows = [(r.source, r.stream, r.as_of, *(getattr(r, name) for name in COUNTS)) for r in reports]
    show("Batches 批次", ("source", "stream", "as of", *COUNTS), rows, numbers=frozenset(COUNTS))
    for report in reports:
        for note in report.notes:
            complain(f"{report.source} {report.stream} {report.label}", note)


def batch_object(report: BatchReport) -> dict[str, Any]:
    """A batch as `demo --json` and `pull --json` print it (pins.md)."""
    counts = {name: getattr(report, name) for name in COUNTS}
    return {"source": report.source, "stream": report.stream, "batch": str(report.batch_id), **counts}


@app.command()
def sources(as_json: AsJson = False) -> None:
    """Every stream with its last batch, its quarantine and its lateness; late ones first. 数据来源状态。"""
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        rows = list(_freshness(deployment, date.today()))  # noqa: DTZ011  lateness is counted in the operator's days
    rows.sort(key=lambda row: (not row["late"], row["stream"]))
    if as_json:
        print_json({"streams": rows})
        return
    columns = ("source", "stream", "last", "as of", "cadence", "accepted", "held", "state")
    cells = [
        (
            *r["stream"].split("."),
            r["last"],
            r["as_of"],
            f"{r['cadence_days']} d",
            r["accepted"],
            r["quarantined"],
            "late 逾期" if r["late"] else "ok",
        )
        for r in rows
    ]
    show("Sources 数据来源", columns, cells, numbers=frozenset({"last", "accepted", "held"}))


def _freshness(deployment: Deployment, today: date) -> Iterator[dict[str, Any]]:
    from hub import store

    b = store.batch.c
    query = sa.select(
        b.source,
        b.stream,
        sa.func.max(b.batch_id).label("last"),
        sa.func.max(b.as_of).label("as_of"),
        sa.func.count().label("batches"),
        sa.func.sum(b.accepted).label("accepted"),
        sa.func.sum(b.quarantined).label("quarantined"),
    ).group_by(b.source, b.stream)
    with deployment.engine.connect() as connection:
        landed = {(row.source, row.stream): row for row in connection.execute(query)}
    for source in deployment.sources:
        for stream in source.streams:
            row = landed.get((source.name, stream.name))
            as_of = row.as_of if row else None
            yield {
                "stream": f"{source.name}.{stream.name}",
                "title": stream.title,
                "last": row.last if row else None,
                "as_of": as_of,
                "cadence_days": stream.cadence_days,
                "batches": row.batches if row else 0,
                "accepted": int(row.accepted) if row else 0,
                "quarantined": int(row.quarantined) if row else 0,
                "late": as_of is None or (today - as_of).days > stream.cadence_days,
            }


@app.command()
def departments(
    folder: Annotated[Path, typer.Argument(help="Where the file-sending departments drop their files.")],
    persons: Annotated[int, typer.Option(help="Persons in the simulated world.")] = 2_000,
    month: Annotated[str, typer.Option(help="The month the departments show, yyyy-MM.")] = "2025-11",
) -> None:
    """Play the three departments on loopback until interrupted, and print the settings to reach them. 模拟部门。"""
    from connectors.simulator.server import Departments
    from connectors.simulator.world import World

    with Departments(World(persons=persons), folder=folder) as played:
        played.show(month)
        for name, connection in played.connections().items():
            typer.echo(f"[source.{name}]")
            for key in ("url", "folder", "token"):
                if value := getattr(connection, key):
                    typer.echo(f'{key} = "{value}"')
        say("Put these lines into aidgraph.toml of the data folder, then run `aidgraph pull` there. Stop with Ctrl-C.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            say("Stopped.")
