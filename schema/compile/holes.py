"""What fills the holes of an answer: keys and the configuration, which the database does not have."""

from __future__ import annotations

import re
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

KEPT = 5_000  # values of one hole that the configuration made
PLAIN = re.compile(rb"[ !#-\[\]-~\"]*").fullmatch  # ASCII without escapes
Fill = Callable[[bytes], bytes]  # the JSON value that the database put into a hole -> JSON text


class Filler:
    """What fills one hole, once it is known what the request gives."""

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        """The function for one answer."""
        raise NotImplementedError


class _Column(Filler):
    def __init__(
        self, finish: Callable[[Context, Any], Any], complete: Complete, *, binary: bool, configured: bool
    ) -> None:
        self.finish = finish
        self.complete = complete
        self.binary = binary
        self.kept: dict[bytes, bytes] | None = {} if configured else None

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        context, finish, complete, binary, kept = given.context, self.finish, self.complete, self.binary, self.kept

        def filled(raw: bytes) -> bytes:
            value = orjson.loads(raw)
            return orjson.dumps(complete(finish(context, bytes.fromhex(value) if binary else value)))

        def remembered(raw: bytes) -> bytes:
            found = kept.get(raw) if kept is not None else None
            if found is None:
                found = filled(raw)
                if kept is not None and len(kept) < KEPT:
                    kept[raw] = found
            return found

        return filled if kept is None else remembered


class _Cursor(Filler):
    def __init__(self, place: int) -> None:
        self.place = place

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        codec, span = given.context.codec, told[self.place].span
        if span is None:
            raise NotCompiled
        binding, cursor = span.binding, codec.cursor

        def filled(raw: bytes) -> bytes:
            if PLAIN(raw):  # the key as Python would write it
                return b'"' + cursor(binding, raw).encode() + b'"'
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


def of_column(finish: Callable[[Context, Any], Any], complete: Complete, *, binary: bool, configured: bool) -> Filler:
    """A column's value, finished with the agreement's keys or the configuration; `binary` comes in hexadecimal.

    What the configuration makes of a code (`configured`) is remembered: it tells of nobody.
    """
    return _Column(finish, complete, binary=binary, configured=configured)


def of_cursor(place: int) -> Filler:
    """The cursor of a key of a place's rows."""
    return _Cursor(place)


def of_entry(resolve: Callable[..., Any], field: GraphQLField, node: FieldNode, complete: Complete) -> Filler:
    """What the configuration answers."""
    return _Entry(resolve, field, node, complete)
