"""What fills the holes of an answer: keys and the configuration, which the database does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import orjson
from graphql import FieldNode, GraphQLField

from schema.codec import Codec
from schema.compile.arguments import Given, Told
from schema.compile.complete import Complete
from schema.compile.tree import NotCompiled
from schema.read.context import Context
from schema.read.model import Form
from schema.read.pages import key_text

KEPT = 5_000  # values of one hole that the configuration made
PLAIN = re.compile(rb"[ !#-\[\]-~\"]*").fullmatch  # ASCII without escapes
Fill = Callable[[Sequence[bytes]], Sequence[bytes]]  # the JSON values that the database put into a hole -> JSON texts


class Filler:
    """What fills one hole, once it is known what the request gives."""

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        """The function for one answer."""
        raise NotImplementedError


class _Column(Filler):
    def __init__(self, form: Form, complete: Complete, *, binary: bool, configured: bool) -> None:
        self.form = form
        self.complete = complete
        self.binary = binary
        self.kept: dict[bytes, bytes] | None = {} if configured else None

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        context = given.context
        return partial(self._filled if self.kept is None else self._remembered, context)

    def _filled(self, context: Context, raw: Sequence[bytes]) -> Sequence[bytes]:
        if self.form.together is not None:
            return self.form.together(context, self._values(raw))
        finish, complete, different = self.form.finish, self.complete, list(dict.fromkeys(raw))
        values = self._values(different)
        if finish is not None:
            values = [finish(context, value) for value in values]
        made = dict(zip(different, map(orjson.dumps, map(complete, values)), strict=True))
        return list(map(made.__getitem__, raw))

    def _values(self, raw: Sequence[bytes]) -> list[Any]:
        values: list[Any] = orjson.loads(b"[%b]" % b",".join(raw))
        return list(map(bytes.fromhex, values)) if self.binary else values

    def _remembered(self, context: Context, raw: Sequence[bytes]) -> Sequence[bytes]:
        kept = self.kept or {}
        try:
            return list(map(kept.__getitem__, raw))
        except KeyError:
            new = [value for value in dict.fromkeys(raw) if value not in kept]
        made = dict(zip(new, self._filled(context, new), strict=True))
        if self.kept is not None and len(self.kept) + len(made) <= KEPT:
            self.kept |= made
        return [made[value] if value in made else kept[value] for value in raw]


class _Cursor(Filler):
    def __init__(self, place: int) -> None:
        self.place = place

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        span = told[self.place].span
        if span is None:
            raise NotCompiled
        return partial(self._filled, given.context.codec, span.binding)

    @staticmethod
    def _filled(codec: Codec, binding: bytes, raw: Sequence[bytes]) -> Sequence[bytes]:
        if not PLAIN(b"".join(raw)):  # as Python would write them
            raw = [key_text(orjson.loads(key)) for key in raw]
        return codec.cursors(binding, raw)


class _Entry(Filler):
    def __init__(self, resolve: Callable[..., Any], field: GraphQLField, node: FieldNode, complete: Complete) -> None:
        self.resolve = resolve
        self.field = field
        self.node = node
        self.complete = complete

    def fill(self, given: Given, told: Sequence[Told], order: Mapping[int, int]) -> Fill:
        arguments = given.arguments(self.field, self.node, order)
        info = SimpleNamespace(context=given.context)

        def filled(raw: Sequence[bytes]) -> Sequence[bytes]:
            return [orjson.dumps(self.complete(self.resolve(info, **arguments)))] * len(raw)

        return filled


def of_column(form: Form, complete: Complete, *, binary: bool, configured: bool) -> Filler:
    """A column's value, finished with the agreement's keys or the configuration; `binary` comes in hexadecimal.

    What the configuration makes of a code (`configured`) is remembered: it tells of nobody.
    """
    return _Column(form, complete, binary=binary, configured=configured)


def of_cursor(place: int) -> Filler:
    """The cursor of a key of a place's rows."""
    return _Cursor(place)


def of_entry(resolve: Callable[..., Any], field: GraphQLField, node: FieldNode, complete: Complete) -> Filler:
    """What the configuration answers."""
    return _Entry(resolve, field, node, complete)
