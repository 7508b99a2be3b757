"""`aidgraph erase`, `aidgraph retain`: sealed parts of batches destroyed by hand or by their age."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.base import discover
from schema.cli.common import MOST, AsJson, State, app, bars, print_json, say, show

if TYPE_CHECKING:
    from hub.deployment import Deployment
    from hub.landing.erasure import Erased, Eraser

DESTROYED = ("batch", "held rows emptied", "identities replaced", "identities removed")
Actor = Annotated[str | None, typer.Option(help="Who decides it, as it shall stand in the ledger.")]


@app.command()
def erase(
    batch: Annotated[int, typer.Option(help="The batch whose sealed part is destroyed, as in `sources`.", max=MOST)],
    actor: Annotated[str, typer.Option(help="Who decides it, as it shall stand in the ledger.")],
    reason: Annotated[str, typer.Option(help="Why; never a person's name or number.")],
    as_json: AsJson = False,
) -> None:
    """Destroy the sealed identifiers of a batch for good; its pseudonymous rows stay. 销毁一批数据的封存部分。"""
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment, deployment.lock():
        eraser = _eraser(deployment)
        resumed = eraser.resume()
        done = [e for e in resumed if e.batch_id == batch] or eraser.erase(batch, actor=actor, reason=reason)
    _told([*(e for e in resumed if e.batch_id != batch), *done], as_json=as_json)


@app.command()
def retain(
    month: Annotated[str | None, typer.Option(help="As if in this month, yyyy-MM; today's where not told.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Destroy them; without it they are only listed.")] = False,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """List, then destroy, sealed parts older than the declared retention. 按保存期限清理封存部分。"""
    from hub.deployment import open_deployment
    from hub.errors import ConfigError
    from hub.landing.erasure import EVERY, due

    settings = State.settings()
    if apply and not actor:
        raise typer.BadParameter("Say who decides it with --actor")
    if not settings.retention:
        say(f"No retention is declared: write [retention] with months = N into {settings.data / 'aidgraph.toml'}.")
    unknown = settings.retention.keys() - {EVERY, *(source.name for source in discover(settings.declared))}
    if unknown:
        raise ConfigError(
            f"[retention] names {min(unknown)}, which is no source",
            remedy=f"Use {EVERY}, or the name of a source as in `aidgraph sources`",
        )
    told = month or f"{date.today():%Y-%m}"  # noqa: DTZ011  the operator's month
    erased: list[Erased] = []
    with open_deployment(settings) as deployment, deployment.lock(), bars() as report:
        eraser = _eraser(deployment)
        if apply:
            erased += eraser.resume()
        with deployment.engine.connect() as connection:
            old = due(connection, settings.retention, told)
        for number, batch in enumerate(old if apply else (), 1):
            reason = f"retention of {batch.months} months in {told}"
            if batch.batch_id not in {done.batch_id for done in erased}:  # a replay goes with its delivery
                erased += eraser.erase(batch.batch_id, actor=actor or "", reason=reason)
            report("retain", number, len(old))
    columns = ("batch", "source", "stream", "as of", "rows", "kept for")
    rows = [(d.batch_id, d.source, d.stream, d.as_of, d.accepted, f"{d.months} months") for d in old]
    show(f"Sealed parts past retention in {told} 超期封存数据", columns, rows, numbers=frozenset({"batch", "rows"}))
    if not apply:
        say("Nothing was destroyed. Add --apply --actor NAME to destroy them." if old else "Nothing is due.")
        if as_json:
            print_json({"month": told, "due": [asdict(d) for d in old], "destroyed": []})
        return
    _told(erased, as_json=as_json)


def _eraser(deployment: Deployment) -> Eraser:
    from hub.landing.erasure import Eraser

    return Eraser(engine=deployment.engine, lake=deployment.lake, ring=deployment.ring)


def _told(erased: list[Erased], *, as_json: bool) -> None:
    rows = [(e.batch_id, e.quarantined, e.replaced, e.removed) for e in erased]
    show("Destroyed 已销毁", DESTROYED, rows, numbers=frozenset(DESTROYED))
    say("Let go of backups and snapshots of lake and store after the same time.")
    if as_json:
        print_json({"destroyed": [asdict(e) for e in erased]})
