"""Values that the configuration made, completed as the specification has it: objects, lists, scalars.

Only what cannot fail is completed here; a value that would be an error is for the plain executor (NotCompiled).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType
from graphql.execution.collect_fields import FieldDetailsList

from schema.catalogue import python_name
from schema.compile.selection import Selection
from schema.compile.tree import NotCompiled

Complete = Callable[[Any], Any]


def completer(selection: Selection, kind: GraphQLOutputType, fields: FieldDetailsList) -> Complete:
    """How a value of a type becomes what stands in the answer."""
    if isinstance(kind, GraphQLNonNull):
        return _required(completer(selection, kind.of_type, fields))
    if isinstance(kind, GraphQLList):
        return _list(completer(selection, kind.of_type, fields))
    if isinstance(kind, GraphQLObjectType):
        return _object(selection, kind, fields)

    def leaf(value: Any) -> Any:
        try:
            return None if value is None else kind.serialize(value)  # type: ignore[union-attr]
        except (GraphQLError, TypeError, ValueError):
            raise NotCompiled from None

    return leaf


def _required(inner: Complete) -> Complete:
    def required(value: Any) -> Any:
        found = inner(value)
        if found is None:
            raise NotCompiled
        return found

    return required


def _list(inner: Complete) -> Complete:
    return lambda value: None if value is None else [inner(item) for item in value]


def _object(selection: Selection, kind: GraphQLObjectType, fields: FieldDetailsList) -> Complete:
    members: list[tuple[str, str | None, Complete]] = []
    for key, details in selection.below(kind, fields).items():
        name = details[0].node.name.value
        if name == "__typename":
            members.append((key, None, _constant(kind.name)))
        else:
            field = kind.fields[name]
            members.append((key, python_name(field.extensions), completer(selection, field.type, details)))

    def whole(value: Any) -> Any:
        if value is None:
            return None
        return {key: complete(_read(value, name) if name else None) for key, name, complete in members}

    return whole


def _constant(text: str) -> Complete:
    return lambda _value: text


def _read(row: Any, name: str) -> Any:
    value = row[name]
    return value() if callable(value) else value
