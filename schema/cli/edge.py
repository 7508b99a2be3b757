"""`aidgraph seal`, `keys public`, `keys rotate-edge`: identifiers sealed before a file travels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schema.cli.common import AsJson, State, app, bars, print_json, say
from schema.cli.operate import keys_app

if TYPE_CHECKING:
    from connectors.base import Stream
    from hub.edge.envelope import PublicKey


@app.command()
def seal(
    source: Annotated[Path, typer.Argument(metavar="IN", help="CSV (GB18030, UTF-8), or XLSX up to 512 MB unpacked.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to send: CSV, or XLSX by its name's ending.")],
    to: Annotated[str, typer.Option("--to", help="The hub's public key: its text, or a file that holds it.")],
    stream: Annotated[str | None, typer.Option(help="The stream it is for, as civil_affairs.recipients.")] = None,
    columns: Annotated[str | None, typer.Option(help="Headers of the columns to seal, separated by commas.")] = None,
    as_json: AsJson = False,
) -> None:
    """Seal the identifiers of a file to the hub's public key before sending it. 发送前封存证件号码等标识。"""
    from connectors.transports.headers import plain
    from hub.edge.file import identifier_headers, seal_file

    public = _public_key(to)
    if not source.is_file():
        raise typer.BadParameter("There is no such file", param_hint="IN")
    if stream and columns:
        raise typer.BadParameter("Give --stream or --columns, not both")
    named = frozenset(plain(name) for name in columns.split(",") if plain(name)) if columns else frozenset[str]()
    headers = named or identifier_headers(_streams(stream))
    with bars() as report:
        made = seal_file(
            source, out, public, headers, all_of_them=bool(named), progress=lambda rows: report("seal", rows, None)
        )
    say(f"{made.rows:,} rows; sealed to {public.key_id}: {', '.join(made.sealed)}")
    say(f"Left in the clear: {', '.join(made.clear)}. Look through these before you send the file.")
    say(f"Send {out} together with {out}.manifest.json.")
    if as_json:
        told = {"file": made.file, "rows": made.rows, "sha256": made.sha256, "key": public.key_id}
        print_json(told | {"sealed": made.sealed, "clear": made.clear})


def _public_key(told: str) -> PublicKey:
    from hub.edge.envelope import PUBLIC, PublicKey

    path = Path(told)
    text = told if told.startswith(PUBLIC) or not path.is_file() else path.read_text(encoding="utf-8", errors="replace")
    return PublicKey.parse(text)


def _streams(name: str | None) -> list[Stream]:
    from connectors.base import discover
    from hub.errors import InputError

    streams = {
        f"{source.name}.{stream.name}": stream
        for source in discover(State.settings().declared)
        for stream in source.streams
    }
    if name is None:
        return list(streams.values())
    if name not in streams:
        raise InputError(f"There is no stream {name}", remedy=f"The declared streams are {', '.join(streams)}")
    return [streams[name]]


@keys_app.command("public")
def keys_public(as_json: AsJson = False) -> None:
    """Print the hub's public key, for departments that seal at the edge. 打印公钥。"""
    from hub import keys
    from hub.edge.envelope import PublicKey
    from hub.errors import KeysError

    ring = keys.load(State.settings().keys)
    if not ring.edge:
        raise KeysError(
            "These keys were made before there was sealing at the edge",
            remedy="Run `aidgraph keys rotate-edge FILE` on the key file: it adds the key pair",
        )
    public = PublicKey.of(ring.edge[0])
    if as_json:
        opened = [PublicKey.of(private).key_id for private in ring.edge]
        print_json({"key": public.key_id, "public": public.text, "opened": opened})
    else:
        typer.echo(public.text)


@keys_app.command("rotate-edge")
def keys_rotate_edge(
    path: Annotated[Path, typer.Argument(help="The key file; all that it holds stays in it.")],
) -> None:
    """Give departments a fresh public key; what was sealed to an older one still opens. 轮换边缘封存密钥。"""
    from hub import keys
    from hub.edge.envelope import PublicKey

    public = PublicKey.of(keys.rotate_edge(path).edge[0])
    say(f"Departments seal to {public.key_id} from now on; send them what `aidgraph keys public` prints.")
    typer.echo(public.text)
