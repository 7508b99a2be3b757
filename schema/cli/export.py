"""The verb `export`: a connection as a file, under an agreement and its log, as over HTTP."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.errors import InputError
from schema.cli.common import AsJson, State, app, bars, print_json, say

ROLE = "operator"


@app.command()
def export(
    agreement: Annotated[str, typer.Argument(help="An agreement that allows exports, as finance.")],
    document: Annotated[Path, typer.Argument(help="A file with one query: a connection at its root, flat nodes.")],
    out: Annotated[Path, typer.Option(help="The file to write: .csv, .ndjson, .xlsx or .parquet.")],
    variables: Annotated[Path | None, typer.Option(help="A JSON file with the document's variables.")] = None,
    token: Annotated[
        Path | None, typer.Option(help="A file with the caller's token; without it, the operator.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a connection into a file, page by page, each page logged before it is written. 导出清单。"""
    from hub.deployment import open_deployment
    from schema.answer import Request
    from schema.contract import Contract
    from schema.identities import Identities
    from schema.operation import Operations
    from schema.read.reference import Reference
    from schema.read.times import BEIJING
    from schema.serving import graph_of
    from schema.token_ledger import Revocations
    from schema.tokens import Claims, Verifier
    from schema.workers import Workers

    form = out.suffix.removeprefix(".").lower()
    request = Request(query=_text(document), variables=_variables(variables))
    with open_deployment(State.settings()) as deployment:
        graph = graph_of(deployment)
        contracts = {item.id: Contract(item) for item in graph.agreements}
        held = contracts.get(agreement)
        revoked = Revocations(graph.engine)
        revoked.look()
        told = Verifier(graph.ring, revoked).verify(_text(token).strip()) if token else None
        claims = told or Claims(client=getpass.getuser(), role=ROLE, agreements=(agreement,), expires=0)
        if held is None or (token and (told is None or agreement not in told.agreements)):
            raise InputError(f"{agreement} is no agreement of the caller's", remedy="See `aidgraph access matrix`")
        if not held.agreement.export or not held.agreement.in_force(datetime.now(BEIJING).date()):
            raise InputError(
                f"{agreement} allows no exports, or is not in force",
                remedy="An agreement's [access] says export = true",
            )
        operations = Operations(
            engine=graph.engine,
            ring=graph.ring,
            contracts=contracts,
            lookup=graph.lookup,
            reference=Reference(graph.config, graph.sources),
            identities=Identities(graph.ring, graph.sources),
            registered=graph.registered,
        )
        workers = Workers(threads=1, waiting=1, closing=operations.close)
        try:
            rows = asyncio.run(_write(workers, partial(_start, operations, held, claims, request, form), out))
        finally:
            workers.close()
    if as_json:
        print_json({"file": str(out), "rows": rows, "agreement": agreement})
    else:
        say(f"{rows:,} rows in {out}")


def _start(operations: Any, contract: Any, claims: Any, request: Any, form: str) -> Any:
    from schema.export.run import start
    from schema.export.writers import WRITERS

    if form not in WRITERS:
        raise InputError(f".{form} is no form of an export", remedy=f"Use .{', .'.join(WRITERS)}")
    return start(operations, contract, claims, request, form)


async def _write(workers: Any, begin: Any, out: Path) -> int:
    """Write beside the file and put it in place when it is whole. Raises InputError where it is refused."""
    from schema.answer import Answer
    from schema.errors import Refused
    from schema.export.run import Broken

    begun = await workers.run(begin)
    if isinstance(begun, Answer):
        (error,) = json.loads(begun.body)["errors"][:1]
        raise InputError(str(error["message"]), remedy="Change the document, or ask under another agreement")
    beside = out.with_name(f".{out.name}.part")
    beside.unlink(missing_ok=True)  # of a run that was killed
    rows = 0
    try:
        with bars() as report, open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            while (part := await workers.run(begun.next)) is not None:
                file.write(part.data)
                rows = part.rows
                report("export", rows, begun.total)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    except (Broken, Refused) as error:
        raise InputError(
            "The export broke off; no file was made", remedy="Look at the hub's log, then run it again"
        ) from (error if isinstance(error, Refused) else None)
    finally:
        begun.close()
        beside.unlink(missing_ok=True)
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({type(error).__name__})", remedy="Name a text file") from None


def _variables(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        told = json.loads(_text(path))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise InputError(f"{path} is not one JSON object", remedy='Write the variables as {"name": value}')
    return told
