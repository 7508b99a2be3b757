"""The application over a store of made-up persons, with the hand-written routes beside it, behind uvicorn.

    python tests/benchmarks/serve_app.py URL PORT PERSONS [EACH] [--no-log] [--no-index] [--keep] [--open]

Prints one line of JSON once it can be asked: the callers' tokens and tokens of persons. Run by serve_compare.py.
"""

# ruff: noqa: T201 - it reports on standard output

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn

from hub import keys, store
from hub.config.divisions import Divisions
from schema.agreement import MOST, Agreement, load_all
from schema.app import create_app
from schema.codec import Codec
from schema.heads import Heads
from schema.read.model import Scope
from schema.serving import Graph
from schema.tokens import issue

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.benchmarks.made_persons import PER_COUNTY, counties
from tests.benchmarks.serve_hand import add_routes

ROOT = Path(__file__).parents[2]
TOKENS = 5_000
CLIENTS = 4  # who ask by turns: one alone has half the threads (schema/turns.py)


def agreement() -> Agreement:
    """The shipped civil-affairs agreement over all the made-up counties, with what the queries read."""
    shipped = next(item for item in load_all(ROOT / "config") if item.id == "civil-affairs")
    person = {**shipped.fields["Person"], "ethnic": "show", "idGrade": "show"}
    fields = {**shipped.fields, "Person": person}
    return replace(shipped, fields=fields, limits=MOST, scope=replace(shipped.scope, divisions=("37",)))


def opened(under: Agreement) -> Agreement:
    """The agreement without row scope and masks: what they cost is the difference."""
    person = {**under.fields["Person"], "birth": "show"}
    return replace(under, fields={**under.fields, "Person": person}, scope=Scope())


def graph(url: str, persons: int, each: int = PER_COUNTY, *, all_open: bool = False, **more: Any) -> Graph:
    """What is served."""
    there = counties(persons, each)
    names = dict.fromkeys(there, "某县") | {f"{code}{n:03d}": "某镇" for code in there for n in range(1, 21)}
    config: Any = SimpleNamespace(divisions=Divisions(names=names), documents={})
    engine, ring = store.connect(url), keys.make()
    under = opened(agreement()) if all_open else agreement()
    return Graph(
        engine=engine, ring=ring, config=config, agreements=[under], lookup=lambda _n, _c: "", sources=(), **more
    )


def without_log(app: Any) -> None:
    """Let answers leave without an entry: what the log costs is the difference."""

    async def nothing(*_: Any) -> bool:
        return True

    app.state.hub.operations.log.append = lambda _entry: None
    short = app.state.hub.front._short
    if short is not None:
        short._entries.append = nothing


def main() -> None:
    url, port, persons = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    each = int(sys.argv[4]) if sys.argv[4:] and sys.argv[4].isdigit() else PER_COUNTY
    kept: dict[str, Any] = {} if "--keep" in sys.argv or "keep" not in Graph.__slots__ else {"keep": 0}
    served = graph(url, persons, each, all_open="--open" in sys.argv, **kept)
    app: Any = create_app(served)
    if "--no-log" in sys.argv:
        without_log(app)
    if "--no-index" in sys.argv:
        app.state.hub.operations.log.follow = lambda: None
    app = add_routes(app, served)
    codec = Codec(served.ring, served.agreements[0].id)
    told = {
        "tokens": [issue(served.ring, agreements=(served.agreements[0].id,), client=f"c{n}") for n in range(CLIENTS)],
        "persons": [codec.person(n * 7919 % persons) for n in range(min(TOKENS, persons))],
        "ids": [n * 7919 % persons for n in range(min(TOKENS, persons))],
    }
    print(json.dumps(told), flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False, http=Heads)


if __name__ == "__main__":
    main()
