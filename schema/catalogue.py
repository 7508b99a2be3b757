"""Everything the graph could show, read off its types: what an agreement may name, and what each name means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLOutputType, GraphQLSchema, get_named_type
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from schema.graph import Mutation, Query
from schema.graph.fields import GOVERNED, WHERE, Entry, Way
from schema.graph.scalars import SCALARS
from schema.read.model import SHOW, Column, Where

QUERY, MUTATION = ROOTS = "Query", "Mutation"  # where documents begin
STRUCTURE = frozenset(
    {"Connection", "Edge", "PageInfo", "Agreement", "Grant", "Limit", "FeedbackPayload", "UserError"}
)  # hold no value of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A field that an agreement may name. `target`: the governed type it leads to."""

    type: str
    name: str
    python_name: str
    spec: Column | Way | Entry
    target: str | None

    @property
    def effects(self) -> tuple[str, ...]:
        """What an agreement may say of it."""
        return tuple(self.spec.forms) if isinstance(self.spec, Column) else (SHOW,)


def config() -> StrawberryConfig:
    """How every schema of the graph is made: rows are mappings; a callable value is read when it is asked for."""
    return StrawberryConfig(default_resolver=_value, scalar_map=SCALARS)


def _value(row: Mapping[str, object], name: str) -> object:
    value = row[name]
    return value() if callable(value) else value


@lru_cache(maxsize=1)
def core() -> GraphQLSchema:
    """The whole graph, as if everything were granted; nobody is served from it."""
    return strawberry.Schema(query=Query, mutation=Mutation, config=config())._schema


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, Named]]:
    """Governed types by name, with their fields by GraphQL name."""
    found: dict[str, dict[str, Named]] = {}
    for kind in core().type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            named = list(_named(kind))
            if named:
                found[kind.name] = {item.name: item for item in named}
    return found


@lru_cache(maxsize=1)
def filters() -> Mapping[str, Mapping[str, Where]]:
    """Filter types by name, with the condition of each of their fields."""
    found: dict[str, dict[str, Where]] = {}
    for kind in core().type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            told = {name: _field(field.extensions).metadata.get(WHERE) for name, field in kind.fields.items()}
            found[kind.name] = {name: where for name, where in told.items() if where is not None}
    return found


def _field(extensions: Mapping[str, object]) -> StrawberryField:
    field = extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    if not isinstance(field, StrawberryField):
        raise TypeError("a field of the graph is Strawberry's")
    return field


def python_name(extensions: Mapping[str, Any]) -> str:
    """Python's name of a field or an argument of the graph."""
    name: str = extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name
    return name


def governed(extensions: Mapping[str, Any]) -> Column | Way | Entry | None:
    """What an agreement may say of a field of the graph; None for structure."""
    found: Column | Way | Entry | None = extensions[GraphQLCoreConverter.DEFINITION_BACKREF].metadata.get(GOVERNED)
    return found


def _named(kind: GraphQLObjectType) -> Iterable[Named]:
    for name, field in kind.fields.items():
        made = _field(field.extensions)
        spec = made.metadata.get(GOVERNED)
        if spec is not None:
            yield Named(type=kind.name, name=name, python_name=made.python_name, spec=spec, target=target(field.type))


@lru_cache(maxsize=1)
def _periods() -> Mapping[str, tuple[str, ...]]:
    """Types by name, with the `Type.field`s that say what of them is true on a day."""
    specs = (item.spec for names in catalogue().values() for item in names.values())
    entities = (spec.link.target for spec in specs if isinstance(spec, Way))
    return {entity.name: entity.period.by for entity in entities if entity.period}


def periods(kind: str, granted: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The `Type.field`s that `asOf` reads on a type and on all that an agreement's fields lead to from there."""
    found: dict[str, None] = {}
    waiting = [kind]
    while waiting:
        name = waiting.pop()
        if name not in found and name in granted:
            found[name] = None
            items = (catalogue()[name].get(field) for field in granted[name])
            waiting += [item.target for item in items if item is not None and item.target]
    return tuple(field for name in found for field in _periods().get(name, ()))


def target(kind: GraphQLOutputType) -> str | None:
    """The object type a field leads to, through lists, connections and payloads; None for a value and for structure."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType):
        return None
    if named.name.endswith("Connection"):
        return target(named.fields["nodes"].type)
    if named.name.endswith("Payload"):
        return target(named.fields["feedback"].type)
    return None if named.name in STRUCTURE else named.name
