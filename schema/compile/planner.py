"""From a document to the tree of its answer, with its places (links followed) and its holes (what Python fills in)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLString,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetailsList

from schema.catalogue import governed
from schema.compile.arguments import Given, Place, Told
from schema.compile.complete import completer
from schema.compile.holes import Filler, of_column, of_cursor, of_entry
from schema.compile.selection import Selection
from schema.compile.tree import (
    Branch,
    Constant,
    Cursor,
    End,
    Hole,
    Inner,
    Leaf,
    More,
    Node,
    NotCompiled,
    Object,
    Rows,
)
from schema.contract import Contract
from schema.graph.fields import Entry, Way
from schema.read.model import Entity, Governed, Kind, Link

TEXTS = (GraphQLString, GraphQLID)
FLAGS = {"hasNextPage": True, "hasPreviousPage": False}
ENDS = {"startCursor": False, "endCursor": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A document's answer: `holes` by their number, `places` by theirs."""

    root: Object
    places: tuple[Place, ...]
    holes: tuple[Filler, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A place below which links are planned, and the places whose `knownAt` and `asOf` hold there."""

    place: int | None = None
    known: int | None = None
    dated: int | None = None


class Planner:
    """Plans one operation under the values of one request; what it takes of them is which are given, and booleans."""

    def __init__(self, contract: Contract, selection: Selection, given: Given, order: Mapping[int, int]) -> None:
        self.contract = contract
        self.selection = selection
        self.given = given
        self.order = order
        self.places: list[Place] = []
        self.told: list[Told] = []
        self._open: list[_Open] = []  # the places that are being planned, the innermost last
        self.holes: list[Filler] = []

    def plan(self) -> Tree:
        """The tree. Raises NotCompiled, and what the arguments raise."""
        kind = self.contract.schema.query_type
        if kind is None:
            raise NotCompiled
        fields: list[tuple[str, Node]] = []
        for key, details in self.selection.root(kind).items():
            fields.append((key, self._entry(kind, details)))
        return Tree(root=Object(fields=tuple(fields)), places=tuple(self.places), holes=tuple(self.holes))

    def _entry(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Node:
        node = details[0].node
        if node.name.value == "__typename":
            return _constant(kind.name)
        field = kind.fields.get(node.name.value)
        if field is None:  # introspection
            raise NotCompiled
        spec = governed(field.extensions)
        if isinstance(spec, Way):
            return self._branch(spec, kind, field, details)
        if isinstance(spec, Entry) and spec.resolve is not None:
            complete = completer(self.selection, field.type, details)
            return Hole(number=self._hole(of_entry(spec.resolve, field, node, complete)))
        raise NotCompiled

    def _branch(self, way: Way, parent: GraphQLObjectType, field: GraphQLField, details: FieldDetailsList) -> Branch:
        number, above = len(self.places), self._open[-1] if self._open else _Open()
        place = Place(number=number, above=above.place, way=way, parent=parent.name, field=field, node=details[0].node)
        self.places.append(place)
        told = place.told(self.given, self.order, self.told)
        self.told.append(told)
        own = _Open(
            place=number,
            known=above.known if told.own.publication is None else number,
            dated=above.dated if told.own.day is None else number,
        )
        self._open.append(own)
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLObjectType):
            raise NotCompiled
        if way.link.kind is Kind.PAGE:
            content = self._connection(kind, details, way.link, number, told)
        else:
            content = self._row(kind, details, way.link)
        self._open.pop()
        return Branch(
            link=way.link,
            place=number,
            content=content,
            filters=tuple((item.name, item.where) for item in told.bound if item.where is not None),
            after=bool(told.span and told.span.key),
            backward=bool(told.span and told.span.backward),
            known=own.known,
            dated=own.dated,
        )

    def _row(self, kind: GraphQLObjectType, details: FieldDetailsList, link: Link) -> Object:
        fields: list[tuple[str, Node]] = []
        for key, items in self.selection.below(kind, details).items():
            name = items[0].node.name.value
            if name == "__typename":
                fields.append((key, _constant(kind.name)))
                continue
            field = kind.fields[name]
            spec = governed(field.extensions)
            if isinstance(spec, Way):
                fields.append((key, self._branch(spec, kind, field, items)))
            else:
                fields.append((key, self._value(self.contract.terms.columns[kind.name][name], field, items, link)))
        return Object(fields=tuple(fields))

    def _value(self, column: Governed, field: GraphQLField, details: FieldDetailsList, link: Link) -> Leaf | Hole:
        kind = field.type
        if column.form.finish is None and isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return Leaf(column=column, type=kind)
        if column.form.finish is None or isinstance(kind, GraphQLNonNull):
            raise NotCompiled
        binary = isinstance(_type(column, link), sa.LargeBinary)
        if column.form.together is not None and kind not in TEXTS:
            raise NotCompiled
        complete = completer(self.selection, kind, details)
        configured = not isinstance(get_named_type(kind), GraphQLScalarType)
        filler = of_column(column.form, complete, binary=binary, configured=configured)
        return Hole(number=self._hole(filler), column=column)

    def _connection(
        self, kind: GraphQLObjectType, details: FieldDetailsList, link: Link, place: int, told: Told
    ) -> Object:
        fields: list[tuple[str, Node]] = []
        for key, items in self.selection.below(kind, details).items():
            name = items[0].node.name.value
            if name == "__typename":
                fields.append((key, _constant(kind.name)))
            elif name == "nodes":
                row = self._row(_object(kind.fields[name].type), items, link)
                fields.append((key, Rows(item=row, edge=False)))
            elif name == "edges":
                edge = self._edge(_object(kind.fields[name].type), items, link, place)
                fields.append((key, Rows(item=edge, edge=True)))
            elif name == "pageInfo":
                fields.append((key, self._info(_object(kind.fields[name].type), items, link, place, told)))
            else:
                raise NotCompiled
        return Object(fields=tuple(fields))

    def _edge(self, kind: GraphQLObjectType, details: FieldDetailsList, link: Link, place: int) -> Object:
        fields: list[tuple[str, Node]] = []
        for key, items in self.selection.below(kind, details).items():
            name = items[0].node.name.value
            if name == "__typename":
                fields.append((key, _constant(kind.name)))
            elif name == "cursor":
                fields.append((key, Cursor(number=self._hole(of_cursor(place)))))
            elif name == "node":
                fields.append((key, Inner(row=self._row(_object(kind.fields[name].type), items, link))))
            else:
                raise NotCompiled
        return Object(fields=tuple(fields))

    def _info(self, kind: GraphQLObjectType, details: FieldDetailsList, link: Link, place: int, told: Told) -> Object:
        backward, behind = bool(told.span and told.span.backward), bool(told.span and told.span.key)
        fields: list[tuple[str, Node]] = []
        for key, items in self.selection.below(kind, details).items():
            name = items[0].node.name.value
            if name == "__typename":
                fields.append((key, _constant(kind.name)))
            elif name in FLAGS:
                ahead = FLAGS[name] != backward
                fields.append((key, More() if ahead else Constant(text="true" if behind else "false")))
            elif name in ENDS:
                fields.append((key, End(number=self._hole(of_cursor(place)), last=ENDS[name] != backward)))
            else:
                raise NotCompiled
        return Object(fields=tuple(fields))

    def _hole(self, filler: Filler) -> int:
        self.holes.append(filler)
        return len(self.holes) - 1


def _constant(text: str) -> Constant:
    return Constant(text=orjson.dumps(text).decode())


def _object(kind: GraphQLOutputType) -> GraphQLObjectType:
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType):
        raise NotCompiled
    return named


def _type(column: Governed, link: Link) -> Any:
    """The SQL type of a column's form."""
    parent: Entity | None = link.parent
    return column.form.sql(link.target.table, parent.table if parent else None).type
