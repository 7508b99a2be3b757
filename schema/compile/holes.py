"""What fills the holes of an answer: keys and the configuration, which the database does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import orjson
from graphql import FieldNode, GraphQLField

from schema.compile.arguments import Given, Told
from schema.compile.complete import Complete
from schema.compile.tree import NotCompiled
from schema.read.context import Context
from schema.read.pages import sealed

Fill = Callable[[bytes], bytes]  # the JSON value that the database put into a hole -> JSON text


class Filler:
    """What fills one hole, once it is known what the request gives."""

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        """The function for one answer."""
        raise NotImplementedError


class _Column(Filler):
    def __init__(self, finish: Callable[[Context, Any], Any], complete: Complete, binary: bool) -> None:
        self.finish = finish
        self.complete = complete
        self.binary = binary

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        context, finish, complete, binary = given.context, self.finish, self.complete, self.binary

        def filled(raw: bytes) -> bytes:
            value = orjson.loads(raw)
            return orjson.dumps(complete(finish(context, bytes.fromhex(value) if binary else value)))

        return filled


class _Cursor(Filler):
    def __init__(self, place: int) -> None:
        self.place = place

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        codec, span = given.context.codec, told[self.place].span
        if span is None:
            raise NotCompiled

        def filled(raw: bytes) -> bytes:
            return orjson.dumps(sealed(orjson.loads(raw), span, codec))

        return filled


class _Entry(Filler):
    def __init__(self, resolve: Callable[..., Any], field: GraphQLField, node: FieldNode, complete: Complete) -> None:
        self.resolve = resolve
        self.field = field
        self.node = node
        self.complete = complete

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        arguments = given.arguments(self.field, self.node, order)
        info = SimpleNamespace(context=given.context)

        def filled(_raw: bytes) -> bytes:
            return orjson.dumps(self.complete(self.resolve(info, **arguments)))

        return filled


def of_column(finish: Callable[[Context, Any], Any], complete: Complete, *, binary: bool) -> Filler:
    """A column's value, finished with the agreement's keys or the configuration; `binary` comes in hexadecimal."""
    return _Column(finish, complete, binary)


def of_cursor(place: int) -> Filler:
    """The cursor of a key of a place's rows."""
    return _Cursor(place)


def of_entry(resolve: Callable[..., Any], field: GraphQLField, node: FieldNode, complete: Complete) -> Filler:
    """What the configuration answers."""
    return _Entry(resolve, field, node, complete)
