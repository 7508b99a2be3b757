"""`aidgraph quarantine`: rows that were not understood, from the first look to the last word."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import sqlalchemy as sa
import typer

from hub.errors import InputError
from schema.cli.common import MOST, AsJson, State, app, bars, complain, print_json, print_json_rows, say, show

if TYPE_CHECKING:
    from hub.landing.quarantine import Filter
    from hub.landing.quarantine import State as RowState

quarantine_app = typer.Typer(no_args_is_help=True, help="Rows that were not understood. 隔离数据。")
app.add_typer(quarantine_app, name="quarantine")

STATES = {"open": "待处理", "fixed_at_source": "源头已改", "waived": "已豁免", "replayed": "已重放"}
FORMS = {"filled": "有值", "empty": "为空", "absent": "缺列", "undeclared": "未声明"}
SHOWN = 1_000

SourceName = Annotated[str | None, typer.Option("--source", help="Only of this source.")]
StreamName = Annotated[str | None, typer.Option("--stream", help="Only of this stream.")]
Code = Annotated[str | None, typer.Option("--reason", help="Only with this reason code, as bad_date.")]
FieldName = Annotated[str | None, typer.Option("--field", help="Only where this field was the matter.")]
InState = Annotated[str | None, typer.Option("--state", help="open | fixed_at_source | waived | replayed")]
InBatch = Annotated[int | None, typer.Option("--batch", help="Only of this batch.", max=MOST)]
BatchNumber = Annotated[int, typer.Argument(help="A batch number, as in `sources`.", max=MOST)]
Lines = Annotated[
    list[int] | None,
    typer.Argument(help="Lines of the batch; all it may concern where none is named.", max=MOST),
]
Actor = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="Why; no value of a person.")]


@quarantine_app.command("list")
def quarantine_list(
    source: SourceName = None,
    stream: StreamName = None,
    reason: Code = None,
    field: FieldName = None,
    state: InState = None,
    batch: InBatch = None,
    places: Annotated[bool, typer.Option("--rows", help="Each row with its place, instead of counts.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rows in quarantine by stream, reason, field and state; never their values. 隔离数据清单。"""
    from hub.deployment import open_deployment
    from hub.landing import quarantine

    wanted = _filter(source, stream, reason, field, state, batch)
    with open_deployment(State.settings()) as deployment:
        rows = quarantine.summary(deployment.engine, wanted)
        if places:
            found = quarantine.rows(deployment.engine, wanted)
            if as_json:
                print_json_rows({}, "quarantine", found)
            else:
                _show_places("Quarantine 隔离数据", found, sum(counted["rows"] for counted in rows))
            return
    if as_json:
        print_json({"quarantine": rows})
    else:
        cells = [
            (f"{r['source']}\n{r['stream']}", _title(r["reason"]), r["field"], _state(r["state"]), r["rows"])
            for r in rows
        ]
        columns = ("stream 数据流", "reason 原因", "field 字段", "state 状态", "rows")
        show("Quarantine 隔离数据", columns, cells, numbers=frozenset({"rows"}))


@quarantine_app.command("show")
def quarantine_show(
    batch: BatchNumber,
    line: Annotated[
        int | None, typer.Argument(help="A line of it; without one, the places of all its rows.", max=MOST)
    ] = None,
    unseal: Annotated[bool, typer.Option("--unseal", help="Show its values; the access log records it.")] = False,
    actor: Annotated[str, typer.Option(help="With --unseal: who looks.")] = "",
    reason: Annotated[str, typer.Option(help="With --unseal: why; no value of a person.")] = "",
    as_json: AsJson = False,
) -> None:
    """One row: place, reason, history, which columns are filled, empty or damaged. Or a batch's rows. 隔离行详情。"""
    from hub.deployment import open_deployment
    from hub.landing import unsealed

    if unseal and (line is None or not actor.strip() or not reason.strip()):
        raise InputError("Values are shown of one row, to a named person", remedy="Give LINE, --actor and --reason")
    with open_deployment(State.settings()) as deployment:
        if line is None:
            _show_batch(deployment.engine, batch, as_json)
            return
        row = unsealed.look(deployment, (batch, line))
        if unseal:
            row["values"] = unsealed.unseal(deployment, (batch, line), actor=actor, reason=reason)
    if as_json:
        print_json(row)
    else:
        _show_row(row)


@quarantine_app.command("replay")
def quarantine_replay(
    batch: Annotated[int | None, typer.Argument(help="A batch number; without one, rows of all.", max=MOST)] = None,
    source: SourceName = None,
    stream: StreamName = None,
    reason: Code = None,
    field: FieldName = None,
    actor: Annotated[str, typer.Option(help="Who replays; the account's name where nobody is named.")] = "",
    why: Annotated[str, typer.Option(help="Why now.")] = "read again under today's declarations",
    as_json: AsJson = False,
) -> None:
    """Read open rows again under today's declarations; a batch quarantined whole goes whole. 重放隔离数据。"""
    from hub.deployment import open_deployment
    from hub.landing.replay import replay

    wanted = _filter(source, stream, reason, field, None, batch)
    with open_deployment(State.settings()) as deployment, deployment.lock(), bars() as progress:
        reports = list(replay(deployment, wanted, progress, actor=actor or _account(), reason=why))
    if as_json:
        names = ("source", "stream", "replayed_batch", "batch_id", "read", "accepted", "duplicates", "still_open")
        rows = [{n: getattr(r, n) for n in (*names, "reasons", "state")} for r in reports]
        print_json({"replays": rows})
        return
    if not reports:
        say("No open row matches.")
        return
    cells = [
        (f"{r.source}\n{r.stream}", r.replayed_batch, r.batch_id, r.read, r.accepted, r.duplicates, r.still_open)
        for r in reports
    ]
    columns = ("stream 数据流", "rows of", "landed as", "read", "= accepted", "+ duplicates", "+ open")
    show("Replay 重放", columns, cells, numbers=frozenset(columns[1:]))
    for report in reports:
        if report.note:
            complain(f"replay of batch {report.replayed_batch}", report.note)
    say("Run `aidgraph month compute` to apply it; a closed month stays as it is.")


@quarantine_app.command("waive")
def quarantine_waive(batch: BatchNumber, lines: Lines = None, *, actor: Actor, reason: Why) -> None:
    """Say that open rows need not be corrected; they stay kept. 豁免隔离行。"""
    from hub.landing.quarantine import State as RowState

    _decide(batch, lines, RowState.WAIVED, actor, reason)


@quarantine_app.command("fixed")
def quarantine_fixed(batch: BatchNumber, lines: Lines = None, *, actor: Actor, reason: Why) -> None:
    """Say that the department corrected open rows where the hub cannot see it. 源头已更正。"""
    from hub.landing.quarantine import State as RowState

    _decide(batch, lines, RowState.FIXED, actor, reason)


@quarantine_app.command("reopen")
def quarantine_reopen(batch: BatchNumber, lines: Lines = None, *, actor: Actor, reason: Why) -> None:
    """Take back that rows are waived or fixed. 重新打开。"""
    from hub.landing.quarantine import State as RowState

    _decide(batch, lines, RowState.OPEN, actor, reason)


@quarantine_app.command("report")
def quarantine_report(
    source: Annotated[str, typer.Option(help="The source whose department is sent it.")],
    stream: StreamName = None,
    out: Annotated[Path | None, typer.Option(help="A file .csv, .xlsx or .md; without one, CSV is printed.")] = None,
) -> None:
    """What a department must correct, by delivery and line; never a value. 退回清单。"""
    from hub.deployment import open_deployment
    from hub.landing import quarantine, returned

    wanted = _filter(source, stream, None, None, "open", None)
    with open_deployment(State.settings()) as deployment:
        lines = returned.cells(quarantine.rows(deployment.engine, wanted), deployment.sources)
        count = returned.as_csv(sys.stdout, lines) if out is None else returned.write(out, lines)
    say(f"{count:,} rows" if out is None else f"{count:,} rows in {out}")


def _decide(batch: int, lines: list[int] | None, state: RowState, actor: str, reason: str) -> None:
    from hub.deployment import open_deployment
    from hub.landing import quarantine

    with open_deployment(State.settings()) as deployment, deployment.lock():
        count = quarantine.decide(deployment.engine, batch, lines or [], state, actor=actor, reason=reason)
    say(f"{count} rows of batch {batch}: {_state(state)}")


def _filter(
    source: str | None, stream: str | None, reason: str | None, field: str | None, state: str | None, batch: int | None
) -> Filter:
    """The filter that the options name. Raises InputError where a source, stream or state does not exist."""
    from connectors.base import discover
    from hub.landing.quarantine import Filter

    declared = {(s.name, each.name) for s in discover(State.settings().declared) for each in s.streams}
    if source is not None and source not in {name for name, _ in declared}:
        raise InputError(f"There is no source {source}", remedy="See `aidgraph sources`")
    if stream is not None and stream not in {name for of, name in declared if source in (None, of)}:
        raise InputError(f"There is no stream {stream}", remedy="See `aidgraph sources`")
    if state is not None and state not in STATES:
        raise InputError(f"{state} is no state", remedy=f"Say one of {', '.join(STATES)}")
    return Filter(source=source, stream=stream, reason=reason, field=field, state=state, batch=batch)


def _show_batch(engine: sa.Engine, batch: int, as_json: bool) -> None:
    from hub import store
    from hub.landing import ledger, quarantine
    from hub.landing.quarantine import Filter

    b = store.batch.c
    with engine.connect() as connection:
        query = sa.select(b.source, b.stream, b.label, b.as_of, b.state, b.part_of).where(b.batch_id == batch)
        landed = connection.execute(query).one_or_none()
        told = ledger.history(connection, [batch]).get(batch, [])
    if landed is None:
        raise InputError(f"There is no batch {batch}", remedy="See `aidgraph sources`")
    rows = quarantine.rows(engine, Filter(batch=batch))
    if as_json:
        places = ({name: row[name] for name in ("line", "reason", "field", "state")} for row in rows)
        print_json_rows({"batch": batch, **landed._mapping, "history": told}, "rows", places)
        return
    count = sum(counted["rows"] for counted in quarantine.summary(engine, Filter(batch=batch)))
    _show_places(f"{landed.source}.{landed.stream} {landed.label}", rows, count)
    for change in told:
        say(f"batch {batch} {change['state']} by {change['actor']}: {change['reason']}")


def _show_places(title: str, rows: Iterator[dict[str, Any]], count: int) -> None:
    cells = [
        (f"{r['source']}\n{r['stream']}", r["batch_id"], r["line"], _title(r["reason"]), r["field"], _state(r["state"]))
        for r in islice(rows, SHOWN)
    ]
    columns = ("stream 数据流", "batch", "line 行", "reason 原因", "field 字段", "state 状态")
    show(title, columns, cells, numbers=frozenset(columns[1:3]))
    if count > SHOWN:
        say(f"{count - SHOWN:,} more; narrow it down, or use --json or `aidgraph quarantine report`.")


def _show_row(row: dict[str, Any]) -> None:
    told = [
        ("source 数据源", f"{row['source']}.{row['stream']}"),
        ("delivery 报送", f"{row['label']}, {row['as_of']}"),
        ("place 位置", f"batch {row['batch_id']}, line {row['line']}"),
        ("reason 原因", f"{row['reason']}: {_title(row['reason'])}"),
        ("field 字段", row["field"]),
        ("contract 规约", row["contract"]),
        ("state 状态", _state(row["state"])),
    ]
    show("Row in quarantine 隔离行", ("", ""), told)
    values = row.get("values", {})
    columns = ("column 列", "form 形态", *(("value 值",) if values else ()))
    cells = [
        (name, f"{form} {FORMS[form]}" if form in FORMS else _title(form), *((values.get(name),) if values else ()))
        for name, form in row["columns"].items()
    ]
    show("Columns 各列", columns, cells)
    if row["history"]:
        changes = [(f"{c['at']:%Y-%m-%d %H:%M}", _state(c["state"]), c["actor"], c["reason"]) for c in row["history"]]
        show("History 处理经过", ("when 时间", "state 状态", "who 经办", "why 缘由"), changes)
    counted = Counter(row["columns"].values())
    say(", ".join(f"{count} {form}" for form, count in sorted(counted.items())))


def _title(code: str) -> str:
    from hub.landing.reasons import reason

    told = reason(code)
    return f"{told.title}\n{told.title_en}"


def _state(state: str) -> str:
    return f"{state} {STATES[state]}"


def _account() -> str:
    """The account that runs this, for the history of rows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"
