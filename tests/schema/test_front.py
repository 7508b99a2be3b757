"""The short way gives what the workers' way gives, and an answer that is kept is logged each time and never outlives
what it was read from.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub import log, store
from hub.keys import KeyRing
from hub.store import published
from schema.agreement import Agreement
from schema.answer import Request
from schema.kept import Answered, Kept
from tests.schema import world
from tests.schema.client import Client, serve
from tests.schema.test_graph import statements

CIVIL = "civil-affairs"
QUERY = "query P($t: String!) { person(token: $t) { sex enrolments { status } } }"
FIRST, NEXT = (1, 0), (2, 0)


@pytest.fixture
def client(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Client]:
    if filled.dialect.name == "sqlite":
        pytest.skip("on SQLite all answers are the workers'")
    made = serve(filled, ring, agreements, keep=1 << 20)
    yield made
    made.app.state.hub.workers.close()


def leaf(client: Client) -> dict[str, Any]:
    told = json.loads(client.entries()[-1].leaf)
    return {name: told[name] for name in ("document", "fields", "withheld", "rows", "subject_count", "outcome")}


def reads(client: Client, variables: dict[str, Any]) -> tuple[str, int]:
    """The answer, and how many statements read persons for it."""
    with statements() as seen:
        text = client.ask(CIVIL, QUERY, variables).text
    return text, sum("FROM person" in statement for statement in seen)


def test_a_kept_answer_is_the_same_and_has_an_entry_of_its_own(client: Client) -> None:
    asked = {"t": client.person(CIVIL, 1)}
    client.ask(CIVIL, QUERY, asked)  # a new document is the workers'
    before = len(client.entries())
    first, again = reads(client, asked), reads(client, asked)
    assert (first[1], again[1]) == (1, 0)
    assert first[0] == again[0]
    entries = client.entries()
    assert len(entries) == before + 2
    assert log.unpack(bytes(entries[-1].subjects)) == log.unpack(bytes(entries[-2].subjects)) != ()
    assert leaf(client)["subject_count"] == 1
    other = {"t": client.person(CIVIL, 2)}
    assert reads(client, other)[1] == 1
    assert log.verify(client.engine) == []


def test_a_publication_or_an_erasure_ends_it(client: Client) -> None:
    asked = {"t": client.person(CIVIL, 1)}
    client.ask(CIVIL, QUERY, asked)
    old = reads(client, asked)[0]
    table, spoiled = published["enrolment"], store.erasure
    at = datetime.now(UTC)
    with client.engine.begin() as connection:
        connection.execute(table.update().values(status="ended"))
        world.carry(connection)
    assert reads(client, asked) == (old, 0)  # nobody said that anything changed
    note = {"batch_id": 1, "step": "destroyed", "sealed_part": "-", "actor": "a", "reason": "r", "at": at}
    publication = store.publication
    try:
        with client.engine.begin() as connection:
            connection.execute(spoiled.insert().values(note))
        text, count = reads(client, asked)
        assert "ENDED" in text
        assert count == 1
        with client.engine.begin() as connection:
            connection.execute(table.update().values(status="paused"))
            world.carry(connection)
            row = connection.execute(sa.select(publication)).mappings().one()
            connection.execute(publication.insert().values({**row, "publication": 2}))
        text, _ = reads(client, asked)
        assert "PAUSED" in text
        assert json.loads(client.entries()[-1].leaf)["publication"] == 2
    finally:
        with client.engine.begin() as connection:
            connection.execute(table.update().values(status="normal"))
            world.carry(connection)
            connection.execute(publication.delete().where(publication.c.publication == 2))
            connection.execute(spoiled.delete())


def test_what_stands_behind_the_log_is_built_of_its_entries_too(client: Client) -> None:
    asked = {"t": client.person(CIVIL, 1)}
    keeper = client.app.state.hub.operations.log
    for _ in range(2):  # read, then kept
        client.ask(CIVIL, QUERY, asked)
        keeper._behind = False
        client.ask(CIVIL, QUERY, asked)
        assert keeper._behind


def test_no_log_no_kept_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"t": client.person(CIVIL, 1)}
    for _ in range(3):
        client.ask(CIVIL, QUERY, asked)
    front = client.app.state.hub.front._short

    async def fail(_rows: Any) -> None:
        raise OSError("CANARY")

    monkeypatch.setattr(front._entries, "_write", fail)
    reply = client.ask(CIVIL, QUERY, asked)
    assert (reply.status, reply.code) == (503, "LOG_UNAVAILABLE")
    assert "CANARY" not in reply.text


def test_what_names_a_person_directly_or_reads_the_log_is_not_kept(client: Client) -> None:
    number = "query Q($n: String!) { personByIdNumber(idNumber: $n) { sex } }"
    for query, variables in ((number, {"n": "110101199003070000"}), ("{ months(first: 1) { nodes { month } } }", {})):
        for _ in range(3):
            client.ask("auditor" if "months" in query else CIVIL, query, variables)
    assert client.app.state.hub.front._short._kept.taken == 0


def test_a_document_asked_for_by_its_hash_needs_no_thread_either(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"t": client.person(CIVIL, 1)}
    expected = [client.ask(CIVIL, QUERY, variables).text for _ in range(2)][1]
    client.app.state.hub.front._short._kept.clear()

    async def none(*_: Any) -> None:
        raise AssertionError("a worker was asked")

    monkeypatch.setattr(client.app.state.hub.workers, "run", none)
    told = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(QUERY.encode()).hexdigest()}}
    headers = {"Authorization": f"Bearer {client.token(CIVIL)}"}
    reply = client.http("POST", "/graphql", json={"variables": variables, "extensions": told}, headers=headers)
    assert reply.text == expected
    assert leaf(client)["subject_count"] == 1


def test_many_at_once_get_their_own_answers(client: Client) -> None:
    tokens = [client.person(CIVIL, n) for n in (1, 2, 3)]
    alone = [client.ask(CIVIL, QUERY, {"t": token}).text for token in tokens]

    async def all_at_once() -> list[str]:
        transport = httpx.ASGITransport(app=client.app)
        headers = {"Authorization": f"Bearer {client.token(CIVIL)}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as http:
            asked = ({"query": QUERY, "variables": {"t": tokens[n % 3]}} for n in range(30))
            return [reply.text for reply in await asyncio.gather(*(http.post("/graphql", json=one) for one in asked))]

    before = len(client.entries())
    assert asyncio.run(all_at_once()) == alone * 10
    assert len(client.entries()) == before + 30
    assert log.verify(client.engine) == []


def test_a_connection_that_is_lost_is_replaced(client: Client) -> None:
    asked = {"t": client.person(CIVIL, 1)}
    expected = client.ask(CIVIL, QUERY, asked).text
    client.ask(CIVIL, QUERY, asked)
    short = client.app.state.hub.front._short
    short._kept.clear()
    own = [short._entries._wire.pg.backend_pid, *(line._line.pg.backend_pid for line in short._lines._free)]
    with client.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for pid in own:
            connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))
    replies = [client.ask(CIVIL, QUERY, asked) for _ in range(4)]
    statuses = [reply.status for reply in replies]
    assert set(statuses) <= {200, 503}
    assert statuses.count(503) <= 1  # one answer may find the log's connection gone
    assert replies[-1].text == expected


def test_an_answer_of_another_edition_is_neither_given_nor_in_the_log(client: Client) -> None:
    asked = {"t": client.person(CIVIL, 1)}
    for _ in range(3):
        expected = client.ask(CIVIL, QUERY, asked).text
    kept = client.app.state.hub.front._short._kept
    key = Kept.key(CIVIL, Request(query=QUERY, variables=asked))
    for other in (0, 1), (2, 0), (1, 1):  # as if something had been erased or published since, or taken back
        (answered, _), before = kept.find(key), len(client.entries())
        kept._edition = other
        kept._answers[key] = Answered(body=b'{"data":{"person":"CANARY"}}', known=answered.known)
        assert reads(client, asked) == (expected, 1)
        assert len(client.entries()) == before + 1
        assert kept.find(key)[1] == FIRST
        assert reads(client, asked) == (expected, 0)
    assert log.verify(client.engine) == []


def test_the_room_is_bounded_and_another_edition_empties_it() -> None:
    async def look() -> tuple[int, int]:
        return FIRST

    async def run() -> None:
        kept = Kept(20_000, look)
        answer = Answered(body=b"x" * 1_000, known={"subjects": frozenset({1})})
        for n in range(40):
            kept.keep(bytes([n]), FIRST, answer)
            assert kept.taken <= kept.room
        assert kept.find(bytes([39])) == (answer, FIRST)
        assert kept.find(bytes([0])) is None
        kept.keep(b"big", FIRST, Answered(body=b"x" * 10_000, known={"subjects": frozenset()}))
        assert kept.find(b"big") is None
        kept.keep(b"new", NEXT, answer)
        assert kept.taken == answer.weight
        kept.keep(b"late", FIRST, answer)  # it was read before the newer one
        assert kept.taken == answer.weight
        kept.expired(FIRST)  # whoever found one of the former edition comes late too
        assert kept.find(b"new") == (answer, NEXT)
        kept.expired(NEXT)
        assert (kept.find(b"new"), kept.taken) == (None, 0)

    asyncio.run(run())


@pytest.mark.parametrize("found", [NEXT, None])
def test_what_nobody_asks_for_goes_when_the_store_is_of_another_edition_or_does_not_say(found: Any) -> None:
    async def look() -> tuple[int, int]:
        if found is None:
            raise OSError
        return found

    async def run() -> None:
        kept = Kept(20_000, look)
        kept.keep(b"key", FIRST, Answered(body=b"x", known={"subjects": frozenset()}))
        await kept._refresh()
        assert kept.taken == 0

    asyncio.run(run())


def test_a_key_tells_nothing_and_differs_by_all_that_an_answer_depends_on() -> None:
    base = Request(query="q", variables={"a": 1})
    keys = {
        Kept.key("x", base),
        Kept.key("y", base),
        Kept.key("x", Request(query="p", variables={"a": 1})),
        Kept.key("x", Request(query="q", variables={"a": 2})),
        Kept.key("x", Request(query="q", variables={"a": True})),
        Kept.key("x", Request(query="q", variables={"a": 1}, operation_name="o")),
    }
    assert len(keys) == 6
    assert Kept.key("x", Request(query="q", variables={"a": object()})) is None
