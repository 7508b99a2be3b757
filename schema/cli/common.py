"""What all verbs share: the application, the deployment they work on, tables, progress bars, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from hub import settings as hub_settings
from hub.settings import Settings

app = typer.Typer(
    name="aidgraph",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A GraphQL data-integration hub for social assistance. 社会救助数据汇聚与查询。",
)
console = Console(stderr=True)
Report = Callable[[str, int, int | None], None]
MOST = 2**31 - 1  # of a number that the store keeps
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


class State:
    """The settings of this run, read when a verb first needs them."""

    data: Path | None = None
    config: Path | None = None

    @classmethod
    def settings(cls) -> Settings:
        return hub_settings.load(data=cls.data, config=cls.config)


@app.callback()
def _root(
    data: Annotated[Path | None, typer.Option(help="The data folder (AIDGRAPH_DATA; default ./aidgraph-data).")] = None,
    config: Annotated[Path | None, typer.Option(help="The configuration folder (AIDGRAPH_CONFIG).")] = None,
) -> None:
    State.data, State.config = data, config


def show(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, numbers: frozenset[str] = frozenset()
) -> None:
    """A table on standard error."""
    table = Table(title=escape(title), title_justify="left", header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(
            *(escape("" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row)
        )
    console.print(table)


def say(text: str) -> None:
    """One line on standard error, as it is: a bracket of a header, a path or a remedy is a bracket."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def styled(text: str) -> None:
    """One line on standard error with marks of style; whatever stands in it must be escaped."""
    console.print(text, highlight=False, soft_wrap=True)


def line(indent: str, text: str) -> None:
    """A line of text on standard error, folded under its indent."""
    console.print(Padding(escape(text), (0, 0, 0, len(indent))), highlight=False)


def complain(what: str, error: object) -> None:
    """One line on standard error that says what is wrong; the error's text is never read as markup."""
    console.print(f"[red]{what}:[/] {escape(str(error))}", highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One object on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def print_json_rows(told: Mapping[str, Any], name: str, rows: Iterable[Any]) -> None:
    """One object on standard output whose last entry is a list, written as it comes."""
    head = json.dumps({**told, name: []}, ensure_ascii=False, default=str).removesuffix("]}")
    for place, row in enumerate(rows):
        typer.echo((", " if place else head) + json.dumps(row, ensure_ascii=False, default=str), nl=False)
        head = ""
    typer.echo(f"{head}]}}")


class Rate(ProgressColumn):
    """How many a second; over the whole of what is done."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s", style="progress.data.speed")


class Remaining(TimeRemainingColumn):
    """How long it still takes, where the end is known."""

    def render(self, task: Task) -> Text:
        return Text("") if task.total is None else Text("剩余 ") + super().render(task)


@contextmanager
def bars() -> Iterator[Report]:
    """Progress bars, one a stage, with rate and remaining time: call with (stage, done, total or None)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=14),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        Remaining(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield report
