"""A contract is the agreement's list and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, parse, validate

from hub.reconcile import checks
from schema.agreement import Agreement
from schema.catalogue import STRUCTURE, catalogue
from schema.contract import SDL, Contract
from schema.graph.codes import FindingKind


def named(agreements: tuple[Agreement, ...], name: str) -> Agreement:
    return next(agreement for agreement in agreements if agreement.id == name)


def test_the_committed_sdl_is_each_shipped_contract(agreements: tuple[Agreement, ...]) -> None:
    """To write them anew: `python -c` with schema.contract.write_sdl(schema.agreement.load_all(Path("config")))."""
    committed = {path.stem: path.read_text(encoding="utf-8") for path in SDL.glob("*.graphql")}
    assert committed == {agreement.id: Contract(agreement).sdl for agreement in agreements}


def test_every_type_is_governed_or_structure(agreements: tuple[Agreement, ...]) -> None:
    for agreement in agreements:
        for kind in Contract(agreement).schema.type_map.values():
            if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
                generic = kind.name.removesuffix("Connection").removesuffix("Edge")
                governed = kind.name in catalogue()
                assert governed or kind.name in STRUCTURE or (generic in catalogue() and generic != kind.name)
                if governed:
                    assert set(kind.fields) == set(agreement.fields[kind.name])


def test_a_governed_field_is_nullable(agreements: tuple[Agreement, ...]) -> None:
    for kind in Contract(named(agreements, "auditor")).schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind.name in catalogue():
            assert [name for name, field in kind.fields.items() if str(field.type).endswith("!")] == []


def test_a_field_nobody_listed_takes_its_types_its_filters_and_its_arguments_along(
    agreements: tuple[Agreement, ...],
) -> None:
    auditor = named(agreements, "auditor")
    fields = {kind: dict(names) for kind, names in auditor.fields.items() if kind not in ("Settlement", "AccessEntry")}
    del fields["Person"]["settlements"], fields["Person"]["accessLog"], fields["Query"]["accessLog"]
    del fields["Finding"]["settlement"], fields["Finding"]["kind"], fields["CategorySpell"]["validUntil"]
    del fields["FindingCount"]["kind"]
    schema = Contract(replace(auditor, fields=fields)).schema
    gone = {"Settlement", "SettlementConnection", "SettlementEdge", "SettlementFilter", "Setting", "AccessEntry"}
    assert gone.isdisjoint(schema.type_map)
    assert {"AccessFilter", "FindingKind", "Outcome"}.isdisjoint(schema.type_map)
    finding_filter, person = schema.type_map["FindingFilter"], schema.type_map["Person"]
    assert isinstance(finding_filter, GraphQLInputObjectType)
    assert isinstance(person, GraphQLObjectType)
    assert set(finding_filter.fields) == {"month", "state", "county", "category"}
    assert "asOf" not in person.fields["categories"].args


def test_a_masked_field_cannot_be_filtered_by_its_clear_value(agreements: tuple[Agreement, ...]) -> None:
    civil = named(agreements, "civil-affairs")
    fields = {**civil.fields, "Settlement": {**civil.fields["Settlement"], "settled": "show"}}
    shown = Contract(replace(civil, fields=fields)).schema.type_map["SettlementFilter"]
    assert isinstance(shown, GraphQLInputObjectType)
    assert set(shown.fields) == {"settledFrom", "settledBefore", "setting"}
    household = Contract(replace(civil, fields={**fields, "Household": {"residence": "mask:county", "token": "show"}}))
    assert "HouseholdFilter" not in household.schema.type_map


def test_every_kind_of_finding_has_its_name_in_the_graph() -> None:
    assert {kind.value for kind in FindingKind} == {check.kind for check in checks()}


def test_codes_outside_the_scope_do_not_exist(agreements: tuple[Agreement, ...]) -> None:
    rural = Contract(named(agreements, "rural-revitalization"))
    kinds = {name: kind for name, kind in rural.schema.type_map.items() if isinstance(kind, GraphQLEnumType)}
    monitored = {"FANPIN_ZHIPIN", "MON_UNSTABLE", "MON_EDGE", "MON_SUDDEN", "STABLE_OUT"}
    assert set(kinds["Category"].values) == {*monitored, "EVERYONE"}
    assert "CEILING_EXCEEDED" not in kinds["FindingKind"].values
    own = Contract(replace(rural.agreement, scope=replace(rural.agreement.scope, categories=("x_own", "dibao"))))
    category = own.schema.type_map["Category"]
    assert isinstance(category, GraphQLEnumType)
    assert set(category.values) == {"DIBAO", "EVERYONE", "REGIONAL"}


def test_schemas_made_one_after_another_do_not_disturb_each_other(agreements: tuple[Agreement, ...]) -> None:
    first = {agreement.id: Contract(agreement).sdl for agreement in agreements}
    again = {agreement.id: Contract(agreement).sdl for agreement in reversed(agreements)}
    assert first == again


@pytest.mark.parametrize(
    "document",
    [
        "{ person(tokn: 1) { sex } }",
        "{ persons { node { sex } } }",
        "{ persons(filter: {countty: 1}) { nodes { sexx } } }",
        "{ ... on Persn { sex } }",
        "query Q($x: PersonFiltr) { persons { nodes { tokn } } }",
        "{ findings(filter: {state: NWE}) { nodes { state } } }",
        "{ persons @inclde(if: true) { nodes { sex } } }",
    ],
)
def test_no_error_suggests_a_name(agreements: tuple[Agreement, ...], document: str) -> None:
    schema = Contract(named(agreements, "civil-affairs")).schema
    errors = validate(schema, parse(document), hide_suggestions=True)
    assert errors
    assert not any("Did you mean" in error.message for error in errors)
