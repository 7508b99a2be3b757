"""`aidgraph pull`, `departments`: where rows come from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connectors.base import Source
from connectors.errors import SourceError, SourceUnavailable
from hub.errors import InputError
from schema.cli.common import AsJson, Report, State, app, bars, complain, line, print_json, say, show

if TYPE_CHECKING:
    from hub.deployment import Deployment
    from hub.land import BatchReport

COUNTS = ("read", "accepted", "quarantined", "duplicates")
STATES = {
    "landed": "landed",
    "held": "held 待确认",
    "quarantined": "all quarantined 整批隔离",
    "refused": "refused 已退回",
}
Names = Annotated[list[str] | None, typer.Argument(help="Sources to pull; all of them where none is named.")]


@app.command()
def pull(names: Names = None, as_json: AsJson = False) -> None:
    """Land whatever is new at the sources. 拉取各部门数据入库。"""
    from hub.deployment import open_deployment

    reports: list[BatchReport] = []
    failed = 0
    with open_deployment(State.settings()) as deployment, deployment.lock():
        wanted = chosen(deployment.sources, names)
        if not names:
            wanted = connected(deployment, wanted)
        for source in wanted:
            try:
                with bars() as progress:
                    reports += pull_source(deployment, source, progress)
            except (SourceError, InputError) as error:
                complain(source.name, error)
                failed = failed or (75 if isinstance(error, SourceUnavailable) else 4)
    show_batches(reports)
    if as_json:
        print_json({"batches": [batch_object(report) | {"unchanged": report.unchanged} for report in reports]})
    raise typer.Exit(failed)


def chosen(sources: Sequence[Source], names: list[str] | None) -> tuple[Source, ...]:
    """The sources of these names, or all. Raises InputError."""
    declared = {source.name: source for source in sources}
    unknown = [name for name in names or [] if name not in declared]
    if unknown:
        raise InputError(f"There is no source {unknown[0]}", remedy=f"The declared sources are {', '.join(declared)}")
    return tuple(declared[name] for name in names) if names else tuple(declared.values())


def connected(deployment: Deployment, sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Those that the settings say how to reach, all where they say it of none; the others are told in one line."""
    there = tuple(source for source in sources if source.name in deployment.settings.sources)
    if there and len(there) < len(sources):
        show_unconnected(source.name for source in sources if source not in there)
    return there or sources


def show_unconnected(names: Iterable[str]) -> None:
    """The declared sources that this deployment does not reach, in one line."""
    line("", f"Not connected 未接入 (no [source.NAME] in aidgraph.toml): {', '.join(names)}")


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
    rows = [
        (f"{r.source}\n{r.stream}", r.as_of, *(getattr(r, name) for name in COUNTS), r.unchanged, STATES[r.state])
        for r in reports
    ]
    columns = ("stream", "as of", "read", "= accepted", "+ quarantined", "+ duplicates", "unchanged", "state")
    show("Batches 批次", columns, rows, numbers=frozenset(columns[2:7]))
    for report in reports:
        show_said(f"{report.source} {report.stream}", report.repairs, report.warnings)
    for report in reports:
        for note in report.notes:
            complain(f"{report.source} {report.stream} {report.label}", note)
    if any(note.startswith("undeclared field") for report in reports for note in report.notes):
        say("Fields that nobody declared are not kept: declare them, or name them under `ignored`. 未声明的列不入库。")


def show_said(what: str, repairs: Mapping[str, int] | None, warnings: Mapping[str, int] | None) -> None:
    """What was repaired in a batch's accepted rows and what is odd about them; nothing where nothing is."""
    for title, counts in (("repaired 修复", repairs), ("warnings 提示", warnings)):
        if counts:
            line("  ", f"{what}, {title}: {', '.join(f'{word} {count:,}' for word, count in sorted(counts.items()))}")


def batch_object(report: BatchReport) -> dict[str, Any]:
    """A batch as `demo --json` and `pull --json` print it (pins.md); one that is not in force says so."""
    counts = {name: getattr(report, name) for name in COUNTS}
    told = {"source": report.source, "stream": report.stream, "batch": str(report.batch_id), **counts}
    return told if report.state == "landed" else told | {"state": report.state}


@app.command()
def departments(
    folder: Annotated[Path, typer.Argument(help="Where the file-sending departments drop their files.")],
    persons: Annotated[int, typer.Option(help="Persons in the simulated world.", min=400)] = 2_000,
    month: Annotated[str, typer.Option(help="The month the departments show, yyyy-MM.")] = "2025-11",
) -> None:
    """Play the three departments on loopback until interrupted, and print the settings to reach them. 模拟部门。"""
    from connectors.simulator.server import Departments
    from connectors.simulator.world import World
    from hub.inputs import month_bounds

    month_bounds(month)
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
