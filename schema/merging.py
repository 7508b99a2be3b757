"""How much of a document must be compared with each other: fields of one name, and fragments, in one place.

Validation compares each pair of them, so a few hundred equal fields cost as much as tens of thousands of different
ones. Counting the pairs takes one walk over what the document expands to, which the limit of fields has bounded.
"""

from __future__ import annotations

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from schema.errors import LimitExceeded

PAIRS = 500  # of a document; two dozen components that each ask for the same field of one person make 276


class _Count:
    """One walk over one document."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.fragments = fragments
        self.reached: set[str] = set()
        self.pairs = 0

    def merge(self, sets: list[SelectionSetNode]) -> None:
        """Count within what these selection sets become together, and below it."""
        counts: dict[str, int] = {}
        below: dict[str, list[SelectionSetNode]] = {}
        spread: set[str] = set()
        waiting = list(sets)
        while waiting:
            for node in waiting.pop().selections:
                if isinstance(node, FieldNode):
                    name = (node.alias or node.name).value
                    self._more(counts.get(name, 0))
                    counts[name] = counts.get(name, 0) + 1
                    if node.selection_set:
                        below.setdefault(name, []).append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode):
                    fragment = self.fragments.get(node.name.value)
                    if fragment is not None and node.name.value not in spread:
                        self._more(len(spread))
                        spread.add(node.name.value)
                        waiting.append(fragment.selection_set)
                elif isinstance(node, InlineFragmentNode):
                    waiting.append(node.selection_set)
        self.reached |= spread
        for found in below.values():
            self.merge(found)

    def _more(self, pairs: int) -> None:
        self.pairs += pairs
        if self.pairs > PAIRS:
            raise LimitExceeded("repeats", PAIRS)


def bounded(document: DocumentNode) -> int:
    """The pairs of a document whose depth and fields are within limits. Raises LimitExceeded."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    count = _Count(fragments)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            count.merge([node.selection_set])
    for name, fragment in fragments.items():
        if name not in count.reached:
            count.merge([fragment.selection_set])
    return count.pairs
