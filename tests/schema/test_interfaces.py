"""What findings and warnings share is one interface under each agreement, and shows no more than they do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from graphql import GraphQLInterfaceType, assert_valid_schema

from schema.agreement import Agreement
from schema.contract import Contract
from tests.schema.client import Client

CIVIL, RURAL, AUDITOR = "civil-affairs", "rural-revitalization", "auditor"
SHARED = "fragment C on Case { __typename month state %s county { code } person { token } }"


def test_an_interface_has_what_all_its_types_have(agreements: tuple[Agreement, ...]) -> None:
    for agreement in agreements:
        contract = Contract(agreement)
        assert_valid_schema(contract.schema)
        case = contract.schema.type_map.get("Case")
        kinds = [contract.schema.type_map.get(name) for name in ("Finding", "Warning")]
        if None in kinds:
            assert case is None
            continue
        assert isinstance(case, GraphQLInterfaceType)
        listed = set(agreement.fields["Finding"]) & set(agreement.fields["Warning"])
        assert set(case.fields) == listed
        assert [kind.interfaces for kind in kinds] == [(case,)] * 2  # type: ignore[union-attr]


def test_with_one_of_its_types_there_is_none(agreements: tuple[Agreement, ...]) -> None:
    civil = next(item for item in agreements if item.id == CIVIL)
    fields = {kind: dict(names) for kind, names in civil.fields.items() if kind != "Warning"}
    for names in fields.values():
        names.pop("warnings", None)
    contract = Contract(replace(civil, fields=fields))
    assert "Case" not in contract.sdl.replace("Case(", "").replace("CaseState", "")


def test_one_fragment_serves_both_lists_compiled_and_plain(client: Client, plain: Client) -> None:
    query = "{ findings(first: 2) { nodes { ...C kind } } warnings(first: 2) { nodes { ...C ... on Case { state } } } }"
    query += SHARED % "severity: addressee"
    answers = [asked.ask(CIVIL, query) for asked in (client, client, plain)]
    assert answers[0].text == answers[1].text == answers[2].text
    told = answers[0].data
    assert [node["__typename"] for node in told["findings"]["nodes"]] == ["Finding"]
    assert {node["__typename"] for node in told["warnings"]["nodes"]} == {"Warning"}
    for entry in client.entries()[-3:]:  # the log names the types' own fields
        fields = json.loads(entry.leaf)["fields"]
        assert {"Finding.county", "Warning.county", "Finding.kind"} <= set(fields)
        assert not any(field.startswith("Case.") for field in fields)


def test_the_log_names_only_the_type_that_was_read(client: Client) -> None:
    client.ask(CIVIL, "{ warnings { nodes { ...C } } } " + SHARED % "")
    fields = json.loads(client.entries()[-1].leaf)["fields"]
    assert "Warning.state" in fields
    assert not any(field.startswith("Finding.") for field in fields)


@pytest.mark.parametrize("hidden", ["severity", "burden", "record", "subject"])
def test_what_one_of_the_types_lacks_is_on_the_interface_as_what_never_was(client: Client, hidden: str) -> None:
    never = "z" * len(hidden)
    query = "{ findings { nodes { ... on Case { %s } } } }"
    refused, unknown = (client.ask(CIVIL, query % name) for name in (hidden, never))
    assert refused.text.replace(hidden, never) == unknown.text
    assert refused.code == "DOCUMENT_REFUSED"
