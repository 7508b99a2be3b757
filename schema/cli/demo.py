"""`aidgraph demo`: three simulated departments, two months, the graph served, tokens and queries to paste."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from hub.errors import InputError
from schema.cli.common import AsJson, State, app, bars, console, print_json, say, show, styled
from schema.cli.months import compute_month, show_month
from schema.cli.pull import batch_object, pull_source, show_batches
from schema.cli.serve import free, run

if TYPE_CHECKING:
    from hub.deployment import Deployment
    from hub.land import BatchReport
    from hub.months import MonthReport
    from hub.settings import Settings

MARKER = "made-by-demo"
MONTHS = ("2025-10", "2025-11")
AGREEMENTS = ("civil-affairs", "rural-revitalization", "hospital", "auditor")
QUERIES = {
    "civil-affairs": """query Needy {
  persons(first: 5, filter: {county: "370302", category: DIBAO}) {
    nodes {
      token
      name
      categories(asOf: "2025-11-30") { category validFrom }
      enrolments(asOf: "2025-11-30") { insutype status }
    }
    pageInfo { hasNextPage endCursor }
  }
}""",
    "rural-revitalization": """query ToConfirm {
  warnings(first: 5, filter: {month: "2025-11"}) {
    nodes {
      state
      burden
      threshold
      document { title number }
      article
      household { token }
      person { token name }
    }
  }
}""",
    "auditor": """query Lineage {
  findings(first: 3, filter: {month: "2025-11", kind: SUBSIDY_MISSING}) {
    nodes {
      kind
      state
      person { token }
      record { source { title } stream batch { id } line digest receivedAt }
    }
  }
}""",
}


@app.command()
def demo(
    persons: Annotated[int, typer.Option(help="Persons in the simulated world.", min=400)] = 20_000,
    port: Annotated[int, typer.Option(help="The port to serve on.", min=1, max=65535)] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after publishing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play the whole job on simulated departments: pull, match, merge, reconcile, publish, serve. 全流程演示。"""
    from connectors.simulator.server import Departments
    from connectors.simulator.world import World

    if not no_serve:
        free("127.0.0.1", port)
    settings = _clean(State.settings())
    with console.status("making the simulated departments 生成模拟部门"):
        world = World(persons=persons)
    with Departments(world, folder=settings.data / "departments") as departments:
        _write_settings(settings, departments.connections())
        with _open() as deployment:
            batches, months = _play(deployment, departments.show)
            tokens = _tokens(deployment)
            url = f"http://127.0.0.1:{port}/graphql"
            _summary(settings, batches, months)
            if as_json:
                print_json(_object(batches, months[-1], tokens, url))
            if no_serve:
                styled("Serve it with [bold]aidgraph serve[/]; tokens come from [bold]aidgraph token NAME[/].")
                return
            _welcome(tokens)
            run(deployment, "127.0.0.1", port, cdn=True)


def _clean(settings: Settings) -> Settings:
    """A folder that is new, empty, or the demo's own from last time, with a configuration of its own (config/demo/)."""
    if settings.data.exists() and any(settings.data.iterdir()):
        if not (settings.data / MARKER).is_file():
            raise InputError(
                f"{settings.data} holds data that no demo made", remedy="Give the demo a folder of its own with --data"
            )
        shutil.rmtree(settings.data)
        settings = State.settings()  # without what the last demo had set
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / MARKER).write_text("aidgraph demo made this folder and may remove it\n")
    own = settings.data / "config"
    shutil.copytree(settings.config, own, ignore=shutil.ignore_patterns("__pycache__", "demo"))
    shutil.copytree(settings.config / "demo", own, dirs_exist_ok=True)
    return settings


def _write_settings(settings: Settings, connections: Any) -> None:
    """Throw-away keys, the configuration and the departments' addresses: every other verb works in this folder."""
    from hub import keys

    key_file = settings.data / "keys.json"
    keys.save(keys.make(), key_file)
    lines = [f'keys = "{key_file}"', f'config = "{settings.data / "config"}"']
    for name, connection in connections.items():
        lines.append(f"\n[source.{name}]")
        lines += [f'{key} = "{value}"' for key in ("url", "folder", "token") if (value := getattr(connection, key))]
    path = settings.data / "aidgraph.toml"
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _open() -> Deployment:
    from hub.deployment import open_deployment

    deployment = open_deployment(State.settings())
    from hub import store

    with deployment.engine.connect() as connection:
        if connection.execute(store.batch.select().limit(1)).first():
            raise InputError(
                "The store already holds batches", remedy="Give the demo an empty database, or unset AIDGRAPH_STORE"
            )
    return deployment


def _play(deployment: Deployment, show_month_of: Callable[[str], None]) -> tuple[list[BatchReport], list[MonthReport]]:
    batches: list[BatchReport] = []
    months: list[MonthReport] = []
    with deployment.lock():
        for month in MONTHS:
            show_month_of(month)
            with bars() as progress:
                for source in deployment.sources:
                    batches += pull_source(deployment, source, progress)
                months.append(compute_month(deployment, month, progress))
    return batches, months


def _tokens(deployment: Deployment) -> dict[str, str]:
    from datetime import timedelta

    from schema import token_ledger
    from schema.tokens import Verifier, issue

    made = {
        name: issue(deployment.ring, agreements=(name,), client=f"demo-{name}", lifetime=timedelta(hours=12))
        for name in AGREEMENTS
    }
    verifier = Verifier(deployment.ring)
    for text in made.values():
        if claims := verifier.verify(text):
            token_ledger.record(deployment.engine, claims, actor="demo")
    return made


def _summary(settings: Settings, batches: list[BatchReport], months: list[MonthReport]) -> None:
    show_batches(batches)
    for report in months:
        show_month(report)
    counts = months[-1].counts
    show(
        "Published 已发布",
        ("what", "rows"),
        [
            ("persons 人员", counts["person"]),
            ("households 家庭", counts["household"]),
            ("category spells 身份时段", counts["category_spell"]),
            ("entitlements 应享待遇", counts["entitlement"]),
            ("settlements 结算", counts["settlement"]),
            ("high-cost warnings 高额费用预警", counts["warning"]),
        ],
        numbers=frozenset({"rows"}),
    )
    styled(
        f"Everything is in {escape(str(settings.data))}; "
        f"run the other verbs with [bold]--data {escape(str(settings.data))}[/]."
    )


def _object(batches: list[BatchReport], month: MonthReport, tokens: dict[str, str], url: str) -> dict[str, Any]:
    """What `demo --json` prints (pins.md)."""
    standing = {
        kind: sum(n for state, n in states.items() if state != "cleared") for kind, states in month.findings.items()
    }
    return {
        "persons": month.counts["person"],
        "batches": [batch_object(report) for report in batches],
        "entitlements": month.counts["entitlement"],
        "findings": standing,
        "warnings": month.counts["warning"],
        "tokens": tokens,
        "url": url,
    }


def _welcome(tokens: dict[str, str]) -> None:
    styled("\n[bold]Tokens[/] (12 hours; header Authorization: Bearer ...)")
    for name, text in tokens.items():
        styled(f"  [cyan]{name}[/]\n  {text}")
    for name, query in QUERIES.items():
        styled(f"\n[bold]As {name}[/]:")
        console.print(query, markup=False, highlight=False, soft_wrap=True)
    say("")


def example_queries() -> dict[str, str]:
    """The queries that the demo prints, by agreement; tests run them."""
    return dict(QUERIES)
