"""GraphQL over HTTP, and the rest of the application: status codes, media types, health, metrics, the explorer."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hub import store
from hub.keys import KeyRing
from schema.agreement import Agreement, Limits
from schema.explorer import PARTS
from schema.protocol import GRAPHQL, JSON, media_type
from tests.schema.client import Client, serve

QUERY = "{ __typename }"


def post(client: Client, body: Any, agreement: str = "auditor", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {client.token(agreement)}", "Content-Type": JSON, **headers}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.http("POST", "/graphql", content=content, headers=given)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}; charset=latin1", None),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=nonsense", None),
    ],
)
def test_the_media_type_of_an_answer_is_the_callers_choice(accept: str | None, expected: str | None) -> None:
    assert media_type(accept) == expected


@pytest.mark.parametrize(
    ("body", "json_status", "graphql_status"),
    [
        ({"query": QUERY}, 200, 200),
        ({"query": QUERY, "variables": None, "operationName": None, "extensions": None}, 200, 200),
        ({"query": QUERY, "unknown": 1}, 200, 200),
        ({"query": "{"}, 200, 400),
        ({"query": "{ nope }"}, 200, 400),
        ({"query": "query Q($n: Int!) { agreement @skip(if: true) { id } }"}, 200, 400),
        ({"query": "query A { __typename } query B { __typename }"}, 200, 400),
        ({"query": "query A { __typename }", "operationName": "B"}, 200, 400),
        ({"query": 'query Q($m: YearMonth!) { month(month: $m) { state } }', "variables": {"m": "x"}}, 200, 400),
        ({}, 400, 400),
        ({"query": ""}, 400, 400),
        ({"query": {}}, 400, 400),
        ({"query": QUERY, "operationName": 1}, 400, 400),
        ({"query": QUERY, "variables": []}, 400, 400),
        ({"query": QUERY, "variables": "{}"}, 400, 400),
        ({"query": QUERY, "extensions": 0}, 400, 400),
        ({"query": QUERY, "extensions": {"purpose": 1}}, 400, 400),
        ([{"query": QUERY}], 400, 400),
        (b"{not json", 400, 400),
        (b"\xff\xfe", 400, 400),
    ],
)  # fmt: skip
def test_status_codes_of_both_media_types(client: Client, body: Any, json_status: int, graphql_status: int) -> None:
    old, new = post(client, body, Accept=JSON), post(client, body, Accept=GRAPHQL)
    assert (old.status, new.status) == (json_status, graphql_status)
    assert old.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert new.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert old.json == new.json
    assert ("data" in new.json) == (graphql_status == 200)
    assert new.headers["cache-control"] == "no-store"


def test_bodies_of_another_type_and_answers_of_another_type_are_refused(client: Client) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        f"{JSON}; charset=latin1",
        "",
    ):
        assert post(client, {"query": QUERY}, **{"Content-Type": kind}).status == 415
    assert post(client, {"query": QUERY}, Accept="text/html").status == 406
    assert client.http("PUT", "/graphql", headers={"Authorization": f"Bearer {client.token('auditor')}"}).status == 405


def test_get_is_for_queries_where_the_agreement_allows_it(client: Client) -> None:
    def get(agreement: str, **parameters: str) -> Any:
        return client.http(
            "GET", "/graphql", params=parameters, headers={"Authorization": f"Bearer {client.token(agreement)}"}
        )

    assert get("auditor", query=QUERY).data == {"__typename": "Query"}
    month = "query Q($m: YearMonth!) { month(month: $m) { state } }"
    assert get("auditor", query=month, variables='{"m": "2025-11"}').data == {"month": {"state": "OPEN"}}
    assert get("auditor", query=month, variables="{").status == 400
    assert get("auditor").status == 400
    refused = get("civil-affairs", query=QUERY)
    assert (refused.status, refused.headers["allow"], refused.code) == (405, "POST", "METHOD_REFUSED")


def test_nobody_is_looked_up_by_id_number_in_an_address(changed: Any) -> None:
    client = changed("hospital", get=True)
    query = "query Q($n: String!) { personByIdNumber(idNumber: $n) { entitlements { benefit } } }"
    token = client.token("hospital")
    reply = client.http(
        "GET",
        "/graphql",
        params={"query": query, "variables": '{"n": "x"}'},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert (reply.status, reply.code) == (405, "METHOD_REFUSED")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer abc.def.ghi", "Bearer " + "x" * 9_000]
)
def test_without_a_good_token_there_is_an_empty_401(client: Client, header: str | None) -> None:
    reply = client.http("POST", "/graphql", json={"query": QUERY}, headers={"Authorization": header} if header else {})
    assert (reply.status, reply.text, reply.headers["www-authenticate"]) == (401, "", "Bearer")


def test_health_readiness_and_metrics(client: Client) -> None:
    assert client.http("GET", "/health").text == "ok\n"
    assert client.http("GET", "/ready").status == 200
    client.ask("auditor", QUERY)
    client.ask("auditor", "{ nope }")
    text = client.http("GET", "/metrics").text
    assert 'aidgraph_operations_total{agreement="auditor",code="",outcome="answered"}' in text
    assert 'aidgraph_operations_total{agreement="auditor",code="DOCUMENT_REFUSED",outcome="refused"}' in text


def test_the_hub_is_not_ready_before_a_publication(
    engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    empty = serve(engine, ring, agreements)
    reply = empty.http("GET", "/ready")
    assert (reply.status, reply.text) == (503, "nothing is published yet\n")
    assert empty.ask("civil-affairs", "{ persons { nodes { token } } }").data == {"persons": {"nodes": []}}
    store.metadata.drop_all(engine)
    assert empty.http("GET", "/ready").text == "the store does not answer\n"
    empty.app.state.hub.workers.close()


def test_more_than_the_hub_takes_is_told_to_try_again(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    client = serve(filled, ring, agreements, threads=1, waiting=0)
    entered, go_on = threading.Event(), threading.Event()

    def hold(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM person" in statement:
            entered.set()
            go_on.wait(10)

    async def both() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app=client.app)
        headers = {"Authorization": f"Bearer {client.token('civil-affairs')}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as http:
            query = {"query": "{ persons(first: 1) { nodes { sex } } }"}
            first = asyncio.create_task(http.post("/graphql", json=query))
            while not entered.is_set():
                await asyncio.sleep(0.01)
            assert (await http.get("/health")).status_code == 200  # the loop is free
            second = await http.post("/graphql", json=query)
            go_on.set()
            return await first, second

    event.listen(sa.Engine, "before_cursor_execute", hold)
    try:
        served, refused = asyncio.run(both())
    finally:
        event.remove(sa.Engine, "before_cursor_execute", hold)
        client.app.state.hub.workers.close()
    assert served.status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["errors"][0]["extensions"]["code"] == "BUSY"


def test_the_explorer_page_says_what_is_missing_or_opens_graphiql(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], tmp_path: Path
) -> None:
    bare = serve(filled, ring, agreements)
    page = bare.http("GET", "/")
    assert "aidgraph explorer install" in page.text
    assert "尚未安装" in page.text
    assert "https://cdn" not in page.text
    assert bare.http("GET", "/explorer/graphiql.min.js").status == 404
    assert bare.http("GET", "/explorer/..%2fapp.py").status == 404
    from_cdn = serve(filled, ring, agreements, cdn=True).http("GET", "/")
    assert from_cdn.text.count('integrity="sha384-') == len(PARTS)
    assert "script-src 'self' https://cdn.jsdelivr.net" in from_cdn.headers["content-security-policy"]
    for part in PARTS:
        (tmp_path / part.name).write_text("/* installed */")
    installed = serve(filled, ring, agreements, explorer=tmp_path, cdn=True)
    assert "https://cdn" not in installed.http("GET", "/").text + str(installed.http("GET", "/").headers)
    assert installed.http("GET", "/explorer/graphiql.min.js").text == "/* installed */"
    assert "Bearer" in installed.http("GET", "/explorer/explorer.js").text


def test_a_query_string_is_no_longer_than_a_body_may_be(changed: Any) -> None:
    client = changed("auditor", limits=Limits(body_bytes=1_000))
    headers = {"Authorization": f"Bearer {client.token('auditor')}"}
    reply = client.http("GET", "/graphql", params={"query": QUERY + " " * 1_000}, headers=headers)
    assert (reply.status, "body_bytes" in reply.errors[0]["message"]) == (413, True)


@pytest.mark.parametrize("end", ["nothing more comes", "the caller leaves"])
def test_a_body_that_does_not_come_to_its_end_is_refused(client: Client, end: str, monkeypatch: Any) -> None:
    from schema import route

    monkeypatch.setattr(route, "READING", 0.05)
    parts = [{"type": "http.request", "body": b'{"query": "{', "more_body": True}]
    if end == "the caller leaves":
        parts.append({"type": "http.disconnect"})
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0) if parts else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    token = client.token("auditor").encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/graphql",
        "raw_path": b"/graphql", "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"authorization", b"Bearer " + token), (b"content-type", b"application/json")],
    }  # fmt: skip
    asyncio.run(client.app(scope, receive, send))
    assert sent[0]["status"] == 408
