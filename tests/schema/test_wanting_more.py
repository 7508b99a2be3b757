"""A department that wants more than its agreement gives: by filters, by what stands beside, by time, by weight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import parse
from starlette.requests import ClientDisconnect

from hub.keys import KeyRing
from hub.store import published
from schema import route
from schema.agreement import Agreement, Limits
from schema.contract import Contract
from schema.document import operation_of
from schema.errors import Refused
from schema.export import http
from schema.export.run import Broken
from schema.limits import measure
from tests.schema import world
from tests.schema.client import Client, posted, serve

CIVIL = "civil-affairs"


def served(engine: sa.Engine, ring: KeyRing, agreements: Any, **changes: Any) -> Client:
    return serve(engine, ring, tuple(replace(item, **changes) for item in agreements))


@pytest.mark.parametrize("times", [1, 3])
def test_a_filter_finds_nobody_by_a_spell_that_the_agreement_does_not_show(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], times: int
) -> None:
    """Person 2 is in scope by mon_edge, which rural_revitalization certified; their tekun is civil affairs'."""
    (health,) = (item for item in agreements if item.id == "health")
    scope = replace(health.scope, categories=("mon_edge", "tekun"), certifiers=("rural_revitalization",))
    client = serve(filled, ring, (replace(health, scope=scope),))
    try:
        for _ in range(times):
            by = client.ask("health", "{ persons(filter: {category: TEKUN}) { nodes { categories { category } } } }")
            assert by.data["persons"]["nodes"] == []
            seen = client.ask(
                "health", "{ persons(filter: {category: MON_EDGE}) { nodes { categories { category } } } }"
            )
            assert {"categories": [{"category": "MON_EDGE"}]} in seen.data["persons"]["nodes"]
    finally:
        client.app.state.hub.workers.close()


@pytest.mark.parametrize("times", [1, 3])
def test_a_category_that_is_withheld_is_not_told_by_its_rule(
    engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], times: int
) -> None:
    world.fill(engine, ring, many=1)
    with engine.begin() as connection:
        table = published["entitlement"]
        connection.execute(sa.update(table).where(table.c.category == "dibao").values(category="fanpin_zhipin"))
    client = serve(engine, ring, agreements)
    query = "{ persons(first: 1) { nodes { entitlements { category rule { key categories } article } } } }"
    try:
        for _ in range(times):
            (person,) = client.ask(CIVIL, query).data["persons"]["nodes"]
            assert person["entitlements"] == [{"category": None, "rule": None, "article": None}]
    finally:
        client.app.state.hub.workers.close()


def test_a_word_names_its_subject_in_the_log_whatever_is_selected(
    engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    world.fill(engine, ring, many=1)
    client = serve(engine, ring, agreements)
    try:
        case = client.ask(CIVIL, "{ findings(first: 1) { nodes { case } } }").data["findings"]["nodes"][0]["case"]
        give = 'mutation G($c: ID!) { giveFeedback(case: $c, key: "1", state: RECEIVED) { userErrors { code } } }'
        assert client.ask(CIVIL, give, {"c": case}).data["giveFeedback"]["userErrors"] == []
        assert json.loads(client.entries()[-1].leaf)["subject_count"] == 1
    finally:
        client.app.state.hub.workers.close()


@pytest.mark.parametrize(
    "query",
    [
        "query($n: Int) { persons(first: $n, last: 100) {"
        " nodes { settlements(first: $n, last: 100) { nodes { total } } } } }",
        "query A($n: Int = 100) { persons(first: $n) { nodes { settlements(first: $n) { nodes { total } } } } }"
        " query B($n: Int = 1) { persons(first: $n) { nodes { token } } }",
    ],
)
def test_no_page_is_larger_than_it_was_weighed(agreements: tuple[Agreement, ...], query: str) -> None:
    (civil,) = (item for item in agreements if item.id == CIVIL)
    contract, document = Contract(replace(civil, limits=Limits(page=100, cost=5_000))), parse(query)
    operation = operation_of(document, "A" if "query A" in query else None)
    with pytest.raises(Refused, match="cost"):
        measure(contract, document, operation, {"n": None} if "query(" in query else {})


def test_an_id_number_is_no_variable_s_default(client: Client) -> None:
    query = (
        f'query($n: String! = "{world.NUMBER}") {{ personByIdNumber(idNumber: $n) {{ entitlements {{ benefit }} }} }}'
    )
    assert client.ask("hospital", query).code == "DOCUMENT_REFUSED"


PERSONS = "{ persons { nodes { token } } }"


@pytest.fixture
def exporting(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Client]:
    client = served(filled, ring, agreements, export=True, limits=Limits(page=7, cost=60_000))
    yield client
    client.app.state.hub.workers.close()


def streamed(client: Client, token: str, at: Any) -> tuple[bytes, bool]:
    """An export read part by part; `at` is done after the first part."""
    body, ended, done = b"", False, False
    scope, request = posted(token, "text/csv", PERSONS)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal body, ended, done
        body += message.get("body", b"")
        ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        if message.get("body") and not done:
            done = True
            await at()

    with suppress(Broken, ClientDisconnect, TimeoutError):
        asyncio.run(client.app(scope, receive, send))
    return body, ended


def test_an_export_ends_with_its_token(exporting: Client) -> None:
    hub, token = exporting.app.state.hub, exporting.token(CIVIL)
    claims = hub.verifier.verify(token)

    async def revoke() -> None:
        hub.verifier._revoked.ids = frozenset({claims.id})

    before = hub.verifier._revoked.ids
    try:
        body, ended = streamed(exporting, token, revoke)
    finally:
        hub.verifier._revoked.ids = before
    assert not ended
    assert body.count(b"\r\np_") <= 14


def test_a_receiver_that_takes_nothing_does_not_hold_an_export(
    exporting: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TAKING", 0.2, raising=False)

    async def stall() -> None:
        await asyncio.wait_for(asyncio.sleep(3), 5)

    _, ended = streamed(exporting, exporting.token(CIVIL), stall)
    assert not ended
    assert exporting.app.state.hub.exports._running == 0


def test_an_agreement_ends_at_beijing_s_midnight(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2028, 7, 31, 20, 0, tzinfo=UTC).astimezone(tz)  # 2028-08-01 04:00 in Beijing

    monkeypatch.setattr(route, "datetime", Clock)
    client = served(filled, ring, agreements, valid_until=date(2028, 8, 1))
    assert client.ask(CIVIL, "{ agreement { validUntil } }").status == 403


def test_no_address_is_made_of_a_request_s_host(client: Client) -> None:
    assert client.http("GET", "/graphql/?query=x", headers={"Host": "evil.example"}).status == 404


def test_a_text_in_a_document_is_short_and_one_in_a_variable_as_long_as_the_body(client: Client) -> None:
    written, given = '{{ person(token: "{}") {{ sex }} }}', "query($t: String!) { person(token: $t) { sex } }"
    assert client.ask(CIVIL, written.format("x" * 4_100)).errors[0]["extensions"]["limit"] == "literal"
    assert client.ask(CIVIL, written.format("x" * 3_900)).data == {"person": None}
    assert client.ask(CIVIL, given, {"t": "x" * 9_000}).data == {"person": None}
