"""What a request gives to the links of a plan: variables, and literals of a document that differs in nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    FloatValueNode,
    GraphQLField,
    GraphQLInputObjectType,
    IntValueNode,
    ListValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_required_argument,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.catalogue import python_name
from schema.graph.fields import Way, page, times_of
from schema.read.context import Context
from schema.read.model import Kind
from schema.read.pages import Span, span
from schema.read.reading import Bound, binding_of
from schema.read.statement import TAKE
from schema.read.times import NOW, Known, Times

LITERAL = (IntValueNode, FloatValueNode, StringValueNode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one place is given: bound values, the page that is asked for, when it is read and what it says of that.

    `values` are what it binds, by the names that they have in the statement.
    """

    bound: Sequence[Bound]
    span: Span | None
    times: Times
    own: Times
    values: Mapping[str, Any]


class Given:
    """The values that come with a request. `literals` are its document's, in order; None: the plan's own document."""

    def __init__(
        self,
        context: Context,
        variables: VariableValues,
        resolve: Callable[[Known], tuple[int, date]],
        literals: Sequence[str] | None = None,
    ) -> None:
        self.context = context
        self.variables = variables
        self._resolve = resolve
        self._literals = literals

    @property
    def own(self) -> bool:
        """Whether the document is the plan's own."""
        return self._literals is None

    def times(self, known: Known | None, day: date | None) -> Times:
        """The times that a field names. Raises BadRequest."""
        number, since = self._resolve(known) if known is not None else (None, None)
        return Times(publication=number, since=since, day=day)

    def arguments(self, field: GraphQLField, node: FieldNode, order: Mapping[int, int]) -> dict[str, Any]:
        """A field's arguments by Python's names; `order` tells which literal stands at an offset of the plan's text."""
        if self._literals is not None and node.arguments:
            told = [ArgumentNode(name=item.name, value=self._value(item.value, order)) for item in node.arguments]
            node = FieldNode(name=node.name, arguments=tuple(told))
        values = get_argument_values(field, node, self.variables)
        return {python_name(field.args[name].extensions): value for name, value in values.items()}

    def _value(self, node: ValueNode, order: Mapping[int, int]) -> ValueNode:
        if isinstance(node, LITERAL) and node.loc and self._literals is not None:
            return type(node)(value=self._literals[order[node.loc.start]])
        if isinstance(node, ListValueNode):
            return ListValueNode(values=tuple(self._value(item, order) for item in node.values))
        if isinstance(node, ObjectValueNode):
            fields = (ObjectFieldNode(name=item.name, value=self._value(item.value, order)) for item in node.fields)
            return ObjectValueNode(fields=tuple(fields))
        return node


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A link where a document follows it: its field node, and what its bound values are named by.

    `above` is the number of the place it hangs below, if any.
    """

    number: int
    above: int | None
    way: Way
    parent: str
    field: GraphQLField
    node: FieldNode
    plain: Sequence[tuple[str, str]] | None = dataclass_field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", _plain(self.field, self.node))

    @property
    def constant(self) -> bool:
        """Whether its arguments are the same for each request with this document."""
        return not any(_varies(argument.value) for argument in self.node.arguments or ())

    def told(self, given: Given, order: Mapping[int, int], before: Sequence[Told]) -> Told:
        """What a request gives to it; `before` is what it gave to the places before. Raises as `span` does."""
        arguments = self._arguments(given, order)
        bound = self.way.bound(given.context, arguments, self._conditions(arguments.get("filter")))
        own = given.times(*times_of(arguments))
        times = own if own.publication is not None else (NOW if self.above is None else before[self.above].times)
        times = times.below(own.day)
        if self.way.link.kind is not Kind.PAGE:
            return Told(bound=bound, span=None, times=times, own=own, values=self._values(bound, None, own))
        binding = binding_of(self.parent, self.node.name.value, bound, times)
        context = given.context
        ordered = context.terms.order(self.way.link.target)
        asked = span(page(arguments), context.terms.page, ordered, binding, context.codec)
        return Told(bound=bound, span=asked, times=times, own=own, values=self._values(bound, asked, own))

    def _arguments(self, given: Given, order: Mapping[int, int]) -> dict[str, Any]:
        """The arguments by Python's names: variables as they are, where each of them is given."""
        values = given.variables.coerced
        if self.plain is None or any(values.get(variable) is None for _, variable in self.plain):
            return given.arguments(self.field, self.node, order)
        return {name: values[variable] for name, variable in self.plain}

    def _conditions(self, chosen: Mapping[str, Any] | None) -> dict[str, Any]:
        kind = get_named_type(self.field.args["filter"].type) if chosen else None
        if not chosen or not isinstance(kind, GraphQLInputObjectType):
            return {}
        return {python_name(kind.fields[name].extensions): value for name, value in chosen.items()}

    def _values(self, bound: Sequence[Bound], asked: Span | None, own: Times) -> dict[str, Any]:
        found = {item.name if item.where is None else f"f_{item.name}": item.value for item in bound}
        if asked is not None:
            found |= {TAKE: asked.take, **asked.key}
        found |= own.parameters()
        return {named(self.number, name): value for name, value in found.items()}


def _plain(field: GraphQLField, node: FieldNode) -> Sequence[tuple[str, str]] | None:
    """Each argument with its variable, where variables are all that a field is given, and it has no defaults."""
    told = {item.name.value: item.value for item in node.arguments or ()}
    found = []
    for name, argument in field.args.items():
        value = told.get(name)
        if isinstance(value, VariableNode):
            found.append((python_name(argument.extensions), value.name.value))
        elif value is not None or is_required_argument(argument) or coerce_default_value(argument) is not Undefined:
            return None
    return found


def _varies(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(_varies(item) for item in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_varies(item.value) for item in node.fields)
    return isinstance(node, VariableNode)


def named(place: int, name: str) -> str:
    """A bound value's name in the statement; SQLAlchemy makes none like it."""
    return f"at{place}_{name}"
