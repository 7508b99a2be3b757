"""The HTTP application: the graph (schema/route.py), its health, its metrics and its explorer.

The loop reads requests and writes answers; documents, SQL and the log are the workers' (schema/workers.py), but for
what is plain sailing (schema/front.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa
import structlog
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.store import publication
from schema import logs
from schema.care import EVERY, Care
from schema.checker import Checker
from schema.contract import Contract
from schema.errors import Busy
from schema.explorer import Explorer
from schema.export.http import Exports
from schema.front import Front
from schema.identities import Identities
from schema.metrics import Metrics
from schema.operation import Operations
from schema.rates import Rates
from schema.read.reference import Reference
from schema.reply import SAFE
from schema.route import Hub, respond
from schema.serving import Graph
from schema.stopping import Statements, within
from schema.token_ledger import Revocations
from schema.tokens import Verifier
from schema.turns import Turns
from schema.workers import Workers

THREADS = 4
WAITING = 64
LAST = 1.0  # seconds for what runs when the server has waited its time, before its SQL is cancelled


def create_app(
    graph: Graph,
    *,
    explorer: Path | None = None,
    cdn: bool = False,
    threads: int = THREADS,
    waiting: int = WAITING,
    every: float = EVERY,
    apart: bool = False,
) -> Starlette:
    """The application over a graph.

    `explorer` is the folder of GraphiQL's files; `cdn` allows the page to take them from a public CDN instead.
    `threads` operations run at once and `waiting` more may stand in line; then callers are told to try again.
    `every`: seconds between looks for revoked tokens (schema/care.py). `apart`: new documents are checked by a process
    of their own (schema/checker.py).
    """
    if not structlog.is_configured():
        logs.configure()
    agreements = {agreement.id: agreement for agreement in graph.agreements}
    contracts = {name: Contract(agreement) for name, agreement in agreements.items()}
    metrics, rates, revoked = Metrics(), Rates(), Revocations(graph.engine)
    operations = Operations(
        engine=graph.engine,
        ring=graph.ring,
        contracts=contracts,
        reference=Reference(graph.config, graph.sources),
        lookup=graph.lookup,
        identities=Identities(graph.ring, graph.sources),
        compiled=graph.compiled,
        patience=graph.patience,
        registered=graph.registered,
        log_took=metrics.log_seconds.observe,
        checker=Checker(graph.agreements) if apart else None,
    )
    workers = Workers(threads=threads, waiting=waiting, closing=lambda: _close(front, operations))
    front = Front(operations, workers, lines=threads, keep=graph.keep)
    statements = Statements()
    for engine in (graph.engine, operations.reader.engine):
        statements.watch(engine)
    care = Care([revoked.look, partial(metrics.look, graph.engine)], every=every)
    care.look()
    metrics.revoked.set_function(lambda: len(revoked.ids))
    metrics.room.set(threads + waiting)
    metrics.running.set_function(lambda: workers.running)
    if isinstance(graph.engine.pool, sa.QueuePool):
        metrics.connections.set_function(graph.engine.pool.checkedout)
    turns = Turns(share=max(1, threads // 2), waiting=waiting)
    hub = Hub(
        graph=graph,
        contracts=contracts,
        agreements=agreements,
        operations=operations,
        verifier=Verifier(graph.ring, revoked),
        rates=rates,
        care=care,
        exports=Exports(operations, workers, turns),
        turns=turns,
        workers=workers,
        front=front,
        metrics=metrics,
        explorer=Explorer(explorer, cdn=cdn),
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        hub.operations.log.follow()
        yield
        within(LAST, hub.workers.close, statements.cancel)

    made = _Application(
        lifespan=lifespan,
        routes=[
            Route("/graphql", partial(_graphql, hub), methods=["GET", "POST"]),
            Route("/health", _health),
            Route("/ready", partial(_ready, hub)),
            Route("/metrics", partial(_metrics, hub)),
            Route("/", partial(_page, hub)),
            Route("/explorer/{name}", partial(_file, hub)),
        ],
    )
    made.router.redirect_slashes = False  # the address would be the request's own Host, its query string repeated
    made.hub = made.state.hub = hub
    return made


def _close(front: Front, operations: Operations) -> None:
    front.close()
    operations.close()


class _Application(Starlette):
    """Starlette's, with the graph before all that stands between it and its routes."""

    hub: Hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/graphql" and scope["method"] in ("GET", "POST"):
            response = await respond(self.hub, scope, receive)
            await response(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def _graphql(hub: Hub, http: HttpRequest) -> ASGIApp:
    return await respond(hub, http.scope, http.receive)


async def _health(_http: HttpRequest) -> Response:
    return PlainTextResponse("ok\n", headers=SAFE)


async def _ready(hub: Hub, _http: HttpRequest) -> Response:
    def published() -> bool:
        with hub.graph.engine.connect() as connection:
            return connection.execute(sa.select(publication.c.publication).limit(1)).first() is not None

    try:
        there = await hub.workers.run(published)
    except (sa.exc.SQLAlchemyError, Busy):
        return PlainTextResponse("the store does not answer\n", status_code=503, headers=SAFE)
    if not there:
        return PlainTextResponse("nothing is published yet\n", status_code=503, headers=SAFE)
    return PlainTextResponse("ready\n", headers=SAFE)


async def _metrics(hub: Hub, _http: HttpRequest) -> Response:
    return Response(hub.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8", headers=SAFE)


async def _page(hub: Hub, _http: HttpRequest) -> Response:
    return HTMLResponse(hub.explorer.page(), headers={**SAFE, **hub.explorer.headers})


async def _file(hub: Hub, http: HttpRequest) -> Response:
    found = hub.explorer.file(http.path_params["name"])
    if found is None:
        return PlainTextResponse("not found\n", status_code=404, headers=SAFE)
    path, media = found
    return FileResponse(path, media_type=media, headers={"X-Content-Type-Options": "nosniff"})
