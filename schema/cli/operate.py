"""`aidgraph keys`, `token`, `store`: what an operator sets up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schema.cli.common import AsJson, State, app, print_json, say

keys_app = typer.Typer(no_args_is_help=True, help="The hub's keys. 密钥。")
store_app = typer.Typer(no_args_is_help=True, help="The store's schema. 数据库结构。")
app.add_typer(keys_app, name="keys")
app.add_typer(store_app, name="store")


@keys_app.command("make")
def keys_make(path: Annotated[Path, typer.Argument(help="The key file to write; never overwritten.")]) -> None:
    """Make fresh keys in a file that only you can read. 生成密钥文件。"""
    from hub import keys

    ring = keys.make()
    keys.save(ring, path)
    say(f"Keys {ring.key_id} are in {path}. Keep a copy apart from the data: without them nothing sealed opens again.")
    say(f"Use them with: export AIDGRAPH_KEYS={path}")


@app.command()
def token(
    agreements: Annotated[list[str], typer.Argument(help="The agreements the token holds, as civil-affairs.")],
    client: Annotated[str, typer.Option(help="Who will use it, as it shall stand in the access log.")] = "development",
    hours: Annotated[int, typer.Option(help="How long it is valid.")] = 12,
    as_json: AsJson = False,
) -> None:
    """Issue a bearer token for development. 签发开发用令牌。"""
    from datetime import timedelta

    from hub import keys
    from hub.errors import InputError
    from schema.agreement import load_all
    from schema.tokens import issue

    settings = State.settings()
    ring = keys.load(settings.keys)
    known = {agreement.id for agreement in load_all(settings.config)}
    for name in agreements:
        if name not in known:
            raise InputError(
                f"There is no agreement {name}", remedy=f"config/agreements/ holds {', '.join(sorted(known))}"
            )
    text = issue(ring, agreements=tuple(agreements), client=client, lifetime=timedelta(hours=hours))
    if as_json:
        print_json({"token": text, "agreements": agreements, "client": client})
    else:
        typer.echo(text)


@store_app.command("upgrade")
def store_upgrade() -> None:
    """Bring the store to this release's schema; back it up first. 升级数据库结构。"""
    from hub import migrations, store

    settings = State.settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = store.connect(settings.store)
    migrations.upgrade(engine)
    engine.dispose()
    say("The store is at this release's schema.")
