"""What a plan is made of, how long it is kept, and when the plain executor answers instead."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from hub import log, store
from hub.keys import KeyRing
from hub.store import published
from schema.agreement import Agreement
from schema.compile import compiler
from schema.compile.lines import StatementFailed
from schema.compile.reader import Published, Reader
from schema.compile.soon import SoonReader
from schema.errors import TookTooLong
from schema.execution import Executor
from tests.schema import world
from tests.schema.client import Client, serve
from tests.schema.test_graph import statements

CIVIL, AUDITOR = "civil-affairs", "auditor"


def plans(client: Client, agreement: str) -> Any:
    return client.app.state.hub.operations.compilers[agreement]._kept


@pytest.fixture
def fallen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that graphql-core answered."""
    seen: list[str] = []
    plain = Executor._plain

    def noted(self: Executor, contract: Any, prepared: Any, request: Any, work: Any) -> Any:
        seen.append(request.query)
        return plain(self, contract, prepared, request, work)

    monkeypatch.setattr(Executor, "_plain", noted)
    return seen


def test_documents_that_differ_in_literals_and_values_share_a_plan(client: Client, fallen: list[str]) -> None:
    made = len(plans(client, CIVIL))
    query = '{ persons(first: %d, filter: {county: "%s"}) { nodes { token death } } }'
    counts = [
        len(client.ask(CIVIL, query % (first, county)).data["persons"]["nodes"])
        for first, county in ((1, "370911"), (2, "370911"), (100, "370302"), (12, "370911"))
    ]
    assert counts == [1, 2, 1, 12]
    assert len(plans(client, CIVIL)) == made + 1
    given = "query Q($n: Int, $c: String) { persons(first: $n, filter: {county: $c}) { nodes { token death } } }"
    for variables in ({"n": 1, "c": "370911"}, {"n": 2, "c": "370302"}, {"n": 2}, {"c": None, "n": 7}, {}):
        client.ask(CIVIL, given, variables)
    assert len(plans(client, CIVIL)) == made + 5  # which are given is a form of its own; null and absent are two
    assert fallen == []


def test_a_form_is_compiled_when_it_is_asked_again(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], fallen: list[str]
) -> None:
    client = serve(filled, ring, agreements, patience=1)
    answers = [client.ask(CIVIL, "{ persons(first: %s) { nodes { sex } } }" % n).json for n in (1, 2, 1)]  # noqa: UP031
    assert answers[0] == answers[2] != answers[1]
    assert len(fallen) == 1
    for n in range(20):
        client.ask(CIVIL, f"{{ persons(first: 1) {{ nodes {{ a{n}: sex }} }} }}")
    assert (len(fallen), len(plans(client, CIVIL))) == (21, 1)
    client.app.state.hub.workers.close()


def test_plans_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "PLANS", 3)
    for n in range(6):
        client.ask(CIVIL, f"{{ persons(first: 1) {{ nodes {{ a{n}: sex }} }} }}")
    assert len(plans(client, CIVIL)) == 3


def test_introspection_and_what_cannot_be_written_go_the_plain_way(client: Client, fallen: list[str]) -> None:
    assert client.ask(CIVIL, "{ __schema { queryType { name } } }").data["__schema"]["queryType"]["name"] == "Query"
    odd = published["enrolment"].update().where(published["enrolment"].c.person_id == world.PERSON_IDS + 1)
    asked = {"t": client.person(CIVIL, 1)}
    query = "query P($t: String!) { person(token: $t) { sex enrolments { status } } }"
    with client.engine.begin() as connection:
        connection.execute(odd.values(status="unheard_of"))
        world.carry(connection)
    try:
        reply = client.ask(CIVIL, query, asked)
    finally:
        with client.engine.begin() as connection:
            connection.execute(odd.values(status="normal"))
            world.carry(connection)
    assert reply.json["data"]["person"] == {"sex": "MALE", "enrolments": [{"status": None}]}
    assert reply.code == "FAILED"
    assert len(fallen) == 2
    assert client.ask(CIVIL, query, asked).data["person"]["enrolments"] == [{"status": "NORMAL"}]
    assert len(fallen) == 2


def test_only_what_is_granted_and_asked_for_is_in_the_statement_and_masks_are(client: Client) -> None:
    query = """query P($t: String!) { person(token: $t) { birth settlements(first: 1) { nodes { total } } } }"""
    with statements() as seen:
        client.ask(CIVIL, query, {"t": client.person(CIVIL, 1)})
    (statement,) = seen
    for name in ("name_masked", "ethnic", "identity_sealed", "residence", "setl_id AS", "cash_paid"):
        assert name not in statement
    assert "500.00..2000.00" in statement  # the band is made in the database


def test_a_new_publication_is_noticed_by_the_statement_itself(client: Client) -> None:
    query = "{ persons(first: 1) { nodes { sex } } }"
    client.ask(CIVIL, query)
    table = store.publication
    with client.engine.begin() as connection:
        row = connection.execute(sa.select(table)).mappings().one()
        connection.execute(table.insert().values({**row, "publication": 2}))
    try:
        assert len(client.ask(CIVIL, query).data["persons"]["nodes"]) == 1
        assert json.loads(client.entries()[-1].leaf)["publication"] == 2
    finally:
        with client.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.publication == 2))
    client.ask(CIVIL, query)
    assert json.loads(client.entries()[-1].leaf)["publication"] == 1
    assert log.verify(client.engine) == []


def test_the_database_stops_a_compiled_statement_whose_time_is_up_and_writes_nothing(filled: sa.Engine) -> None:
    reader = Reader(filled)
    endless = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000000) SELECT 'x', max(n) FROM c"
    )
    plain = "SELECT 'x', max(publication), NULL FROM publication"
    try:
        with pytest.raises(TookTooLong):
            reader.read(endless, lambda _: (), 0.3)
        assert reader.read(plain, lambda _: (), 5).texts == [b"x"]
        with pytest.raises(StatementFailed) as failed:
            reader.read("SELECT CAST('CANARY' AS INTEGER), nothing FROM publication", lambda _: (), 5)
        assert "CANARY" not in str(failed.value)
        with pytest.raises(StatementFailed):
            reader.read("DELETE FROM publication RETURNING 'x', 9", lambda _: (), 5)
        assert reader.published == Published(number=1, since=reader.published.since)
    finally:
        reader.close()


def test_where_the_compiled_statement_fails_the_plain_executor_answers(
    client: Client, fallen: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> Any:
        raise StatementFailed("42P01")

    query = "{ persons(first: 1) { nodes { sex } } }"
    expected = client.ask(CIVIL, query).json
    for reader in (Reader, SoonReader):
        monkeypatch.setattr(reader, "read", fail)
    assert client.ask(CIVIL, query).json == expected
    assert len(fallen) == 1
    told = capsys.readouterr()
    assert "compiled statement failed" in told.out + told.err
    assert "42P01" in told.out + told.err  # the database's code for it; what it says may hold values
