"""The way of a request for the graph: who asks, what for, under which agreement; then its answer.

1. Who a caller is comes first: without a good token there is nothing but an empty 401.
2. A body is read no further than the widest of the caller's agreements allows, and for so long only.
3. Nothing of a request or an answer is in logs or metrics but the agreement, the outcome and the time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope

from schema.agreement import Agreement, Limits
from schema.answer import Answer, refused
from schema.care import Care
from schema.contract import Contract
from schema.errors import AgreementRefused, BadRequest, Busy, MethodRefused, RateLimited, Refused
from schema.explorer import Explorer
from schema.export.http import Exports, form_of
from schema.front import Front
from schema.metrics import Metrics
from schema.operation import Operations
from schema.protocol import JSON, Told, from_body, from_query, media_type
from schema.rates import Rates
from schema.read.times import BEIJING
from schema.reply import SAFE, reply
from schema.serving import Graph
from schema.tokens import Claims, Verifier, choose
from schema.turns import Turns
from schema.workers import Workers

READING = 30.0  # seconds that a body may take to come
Headers = Mapping[bytes, bytes]
logger = structlog.get_logger("aidgraph.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """What the routes share."""

    graph: Graph
    contracts: Mapping[str, Contract]
    agreements: Mapping[str, Agreement]
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


async def respond(hub: Hub, scope: Scope, receive: Receive) -> ASGIApp:
    """The response to a request for the graph, logged and counted."""
    try:
        await hub.care.due()
    except Busy as busy:
        return reply(refused(busy), JSON)
    headers = dict(reversed(list(scope["headers"])))  # of several by one name the first
    claims = _claims(hub, headers)
    if claims is None:
        hub.metrics.unauthenticated.inc()
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer", **SAFE})
    began = time.monotonic()
    accept = _header(headers, b"accept")
    media, form = media_type(accept), form_of(accept)
    contract: Contract | None = None
    try:
        if media is None and form is None:
            raise _unreadable()
        told = await _told(hub, claims, headers, scope, receive)
        contract = _contract(hub, claims, told, _header(headers, b"x-purpose"))
        hub.rates.take(contract.agreement.id, claims, contract.agreement.limits.rate)
        if form and contract.agreement.export and not told.request.by_get:
            begun = await hub.exports.answer(contract, claims, told.request, form, partial(_may, hub, contract, claims))
            if isinstance(begun, Response):
                hub.metrics.exported(contract.agreement.id)
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
    hub.metrics.answered(name, answer.outcome, answer.code, time.monotonic() - began)
    logger.info("operation", agreement=name, outcome=answer.outcome, code=answer.code, status=answer.status)
    return reply(answer, media or JSON)


def _header(headers: Headers, name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _claims(hub: Hub, headers: Headers) -> Claims | None:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return hub.verifier.verify(token.strip()) if scheme.lower() == "bearer" else None


def _unreadable() -> BadRequest:
    return BadRequest("The answer is application/graphql-response+json or application/json", status=406)


async def _refuse(hub: Hub, claims: Claims, refusal: Refused, contract: Contract | None) -> Answer:
    """Log and answer what was refused here; without an agreement the widest of the caller's says how often."""
    under = contract.agreement if contract else None
    try:
        if under is None:
            held = [hub.agreements[name].limits.rate for name in claims.agreements if name in hub.agreements]
            hub.rates.take("", claims, max(held, default=Limits().rate))
        return await hub.workers.run(partial(hub.operations.refuse, claims, refusal, under))
    except (Busy, RateLimited) as instead:
        return hub.operations.busy(claims, contract, instead)


async def _told(hub: Hub, claims: Claims, headers: Headers, scope: Scope, receive: Receive) -> Told:
    """The request, read no further than the widest of the caller's agreements allows."""
    if scope["method"] == "GET":
        return from_query(QueryParams(scope["query_string"]), len(scope["query_string"]))
    held = [hub.agreements[name].limits.body_bytes for name in claims.agreements if name in hub.agreements]
    if not held:
        raise AgreementRefused("The caller holds no agreement for this purpose")
    body = await _body(receive, max(held))
    return from_body(_header(headers, b"content-type"), body)


async def _body(receive: Receive, most: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(READING):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _unended()
                body += message.get("body", b"")
                if len(body) > most:
                    raise _too_large(most)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise _unended() from None
    return bytes(body)


def _unended() -> BadRequest:
    return BadRequest("The body did not come to its end", status=408)


def _contract(hub: Hub, claims: Claims, told: Told, header: str | None) -> Contract:
    if header is not None and told.purpose is not None and header != told.purpose:
        raise AgreementRefused("X-Purpose and extensions.purpose name different purposes")
    purpose = header if header is not None else told.purpose
    agreement = choose(claims, purpose, hub.agreements, datetime.now(BEIJING).date())
    if told.request.by_get and not agreement.get:
        raise MethodRefused("This agreement is read by POST")
    if told.size > agreement.limits.body_bytes:
        raise _too_large(agreement.limits.body_bytes)
    return hub.contracts[agreement.id]


async def _may(hub: Hub, contract: Contract, claims: Claims) -> bool:
    """Whether what takes long may go on: the token is good still, and the agreement in force."""
    try:
        await hub.care.due()
    except Busy:
        return False
    return hub.verifier.good(claims) and contract.agreement.in_force(datetime.now(BEIJING).date())


def _too_large(most: int) -> BadRequest:
    return BadRequest(f"The body exceeds the limit body_bytes of this agreement ({most})", status=413)
