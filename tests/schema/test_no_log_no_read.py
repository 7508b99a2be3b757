"""No log, no read: every operation is in the log before its answer leaves, and without the log there is no answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy import event

from hub import log
from hub.keys import KeyRing
from hub.log.flood import OWN
from hub.store import access_log
from schema.agreement import Agreement
from schema.errors import TookTooLong
from schema.read.snapshot import snapshot
from tests.schema import world
from tests.schema.client import Client, serve

CIVIL, AUDITOR = "civil-affairs", "auditor"


@pytest.fixture(scope="module")
def client(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Client]:
    """A server whose clients have not been refused before: each refusal has an entry of its own."""
    made = serve(filled, ring, agreements)
    yield made
    made.app.state.hub.workers.close()


def last(client: Client) -> tuple[Any, dict[str, Any]]:
    entry = client.entries()[-1]
    return entry, json.loads(entry.leaf)


ASK = {"query": "{ agreement { id } }"}


@pytest.mark.parametrize(
    ("method", "more", "status", "code"),
    [
        ("POST", {"json": ASK, "headers": {"Accept": "text/html"}}, 406, "BAD_REQUEST"),
        ("POST", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "BAD_REQUEST"),
        ("POST", {"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "BAD_REQUEST"),
        ("POST", {"json": {"query": "#" * 2_000_000}}, 413, "BAD_REQUEST"),
        ("POST", {"json": ASK, "headers": {"X-Purpose": "another"}}, 403, "AGREEMENT_REFUSED"),
        ("GET", {"params": ASK}, 405, "METHOD_REFUSED"),
        ("POST", {"json": {"query": "{ nope }"}}, 400, "DOCUMENT_REFUSED"),
        ("POST", {"json": {"query": "{ persons(first: 5000) { nodes { sex } } }"}}, 400, "LIMIT_EXCEEDED"),
    ],
)
def test_whatever_is_refused_to_a_known_caller_is_logged_once(
    client: Client, method: str, more: dict[str, Any], status: int, code: str
) -> None:
    before = len(client.entries())
    headers = {"Authorization": f"Bearer {client.token(CIVIL)}", **more.get("headers", {})}
    accept = {"Accept": "application/graphql-response+json"}
    reply = client.http(method, "/graphql", **{**more, "headers": {**accept, **headers}})
    entries = client.entries()[before:]
    assert (reply.status, reply.code) == (status, code)
    assert [(item.client, item.outcome, json.loads(item.leaf)["refusal"]) for item in entries] == [
        ("tester", "refused", code)
    ]


def test_who_cannot_be_known_is_not_in_the_log(client: Client) -> None:
    before = len(client.entries())
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {client.token(CIVIL)}"}):
        assert client.http("POST", "/graphql", json=ASK, headers=headers).status == 401
    assert len(client.entries()) == before


async def together(client: Client, count: int, query: str) -> list[httpx.Response]:
    """Many operations at the same time."""
    transport = httpx.ASGITransport(app=client.app)
    headers = {"Authorization": f"Bearer {client.token(CIVIL)}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as http:
        return await asyncio.gather(*(http.post("/graphql", json={"query": query}) for _ in range(count)))


def test_an_answered_operation_is_logged_with_fields_and_subjects(client: Client) -> None:
    query = "query Needy($n: Int) { persons(first: $n) { nodes { token name enrolments { status } } } }"
    reply = client.ask(CIVIL, query, {"n": 2})
    entry, told = last(client)
    assert len(reply.data["persons"]["nodes"]) == 2
    assert (entry.client, entry.agreement, entry.purpose) == ("tester", CIVIL, "assistance-certification")
    assert (told["outcome"], told["operation"], told["role"]) == ("answered", "Needy", "client")
    assert told["fields"] == ["Enrolment.status", "Person.enrolments", "Person.name", "Person.token", "Query.persons"]
    assert told["withheld"] == ["Person.name mask:surname"]
    assert log.unpack(bytes(entry.subjects)) == tuple(world.PERSON_IDS + n for n in (1, 2))
    assert (told["subject_count"], told["publication"], told["rows"]) == (2, 1, 4)
    assert log.verify(client.engine) == []


def test_the_same_document_has_one_hash_whatever_its_literals(client: Client) -> None:
    hashes = []
    for text in (
        '{ person(token: "p_A") { sex } }',
        '{person(token:"p_B"){sex}} # a remark',
        "{ person(token: 3) { sex } }",
    ):
        client.ask(CIVIL, text)
        hashes.append(last(client)[1]["document"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_names_that_could_hold_an_id_number_are_not_logged(client: Client) -> None:
    client.ask(CIVIL, "query Q370302196003041236 { agreement { id } }")
    assert last(client)[1]["operation"] == ""


@pytest.mark.parametrize(
    ("document", "code", "outcome"),
    [
        ("{", "DOCUMENT_REFUSED", "refused"),
        ("{ persons { nodes { ethnic } } }", "DOCUMENT_REFUSED", "refused"),
        ("{ persons(first: 5000) { nodes { sex } } }", "LIMIT_EXCEEDED", "refused"),
    ],
)
def test_a_refused_operation_is_logged(client: Client, document: str, code: str, outcome: str) -> None:
    before = len(client.entries())
    client.ask(CIVIL, document)
    entry, told = last(client)
    assert len(client.entries()) == before + 1
    assert (entry.outcome, told["refusal"], told["subject_count"]) == (outcome, code, 0)


def test_what_is_refused_before_there_is_an_agreement_is_logged(client: Client) -> None:
    reply = client.ask(CIVIL, "{ agreement { id } }", **{"X-Purpose": "curiosity 370302196003041236"})
    entry, told = last(client)
    assert (reply.status, reply.code) == (403, "AGREEMENT_REFUSED")
    assert (entry.agreement, entry.purpose, told["refusal"]) == ("", "", "AGREEMENT_REFUSED")


def test_operations_at_the_same_time_are_all_logged_in_one_order(client: Client) -> None:
    before = len(client.entries())
    replies = asyncio.run(together(client, 40, "{ persons(first: 3) { nodes { token categories { category } } } }"))
    assert [reply.status_code for reply in replies] == [200] * 40
    entries = client.entries()
    assert len(entries) == before + 40
    assert log.verify(client.engine) == []


@pytest.fixture
def closed_log(client: Client) -> Iterator[None]:
    """A log that refuses every entry, as a full or read-only disk would."""
    postgresql = client.engine.dialect.name == "postgresql"
    name = f"closed_{uuid4().hex[:8]}"  # a new one each time: SQLite connections remember names for a while
    with client.engine.begin() as connection:
        if postgresql:
            connection.exec_driver_sql(
                "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'closed'; END $$ LANGUAGE plpgsql"
            )
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'closed'); END"
            )
    yield
    with client.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}" + (" ON access_log" if postgresql else ""))
        if postgresql:
            connection.exec_driver_sql("DROP FUNCTION refuse")


@pytest.mark.usefixtures("closed_log")
@pytest.mark.parametrize(
    "document", ["{ persons(first: 1) { nodes { token name } } }", "{ nope }", "{ agreement { id } }"]
)
def test_without_the_log_nothing_is_answered(client: Client, document: str) -> None:
    with structlog.testing.capture_logs() as events:
        reply = client.ask(CIVIL, document)
    assert reply.status == 503
    assert reply.json == {
        "errors": [
            {
                "message": "The access log could not be written, so nothing was answered; try again",
                "extensions": {"code": "LOG_UNAVAILABLE"},
            }
        ]
    }
    assert {"event": "access log not written", "error": events[0]["error"], "log_level": "error"} == events[0]


@pytest.mark.usefixtures("closed_log")
def test_without_the_log_none_of_many_who_wait_together_is_answered(client: Client) -> None:
    replies = asyncio.run(together(client, 12, "{ persons(first: 3) { nodes { token name } } }"))
    assert [reply.status_code for reply in replies] == [503] * 12
    assert all(reply.json()["errors"][0]["extensions"]["code"] == "LOG_UNAVAILABLE" for reply in replies)
    assert not any("data" in reply.json() for reply in replies)


def test_who_finds_no_room_is_counted_in_the_log(changed: Any) -> None:
    client = changed(CIVIL)
    hub = client.app.state.hub
    hub.workers.running = 10_000
    replies = [client.ask(CIVIL, "{ agreement { id } }") for _ in range(3)]
    hub.workers.running = 0
    assert {(reply.status, reply.code) for reply in replies} == {(503, "BUSY")}
    hub.workers.close()
    entry, told = last(client)
    assert (entry.client, entry.agreement, entry.outcome) == ("tester", CIVIL, "refused")
    assert (told["refusal"], told["times"]) == ("BUSY", 3)


def test_a_flood_of_refused_documents_fills_the_log_no_further_and_answers_are_all_there(changed: Any) -> None:
    client = changed(CIVIL)
    client.app.state.hub.operations.log._refusals._own = OWN
    before = len(client.entries())
    for _ in range(OWN + 20):
        assert client.ask(CIVIL, "{ nope }").code == "DOCUMENT_REFUSED"
    assert len(client.entries()) == before + OWN
    assert client.ask(CIVIL, "{ agreement { id } }").status == 200
    assert len(client.entries()) == before + OWN + 1
    client.app.state.hub.workers.close()
    assert (last(client)[1]["refusal"], last(client)[1]["times"]) == ("DOCUMENT_REFUSED", 20)


def test_the_entry_is_committed_before_the_first_byte_of_the_answer_leaves(client: Client) -> None:
    order: list[tuple[str, int]] = []
    body = b'{"query": "{ persons(first: 1) { nodes { token } } }"}'
    token = client.token(CIVIL).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/graphql",
        "raw_path": b"/graphql", "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"authorization", b"Bearer " + token), (b"content-type", b"application/json")],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        order.append((message["type"], len(client.entries())))  # as another connection sees the log

    before = len(client.entries())
    asyncio.run(client.app(scope, receive, send))
    assert order == [("http.response.start", before + 1), ("http.response.body", before + 1)]


def test_reading_the_log_is_logged_and_a_person_sees_who_read_them(client: Client) -> None:
    client.ask(CIVIL, "query Look($t: String!) { person(token: $t) { sex } }", {"t": client.person(CIVIL, 2)})
    query = """query Who($t: String!) { person(token: $t) { accessLog(first: 2) { nodes {
      sequence client agreement purpose operation fields subjectCount leafHash } } } }"""
    reply = client.ask(AUDITOR, query, {"t": client.person(AUDITOR, 2)})
    newest = reply.data["person"]["accessLog"]["nodes"][0]
    assert (newest["agreement"], newest["operation"], newest["fields"]) == (
        CIVIL,
        "Look",
        ["Person.sex", "Query.person"],
    )
    entry, told = last(client)
    assert told["operation"] == "Who"
    assert "Person.accessLog" in told["fields"]
    assert log.unpack(bytes(entry.subjects)) == (world.PERSON_IDS + 2,)
    again = client.ask(AUDITOR, query, {"t": client.person(AUDITOR, 2)}).data["person"]["accessLog"]["nodes"]
    assert [item["operation"] for item in again] == ["Who", "Look"]
    whole = client.ask(
        AUDITOR,
        '{ accessLog(first: 3, filter: {agreement: "civil-affairs", outcome: REFUSED}) { nodes { outcome } } }',
    )
    assert {item["outcome"] for item in whole.data["accessLog"]["nodes"]} == {"REFUSED"}


def test_another_persons_log_is_not_theirs(client: Client) -> None:
    client.ask(CIVIL, "query Only($t: String!) { person(token: $t) { sex } }", {"t": client.person(CIVIL, 1)})
    query = "query Who($t: String!) { person(token: $t) { accessLog(first: 50) { nodes { operation subjectCount } } } }"
    names = client.ask(AUDITOR, query, {"t": client.person(AUDITOR, 4)}).data["person"]["accessLog"]["nodes"]
    assert "Only" not in [item["operation"] for item in names]


def test_a_failure_is_told_without_its_reason_and_logged(client: Client) -> None:
    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM person" in statement:
            raise RuntimeError("CANARY in an exception")

    event.listen(sa.Engine, "before_cursor_execute", fail)
    try:
        with structlog.testing.capture_logs() as events:
            reply = client.ask(CIVIL, "{ persons { nodes { token } } }")
    finally:
        event.remove(sa.Engine, "before_cursor_execute", fail)
    assert (reply.status, reply.code) == (500, "FAILED")
    assert "CANARY" not in reply.text + json.dumps(events)
    assert events[0]["error"] == "RuntimeError"
    assert last(client)[1]["refusal"] == "FAILED"
    assert last(client)[0].outcome == "failed"


def test_an_operation_whose_time_is_up_is_refused_and_logged(changed: Any) -> None:
    from schema.agreement import Limits

    client = changed(CIVIL, limits=Limits(seconds=1))

    def slow(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM publication" in statement:
            time.sleep(1.1)

    event.listen(sa.Engine, "before_cursor_execute", slow)
    try:
        reply = client.ask(CIVIL, "{ persons { nodes { token } } }")
    finally:
        event.remove(sa.Engine, "before_cursor_execute", slow)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "TOOK_TOO_LONG", "1")
    assert last(client)[0].outcome == "failed"


def test_the_database_itself_stops_a_statement_whose_time_is_up(filled: sa.Engine) -> None:
    counter = sa.select(sa.literal(1).label("n")).cte("counter", recursive=True)
    counter = counter.union_all(sa.select(counter.c.n + 1).where(counter.c.n < 100_000_000))
    with pytest.raises(TookTooLong), snapshot(filled, 0.3) as view:
        view.execute(sa.select(sa.func.max(counter.c.n)), {})
    with snapshot(filled, 5) as view:
        assert view.execute(sa.select(sa.func.count()).select_from(access_log), {}).scalar() is not None
