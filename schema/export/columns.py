"""What of a document fits into a table: one connection at its root, its nodes' values by dotted names.

Refused, each with its reason: several fields at the root or none, a field that is no connection, pages of the caller's
own (an export pages by itself), anything of the connection but `nodes`, lists and connections below a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_variable_values

from schema.catalogue import governed
from schema.compile.selection import Selection
from schema.contract import Contract
from schema.errors import DocumentRefused
from schema.graph.fields import Way
from schema.read.model import SHOW, Kind

FIRST, AFTER = "_first", "_after"  # variables of the hub's own; GraphQL names of callers may not hold them
OWN_PAGES = ("first", "after", "last", "before")
UNITS = {"Yuan": "yuan", "Ratio": "fraction"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table: its dotted name, the response keys that lead to it, its scalar (`Text` where masked)."""

    name: str
    path: tuple[str, ...]
    scalar: str

    @property
    def unit(self) -> str:
        """The unit of its values, as the graph has it; empty where it has none."""
        return UNITS.get(self.scalar, "")

    def of(self, nodes: Iterable[Mapping[str, Any]]) -> list[Any]:
        """The values in nodes; None where something on the way is null."""
        values: list[Any] = list(nodes)
        for key in self.path:
            values = [None if value is None else value[key] for value in values]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A document as a table: `node` with its response key at the root, the document of one page, the columns."""

    root: str
    node: FieldNode
    way: Way
    page: DocumentNode
    columns: tuple[Column, ...]


def table(
    contract: Contract, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> Table:
    """The table of a validated document. Raises DocumentRefused."""
    schema = contract.schema
    values = get_variable_values(schema, operation.variable_definitions or (), dict(variables), hide_suggestions=True)
    if isinstance(values, list):
        raise DocumentRefused("The variables are not those of the document")
    selection = Selection(schema, document, operation, values)
    kind = schema.query_type
    fields = selection.root(kind) if kind else {}
    if kind is None or len(fields) != 1:
        raise DocumentRefused("An export has one field at its root")
    ((root, details),) = fields.items()
    node = details[0].node
    spec = governed(kind.fields[node.name.value].extensions) if node.name.value in kind.fields else None
    if not isinstance(spec, Way) or spec.link.kind is not Kind.PAGE:
        raise DocumentRefused("An export has a connection at its root")
    if any(argument.name.value in OWN_PAGES for argument in node.arguments or ()):
        raise DocumentRefused("An export pages by itself: take out first, after, last and before")
    connection = get_named_type(kind.fields[node.name.value].type)
    below = selection.below(connection, details) if isinstance(connection, GraphQLObjectType) else {}
    if not isinstance(connection, GraphQLObjectType) or [*(item[0].node.name.value for item in below.values())] != [
        "nodes"
    ]:
        raise DocumentRefused("Of an exported connection only nodes are selected, once")
    (nodes,) = below.values()
    kind_of_nodes = get_named_type(connection.fields["nodes"].type)
    if not isinstance(kind_of_nodes, GraphQLObjectType):
        raise DocumentRefused("Of an exported connection only nodes are selected, once")
    columns = tuple(_columns(contract, selection, kind_of_nodes, nodes, ()))
    page = _page(document, operation, root, node, [detail.node for detail in nodes])
    return Table(root=root, node=node, way=spec, page=page, columns=columns)


def _columns(
    contract: Contract,
    selection: Selection,
    kind: GraphQLObjectType,
    details: FieldDetailsList,
    path: tuple[str, ...],
) -> Iterator[Column]:
    for key, items in selection.below(kind, details).items():
        name, here = items[0].node.name.value, (*path, key)
        dotted = ".".join(here)
        if name == "__typename":
            yield Column(name=dotted, path=here, scalar="String")
            continue
        field = kind.fields[name]
        spec, type_ = governed(field.extensions), field.type
        inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        paged = isinstance(spec, Way) and spec.link.kind is not Kind.ONE
        if paged or isinstance(inner, GraphQLList):
            raise DocumentRefused(f"{dotted} is a list: a row of an export holds single values")
        if isinstance(inner, GraphQLObjectType):
            yield from _columns(contract, selection, inner, items, here)
        elif isinstance(inner, GraphQLScalarType | GraphQLEnumType):
            column = contract.terms.columns.get(kind.name, {}).get(name)
            masked = column is not None and column.effect != SHOW
            yield Column(name=dotted, path=here, scalar="Text" if masked else inner.name)


def _page(
    document: DocumentNode, operation: OperationDefinitionNode, root: str, node: FieldNode, nodes: list[FieldNode]
) -> DocumentNode:
    """The document that reads one page: the same nodes, with what is needed to go on."""

    def name(text: str) -> NameNode:
        return NameNode(value=text)

    def variable(text: str, kind: str) -> VariableDefinitionNode:
        return VariableDefinitionNode(variable=VariableNode(name=name(text)), type=NamedTypeNode(name=name(kind)))

    def leaf(text: str) -> FieldNode:
        return FieldNode(name=name(text))

    selected: list[SelectionNode] = [
        part for found in nodes for part in (found.selection_set.selections if found.selection_set else ())
    ]
    info = SelectionSetNode(selections=(leaf("hasNextPage"), leaf("endCursor")))
    field = FieldNode(
        name=node.name,
        alias=name(root),
        arguments=(
            *(node.arguments or ()),
            ArgumentNode(name=name("first"), value=VariableNode(name=name(FIRST))),
            ArgumentNode(name=name("after"), value=VariableNode(name=name(AFTER))),
        ),
        selection_set=SelectionSetNode(
            selections=(
                FieldNode(name=name("nodes"), selection_set=SelectionSetNode(selections=tuple(selected))),
                FieldNode(name=name("pageInfo"), selection_set=info),
            )
        ),
    )
    paging = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=(
            *(operation.variable_definitions or ()),
            variable(FIRST, "Int"),
            variable(AFTER, "String"),
        ),
        selection_set=SelectionSetNode(selections=(field,)),
    )
    fragments = [item for item in document.definitions if isinstance(item, FragmentDefinitionNode)]
    return DocumentNode(definitions=(paging, *fragments))
