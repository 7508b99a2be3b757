"""The HTTP application: the graph, its health, its metrics and its explorer.

1. The loop only reads requests and writes answers; documents, SQL and the log are the workers' (schema/workers.py).
2. Who a caller is comes first: without a good token there is nothing but an empty 401.
3. Nothing of a request or an answer is in logs or metrics but the agreement, the outcome and the time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from hub.store import publication
from schema import logs
from schema.agreement import Limits
from schema.answer import Answer, refused
from schema.care import EVERY, Care
from schema.contract import Contract
from schema.errors import AgreementRefused, BadRequest, Busy, MethodRefused, RateLimited, Refused
from schema.explorer import Explorer
from schema.export.http import Exports, form_of
from schema.front import Front
from schema.identities import Identities
from schema.metrics import Metrics
from schema.operation import Operations
from schema.protocol import JSON, Told, from_body, from_query, media_type, status
from schema.rates import Rates
from schema.read.reference import Reference
from schema.serving import Graph
from schema.stopping import Statements, within
from schema.token_ledger import Revocations
from schema.tokens import Claims, Verifier, choose
from schema.turns import Turns
from schema.workers import Workers

THREADS = 4
WAITING = 64
LAST = 1.0  # seconds for what runs when the server has waited its time, before its SQL is cancelled
READING = 30.0  # seconds that a body may take to come
SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
logger = structlog.get_logger("aidgraph.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """What the routes share."""

    graph: Graph
    contracts: Mapping[str, Contract]
    operations: Operations
    exports: Exports
    verifier: Verifier
    rates: Rates
    care: Care
    turns: Turns
    workers: Workers
    front: Front
    metrics: Metrics
    explorer: Explorer


def create_app(
    graph: Graph,
    *,
    explorer: Path | None = None,
    cdn: bool = False,
    threads: int = THREADS,
    waiting: int = WAITING,
    every: float = EVERY,
) -> Starlette:
    """The application over a graph.

    `explorer` is the folder of GraphiQL's files; `cdn` allows the page to take them from a public CDN instead.
    `threads` operations run at once and `waiting` more may stand in line; then callers are told to try again.
    `every`: seconds between looks for revoked tokens (schema/care.py).
    """
    if not structlog.is_configured():
        logs.configure()
    contracts = {agreement.id: Contract(agreement) for agreement in graph.agreements}
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
    if isinstance(graph.engine.pool, sa.QueuePool):
        metrics.connections.set_function(graph.engine.pool.checkedout)
    turns = Turns(share=max(1, threads // 2), waiting=waiting)
    hub = Hub(
        graph=graph,
        contracts=contracts,
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
    made.state.hub = hub
    return made


def _close(front: Front, operations: Operations) -> None:
    front.close()
    operations.close()


class _Application(Starlette):
    """Starlette's, with the graph before all that stands between it and its routes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/graphql" and scope["method"] in ("GET", "POST"):
            response = await _graphql(self.state.hub, HttpRequest(scope, receive))
            await response(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def _graphql(hub: Hub, http: HttpRequest) -> Response:
    try:
        await hub.care.due()
    except Busy as busy:
        return _response(refused(busy), JSON)
    scheme, _, token = http.headers.get("authorization", "").partition(" ")
    claims = hub.verifier.verify(token.strip()) if scheme.lower() == "bearer" else None
    if claims is None:
        hub.metrics.unauthenticated.inc()
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer", **SAFE})
    began = time.monotonic()
    media = media_type(http.headers.get("accept"))
    form = form_of(http.headers.get("accept"))
    contract: Contract | None = None
    try:
        if media is None and form is None:
            raise _unreadable()
        told = await _told(hub, claims, http)
        contract = _contract(hub, claims, told, http.headers.get("x-purpose"))
        hub.rates.take(contract.agreement.id, claims, contract.agreement.limits.rate)
        if form and contract.agreement.export and not told.request.by_get:
            begun = await hub.exports.answer(contract, claims, told.request, form)
            if isinstance(begun, Response):
                hub.metrics.operations.labels(contract.agreement.id, "answered", "").inc()
                logger.info("export", agreement=contract.agreement.id, form=form)
                return begun
            answer = begun
        elif media is None:
            raise _unreadable()
        else:
            request = hub.operations.asked(contract, told.request)
            async with hub.turns.of(claims.client):
                answer = await hub.front.answer(contract, claims, request)
    except (Busy, RateLimited) as refusal:
        answer = hub.operations.busy(claims, contract, refusal)
    except Refused as refusal:
        answer = await _refuse(hub, claims, refusal, contract)
    name = contract.agreement.id if contract else ""
    hub.metrics.operations.labels(name, answer.outcome, answer.code).inc()
    hub.metrics.seconds.labels(name).observe(time.monotonic() - began)
    hub.metrics.running.set(hub.workers.running)
    logger.info("operation", agreement=name, outcome=answer.outcome, code=answer.code, status=answer.status)
    return _response(answer, media or JSON)


def _unreadable() -> BadRequest:
    return BadRequest("The answer is application/graphql-response+json or application/json", status=406)


async def _refuse(hub: Hub, claims: Claims, refusal: Refused, contract: Contract | None) -> Answer:
    """Log and answer what was refused here; without an agreement the widest of the caller's says how often."""
    under = contract.agreement if contract else None
    try:
        if under is None:
            held = [hub.contracts[name].agreement.limits.rate for name in claims.agreements if name in hub.contracts]
            hub.rates.take("", claims, max(held, default=Limits().rate))
        return await hub.workers.run(partial(hub.operations.refuse, claims, refusal, under))
    except (Busy, RateLimited) as instead:
        return hub.operations.busy(claims, contract, instead)


def _response(answer: Answer, media: str) -> Response:
    headers = dict(SAFE)
    if answer.status in (429, 503):
        headers["Retry-After"] = str(answer.retry)
    if answer.status == 405:
        headers["Allow"] = "POST"
    return Response(
        answer.body, status_code=status(answer, media), media_type=f"{media}; charset=utf-8", headers=headers
    )


async def _told(hub: Hub, claims: Claims, http: HttpRequest) -> Told:
    """The request, read no further than the widest of the caller's agreements allows."""
    if http.method == "GET":
        return from_query(http.query_params, len(http.scope["query_string"]))
    held = [hub.contracts[name].agreement.limits.body_bytes for name in claims.agreements if name in hub.contracts]
    most, body = max(held, default=0), bytearray()
    if not held:
        raise AgreementRefused("The caller holds no agreement for this purpose")
    try:
        async with asyncio.timeout(READING):
            async for chunk in http.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except (TimeoutError, ClientDisconnect):
        raise BadRequest("The body did not come to its end", status=408) from None
    return from_body(http.headers.get("content-type"), bytes(body))


def _contract(hub: Hub, claims: Claims, told: Told, header: str | None) -> Contract:
    if header is not None and told.purpose is not None and header != told.purpose:
        raise AgreementRefused("X-Purpose and extensions.purpose name different purposes")
    agreements = {name: contract.agreement for name, contract in hub.contracts.items()}
    agreement = choose(claims, header if header is not None else told.purpose, agreements, datetime.now(UTC).date())
    if told.request.by_get and not agreement.get:
        raise MethodRefused("This agreement is read by POST")
    if told.size > agreement.limits.body_bytes:
        raise _too_large(agreement.limits.body_bytes)
    return hub.contracts[agreement.id]


def _too_large(most: int) -> BadRequest:
    return BadRequest(f"The body exceeds the limit body_bytes of this agreement ({most})", status=413)


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
    hub.metrics.running.set(hub.workers.running)
    return Response(hub.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8", headers=SAFE)


async def _page(hub: Hub, _http: HttpRequest) -> Response:
    return HTMLResponse(hub.explorer.page(), headers={**SAFE, **hub.explorer.headers})


async def _file(hub: Hub, http: HttpRequest) -> Response:
    found = hub.explorer.file(http.path_params["name"])
    if found is None:
        return PlainTextResponse("not found\n", status_code=404, headers=SAFE)
    path, media = found
    return FileResponse(path, media_type=media, headers={"X-Content-Type-Options": "nosniff"})
