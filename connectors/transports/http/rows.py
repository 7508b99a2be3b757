"""Rows of JSON answers made columns, in the shape that the rows before them had.

1. A row is read on its own text only. Objects become plain tuples of the fields seen so far, without a dictionary each;
   what does not fit that shape (a field never seen, a list of something else) is read the general way, and the shape
   learns from it.
2. Both ways give the same: of a field told twice the last counts, a whole number is exact however long it is, and a
   list of objects is as `connectors.pages.Lists` gives it, where null and absent are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import astuple

from connectors.pages import Lists

Row = Mapping[str, object]
Columns = dict[str, Sequence[object]]

MOST = 300  # fields that a shape may have; rows of more are read the general way
GENERAL = msgspec.json.Decoder(list[dict[str, Any]])
FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what is no JSON, or not of the type asked for


class Kind(Enum):
    """What a field holds that is not a list of objects: single values only, or anything."""

    PLAIN = "plain"
    ANY = "any"


TYPES: dict[Kind, Any] = {Kind.PLAIN: str | int | float | bool | None, Kind.ANY: Any}
Fields = dict[str, Kind | dict[str, None]]  # by name; of a list of objects, the names of their fields


class Reader:
    """Reads the rows of one pull."""

    def __init__(self) -> None:
        self._fields: Fields = {}
        self._decoder: msgspec.json.Decoder[list[Any]] | None = None

    def columns(self, texts: Sequence[bytes]) -> Columns:
        """The columns of rows, each a text. Raises one of FAULTS; msgspec.ValidationError where one is no object."""
        body = b"[" + b",".join(texts) + b"]"
        if self._decoder is not None:
            try:
                return self._shaped(self._decoder.decode(body))
            except FAULTS:
                pass  # a field that was never seen, a value of another kind: or no JSON, which the general way tells
        rows = GENERAL.decode(body)
        self._learn(rows)
        return of_rows(rows)

    def _shaped(self, rows: Sequence[Any]) -> Columns:
        values = zip(*map(astuple, rows), strict=True)
        return {
            name: _general(column) if kind is Kind.ANY else _lists(column, kind) if isinstance(kind, dict) else column
            for (name, kind), column in zip(self._fields.items(), values, strict=True)
        }

    def _learn(self, rows: Sequence[Row]) -> None:
        """Widen the shape by what these rows have."""
        for name, column in _by_name(rows).items():
            self._fields[name] = _wider(self._fields.get(name, {}), [value for value in column if value is not None])
        size = sum(1 + (len(kind) if isinstance(kind, dict) else 0) for kind in self._fields.values())
        self._decoder = None
        if 0 < size <= MOST:
            with suppress(ValueError):  # a name with a quote or a backslash
                self._decoder = msgspec.json.Decoder(list[_shape(self._fields)])  # type: ignore[misc]


def _wider(known: Kind | dict[str, None], filled: Sequence[Any]) -> Kind | dict[str, None]:
    """What a field holds that held what is known, and these values; of one that was always null or []: objects."""
    if isinstance(known, dict) and all(map(_is_list, filled)):
        return known | dict.fromkeys(name for items in filled for item in items for name in item)
    if known in (Kind.PLAIN, {}) and not {list, dict} & set(map(type, filled)):
        return Kind.PLAIN
    return Kind.ANY


def of_rows(rows: Sequence[Row]) -> Columns:
    """Rows as columns; one that no row has is absent."""
    return {name: _general(column) for name, column in _by_name(rows).items()}


def _by_name(rows: Sequence[Row]) -> Columns:
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(chain.from_iterable(rows))}


def _is_list(value: object) -> bool:
    return type(value) is list and all(type(item) is dict for item in value)


def _general(column: Sequence[Any]) -> Sequence[object]:
    """Lists of objects as the shaped way would give them."""
    if list not in set(map(type, column)):
        return column
    if all(value is None or _is_list(value) for value in column):
        items = list(chain.from_iterable(value or () for value in column))
        return Lists(
            [len(value or ()) for value in column],
            _by_name(items),
            frozenset(at for at, value in enumerate(column) if value is None),
        )
    return [[_filled(item) for item in value] if _is_list(value) else value for value in column]


def _filled(item: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in sorted(item.items()) if value is not None}


def _lists(column: Sequence[Any], inner: Mapping[str, None]) -> Sequence[object]:
    """A column of lists of shaped objects; of one that was always null or [], as it is."""
    if not inner and not any(column):
        return column
    absent = frozenset(at for at, value in enumerate(column) if value is None) if None in column else frozenset()
    lists = [value or () for value in column] if absent else column
    items = list(zip(*map(astuple, chain.from_iterable(lists)), strict=True))
    return Lists(list(map(len, lists)), dict(zip(inner, items, strict=True)) if items else {}, absent)


def _shape(fields: Fields) -> type:
    """A type of rows whose fields stand in this order, null where a row lacks one, and no others."""
    return _object(
        fields,
        [
            list[_object(kind, [Any] * len(kind))] | None if isinstance(kind, dict) else TYPES[kind]  # type: ignore[misc]
            for kind in fields.values()
        ],
    )


def _object(names: Iterable[str], types: Sequence[Any]) -> type:
    places = {f"f{at}": name for at, name in enumerate(names)}
    return msgspec.defstruct(
        "Shape",
        [(place, kind, None) for place, kind in zip(places, types, strict=True)],
        rename=places,
        forbid_unknown_fields=True,
        gc=False,
    )
