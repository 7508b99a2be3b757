"""Which fields of a link's target a document asks for: a look ahead into the selection, fragments included.

It may name more than the answer needs (what @skip leaves out), never less, and never what the contract has not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from schema.read.model import Kind

Fragments = dict[str, FragmentDefinitionNode]


def asked(nodes: Iterable[FieldNode], fragments: Fragments, kind: Kind) -> frozenset[str]:
    """The GraphQL names of the target's fields that any of these field nodes selects."""
    targets = [node.selection_set for node in nodes if node.selection_set]
    if kind is Kind.PAGE:
        edges = list(_below(targets, fragments, "edges"))
        targets = [*_below(targets, fragments, "nodes"), *_below(edges, fragments, "node")]
    return frozenset(node.name.value for selection in targets for node in fields(selection, fragments))


def _below(selections: Iterable[SelectionSetNode], fragments: Fragments, name: str) -> Iterator[SelectionSetNode]:
    for selection in selections:
        for node in fields(selection, fragments):
            if node.name.value == name and node.selection_set:
                yield node.selection_set


def fields(selection: SelectionSetNode, fragments: Fragments) -> Iterator[FieldNode]:
    """The fields of a selection, each fragment entered once."""
    entered: set[str] = set()
    waiting = [selection]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in entered:
                entered.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
