"""What a document asks for, found in one linear walk before anything runs.

1. Each selection set is weighed once: a fragment's weight is remembered, however often and however deep it is spread.
   A document of n selections takes n steps; what a bomb would expand to is arithmetic.
2. The cost counts the values an answer may hold: a list counts its rows times what each row holds.
3. Introspection is answered from the contract, so it counts its fields only; whole schemas are few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from schema.agreement import Limits
from schema.contract import Contract
from schema.errors import DocumentRefused, LimitExceeded
from schema.read.pages import DEFAULT

CHAIN = 120  # selections and fragments inside each other; deeper than any depth an agreement can allow
PAGE = ("first", "last")
INTROSPECTION = ("__schema", "__type")
SCHEMAS = 2  # __schema fields of a document: each may be answered with the whole contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What a selection set expands to."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    cost: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(
            depth=max(self.depth, other.depth),
            aliases=self.aliases + other.aliases,
            fields=self.fields + other.fields,
            directives=self.directives + other.directives,
            cost=self.cost + other.cost,
        )


NOTHING = Weight()


@dataclass(slots=True, kw_only=True)
class Measure:
    """What a document asks for: its weight, the `Type.field`s it selects, and how many steps it took to find out.

    `granted` is for schema/work.py: what follows of it for the log and the answer's end.
    """

    weight: Weight = NOTHING
    selected: set[str] = field(default_factory=set)
    introspects: bool = False
    personal: bool = False
    steps: int = 0
    granted: Any = None


class _Scale:
    """One walk over one document."""

    def __init__(
        self,
        contract: Contract,
        document: DocumentNode,
        operation: OperationDefinitionNode | None,
        variables: Mapping[str, Any],
    ) -> None:
        self.contract = contract
        self.variables = {**_defaults(operation), **variables}
        self.preset = _preset(document)
        self.measure = Measure()
        self.schemas = 0
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._weights: dict[tuple[str, str], Weight] = {}
        self._open: set[str] = set()

    def set(self, selection: SelectionSetNode | None, kind: Any, chain: int) -> Weight:
        """The weight of a selection set on a type."""
        if chain > CHAIN:
            raise LimitExceeded("depth", self.contract.agreement.limits.depth)
        total = NOTHING
        for node in selection.selections if selection else ():
            self.measure.steps += 1
            directives = Weight(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                total += directives + self.field(node, kind, chain)
            elif isinstance(node, InlineFragmentNode):
                total += directives + self.set(node.selection_set, self._type(node, kind), chain + 1)
            elif isinstance(node, FragmentSpreadNode):
                total += directives + self.fragment(node.name.value, kind, chain)
        return total

    def fragment(self, name: str, outer: Any, chain: int) -> Weight:
        """The weight of a named fragment, found once (of an interface: once for each type it is spread on).

        Cycles and unknown names are for validation to report.
        """
        node = self.fragments.get(name)
        kind = self._type(node, outer) if node is not None else None
        key = (name, kind.name if isinstance(kind, GraphQLNamedType) else "")
        found = self._weights.get(key)
        if found is None:
            if node is None or name in self._open:
                return NOTHING
            self._open.add(name)
            found = self._weights[key] = self.set(node.selection_set, kind, chain + 1)
            self._open.discard(name)
        return found

    def field(self, node: FieldNode, kind: Any, chain: int) -> Weight:
        """The weight of a field with what is below it."""
        name = node.name.value
        own = Weight(aliases=1 if node.alias else 0, fields=1, cost=1)
        if name in INTROSPECTION:
            self.measure.introspects = True
            self.schemas += name == INTROSPECTION[0]
            below = self.set(node.selection_set, None, chain + 1)
            return own + replace(below, depth=0, cost=below.fields)
        known = kind.fields.get(name) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else None
        where = f"{kind.name}.{name}" if known is not None else ""
        if where:
            self.measure.selected.add(where)
            self._personal(node, where)
        below = self.set(node.selection_set, get_named_type(known.type) if known else None, chain + 1)
        rows = self.contract.size(where)
        cost = below.cost * (self._page(node) if rows is None else rows)
        about_types = kind is not None and kind.name.startswith("__")  # a fragment of an introspection
        return own + replace(below, depth=0 if about_types else below.depth + 1, cost=cost)

    def _type(self, node: InlineFragmentNode | FragmentDefinitionNode, outer: Any) -> Any:
        """The type that a fragment's fields are of: of an interface's, the type that it is spread on."""
        if node.type_condition is None:
            return outer
        kind = self.contract.schema.type_map.get(node.type_condition.name.value)
        return outer if isinstance(kind, GraphQLInterfaceType) and isinstance(outer, GraphQLObjectType) else kind

    def _page(self, node: FieldNode) -> int:
        """The rows of a connection's page."""
        most = self.contract.agreement.limits.page
        asked = []
        for argument in node.arguments or ():
            if argument.name.value in PAGE:
                value: Any = argument.value
                if isinstance(value, IntValueNode):
                    rows = int(value.value) if len(value.value) < 10 else most + 1
                elif isinstance(value, VariableNode):
                    told = self.variables.get(value.name.value)
                    if told is None:  # null is as not given: the other of both may be
                        continue
                    rows = told if isinstance(told, int) else most
                else:
                    rows = most
                if rows > most:
                    raise LimitExceeded("page", most)
                asked.append(max(rows, 0))
        return max(asked, default=min(DEFAULT, most))

    def _personal(self, node: FieldNode, where: str) -> None:
        """A value that names a person comes as a variable: documents are hashed, cached and reported."""
        for argument in node.arguments or ():
            if (where, argument.name.value) in self.contract.personal:
                self.measure.personal = True
                if not isinstance(argument.value, VariableNode) or argument.value.name.value in self.preset:
                    raise DocumentRefused(
                        f"Argument '{argument.name.value}' is given as a variable, not in the document"
                    )


def measure(
    contract: Contract, document: DocumentNode, operation: OperationDefinitionNode | None, variables: Mapping[str, Any]
) -> Measure:
    """Weigh a document and check it against the agreement's limits. Raises LimitExceeded, DocumentRefused.

    Every definition counts, since every definition is validated; the cost and what is selected are the operation's.
    """
    scale = _Scale(contract, document, operation, variables)
    for name in scale.fragments:
        _within(scale.fragment(name, None, 0), contract.agreement.limits, cost=False)
    others = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    for node in others:
        if node is not operation:
            _within(scale.set(node.selection_set, _root(contract, node), 0), contract.agreement.limits, cost=False)
    scale.measure.selected.clear()
    scale._weights.clear()
    if operation is not None:
        scale.measure.weight = scale.set(operation.selection_set, _root(contract, operation), 0)
        _within(scale.measure.weight, contract.agreement.limits, cost=True)
    if scale.schemas > SCHEMAS:
        raise LimitExceeded("introspections", SCHEMAS)
    return scale.measure


def _root(contract: Contract, operation: OperationDefinitionNode) -> GraphQLObjectType | None:
    """The type that an operation begins with."""
    schema = contract.schema
    return schema.mutation_type if operation.operation is OperationType.MUTATION else schema.query_type


def page_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that set the size of a page: all that a measure depends on besides its document."""
    found: set[str] = set()

    class Pages(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: object) -> None:
            if node.name.value in PAGE and isinstance(node.value, VariableNode):
                found.add(node.value.name.value)

    visit(document, Pages())
    return tuple(sorted(found))


def _defaults(operation: OperationDefinitionNode | None) -> dict[str, int]:
    """The whole numbers that an operation's variables have by default."""
    return {
        node.variable.name.value: int(node.default_value.value)
        for node in (operation.variable_definitions if operation else None) or ()
        if isinstance(node.default_value, IntValueNode) and len(node.default_value.value) < 10
    }


def _preset(document: DocumentNode) -> frozenset[str]:
    """The variables whose values a document holds itself, as defaults."""
    return frozenset(
        node.variable.name.value
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    )


def _within(weight: Weight, limits: Limits, *, cost: bool) -> None:
    for name in ("depth", "aliases", "fields", "directives"):
        if getattr(weight, name) > getattr(limits, name):
            raise LimitExceeded(name, getattr(limits, name))
    if cost and weight.cost > limits.cost:
        raise LimitExceeded("cost", limits.cost)
