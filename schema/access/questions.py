"""What registered documents ask, as trees of fields, and whether one asks nothing beyond others.

1. Fields are merged as the specification merges them; fragments stand where they are spread, aliases are no matter.
2. A variable may be anything its type allows: it holds every literal, and nothing at all where it may be absent. One
   that stands in several places holds only itself, since all of them have one value.
3. A field under @include or @skip is asked; where its variable decides the other way elsewhere, or is a value too, it
   holds nothing.
4. A root field is held by one root field of one document: two answers do not say which of their rows belong together.
5. What is not seen to be held counts as more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    print_ast,
)

LEAVES_OUT = {"include": False, "skip": True}
TYPENAME = "__typename"  # tells nothing that the schema does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What values need of their operation: its variables, and in how many places each stands."""

    variables: Mapping[str, VariableDefinitionNode]
    uses: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of an argument."""

    node: ValueNode
    operation: Operation

    @property
    def text(self) -> str:
        """As it is written; a variable by its type."""
        node = self.node
        if isinstance(node, VariableNode):
            made = self.operation.variables[node.name.value]
            default = f" = {print_ast(made.default_value)}" if made.default_value else ""
            return f"${print_ast(made.type)}{default}"
        if isinstance(node, ObjectValueNode):
            return f"{{{', '.join(f'{name}: {value.text}' for name, value in self.members.items())}}}"
        if isinstance(node, ListValueNode):
            return f"[{', '.join(value.text for value in self.items)}]"
        return print_ast(node)

    @property
    def members(self) -> Mapping[str, Value]:
        """The members of an object, by name."""
        parts = self.node.fields if isinstance(self.node, ObjectValueNode) else ()
        told = {item.name.value: Value(node=item.value, operation=self.operation) for item in parts}
        return dict(sorted(told.items()))

    @property
    def items(self) -> Sequence[Value]:
        """The items of a list."""
        parts = self.node.values if isinstance(self.node, ListValueNode) else ()
        return [Value(node=item, operation=self.operation) for item in parts]

    def names(self) -> Iterator[str]:
        """The variables in it."""
        if isinstance(self.node, VariableNode):
            yield self.node.name.value
        for part in (*self.members.values(), *self.items):
            yield from part.names()

    def holds(self, other: Value | None) -> bool:
        """Whether it can be whatever another can be; None is no value at all."""
        if isinstance(self.node, VariableNode):
            return self._may_be(self.node.name.value, other)
        if other is None or type(self.node) is not type(other.node):
            return False
        if isinstance(self.node, ObjectValueNode):
            return hold(self.members, other.members)
        if isinstance(self.node, ListValueNode):
            mine, theirs = self.items, other.items
            return len(mine) == len(theirs) and all(one.holds(two) for one, two in zip(mine, theirs, strict=True))
        return self.text == other.text

    def _may_be(self, name: str, other: Value | None) -> bool:
        made = self.operation.variables[name]
        required = isinstance(made.type, NonNullTypeNode)
        if self.operation.uses[name] > 1:
            same = other is not None and isinstance(other.node, VariableNode) and other.node.name.value == name
            return same and other is not None and self.text == other.text
        if other is None:  # a variable that is not given leaves its argument out, but for its default
            return not required and made.default_value is None
        if isinstance(other.node, NullValueNode):
            return not required
        if not isinstance(other.node, VariableNode):
            return True
        theirs = other.operation.variables[other.node.name.value]
        if isinstance(theirs.type, NonNullTypeNode):
            return print_ast(theirs.type).removesuffix("!") == print_ast(made.type).removesuffix("!")
        kept = theirs.default_value is not None or made.default_value is None  # left out, it is so here too
        return kept and not required and print_ast(theirs.type) == print_ast(made.type)


def hold(mine: Mapping[str, Value], theirs: Mapping[str, Value]) -> bool:
    """Whether named values can be whatever others can be; what a side does not name is absent there."""
    return theirs.keys() <= mine.keys() and all(value.holds(theirs.get(name)) for name, value in mine.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A field with its arguments and what is asked below it."""

    name: str
    arguments: Mapping[str, Value]
    below: Sequence[Question] = ()

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {value.text}" for name, value in self.arguments.items())
        return f"{self.name}({told})" if told else self.name

    def holds(self, other: Question) -> bool:
        """Whether another asks nothing beyond this."""
        return self.takes(other) and all(any(mine.holds(theirs) for mine in self.below) for theirs in other.below)

    def takes(self, other: Question) -> bool:
        """Whether the field by itself is as wide as another's."""
        return self.name == other.name and hold(self.arguments, other.arguments)

    def paths(self) -> Iterator[str]:
        """The dotted paths to its leaves."""
        if not self.below:
            yield str(self)
        for part in self.below:
            yield from (f"{self}.{path}" for path in part.paths())

    def beyond(self, others: Sequence[Question]) -> Iterator[str]:
        """The paths of what it asks that none of the others does."""
        same = [other for other in others if other.takes(self)]
        if not same:
            yield from self.paths()
            return
        inner = [below for other in same for below in other.below]
        for part in self.below:
            yield from (f"{self}.{path}" for path in part.beyond(inner))


def asked(document: DocumentNode) -> list[Question]:
    """All that a document can ask: the root fields of its operations."""
    return [found for reader in _readers(document) for found in reader.read(frozenset())]


def askable(document: DocumentNode) -> list[Question]:
    """What a document certainly asks, if its caller wants it."""
    found = []
    for reader in _readers(document):
        reader.read(frozenset())
        found += reader.read(frozenset(reader.doubtful()))
    return found


def beyond(new: Iterable[Question], before: Sequence[Question]) -> list[str]:
    """The paths of what is asked beyond what was; where only what stands together is new, all of it. Empty: nothing."""
    found: list[str] = []
    for question in new:
        if not any(old.holds(question) for old in before):
            found += list(question.beyond(before)) or list(question.paths())
    return list(dict.fromkeys(found))


def _readers(document: DocumentNode) -> Iterator[_Reader]:
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            yield _Reader(operation, fragments)


class _Reader:
    """Reads the selections of one operation."""

    def __init__(self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._root = operation.selection_set
        self._kind = "" if operation.operation is OperationType.QUERY else f"{operation.operation.value} "
        self._fragments = fragments
        self._operation = Operation(
            variables={item.variable.name.value: item for item in operation.variable_definitions or ()}
        )
        self._ways: dict[str, set[str]] = defaultdict(set)  # variables that decide, with include, skip or both

    def read(self, without: frozenset[str]) -> list[Question]:
        """The root fields, without those that one of these variables decides on."""
        self._operation.uses.clear()
        return [replace(found, name=self._kind + found.name) for found in self._read([self._root], without)]

    def doubtful(self) -> list[str]:
        """The variables that decide on fields and are not free to."""
        return [name for name, ways in self._ways.items() if len(ways) > 1 or self._operation.uses[name]]

    def _read(self, sets: Sequence[SelectionSetNode], without: frozenset[str]) -> list[Question]:
        """The fields of selection sets that stand together, those of one response key merged."""
        found: dict[str, tuple[FieldNode, list[SelectionSetNode]]] = {}
        for selected in sets:
            for node in self._fields(selected, without, ()):
                key = node.alias.value if node.alias else node.name.value
                _, inner = found.setdefault(key, (node, []))
                inner += [node.selection_set] if node.selection_set else []
        return [self._question(node, inner, without) for node, inner in found.values()]

    def _question(self, node: FieldNode, inner: list[SelectionSetNode], without: frozenset[str]) -> Question:
        arguments = {
            item.name.value: Value(node=item.value, operation=self._operation) for item in node.arguments or ()
        }
        for value in arguments.values():
            self._operation.uses.update(value.names())
        below = self._read(inner, without)
        return Question(name=node.name.value, arguments=dict(sorted(arguments.items())), below=below)

    def _fields(
        self, selected: SelectionSetNode, without: frozenset[str], within: tuple[str, ...]
    ) -> Iterator[FieldNode]:
        """The fields of a selection set; a fragment's type is the field's own, or an interface of it."""
        for node in selected.selections:
            if not self._stays(node.directives or (), without):
                continue
            if isinstance(node, FieldNode):
                if node.name.value != TYPENAME:
                    yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._fields(node.selection_set, without, within)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in within:
                name = node.name.value
                yield from self._fields(self._fragments[name].selection_set, without, (*within, name))

    def _stays(self, directives: Iterable[DirectiveNode], without: frozenset[str]) -> bool:
        """Whether a selection can be asked."""
        for directive in directives:
            way = directive.name.value
            out = LEAVES_OUT.get(way)
            for item in directive.arguments or () if out is not None else ():
                if isinstance(item.value, BooleanValueNode) and item.value.value is out:
                    return False
                if isinstance(item.value, VariableNode):
                    self._ways[item.value.name.value].add(way)
                    if item.value.name.value in without:
                        return False
        return True
