"""Limits: found in one linear walk, and every hostile document costs few steps and is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind, get_introspection_query, parse
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schema.agreement import Agreement, Limits
from schema.contract import Contract
from schema.document import operation_of, tokens
from schema.errors import LimitExceeded
from schema.limits import Measure, measure
from schema.merging import bounded
from tests.schema.client import Client

MUCH = 10**300
WIDE = Limits(
    page=1_000, depth=MUCH, aliases=MUCH, fields=MUCH, directives=MUCH, tokens=MUCH, cost=MUCH, body_bytes=MUCH
)


@pytest.fixture(scope="module")
def weigh(agreements: tuple[Agreement, ...]) -> Callable[..., Measure]:
    civil = next(agreement for agreement in agreements if agreement.id == "civil-affairs")
    contracts: dict[Limits, Contract] = {}

    def weigh(document: str, limits: Limits = WIDE, **variables: Any) -> Measure:
        if limits not in contracts:
            contracts[limits] = Contract(replace(civil, limits=limits))
        parsed = parse(document)
        return measure(contracts[limits], parsed, operation_of(parsed, None), variables)

    return weigh


def bomb(levels: int, alias: str = "") -> str:
    """Each fragment spreads the next twice: 2 to the power of `levels` fields in a few hundred bytes."""
    spreads = " ".join(
        f"fragment F{n} on Person {{ {alias}sex ...F{n + 1} ... on Person {{ ...F{n + 1} }} }}" for n in range(levels)
    )
    return f"{{ persons {{ nodes {{ ...F0 }} }} }} {spreads} fragment F{levels} on Person {{ {alias}sex }}"


PIECES = ["{", "}", "(", ")", "a", "_b1", "query", "$", ":", "[", "]", "!", "=", "@", "|", "&", "...", "..", ".", " ",
          "\n", "\r", ",", "#", "\ufeff", "1", "-", "-1.5e+3", '"', '\\"', '"""', '\\"""', "\\", "é", "x"]  # fmt: skip


@settings(max_examples=300)
@example('""""""""')  # possessive repeats of Python 3.11.2 part it otherwise
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_tokens_counted_ahead_are_those_that_the_lexer_finds(text: str) -> None:
    lexer, found = Lexer(Source(text)), []
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            found.append(text[token.start : token.end])
    except GraphQLSyntaxError:
        return  # what is refused for its tokens is no document anyway
    assert tokens(text, 10**6) == found


def test_tokens_are_counted_in_linear_steps() -> None:
    for text in ('"""' + '\\"""' * 20_000, '"' * 60_001, '"\\' * 30_000, "#" * 60_000, '"""' * 20_001, "-1" * 30_000):
        assert len(tokens(text, 10**6)) <= len(text)  # a pattern that tried again and again would take hours


def test_the_explorer_s_introspection_fits_the_limits_of_every_agreement_that_allows_it(
    agreements: tuple[Agreement, ...],
) -> None:
    document = parse(get_introspection_query(input_value_deprecation=True))
    allowed = [agreement for agreement in agreements if agreement.introspection]
    assert allowed
    for agreement in allowed:
        assert measure(Contract(agreement), document, operation_of(document, None), {}).introspects


def test_cost_counts_the_values_an_answer_may_hold(weigh: Callable[..., Measure]) -> None:
    query = "query Q($n: Int) { persons(first: $n) { nodes { sex categories { category } } } }"
    # persons, then for each row: nodes, sex, categories, and 10 categories assumed
    assert weigh(query, n=100).weight.cost == 1 + 100 * (1 + 1 + 1 + 10)
    assert weigh(query).weight.cost == 1 + 20 * 13
    assert weigh(query.replace("$n: Int", "$n: Int = 7")).weight.cost == 1 + 7 * 13


def test_weights_add_up_over_fragments_aliases_and_directives(weigh: Callable[..., Measure]) -> None:
    found = weigh(
        "{ a: persons(first: 1) { ...F } b: persons(first: 2) { ...F @skip(if: true) } }"
        " fragment F on PersonConnection { nodes { s: sex } }"
    )
    assert (found.weight.fields, found.weight.aliases, found.weight.directives, found.weight.depth) == (6, 4, 1, 3)
    assert found.selected >= {"Query.persons", "PersonConnection.nodes", "Person.sex"}


@pytest.mark.parametrize("levels", [10, 30, 60, 100])
def test_a_fragment_bomb_is_weighed_in_linear_steps(weigh: Callable[..., Measure], levels: int) -> None:
    found = weigh(bomb(levels, "a: "))
    assert found.weight.fields == 2 ** (levels + 1) + 1
    assert found.weight.aliases == 2 ** (levels + 1) - 1
    assert found.steps < 12 * levels + 20


def test_a_chain_of_fragments_too_long_to_walk_is_too_deep(weigh: Callable[..., Measure]) -> None:
    with pytest.raises(LimitExceeded) as refusal:
        weigh(bomb(400))
    assert refusal.value.extensions is not None
    assert refusal.value.extensions["limit"] == "depth"


def test_the_same_fragment_spread_everywhere_is_weighed_once(weigh: Callable[..., Measure]) -> None:
    spread = "...F " * 3_000
    found = weigh(f"{{ persons {{ nodes {{ {spread} }} }} }} fragment F on Person {{ sex birth }}")
    assert found.weight.fields == 2 + 6_000
    assert found.steps < 6_100 + 10


@pytest.mark.parametrize(
    ("limit", "document"),
    [
        ("depth", "{ households { nodes { members { household { members { household { token } } } } } } }"),
        ("aliases", "{ persons { nodes { a: sex b: sex c: sex d: sex } } }"),
        ("fields", "{ persons { nodes { token name sex birth rural death } } }"),
        ("directives", "{ persons { nodes { sex @skip(if: false) @include(if: true) @skip(if: true) } } }"),
        ("cost", "{ persons(first: 9) { nodes { categories { category validFrom } } } }"),
        ("page", "{ persons(first: 11) { nodes { sex } } }"),
        ("page", "{ persons(last: 99999999999999999999) { nodes { sex } } }"),
        ("fields", bomb(20)),
        ("cost", "{ persons { nodes { ...A } } } fragment A on Person { categories(asOf: 1) { category } }"),
    ],
)
def test_what_is_too_much_is_refused_by_the_name_of_the_limit(
    weigh: Callable[..., Measure], limit: str, document: str
) -> None:
    narrow = Limits(page=10, depth=6, aliases=3, fields=7, directives=2, cost=100)
    with pytest.raises(LimitExceeded) as refusal:
        weigh(document, narrow)
    assert refusal.value.extensions == {"code": "LIMIT_EXCEEDED", "limit": limit}


def test_every_definition_counts_not_only_the_one_that_runs(weigh: Callable[..., Measure]) -> None:
    narrow = Limits(fields=5)
    other = "query B { persons { nodes { token name sex birth rural } } }"
    with pytest.raises(LimitExceeded):
        weigh(f"query A {{ agreement {{ id }} }} {other}", narrow)
    with pytest.raises(LimitExceeded):
        weigh("{ agreement { id } } fragment Unused on Person { a:sex b:sex c:sex d:sex e:sex f:sex }", narrow)


def equal(count: int) -> str:
    return "{ persons { nodes { " + "sex " * count + "} } }"


COMPARED = {
    "one field": (equal(1), 0),
    "equal fields": (equal(10), 45),
    "different fields": ("{ persons { nodes { sex birth rural } } }", 0),
    "aliases": ("{ persons { nodes { a: sex b: sex } } }", 0),
    "one fragment often": ("{ persons { nodes { ...A ...A ...A } } } fragment A on Person { sex }", 0),
    "two fragments of one field": (
        "{ persons { nodes { ...A ...B } } } fragment A on Person { sex } fragment B on Person { sex }",
        1 + 1,  # the two fragments, and their fields
    ),
    "inline": ("{ persons { nodes { ... on Person { sex } ... { sex } sex } } }", 3),
    "below equal fields": ("{ persons { nodes { sex } } persons { nodes { sex } } }", 1 + 1 + 1),
    "an unused fragment": ("{ agreement { id } } fragment A on Person { sex sex }", 1),
    "a cycle": ("{ persons { nodes { ...A } } } fragment A on Person { sex ...A }", 0),
}


@pytest.mark.parametrize("name", COMPARED)
def test_what_validation_compares_pair_by_pair_is_counted(name: str) -> None:
    document, pairs = COMPARED[name]
    assert bounded(parse(document)) == pairs


def test_what_would_make_validation_slow_is_refused_before_it() -> None:
    assert bounded(parse(equal(32))) == 496
    names = range(40)
    fragments = " ".join(f"fragment F{n} on Person {{ a{n}: sex }}" for n in names)
    persons = "persons { nodes { " + "sex " * 8 + "} nodes { sex } } "
    nested = "{ " + persons * 6 + "}"
    for document in (equal(33), nested, "{ p { " + " ".join(f"...F{n}" for n in names) + " } } " + fragments):
        with pytest.raises(LimitExceeded) as refusal:
            bounded(parse(document))
        assert (refusal.value.extensions or {})["limit"] == "repeats"


HOSTILE = {
    "fragments that spread each other": bomb(60),
    "a cycle of fragments": "{ persons { nodes { ...A } } } fragment A on Person { ...B } fragment B on Person {...A}",
    "a thousand aliases": "{ " + " ".join(f"a{n}: agreement {{ id }}" for n in range(1_000)) + " }",
    "three thousand equal fields": "{ persons { nodes { " + "sex " * 3_000 + "} } }",
    "deep nesting": "{ persons { nodes " + "{ households { household { members { person " * 40 + "{ sex }" + "}" * 162,
    "deep lists": "{ persons(filter: " + "[" * 3_000 + "]" * 3_000 + ") { nodes { sex } } }",
    "deep braces": "{" * 5_000,
    "a long string": '{ person(token: "' + "x" * 60_000 + '") { sex } }',
    "many comments": "#\n" * 20_000 + "{ agreement { id } }",
    "many operations": " ".join(f"query Q{n} {{ agreement {{ id }} }}" for n in range(400)),
    "many variables": "query Q(" + " ".join(f"$v{n}: Int" for n in range(600)) + ") { agreement { id } }",
    "many directives": "{ agreement " + "@skip(if: false) " * 400 + "{ id } }",
    "a bomb of introspection": "{ __schema { types { fields " + "{ type { fields " * 4 + "{ name }" + "}" * 11,
    "three hundred fields of one name": equal(290),
    "one list in a hundred forms": "{ " + "persons { nodes { sex } } " * 90 + "}",
    "seventy fragments": COMPARED["one field"][0].replace("sex", " ".join(f"...F{n}" for n in range(70)))
    + " ".join(f"fragment F{n} on Person {{ sex }}" for n in range(70)),
    "a chain of fragments": COMPARED["one field"][0].replace("sex", "...F0")
    + " ".join(f"fragment F{n} on Person {{ sex ...F{n + 1} }}" for n in range(100))
    + " fragment F100 on Person { sex }",
    "a wide object": "{ persons(filter: {" + " ".join(f"k{n}: 1" for n in range(290)) + "}) { nodes { sex } } }",
    "many schemas": "{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(20)) + " }",
    "a bomb of lists": "{ persons(first: 1000) { nodes { settlements(first: 1000) { nodes { number } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused(client: Client, name: str) -> None:
    assert client.ask("civil-affairs", HOSTILE[name]).code in {"LIMIT_EXCEEDED", "DOCUMENT_REFUSED"}


def test_a_body_beyond_the_limit_is_not_read_to_its_end(client: Client) -> None:
    reply = client.ask("hospital", "{ agreement { id } }" + " " * 100_000)
    assert (reply.status, "body_bytes" in reply.errors[0]["message"]) == (413, True)


def test_a_limit_in_an_answer_names_itself(client: Client) -> None:
    reply = client.ask("hospital", "{ agreement { id " + "title " * 200 + "} }")
    assert reply.errors == [
        {
            "message": "The document exceeds the limit fields of this agreement (60)",
            "extensions": {"code": "LIMIT_EXCEEDED", "limit": "fields"},
        }
    ]


def test_a_remembered_document_is_measured_for_each_size_of_its_pages(client: Client) -> None:
    query = "query Q($n: Int = 3) { persons(first: $n) { nodes { categories { category } } } }"
    asked = (
        ({}, None),
        ({"n": 10}, None),
        ({"n": 5_000}, "LIMIT_EXCEEDED"),
        ({"n": None}, None),
        ({"n": "x"}, "DOCUMENT_REFUSED"),
        ({"n": 5_000}, "LIMIT_EXCEEDED"),
    )
    for variables, code in asked:
        reply = client.ask("civil-affairs", query, variables)
        assert (reply.code if "errors" in reply.json else None) == code


def test_an_operation_that_is_not_there_is_not_the_one_without_a_name(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.token('civil-affairs')}"}
    codes = []
    for name in (None, "Nope", None, "Nope"):
        body = {"query": "{ agreement { id } }", "operationName": name}
        reply = client.http("POST", "/graphql", json=body, headers=headers)
        codes.append("errors" in reply.json)
    assert codes == [False, True, False, True]
