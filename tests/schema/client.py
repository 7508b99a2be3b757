"""A client in process: asks the application as the holder of a token, and looks into the log."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from starlette.applications import Starlette

from connectors.base import discover
from hub import store
from hub.keys import KeyRing
from hub.log import writer
from schema.agreement import MOST, Agreement
from schema.app import create_app
from schema.registered import Registered
from schema.serving import Graph
from schema.tokens import issue
from tests.schema import world


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer, with its body read."""

    status: int
    headers: httpx.Headers
    text: str
    json: Any

    @property
    def data(self) -> Any:
        assert "errors" not in self.json, self.json["errors"]
        return self.json["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.json["errors"]

    @property
    def code(self) -> str:
        return self.errors[0]["extensions"]["code"]


@contextmanager
def broken_log(after: int = 0) -> Iterator[None]:
    """Behind so many entries the log takes no more, neither from the server's writer nor within a transaction."""
    written = 0

    def count() -> None:
        nonlocal written
        written += 1
        if written > after:
            raise RuntimeError("CANARY")

    def within(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO access_log" in statement:
            count()

    plain = writer._Connection.write

    def write(self: Any, rows: Any) -> Any:
        count()
        return plain(self, rows)

    event.listen(sa.Engine, "before_cursor_execute", within)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer._Connection, "write", write)
            yield
    finally:
        event.remove(sa.Engine, "before_cursor_execute", within)


class Client:
    """Asks an application as the holder of a token."""

    def __init__(self, app: Starlette, graph: Graph) -> None:
        self.app = app
        self.graph = graph
        self.engine = graph.engine

    def token(self, *agreements: str) -> str:
        return issue(self.graph.ring, agreements=agreements, client="tester")

    def http(self, method: str, path: str, **more: Any) -> Reply:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                return await client.request(method, path, **more)

        answer = asyncio.run(send())
        kind = answer.headers.get("content-type", "")
        return Reply(
            status=answer.status_code,
            headers=answer.headers,
            text=answer.text,
            json=answer.json() if "json" in kind else None,
        )

    def ask(self, agreement: str, query: str, variables: Any = None, **headers: str) -> Reply:
        return self.http(
            "POST",
            "/graphql",
            json={"query": query, "variables": variables or {}},
            headers={"Authorization": f"Bearer {self.token(agreement)}", **headers},
        )

    def entries(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(store.access_log).order_by(store.access_log.c.seq)))

    def person(self, agreement: str, n: int) -> str:
        """The token of a person of the small world under an agreement."""
        return self.app.state.hub.operations.codecs[agreement].person(world.PERSON_IDS + n)


def lookup(number: str, certificate: str) -> str:
    return world.LOOKUP_MAC if (number, certificate) == (world.NUMBER, "resident_id") else "ktest.none"


def serve(
    engine: sa.Engine,
    ring: KeyRing,
    agreements: tuple[Agreement, ...],
    *,
    compiled: bool = True,
    patience: int = 0,
    keep: int = 0,
    rated: bool = False,
    registered: Mapping[str, Registered] | None = None,
    **more: Any,
) -> Client:
    if not rated:  # tests ask more often than any client
        agreements = tuple(replace(item, limits=replace(item.limits, rate=MOST.rate)) for item in agreements)
    graph = Graph(
        engine=engine,
        ring=ring,
        config=world.config(),
        agreements=agreements,
        lookup=lookup,
        sources=discover(),
        compiled=compiled,
        patience=patience,
        keep=keep,
        registered=registered or {},
    )
    made = create_app(graph, **{"every": math.inf, **more})  # no statement but those of the operation
    if not rated:  # and each refusal an entry of its own
        made.state.hub.operations.log._refusals._own = math.inf
    return Client(made, graph)


def posted(token: str, media: str, query: str) -> tuple[dict[str, Any], bytes]:
    """An ASGI scope that asks for a media type, and the body that goes with it: for what is read part by part."""
    head = {"Authorization": f"Bearer {token}", "Accept": media, "Content-Type": "application/json"}
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "POST",
        "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(name.lower().encode(), value.encode()) for name, value in head.items()],
    }  # fmt: skip
    return scope, json.dumps({"query": query}).encode()
