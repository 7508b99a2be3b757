"""Interfaces: what types of one nature share, so that one fragment serves them all (`... on Case { month state }`).

An interface is made for each contract, after its types: it has the fields that all its listed members have alike, so
it can show nothing that a member does not. Where fewer than two members are listed, or nothing is shared, it does not
exist. No field leads to an interface: what is selected on it is read, limited and logged as its members' fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from schema.graph.codes import both

MEMBERS: Mapping[str, tuple[str, ...]] = {"Case": ("Finding", "Warning")}
DESCRIPTIONS = {"Case": both("事项：比对发现或预警", "a case: a finding or a warning")}


def with_interfaces(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with its interfaces; the same one where it has none."""
    made: list[GraphQLInterfaceType] = []
    for name, members in MEMBERS.items():
        kinds = [kind for member in members if isinstance(kind := schema.type_map.get(member), GraphQLObjectType)]
        shared = _shared(kinds) if len(kinds) > 1 else {}
        if shared:
            interface = GraphQLInterfaceType(name, shared, description=DESCRIPTIONS[name])
            made.append(interface)
            for kind in kinds:
                kind._interfaces = (*kind.interfaces, interface)
                kind.__dict__.pop("interfaces", None)  # graphql-core remembers them there
    if not made:
        return schema
    told = schema.to_kwargs()
    told["types"] = (*(told["types"] or ()), *made)
    whole = GraphQLSchema(**told)
    strawberry: Any = schema
    whole._strawberry_schema = strawberry._strawberry_schema  # type: ignore[attr-defined]
    return whole


def _shared(kinds: list[GraphQLObjectType]) -> dict[str, GraphQLField]:
    """The fields without arguments that all of these types have, of one type."""
    first, *others = kinds
    found = {}
    for name, field in first.fields.items():
        same = [other.fields[name] for other in others if name in other.fields]
        alike = len(same) == len(others) and all(str(item.type) == str(field.type) for item in same)
        if alike and not any(item.args for item in (field, *same)):
            found[name] = GraphQLField(field.type, description=field.description)
    return found
