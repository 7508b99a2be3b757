"""TOML tables read as the dataclasses of a declaration: the same keys, checked strictly, by one mechanism.

1. A key is a field of the dataclass, and its value is what the field's annotation says: text, number, flag, list, a
   word of an enum, a table. Nothing is converted in silence.
2. Where one of several dataclasses may stand (a transport, its paging, its authentication), the table's `kind` says
   which; each of them carries its word in a class variable `kind`.
3. A stretch of time is text: 30s, 90m, 12h, 45d.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NoReturn

from connectors.errors import DeclarationError
from connectors.toml_lines import KeyPath, nearest

STRETCH = re.compile(r"(\d{1,9})(s|m|h|d)")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
PLAIN = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false", dict: "a table"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file a value stands."""

    file: str
    lines: Mapping[KeyPath, int]
    path: KeyPath = ()

    def at(self, step: str | int) -> Place:
        return Place(self.file, self.lines, (*self.path, step))

    def wrong(self, message: str, remedy: str) -> NoReturn:
        """Refuse the declaration here. Raises DeclarationError."""
        key = ".".join(str(step) for step in self.path) or "-"
        raise DeclarationError(f"{self.file}, line {nearest(self.lines, self.path)}, {key}: {message}", remedy=remedy)


def build(kind: type, table: object, place: Place, inherited: Mapping[str, object] | None = None) -> Any:
    """An object of a dataclass from its table; a key not given is `inherited`, else the dataclass's own default.

    Raises DeclarationError: not a table, an unknown key, a missing key, a value of another type.
    """
    if not isinstance(table, dict):
        place.wrong("is not a table", f"Write it as a table with the keys of {kind.__name__}")
    known = {f.name: f for f in dataclasses.fields(kind)}
    for key in table:
        if key not in known and not (key == "kind" and hasattr(kind, "kind")):
            place.at(key).wrong("unknown key", f"Use one of: {', '.join(known)}")
    hints = typing.get_type_hints(kind)
    values = dict(inherited or {})
    for name, declared in known.items():
        if name in table:
            values[name] = read(hints[name], table[name], place.at(name))
        elif name not in values and _required(declared):
            place.at(name).wrong("is missing", f"Add {name} to this table")
    try:
        return kind(**values)
    except ValueError as error:
        place.wrong(str(error), "Correct the declaration")


def read(annotation: Any, value: object, place: Place) -> Any:
    """A value as an annotation says. Raises DeclarationError."""
    choices = _choices(annotation)
    if len(choices) > 1 or (len(choices) == 1 and hasattr(choices[0], "kind")):
        return _chosen(choices, value, place)
    (kind,) = choices
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _items(typing.get_args(kind), value, place)
    if origin is typing.Literal:
        return _word(typing.get_args(kind), value, place)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return build(kind, value, place)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_word([word.value for word in kind], value, place))
    return _plain(origin or kind, value, place)


def _choices(annotation: Any) -> tuple[Any, ...]:
    if annotation is type(None):
        return ()
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return tuple(one for part in typing.get_args(annotation) for one in _choices(part))
    if isinstance(annotation, type) and getattr(annotation, "_is_protocol", False):
        return _transports()
    return (annotation,)


def _transports() -> tuple[type, ...]:
    """Every transport of connectors/transports/, found by walking the folder."""
    from connectors import transports

    return transports.discover()


def _chosen(choices: Sequence[Any], value: object, place: Place) -> Any:
    kinds = {choice.kind: choice for choice in choices}
    if not isinstance(value, dict) or "kind" not in value:
        place.wrong("does not say its kind", f"Write it as a table with kind = one of: {', '.join(sorted(kinds))}")
    return build(kinds[_word(sorted(kinds), value["kind"], place.at("kind"))], value, place)


def _items(inner: Sequence[Any], value: object, place: Place) -> tuple[Any, ...]:
    if not isinstance(value, list):
        place.wrong("is not a list", "Write it in brackets")
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(read(inner[0], item, place.at(n)) for n, item in enumerate(value))
    if len(value) != len(inner):
        place.wrong(f"has {len(value)} values", f"Give {len(inner)}")
    return tuple(read(kind, item, place.at(n)) for n, (kind, item) in enumerate(zip(inner, value, strict=True)))


def _word(words: Sequence[Any], value: object, place: Place) -> Any:
    if value not in words:
        place.wrong("is not a known word", f"Use one of: {', '.join(str(word) for word in words)}")
    return value


def _plain(kind: Any, value: object, place: Place) -> Any:
    if kind is Mapping:
        kind = dict
    if kind is timedelta:
        match = STRETCH.fullmatch(value) if isinstance(value, str) else None
        if not match:
            place.wrong("is not a stretch of time", 'Write it as "30s", "90m", "12h" or "45d"')
        return timedelta(**{UNITS[match[2]]: int(match[1])})
    if kind is datetime:
        if not isinstance(value, datetime) or value.tzinfo is not None:
            place.wrong("is not a local date and time", "Write it as 2020-01-01T00:00:00, without quotes or zone")
        return value
    if kind is float and type(value) is int:
        return float(value)
    if kind not in PLAIN:
        place.wrong("cannot be told in a file", "Leave it out")
    if type(value) is not kind:
        place.wrong("is of another type", f"Give {PLAIN[kind]}")
    return value


def _required(declared: dataclasses.Field[Any]) -> bool:
    return declared.default is dataclasses.MISSING and declared.default_factory is dataclasses.MISSING
