"""What is said of a field is what its contract does; what a matrix says is what the agreements say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type, parse, validate

from schema.access import words
from schema.access.explained import explain
from schema.access.matrix import matrix
from schema.agreement import Agreement
from schema.catalogue import catalogue
from schema.contract import Contract
from tests.schema.walk import SHIPPED, as_data, roots

EVERY = [f"{kind}.{name}" for kind, names in catalogue().items() for name in names]


@pytest.mark.parametrize("agreement", SHIPPED.values(), ids=SHIPPED)
def test_each_way_to_a_field_is_one_of_the_contract(agreement: Agreement) -> None:
    contract = Contract(agreement)
    for field in EVERY:
        found = explain(agreement, field)
        assert found is not None
        kind, _, name = field.partition(".")
        made = contract.schema.type_map.get(kind)
        there = isinstance(made, GraphQLObjectType) and name in made.fields
        assert (bool(found.ways), bool(found.effect)) == (there, there), field
        for way in found.ways:
            assert leads(contract, way.split(" > ")), way


INSIDE = {"Connection": "nodes", "Payload": "feedback"}  # where what a field leads to stands inside its type


def leads(contract: Contract, steps: list[str]) -> bool:
    kind = next((root for root in roots(contract.schema).values() if steps[0] in root.fields), None)
    for step in steps:
        for suffix, field in INSIDE.items():
            if kind is not None and kind.name.endswith(suffix):
                inner = get_named_type(kind.fields[field].type)
                kind = inner if isinstance(inner, GraphQLObjectType) else None
        if kind is None or step not in kind.fields:
            return False
        target = get_named_type(kind.fields[step].type)
        kind = target if isinstance(target, GraphQLObjectType) else None
    return True


@pytest.mark.parametrize("agreement", SHIPPED.values(), ids=SHIPPED)
def test_a_condition_is_said_to_be_there_where_it_is(agreement: Agreement) -> None:
    contract = Contract(agreement)
    for field in EVERY:
        found = explain(agreement, field)
        for call, missing in found.conditions if found else ():
            where, _, name = call.rstrip(")").partition("(")
            kind, _, member = where.partition(".")
            made = contract.schema.type_map[kind]
            assert isinstance(made, GraphQLObjectType)
            told = made.fields[member].args
            argument, _, inner = name.partition(".")
            there = argument in told
            if there and inner:
                conditions = get_named_type(told[argument].type)
                assert isinstance(conditions, GraphQLInputObjectType)
                there = inner in conditions.fields
            assert there == (missing == ""), call


def test_a_masked_field_says_which_condition_it_takes_away() -> None:
    health = SHIPPED["health"]
    found = explain(health, "Settlement.discharged")
    assert found is not None
    assert (found.effect, found.ways) == ("mask:year", ("person > settlements > discharged",))
    changed = as_data(health)
    changed["Settlement"]["settled"] = "mask:year"
    masked = explain(replace(health, fields=changed), "Settlement.settled")
    assert masked is not None
    assert ("Person.settlements(filter.settled_from)", "Settlement.settled") in [
        (call.replace("settledFrom", "settled_from"), missing) for call, missing in masked.conditions
    ]


def test_a_field_that_is_not_listed_says_what_listing_it_takes() -> None:
    for name, field, needs in (
        ("charity", "Person.idNumber", ("browse = false",)),
        ("hospital", "Query.persons", ("browse = true",)),
        ("hospital", "Person.settlements", ("[fields.Settlement]",)),
    ):
        found = explain(SHIPPED[name], field)
        assert found is not None
        assert (found.effect, found.ways, found.conditions, found.needs) == ("", (), (), needs)
    single = replace(SHIPPED["hospital"], fields={"Query": {"person": "show"}, "Person": {"birth": "mask:year"}})
    found = explain(single, "Person.idNumber")
    assert found is not None
    assert found.needs == ("not Person.birth beside it",)
    assert explain(single, "Person.nope") is explain(single, "Nope.name") is explain(single, "") is None


def test_the_matrix_is_what_the_agreements_say() -> None:
    rows = matrix(tuple(SHIPPED.values()))
    for name, agreement in SHIPPED.items():
        told: dict[str, dict[str, str]] = {}
        for row in rows:
            if name in row.effects:
                told.setdefault(row.type, {})[row.field] = row.effects[name]
        assert told == {kind: dict(names) for kind, names in agreement.fields.items()}
    assert all(row.effects and row.zh and row.en for row in rows)
    assert {row.type for row in matrix(tuple(SHIPPED.values()), ["Person"])} == {"Person"}


def test_every_effect_has_its_words() -> None:
    effects = {effect for names in catalogue().values() for item in names.values() for effect in item.effects}
    assert effects == set(words.EFFECTS)
    assert len({word.short for word in words.EFFECTS.values()}) == len(effects)
    assert words.effect("mask:unheard_of").short == "unheard_of"


def test_what_an_explained_field_is_called_is_in_the_graph() -> None:
    document = "{ persons { nodes { name } } }"
    assert not validate(Contract(SHIPPED["civil-affairs"]).schema, parse(document))
    assert words.titled("Person", "name") == ("姓名", "name")
    assert words.short(words.titled("Query", "personByIdNumber")[0]) == "按证件号码取人员"
