"""`aidgraph access`: what an agreement grants, what a change of agreements widens, who sees what."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from hub.errors import InputError
from schema.cli.common import AsJson, State, app, console, line, print_json, say, styled

if TYPE_CHECKING:
    from schema.access.difference import Change
    from schema.access.matrix import Row
    from schema.agreement import Agreement

access_app = typer.Typer(no_args_is_help=True, help="What an agreement grants. 协议授权。")
app.add_typer(access_app, name="access")

COLUMNS = 8  # agreements side by side in a terminal of 100 columns
COLOURS = {"widened": "bold red", "narrowed": "green", "worded": "dim"}
Name = Annotated[str, typer.Option("--agreement", help="An agreement, as civil-affairs.")]


@access_app.command("sdl")
def access_sdl(agreement: Annotated[str, typer.Argument(help="An agreement, as civil-affairs.")]) -> None:
    """The GraphQL schema that follows from an agreement. 协议对应的查询结构。"""
    from schema.contract import Contract

    typer.echo(Contract(_named(agreement)).sdl, nl=False)


@access_app.command("documents")
def access_documents(
    agreement: Annotated[str, typer.Argument(help="An agreement, as civil-affairs.")], as_json: AsJson = False
) -> None:
    """The registered documents of an agreement with the SHA-256 to ask for them by. 协议登记的查询。"""
    from schema import registered

    documents = registered.read(State.settings().config, _named(agreement).id)
    if as_json:
        print_json({"documents": [{"file": found.file, "sha256": found.sha256} for found in documents]})
        return
    for found in documents:
        typer.echo(f"{found.sha256}  {found.file}")


@access_app.command("explain")
def access_explain(
    agreement: Name,
    field: Annotated[str, typer.Option(help="A field, as Person.name.")],
    as_json: AsJson = False,
) -> None:
    """Whether and how an agreement shows a field, by which ways, of whom, and why. 某协议下某字段如何可见。"""
    from dataclasses import asdict

    from schema.access import words
    from schema.access.explained import explain
    from schema.catalogue import catalogue

    held = _named(agreement)
    found = explain(held, field)
    if found is None:
        kind = field.partition(".")[0]
        there = [f"{kind}.{name}" for name in catalogue().get(kind, ())] or sorted(catalogue())
        raise InputError(f"The graph has no field {field}", remedy=f"Write Type.field; there are {', '.join(there)}")
    if as_json:
        print_json({**asdict(found), "said": _said(held)})
        return
    word = words.effect(found.effect)
    console.print(f"[bold]{field}[/] {' · '.join(found.title)}", highlight=False)
    if found.effect:
        line("  ", f"{held.id}: {found.effect}, {word.whole}")
    else:
        line("  ", f"{held.id}: not listed; asked for, it is refused like a field that never was · 未列入，视同不存在")
        line(
            "  ", "it could be listed as: " + "; ".join(f"{name}, {words.effect(name).whole}" for name in found.effects)
        )
    for need in found.needs:
        line("  ", f"it needs: {need}")
    for way in found.ways:
        line("    ", f"by {way}")
    for call, missing in found.conditions:
        line("    ", f"asked by {call}" if not missing else f"not asked by {call}: {missing} is not shown in the clear")
    for key, value in _said(held).items():
        told = ", ".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else value
        line("  ", f"{key}: {told}")


@access_app.command("diff")
def access_diff(
    old: Annotated[Path, typer.Argument(help="A config folder, a folder of agreements, or one file.")],
    new: Annotated[Path, typer.Argument(help="The changed one.")],
    as_json: AsJson = False,
) -> None:
    """What a change of agreements narrows and WIDENS; exit 1 where access is widened. 协议变动：收紧与放宽。"""
    from dataclasses import asdict

    from schema import registered
    from schema.access import documents
    from schema.access.difference import Direction, between, compare
    from schema.agreement import load

    own = State.settings().config
    before, after = load(old, own), load(new, own)
    was, now = registered.load(old, before), registered.load(new, after)
    if old.is_file() and new.is_file():
        pairs = [(before[0], after[0])]
        changes = between(before[0], after[0])
    else:
        known = {item.id: item for item in before}
        pairs = [(known[item.id], item) for item in after if item.id in known]
        changes = compare(known, {item.id: item for item in after})
    for one, other in pairs:
        changes += documents.between(one, other, was.get(one.id), now.get(other.id))
    changes.sort()
    if as_json:
        print_json({"changes": [asdict(change) for change in changes]})
    else:
        _show(changes)
    widened = sum(change.direction is Direction.WIDENED for change in changes)
    narrowed = sum(change.direction is Direction.NARROWED for change in changes)
    say(f"{widened} WIDENED 放宽, {narrowed} narrowed 收紧 between {old} and {new}")
    raise typer.Exit(1 if widened else 0)


def _show(changes: Sequence[Change]) -> None:
    """A line for each change, what is wider first."""
    for direction, colour in COLOURS.items():
        for change in (item for item in changes if item.direction == direction):
            word = direction.upper() if direction == "widened" else direction
            console.print(
                f"[{colour}]{word}[/] [bold]{escape(change.agreement)}[/] {escape(change.what)}", highlight=False
            )
            for sign, text in (("-", change.before), ("+", change.after)):
                if text:
                    line("    ", f"{sign} {text}")


@access_app.command("matrix")
def access_matrix(
    kinds: Annotated[
        list[str] | None, typer.Option("--type", help="Only this type, as Person; may be repeated.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Option("--agreement", help="Only this agreement; may be repeated.")
    ] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on standard output.")] = False,
) -> None:
    """Who sees what: fields by agreements. 各协议可见字段一览。"""
    from dataclasses import asdict

    from schema.access.matrix import matrix
    from schema.catalogue import catalogue

    known = _agreements()
    chosen = [_named(name) for name in names] if names else list(known.values())
    for kind in kinds or ():
        if kind not in catalogue():
            raise InputError(f"The graph has no type {kind}", remedy=f"There are {', '.join(sorted(catalogue()))}")
    rows = matrix(chosen, kinds or ())
    if as_json:
        told = [{"id": item.id, **_said(item)} for item in chosen]
        print_json({"agreements": told, "fields": [asdict(row) for row in rows]})
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(["type", "field", "zh", "en", *(item.id for item in chosen)])
        for row in rows:
            writer.writerow([row.type, row.field, row.zh, row.en, *(row.effects.get(item.id, "") for item in chosen)])
    else:
        for start in range(0, len(chosen), COLUMNS):
            _table(chosen[start : start + COLUMNS], rows)


def _table(agreements: Sequence[Agreement], rows: Sequence[Row]) -> None:
    from rich.table import Table

    from schema.access import words

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title_justify="left")
    table.add_column("", overflow="fold")
    for number, item in enumerate(agreements, 1):
        styled(f"[bold]{number}[/] {item.id} {escape(item.title)}, {item.valid_from} – {item.valid_until}")
        table.add_column(str(number), justify="center", no_wrap=True, min_width=6)
    told = [words.switches(item) for item in agreements]
    for key in told[0] if told else ():
        table.add_row(key, *(switch[key] for switch in told))
    last = ""
    used: set[str] = set()
    for row in rows:
        effects = [row.effects.get(item.id, "") for item in agreements]
        if not any(effects):
            continue
        if row.type != last:
            table.add_row(f"[bold]{row.type}[/] {words.short(words.titled(row.type)[0])}")
        last = row.type
        used |= {effect for effect in effects if effect}
        table.add_row(
            f"  {row.field} {words.short(row.zh)}",
            *(words.effect(effect).short if effect else "" for effect in effects),
        )
    console.print(table)
    for effect in words.EFFECTS:
        if effect in used:
            say(f"{words.effect(effect).short} {words.effect(effect).whole}")


def _said(agreement: Agreement) -> Mapping[str, Any]:
    """What an agreement says beside its fields."""
    scope, everything = agreement.scope, ["*"]
    return {
        "title": agreement.title,
        "department": agreement.department,
        "purpose": agreement.purpose,
        "legal_basis": agreement.legal_basis,
        "number": agreement.number,
        "from": str(agreement.valid_from),
        "until": str(agreement.valid_until),
        "retention_days": agreement.retention_days,
        "divisions": list(scope.divisions or everything),
        "categories": list(scope.categories or everything),
        "certified_by": list(scope.certifiers or everything),
        "own_referrals": scope.referred_to is not None,
        "browse": agreement.browse,
        "introspection": agreement.introspection,
        "documents": agreement.documents,
        "export": agreement.export,
        "smallest_cell": agreement.smallest_cell,
    }


def _agreements() -> dict[str, Agreement]:
    from schema.agreement import load_all

    return {found.id: found for found in load_all(State.settings().config)}


def _named(name: str) -> Agreement:
    known = _agreements()
    if name not in known:
        raise InputError(f"There is no agreement {name}", remedy=f"config/agreements/ holds {', '.join(sorted(known))}")
    return known[name]
