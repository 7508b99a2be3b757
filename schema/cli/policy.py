"""`aidgraph check`, `policy`: the configuration as data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from schema.cli.common import AsJson, State, app, console, line, print_json, say, styled

if TYPE_CHECKING:
    from hub.config import Change

policy_app = typer.Typer(no_args_is_help=True, help="Policy documents. 政策文件。")
app.add_typer(policy_app, name="policy")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check the configuration: policy documents, tables, mappings, agreements. 检查配置。"""
    from hub import config
    from schema import agreement, registered

    folder = State.settings().config
    of_agreements = agreement.check(folder) or registered.check(folder, agreement.load_all(folder))
    problems = [*config.check(folder), *of_agreements]
    if as_json:
        keys = ("file", "line", "key", "severity", "message", "remedy")
        print_json({"problems": [{key: getattr(problem, key) for key in keys} for problem in problems]})
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        where, told = f"{problem.file}:{problem.line} {problem.key}:", f"{problem.message}. {problem.remedy}"
        styled(f"[{colour}]{escape(where)}[/] {escape(told)}")
    errors = sum(problem.severity == "error" for problem in problems)
    say(f"{errors} errors, {len(problems) - errors} warnings in {folder}")
    raise typer.Exit(1 if errors else 0)


@policy_app.command("show")
def policy_show(
    region: Annotated[str, typer.Option(help="A division code, as 370302.")],
    on: Annotated[str, typer.Option(help="The day, yyyy-MM-dd.")],
    as_json: AsJson = False,
) -> None:
    """What is in force in a region on a day, from which document, and what it overrides. 某地某日执行的政策。"""
    from dataclasses import asdict

    from hub import config
    from hub.errors import InputError

    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise InputError(f"--on {on} is not a day", remedy="Write yyyy-MM-dd") from None
    rows = config.show(config.load(State.settings().config), region, day)
    if as_json:
        print_json({"region": region, "on": on, "rules": [asdict(row) for row in rows]})
        return
    told: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        why = f"undetermined: {row.undetermined}" if row.undetermined else row.presumed
        shown = "; ".join(text for text in (row.values, row.reach) if text)
        told.setdefault((row.benefit, row.rule, shown, why, row.article, *row.overrides), []).append(row.category)
    last = ""
    for (benefit, rule, values, why, article, *overrides), categories in told.items():
        if benefit != last:
            console.print(f"[bold]{benefit}[/]")
        last = benefit
        line("  ", f"{', '.join(categories)}: {values}")
        for text in (f"{rule}, {article}", why, *(f"over {overridden}" for overridden in overrides)):
            if text:
                line("      ", text)


@policy_app.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(help="A config folder, or a folder of policy documents.")],
    new: Annotated[Path, typer.Argument(help="The changed one.")],
    as_json: AsJson = False,
) -> None:
    """Which benefits, categories, regions and days a change of files touches. 政策变动影响的待遇、对象、地区和日期。"""
    from dataclasses import asdict

    from hub import config

    own = State.settings().config
    before, after = (config.load(path) if _whole(path) else config.load(own, path) for path in (old, new))
    changes = config.diff(before, after)
    if as_json:
        print_json({"changes": [asdict(change) for change in changes]})
    show_changes(changes)
    say(f"{len(changes)} changes between {old} and {new}")


def show_changes(changes: Iterable[Change]) -> None:
    """Each change: where, which benefit, when, for whom; what was said and what is."""
    for change in changes:
        days = f"from {change.valid_from}" + ("" if change.valid_until.year == LAST else f" until {change.valid_until}")
        console.print(f"[bold]{change.region} {change.benefit}[/] {days}", highlight=False)
        line("  ", ", ".join(change.categories))
        for sign, text, rules in (("-", change.before, change.rules_before), ("+", change.after, change.rules_after)):
            line("    ", f"{sign} {text or 'no rule'}" + (f" [{', '.join(rules)}]" if rules else ""))


LAST = 9999


def _whole(path: Path) -> bool:
    return (path / "policy").is_dir() or (path / "categories.toml").is_file()


@policy_app.command("schema")
def policy_schema() -> None:
    """The JSON Schema of a policy document. 政策文件的格式。"""
    from hub import config

    print_json(config.schema())
