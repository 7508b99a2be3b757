"""The HTTP application: the graph, its health, its metrics and its explorer.

1. The loop only reads requests and writes answers; documents, SQL and the log are the workers' (schema/workers.py).
2. Who a caller is comes first: without a good token there is nothing but an empty 401.
3. Nothing of a request or an answer is in logs or metrics but the agreement, the outcome and the time.
"""

from __future__ import annotations

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
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from hub.store import publication
from schema import logs
from schema.contract import Contract
from schema.errors import AgreementRefused, BadRequest, Busy, MethodRefused, Refused
from schema.explorer import Explorer
from schema.metrics import Metrics
from schema.operation import Answer, Operations
from schema.protocol import JSON, Told, from_body, from_query, media_type, status
from schema.read.reference import Reference
from schema.serving import Graph
from schema.tokens import Claims, Verifier, choose
from schema.workers import Workers

THREADS = 4
WAITING = 64
SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
logger = structlog.get_logger("aidgraph.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """What the routes share."""

    graph: Graph
    contracts: Mapping[str, Contract]
    operations: Operations
    verifier: Verifier
    workers: Workers
    metrics: Metrics
    explorer: Explorer


def create_app(
    graph: Graph,
    *,
    explorer: Path | None = None,
    cdn: bool = False,
    threads: int = THREADS,
    waiting: int = WAITING,
) -> Starlette:
    """The application over a graph.

    `explorer` is the folder of GraphiQL's files; `cdn` allows the page to take them from a public CDN instead.
    `threads` operations run at once and `waiting` more may stand in line; then callers are told to try again.
    """
    if not structlog.is_configured():
        logs.configure()
    contracts = {agreement.id: Contract(agreement) for agreement in graph.agreements}
    operations = Operations(
        engine=graph.engine,
        ring=graph.ring,
        contracts=contracts,
        reference=Reference(graph.config, graph.sources),
        lookup=graph.lookup,
        compiled=graph.compiled,
        patience=graph.patience,
    )
    hub = Hub(
        graph=graph,
        contracts=contracts,
        operations=operations,
        verifier=Verifier(graph.ring),
        workers=Workers(threads=threads, waiting=waiting, closing=operations.close),
        metrics=Metrics(),
        explorer=Explorer(explorer, cdn=cdn),
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        hub.operations.log.follow()
        yield
        hub.workers.close()

    made = Starlette(
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


async def _graphql(hub: Hub, http: HttpRequest) -> Response:
    scheme, _, token = http.headers.get("authorization", "").partition(" ")
    claims = hub.verifier.verify(token.strip()) if scheme.lower() == "bearer" else None
    if claims is None:
        hub.metrics.unauthenticated.inc()
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer", **SAFE})
    began = time.monotonic()
    media = media_type(http.headers.get("accept"))
    contract: Contract | None = None
    try:
        if media is None:
            raise BadRequest("The answer is application/graphql-response+json or application/json", status=406)
        told = await _told(hub, claims, http)
        contract = _contract(hub, claims, told, http.headers.get("x-purpose"))
        answer = await hub.workers.run(partial(hub.operations.answer, contract, claims, told.request))
    except Busy as busy:
        answer = hub.operations.busy(claims, contract, busy)
    except Refused as refusal:
        answer = await _refuse(hub, claims, refusal)
    name = contract.agreement.id if contract else ""
    hub.metrics.operations.labels(name, answer.outcome, answer.code).inc()
    hub.metrics.seconds.labels(name).observe(time.monotonic() - began)
    hub.metrics.running.set(hub.workers.running)
    logger.info("operation", agreement=name, outcome=answer.outcome, code=answer.code, status=answer.status)
    return _response(answer, media or JSON)


async def _refuse(hub: Hub, claims: Claims, refusal: Refused) -> Answer:
    try:
        return await hub.workers.run(partial(hub.operations.refuse, claims, refusal))
    except Busy as busy:
        return hub.operations.busy(claims, None, busy)


def _response(answer: Answer, media: str) -> Response:
    headers = dict(SAFE)
    if answer.status == 503:
        headers["Retry-After"] = "1"
    if answer.status == 405:
        headers["Allow"] = "POST"
    return Response(
        answer.body, status_code=status(answer, media), media_type=f"{media}; charset=utf-8", headers=headers
    )


async def _told(hub: Hub, claims: Claims, http: HttpRequest) -> Told:
    """The request, read no further than the widest of the caller's agreements allows."""
    if http.method == "GET":
        return from_query(http.query_params)
    held = [hub.contracts[name].agreement.limits.body_bytes for name in claims.agreements if name in hub.contracts]
    most, body = max(held, default=0), bytearray()
    if not held:
        raise AgreementRefused("The caller holds no agreement for this purpose")
    async for chunk in http.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
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
