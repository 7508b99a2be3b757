"""Every agreement, every field, every door: what is not granted is refused like what never was, and nothing leaks.

Doors: output (plain, under an alias, in a fragment), argument, filter, introspection, error text; then, with everything
granted asked for at once, the answer, the log, the hub's own log, cursors and metrics are searched for planted values.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import structlog
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    validate,
)

from schema.agreement import Agreement
from schema.catalogue import catalogue, filters
from schema.contract import Contract
from schema.document import clean
from schema.graph.fields import Way
from tests.schema import world
from tests.schema.client import Client

NAMES = ("auditor", "civil-affairs", "hospital", "rural-revitalization")
GRANTED_CANARIES = {  # what the world plants in fields that these agreements do grant in the clear
    "auditor": ("CANARYDIGEST", "CANARYLABEL", "CANARYCONTRACT", "CANARYSUBJECT", "CANARYSETL", "CANARYVISIT"),
    "civil-affairs": ("CANARYRELATION",),
    "rural-revitalization": ("CANARYRELATION",),
    "hospital": (),
}


@pytest.fixture(scope="module")
def contracts(agreements: tuple[Agreement, ...]) -> Mapping[str, Contract]:
    return {agreement.id: Contract(agreement) for agreement in agreements}


def paths(schema: GraphQLSchema) -> dict[str, list[str]]:
    """For each reachable type, the fields that lead there from Query by the shortest way."""
    found: dict[str, list[str]] = {"Query": []}
    waiting: list[GraphQLObjectType] = [schema.query_type] if schema.query_type else []
    while waiting:
        kind = waiting.pop(0)
        for name, field in kind.fields.items():
            target = get_named_type(field.type)
            if isinstance(target, GraphQLObjectType) and target.name not in found:
                found[target.name] = [*found[kind.name], name]
                waiting.append(target)
    return found


def ask(schema: GraphQLSchema, path: list[str], selection: str) -> str:
    """A document that selects something at the end of a path; required arguments get a variable."""
    kind, opened, variables = schema.query_type, "", []
    for name in path:
        assert kind is not None
        field = kind.fields[name]
        needed = [arg for arg, made in field.args.items() if str(made.type).endswith("!")]
        given = []
        for argument in needed:
            variables.append(f"$v{len(variables)}: {field.args[argument].type}")
            given.append(f"{argument}: $v{len(variables) - 1}")
        opened += f" {name}" + (f"({', '.join(given)})" if given else "") + " {"
        target = get_named_type(field.type)
        kind = target if isinstance(target, GraphQLObjectType) else None
    head = f"query Q({', '.join(variables)})" if variables else "query Q"
    return f"{head} {{{opened} {selection} {'}' * len(path)} }}"


def messages(contract: Contract, document: str) -> list[str]:
    return [clean(error.message) for error in validate(contract.schema, parse(document), hide_suggestions=True)]


def absent(name: str, taken: set[str]) -> str:
    """A name as long as another, that is nowhere in the graph."""
    letters = "qxzjvkw"
    for n in range(10_000):
        made = "".join(letters[(n // 7**place + place) % 7] for place in range(len(name)))
        made = made[0].upper() + made[1:] if name[0].isupper() else made
        if made not in taken:
            return made
    raise AssertionError


def denied(contract: Contract) -> Iterator[tuple[str, str]]:
    granted = contract.agreement.fields
    for kind, names in catalogue().items():
        for name in names:
            if name not in granted.get(kind, {}):
                yield kind, name


@pytest.mark.parametrize("name", NAMES)
def test_a_denied_field_is_refused_at_every_door_as_one_that_never_was(
    contracts: Mapping[str, Contract], name: str
) -> None:
    contract = contracts[name]
    schema, reach = contract.schema, paths(contract.schema)
    taken = {field for names in catalogue().values() for field in names}
    tried = 0
    for kind, field in denied(contract):
        never = absent(field, taken)
        doors = []
        if kind in reach:
            for form in ("%s", "a: %s", "... { %s }", "... on " + kind + " { %s }", "%s { x }", "%s(first: 1)"):
                doors.append((ask(schema, reach[kind], form % field), ask(schema, reach[kind], form % never)))
            named = "fragment F on " + kind + " { %s }"
            spread = ask(schema, reach[kind], "...F")
            doors.append((f"{spread} {named % field}", f"{spread} {named % never}"))
        for document, other in doors:
            refused, unknown = messages(contract, document), messages(contract, other)
            assert refused
            assert [text.replace(field, never) for text in refused] == unknown
            tried += 1
    assert tried > 50


@pytest.mark.parametrize("name", NAMES)
def test_a_type_with_nothing_granted_is_like_one_that_never_was(contracts: Mapping[str, Contract], name: str) -> None:
    contract = contracts[name]
    for kind in set(catalogue()) - set(contract.agreement.fields):
        never = absent(kind, set(catalogue()))
        for form in ("{ ... on %s { x } }", "query Q($a: %s) { __typename }", "{ ...F } fragment F on %s { x }"):
            refused, unknown = messages(contract, form % kind), messages(contract, form % never)
            assert refused
            assert [text.replace(kind, never) for text in refused] == unknown
        assert kind not in contract.schema.type_map
        assert f"{kind}Connection" not in contract.schema.type_map


@pytest.mark.parametrize("name", NAMES)
def test_a_condition_exists_only_over_fields_shown_in_the_clear(contracts: Mapping[str, Contract], name: str) -> None:
    contract = contracts[name]
    shows = contract.agreement.shows
    tried = 0
    for kind, conditions in filters().items():
        made = contract.schema.type_map.get(kind)
        fields = made.fields if isinstance(made, GraphQLInputObjectType) else {}
        for field, condition in conditions.items():
            if field in fields:
                assert all(shows(item) for item in condition.by), f"{kind}.{field}"
            tried += 1
    for kind, granted in contract.agreement.fields.items():
        for field in granted:
            spec = catalogue()[kind][field].spec
            made = contract.schema.type_map[kind]
            assert isinstance(made, GraphQLObjectType)
            if isinstance(spec, Way):
                for argument, told in spec.arguments.items():
                    if told.where and not all(shows(item) for item in told.where.by):
                        assert argument not in made.fields[field].args
                        tried += 1
    assert tried > 20


@pytest.mark.parametrize("name", ["auditor", "civil-affairs", "rural-revitalization"])
def test_introspection_shows_the_contract_and_nothing_else(
    client: Client, contracts: Mapping[str, Contract], name: str
) -> None:
    reply = client.ask(
        name, "{ __schema { types { name fields { name args { name } } inputFields { name } enumValues { name } } } }"
    )
    shown = {kind["name"]: kind for kind in reply.data["__schema"]["types"]}
    for kind in catalogue():
        if kind in contracts[name].agreement.fields:
            assert {field["name"] for field in shown[kind]["fields"]} == set(contracts[name].agreement.fields[kind])
        else:
            assert kind not in shown
            assert (
                client.ask(name, 'query { __type(name: "KIND") { name } }'.replace("KIND", kind)).data["__type"] is None
            )


def test_where_introspection_is_off_its_entries_are_like_fields_that_never_were(client: Client) -> None:
    for field, never in (
        ("__schema { types { name } }", "__schemx { types { name } }"),
        ('__type(name: "X") { name }', None),
    ):
        reply = client.ask("hospital", "{ " + field + " }")
        assert reply.code == "DOCUMENT_REFUSED"
        if never:
            assert reply.text.replace("__schema", "__schemx") == client.ask("hospital", "{ " + never + " }").text
    assert client.ask("hospital", "{ __typename }").data == {"__typename": "Query"}


def whole(contract: Contract, kind: GraphQLObjectType, depth: int, variables: dict[str, str]) -> str:
    """A selection of everything a type grants, to a depth."""
    parts = []
    for name, field in kind.fields.items():
        target = get_named_type(field.type)
        needed = [argument for argument, made in field.args.items() if is_required_argument(made)]
        given = []
        for argument in needed:
            variables[f"{name}_{argument}"] = str(field.args[argument].type)
            given.append(f"{argument}: ${name}_{argument}")
        if "first" in field.args:
            given.append("first: 3")
        call = f"{name}({', '.join(given)})" if given else name
        if is_leaf_type(target):
            parts.append(call)
        elif isinstance(target, GraphQLObjectType) and depth:
            below = whole(
                contract, target, depth - (0 if target.name.endswith(("Connection", "Edge")) else 1), variables
            )
            if below:
                parts.append(f"{call} {{ {below} }}")
    return " ".join(parts)


@pytest.mark.parametrize("name", NAMES)
def test_everything_granted_at_once_holds_no_planted_value(
    client: Client, contracts: Mapping[str, Contract], changed: Any, name: str, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from schema.agreement import MOST

    asking = changed(name, limits=MOST)
    kind = contracts[name].schema.query_type
    assert kind is not None
    texts = []
    for entry in kind.fields:
        only = GraphQLObjectType("Query", {entry: kind.fields[entry]})
        variables: dict[str, str] = {}
        body = whole(contracts[name], only, 3, variables)
        head = ", ".join(f"${key}: {made}" for key, made in variables.items())
        values = {
            "person_token": client.person(name, 1), "household_token": "h_none",
            "batch_id": "1", "policyDocument_id": "zichuan-2025", "personByIdNumber_idNumber": world.NUMBER,
        }  # fmt: skip
        document = f"query Whole{f'({head})' if head else ''} {{ {body} }}"
        with structlog.testing.capture_logs() as events:
            given = {key: "2025-11" if key.endswith("_month") else values[key] for key in variables}
            reply = asking.ask(name, document, given)
        assert reply.status == 200, reply.text[:500]
        assert reply.data is not None
        texts.append(reply.text + json.dumps(events, default=str))
    texts.append(asking.http("GET", "/metrics").text)
    texts += [bytes(entry.leaf).decode() for entry in asking.entries()]
    texts += [caplog.text, *capsys.readouterr()]
    spared = GRANTED_CANARIES[name]
    for text in texts:
        for canary in spared:
            text = text.replace(canary, "granted")  # noqa: PLW2901
        for canary in world.CANARIES:
            assert canary not in text, f"{canary} in {text[max(0, text.find(canary) - 80) :][:200]}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("secret", ["370302196003041236", "王建国"])
def test_refusals_hold_nothing_of_what_was_sent(client: Client, name: str, secret: str) -> None:
    by_number = "query Q($n: String!) { personByIdNumber(idNumber: $n, certType: NOPE) { entitlements { benefit } } }"
    for template, variables in (
        ('{ person(token: "SECRET") { nope } }', {}),
        ("{ aSECRET }", {}),
        ("query Q($n: Int) { agreement { id } x(n: $n) }", {"n": secret}),
        ('{ persons(filter: {county: 1, x: "SECRET"}) { nodes { sex } } }', {}),
        ('{ month(month: "SECRET") { state } agreement @skip(if: "SECRET") { id } }', {}),
        ("query Q($n: Boolean!) { agreement @include(if: $n) { id } }", {"n": secret}),
        ("query Q($n: YearMonth!) { month(month: $n) { state } }", {"n": secret}),
        ('{ "SECRET" }', {}),
        ('query "SECRET" { agreement { id } }', {}),
        (by_number, {"n": secret}),
        ('query Q($n: String = "SECRET", $m: [Int]) { agreement { id } }', {"m": [secret]}),
    ):
        with structlog.testing.capture_logs() as events:
            reply = client.ask(name, template.replace("SECRET", secret), variables)
        assert "errors" in reply.json
        assert secret not in reply.text
        assert secret not in json.dumps(events, default=str, ensure_ascii=False)
    assert all(secret not in bytes(entry.leaf).decode() for entry in client.entries())


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ agreemnt { id } persns { nodes { sexx } } }", {}),
        ("{ agreement { titl } }", {}),
        ("{ persons(filtr: {}) { nodes { tokn } } }", {}),
        ("query Q($f: FindingFilter) { findings(filter: $f) { nodes { kind } } }", {"f": {"knd": 1}}),
        ("query Q($f: FindingFilter) { findings(filter: $f) { nodes { kind } } }", {"f": {"state": "NEWW"}}),
        ("{ findings(filter: {state: NEWW}) { nodes { kindd } } }", {}),
    ],
)
def test_no_answer_suggests_a_name(client: Client, document: str, variables: dict[str, Any]) -> None:
    reply = client.ask("civil-affairs", document, variables)
    assert "errors" in reply.json
    assert "Did you mean" not in reply.text
