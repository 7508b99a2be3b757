"""The process that checks new documents finds what the server would find itself; without it the server does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from hub.keys import KeyRing
from schema import checker as module
from schema.agreement import Agreement
from schema.answer import Answer, Request, refused
from schema.check import check
from schema.checker import Checker
from schema.contract import Contract
from schema.document import Library
from schema.errors import Refused
from tests.schema.client import serve
from tests.schema.walk import SHIPPED

DOCUMENTS = {
    "valid": "{ agreement { id } }",
    "valid, with a literal": '{ person(token: "p_x") { sex } }',
    "no document": "{",
    "an unknown field": "query A { agreement { nothing } }",
    "a person in the document": '{ personByIdNumber(idNumber: "370302197001010011") { sex } }',
    "too deep": "{ persons { nodes { categories { household { members { person " * 9 + "{ sex }" + " }" * 54,
    "too many tokens": "{ " + "agreement { id } " * 2_000 + "}",
    "introspection": "{ __schema { types { name } } }",
    "two operations": "query A { agreement { id } } query B { agreement { id } }",
}
NAMES = ("civil-affairs", "county-hospital", "charity")


def request(text: str, *, by_get: bool = False) -> Request:
    return Request(query=text, variables={}, by_get=by_get)


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker([SHIPPED[name] for name in NAMES])
    started(made)
    yield made
    made.close()


def started(checker: Checker) -> None:
    until = time.monotonic() + 60
    while checker.look("charity", request("{ agreement { id } }")) is None:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_it_finds_what_the_server_would(checker: Checker, name: str, document: str) -> None:
    asked = request(DOCUMENTS[document], by_get=document.startswith("a person"))
    notes: dict[str, Any] = {}
    try:
        found = check(Library(Contract(SHIPPED[name])), asked, notes)
    except Refused as refusal:
        found = refused(refusal)
    seen = checker.look(name, asked)
    assert seen is not None
    assert (seen.notes, seen.answer) == (notes, found if isinstance(found, Answer) else None)
    assert (seen.data is not None) == (document == "introspection" and SHIPPED[name].introspection)


@pytest.mark.parametrize(
    "query", ["{ __schema { types { name } } }", "{ __schema { types { name } } agreement { id } }"]
)
def test_what_it_answers_of_the_schema_is_the_server_s_answer(
    checker: Checker, filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], query: str
) -> None:
    answers, entries = [], []
    for beside in (None, checker):
        client = serve(filled, ring, agreements)
        client.app.state.hub.operations.checker = beside
        first, reply = client.ask("civil-affairs", query), client.ask("civil-affairs", query)
        assert first.text == reply.text
        answers.append((reply.status, reply.text))
        entry = json.loads(client.entries()[-1].leaf)
        entries.append({name: told for name, told in entry.items() if name not in ("at", "duration_us", "subjects")})
        client.app.state.hub.operations.checker = None
        client.app.state.hub.workers.close()
    assert answers[0] == answers[1]
    assert entries[0] == entries[1]


def test_where_it_died_the_server_checks_until_there_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Checker([SHIPPED["charity"]])
    try:
        started(made)
        made._process.kill()
        made._process.join()
        assert made.look("charity", request("{ agreement { id } }")) is None
        assert made.look("charity", request("{ agreement { id } }")) is None
        monkeypatch.setattr(module, "AGAIN", 0.0)
        started(made)
    finally:
        made.close()


def test_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Checker([SHIPPED["charity"]])
    try:
        started(made)
        monkeypatch.setattr(module, "LONGEST", 0.0)
        assert made.look("charity", request("{ agreement { id title } }")) is None
        made._process.join(10)
        assert not made._process.is_alive()
    finally:
        made.close()


def test_it_ends_when_its_server_does() -> None:
    made = Checker([SHIPPED["charity"]])
    started(made)
    made._pipe.close()  # as where the server was killed
    made._process.join(10)
    assert made._process.exitcode == 0
