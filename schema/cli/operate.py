"""`aidgraph keys`, `store`: what an operator sets up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schema.cli.common import State, app, say

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
