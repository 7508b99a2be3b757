"""The graph walked: every way to a type, a document for each, all that a contract grants in one document.

It knows no type by name, so that whatever the graph grows is walked too: interfaces, mutations, new arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
)

from schema.agreement import FREE, Agreement, load_all

Fielded = GraphQLObjectType | GraphQLInterfaceType
CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = {
    agreement.id: replace(agreement, valid_until=date.max, documents=FREE) for agreement in load_all(CONFIG)
}  # in force for ever; what a contract shows is walked by documents of the test's own, registered or not
NAMES = tuple(SHIPPED)
ROOTS = ("query", "mutation", "subscription")
WORDS = {"Int": 1, "Boolean": True, "YearMonth": "2025-11", "Date": "2025-03-01", "DateTime": "2025-12-05T02:00:00Z"}


def as_data(agreement: Agreement) -> dict[str, dict[str, str]]:
    """The fields of an agreement, to be changed."""
    return {kind: dict(names) for kind, names in agreement.fields.items()}


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way from a root: field by field; a step that begins with `...` narrows an interface to a type."""

    root: str
    steps: tuple[str, ...]
    type: Fielded

    def document(self, schema: GraphQLSchema, selection: str) -> str:
        """A document that selects something at its end; required arguments are variables, declared and not given."""
        kind: Any = roots(schema)[self.root]
        opened, variables = "", []
        for step in self.steps:
            given = []
            if not step.startswith("..."):
                field = kind.fields[step]
                for name, argument in field.args.items():
                    if is_required_argument(argument):
                        variables.append(f"$v{len(variables)}: {argument.type}")
                        given.append(f"{name}: $v{len(variables) - 1}")
                kind = get_named_type(field.type)
            else:
                kind = schema.type_map[step.removeprefix("... on ")]
            call = f"({', '.join(given)})" if given else ""
            opened += f" {step}{call} {{"
        head = f"Q({', '.join(variables)})" if variables else "Q"
        return f"{self.root} {head} {{{opened} {selection} {'}' * len(self.steps)} }}"


def roots(schema: GraphQLSchema) -> Mapping[str, GraphQLObjectType]:
    """The roots that a schema has, by the word that opens an operation."""
    found = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return {word: kind for word, kind in zip(ROOTS, found, strict=True) if kind is not None}


def ways(schema: GraphQLSchema) -> dict[str, list[Way]]:
    """For each type with fields: a way to it over each field (or interface) that leads there, the shortest first."""
    found: dict[str, list[Way]] = {}
    waiting = [Way(root=word, steps=(), type=kind) for word, kind in roots(schema).items()]
    while waiting:
        way = waiting.pop(0)
        known = found.setdefault(way.type.name, [])
        known.append(way)
        if len(known) > 1:
            continue
        for name, field in way.type.fields.items():
            target = get_named_type(field.type)
            for step, kind in _targets(schema, name, target):
                waiting.append(Way(root=way.root, steps=(*way.steps, *step), type=kind))
    return found


def _targets(schema: GraphQLSchema, name: str, target: Any) -> Iterator[tuple[tuple[str, ...], Fielded]]:
    if isinstance(target, Fielded):
        yield (name,), target
    if is_abstract_type(target):
        for kind in schema.get_possible_types(target):
            yield (name, f"... on {kind.name}"), kind


def whole(schema: GraphQLSchema, word: str, entry: str, given: Given, depth: int = 3) -> tuple[str, dict[str, Any]]:
    """A document that asks for everything below one entry, to a depth, and its variables."""
    kind = roots(schema)[word]
    only = GraphQLObjectType(kind.name, {entry: kind.fields[entry]})
    variables: dict[str, tuple[str, Any]] = {}
    body = _selection(schema, only, given, depth, variables, ())
    head = ", ".join(f"${name}: {declared}" for name, (declared, _) in variables.items())
    document = f"{word} Whole{f'({head})' if head else ''} {{ {body} }}"
    return document, {name: value for name, (_, value) in variables.items()}


class Given:
    """What arguments are given: by `Type.field(argument)`, else by the argument's name, else by its type."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told

    def value(self, kind: str, field: str, name: str, argument: GraphQLArgument | GraphQLInputField) -> Any:
        for key in (f"{kind}.{field}({name})", name):
            if key in self.told:
                return self.told[key]
        return self._of(argument.type)

    def _of(self, kind: GraphQLInputType) -> Any:
        inner = get_nullable_type(kind)
        if isinstance(inner, GraphQLList):
            return [self._of(inner.of_type)]
        if isinstance(inner, GraphQLEnumType):
            return next(iter(inner.values))
        if isinstance(inner, GraphQLInputObjectType):
            needed = {name: made for name, made in inner.fields.items() if isinstance(made.type, GraphQLNonNull)}
            return {name: self.value("", inner.name, name, made) for name, made in needed.items()}
        return WORDS.get(inner.name, "x")


def _selection(
    schema: GraphQLSchema,
    kind: Fielded,
    given: Given,
    depth: int,
    variables: dict[str, tuple[str, Any]],
    within: Sequence[str],
) -> str:
    parts = []
    for name, field in kind.fields.items():
        target = get_named_type(field.type)
        call = name + _call(kind.name, name, field, given, variables)
        if is_leaf_type(target):
            parts.append(call)
        elif depth and is_composite_type(target):
            own = target.name.endswith(("Connection", "Edge", "PageInfo"))
            kinds = [target, *(schema.get_possible_types(target) if is_abstract_type(target) else ())]
            below = []
            for item in kinds:
                if isinstance(item, Fielded):
                    told = _selection(schema, item, given, depth - (not own), variables, (*within, name))
                    below.append(told if item is target else f"... on {item.name} {{ {told} }}" if told else "")
            if text := " ".join(filter(None, below)):
                parts.append(f"{call} {{ {text} }}")
    return " ".join(parts)


def _call(kind: str, name: str, field: GraphQLField, given: Given, variables: dict[str, tuple[str, Any]]) -> str:
    told = []
    for argument, made in field.args.items():
        if is_required_argument(made):
            variable = f"{kind}_{name}_{argument}"
            variables[variable] = (str(made.type), given.value(kind, name, argument, made))
            told.append(f"{argument}: ${variable}")
    if "first" in field.args:
        told.append("first: 3")
    return f"({', '.join(told)})" if told else ""
