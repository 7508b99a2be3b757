"""Documents by their hash: APQ, and the registered documents of an agreement."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError
from hub.keys import KeyRing
from schema import registered
from schema.agreement import REGISTERED, Agreement, load_all
from schema.protocol import GRAPHQL, JSON
from schema.registered import Document, Registered
from tests.schema import world
from tests.schema.client import Client, serve
from tests.schema.walk import CONFIG

QUERY = "{ agreement { id } }"
SHOWN = {"agreement": {"id": "auditor"}}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apq(text: str, version: int = 1) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": sha(text)}}}


def post(client: Client, body: dict[str, Any], agreement: str = "auditor", accept: str = GRAPHQL) -> Any:
    headers = {"Authorization": f"Bearer {client.token(agreement)}", "Accept": accept}
    return client.http("POST", "/graphql", json=body, headers=headers)


@pytest.fixture
def fresh(changed: Any) -> Client:
    """Served anew: nothing is remembered."""
    return changed("auditor")


def test_a_hash_is_unknown_until_its_document_came_once(fresh: Client) -> None:
    unknown = post(fresh, apq(QUERY))
    assert (unknown.status, unknown.errors) == (
        400,
        [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}],
    )
    assert post(fresh, apq(QUERY), accept=JSON).status == 200
    assert post(fresh, {"query": QUERY, **apq(QUERY)}).data == SHOWN
    assert post(fresh, apq(QUERY)).data == SHOWN
    assert post(fresh, {"documentId": f"sha256:{sha(QUERY)}"}).data == SHOWN
    told = {"extensions": json.dumps(apq(QUERY)["extensions"])}
    headers = {"Authorization": f"Bearer {fresh.token('auditor')}"}
    assert fresh.http("GET", "/graphql", params=told, headers=headers).data == SHOWN
    assert [row.outcome for row in fresh.entries()[-6:]] == ["refused"] * 2 + ["answered"] * 4


def test_what_one_contract_remembers_no_other_answers_by_its_hash(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    fresh = serve(filled, ring, agreements)
    assert post(fresh, {"query": QUERY, **apq(QUERY)}).data == SHOWN
    assert post(fresh, apq(QUERY), "hospital").code == "PERSISTED_QUERY_NOT_FOUND"
    fresh.app.state.hub.workers.close()


def test_documents_that_are_not_valid_or_could_tell_of_a_person_are_not_remembered(fresh: Client) -> None:
    for query, code in (
        ("{ nope }", "DOCUMENT_REFUSED"),
        ("{", "DOCUMENT_REFUSED"),
        ("query Q { agreement { " + "id " * 2_500 + "} }", "LIMIT_EXCEEDED"),
        ('{ person(token: "p_370302196003041236") { county { name } } }', ""),
    ):
        reply = post(fresh, {"query": query, **apq(query)})
        assert (reply.code if "errors" in reply.json else "") == code
        assert post(fresh, apq(query)).code == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("literal", "remembered"),
    [
        ('"2025-11"', True), ('"2025-11-30"', True), ('"370302"', True), ('"3703"', True), ('"37"', True),
        ('"19600304"', False), ('"370302001"', False), ('"13812345678"', False), ('"张三"', False), ('"z"', False),
        ('"""2025-11"""', False), ('"３７"', False), ('"37\\n"', False), ('"370"', False), ('""', False),
    ],
)  # fmt: skip
def test_texts_that_tell_of_nobody_may_be_remembered(fresh: Client, literal: str, remembered: bool) -> None:
    library = fresh.app.state.hub.operations._libraries["auditor"]
    assert library.parse(f"{{ persons(first: 10, filter: {{county: {literal}}}) {{ a }} }}").telling is not remembered


@pytest.mark.parametrize(
    "body",
    [
        {"query": QUERY, **apq("{ agreement { title } }")},
        apq(QUERY, version=2),
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha(QUERY).upper()}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 1}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": []}},
        {"documentId": 7},
        {"documentId": "sha256:x"},
        {"query": "", **apq(QUERY)},
    ],
)
def test_a_hash_that_is_none_or_another_s_is_refused(fresh: Client, body: dict[str, Any]) -> None:
    reply = post(fresh, body)
    assert (reply.status, reply.code) == (400, "BAD_REQUEST")


# Registered documents

ONE = "query One {\n  agreement { id }\n}\n"
TWO = "query Two($m: YearMonth!) { month(month: $m) { state } }"


@pytest.fixture
def only(filled: Any, ring: Any, agreements: Any) -> Any:
    closed = tuple(replace(item, documents=REGISTERED) if item.id == "auditor" else item for item in agreements)
    held = {"auditor": Registered([Document(file="a", text=ONE), Document(file="b", text=TWO)])}
    client = serve(filled, ring, closed, registered=held)
    yield client
    client.app.state.hub.workers.close()


def test_a_registered_document_is_answered_by_hash_and_by_text(only: Client) -> None:
    for body in (
        {"query": ONE},
        {"query": ONE.strip()},
        {"query": "query One{agreement{id}} # the same"},
        {"query": "query  One { agreement , { id } }"},
        apq(ONE),
        apq(ONE.strip()),
        {"query": ONE, **apq(ONE)},
        {"documentId": f"sha256:{sha(ONE)}"},
    ):
        assert post(only, body).data == SHOWN
    assert post(only, {**apq(TWO), "variables": {"m": "2025-11"}}).data == {"month": {"state": "OPEN"}}


@pytest.mark.parametrize(
    "body",
    [
        {"query": QUERY},
        {"query": "{ __schema { types { name } } }"},
        {"query": "{ __typename }"},
        {"query": ONE + " query More { agreement { title } }"},
        {"query": "query Two($m: YearMonth!) { month(month: $m) { state digest } }"},
        {"query": "{" * 5_000},
        {"query": '"'},
        {"query": QUERY, **apq(QUERY)},
        apq(QUERY),
    ],
)
def test_what_is_not_registered_is_refused_before_it_is_looked_at(only: Client, body: dict[str, Any]) -> None:
    reply = post(only, body)
    assert (reply.status, reply.code) == (400, "DOCUMENT_NOT_REGISTERED")
    assert post(only, body, accept=JSON).status == 200
    assert only.entries()[-1].outcome == "refused"
    assert post(only, body).text == reply.text  # nor is it after it has been asked


def test_other_agreements_stay_free(only: Client) -> None:
    assert post(only, {"query": QUERY}, "hospital").data == {"agreement": {"id": "hospital"}}


def test_an_agreement_whose_folder_was_not_read_answers_nothing(filled: Any, ring: Any, agreements: Any) -> None:
    closed = tuple(replace(item, documents=REGISTERED) if item.id == "auditor" else item for item in agreements)
    client = serve(filled, ring, closed)
    assert post(client, {"query": ONE}).code == "DOCUMENT_NOT_REGISTERED"
    client.app.state.hub.workers.close()


# The shipped ones


def test_the_bedside_app_is_answered_its_documents_and_nothing_else(filled: Any, ring: Any) -> None:
    """As its file and folder stand, on both databases."""
    bound = [item for item in load_all(CONFIG) if item.documents == REGISTERED]
    assert [item.id for item in bound] == ["county-hospital"]
    held = registered.load_all(CONFIG)
    client = serve(filled, ring, tuple(replace(item, valid_until=date.max) for item in bound), registered=held)
    texts = {Path(item.file).name: item for item in held["county-hospital"].documents}
    variables = {"number": world.NUMBER, "day": "2025-11-30"}
    try:
        today = post(client, {**apq(texts["today.graphql"].text), "variables": variables}, "county-hospital").data
        assert today["personByIdNumber"]["entitlements"]
        about = post(client, apq(texts["about.graphql"].text), "county-hospital").data
        assert about["agreement"]["retentionDays"] == 7
        other = texts["today.graphql"].text.replace("{ category }", "{ category validFrom }")
        reply = post(client, {"query": other, "variables": variables}, "county-hospital")
        assert reply.code == "DOCUMENT_NOT_REGISTERED"
    finally:
        client.app.state.hub.workers.close()


# The folder of a configuration


@pytest.fixture
def folder(config_folder: Path, tmp_path: Path) -> Path:
    """A config folder with the auditor's agreement, for registered documents only."""
    made = tmp_path / "config"
    (made / "agreements" / "auditor").mkdir(parents=True)
    (made / "divisions.csv").symlink_to(config_folder / "divisions.csv")
    text = (config_folder / "agreements" / "auditor.toml").read_text()
    assert "documents =" not in text
    text = text.replace("[access]\n", '[access]\ndocuments = "registered"\n')
    (made / "agreements" / "auditor.toml").write_text(text)
    return made


def checked(folder: Path, agreements: Any) -> list[tuple[str, int, str]]:
    closed = [replace(item, documents=REGISTERED) for item in agreements if item.id == "auditor"]
    return [(item.file, item.line, item.message) for item in registered.check(folder, closed)]


def test_a_sound_folder_is_loaded(folder: Path, agreements: Any) -> None:
    (folder / "agreements" / "auditor" / "one.graphql").write_text(ONE)
    assert checked(folder, agreements) == []
    held = registered.load_all(folder)["auditor"]
    assert held.by_hash(hashlib.sha256(ONE.encode()).hexdigest()) == ONE
    assert [(item.file, item.sha256) for item in held.documents] == [("agreements/auditor/one.graphql", sha(ONE))]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("query One {\n  agreement { id }\n  nope\n}", 3, "Cannot query field 'nope' on type 'Query'"),
        ("\n\n{ agreement { id }", 3, "Syntax Error: Expected Name"),
        ("{ a: agreement { id } }\nquery B { agreement { id } }", 1, "This anonymous operation must be the only"),
        ("#\nquery One { persons(first: 9999) { nodes { token } } }", 2, "Cannot query field 'persons'"),
        ("#\nquery One { findings(first: 9999) { nodes { kind } } }", 2, "The document exceeds the limit page"),
        ('{ agreement { id(x: "CANARY") } }', 1, "Unknown argument 'x' on field 'Agreement.id'"),
        (b"{ agreement { id } } # \xff", 1, "cannot be read as UTF-8"),
    ],
)
def test_a_document_that_is_not_of_the_contract_is_told_with_file_and_line(
    folder: Path, agreements: Any, text: str | bytes, line: int, message: str
) -> None:
    file = folder / "agreements" / "auditor" / "wrong.graphql"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (found, *_) = checked(folder, agreements)
    assert found[:2] == ("agreements/auditor/wrong.graphql", line)
    assert found[2].startswith(message)


def test_a_folder_without_documents_or_without_use_is_told(folder: Path, agreements: Any) -> None:
    assert [item[:2] for item in checked(folder, agreements)] == [("agreements/auditor.toml", 1)]
    free = [item for item in agreements if item.id == "auditor"]
    assert "is not used" in registered.check(folder, free)[0].message


def test_a_folder_that_cannot_be_read_does_not_serve(folder: Path) -> None:
    (folder / "agreements" / "auditor" / "wrong.graphql").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="auditor"):
        registered.load_all(folder)
