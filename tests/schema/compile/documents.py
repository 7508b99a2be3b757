"""Documents drawn from a contract's own schema: fields, aliases, fragments, arguments, filters, pages, directives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.schema import world
from tests.schema.compile import made_up

SIZE = 25  # fields of a document, about
PAGES = (0, 1, 2, 3, 50)
CURSORS = ("after", "before")
FORWARD, BACKWARD = ("first", "after"), ("last", "before")
SCALARS: dict[str, tuple[Any, ...]] = {
    "Date": ("2024-01-05", "2025-03-01", "1900-01-01"),
    "YearMonth": (*made_up.MONTHS, "2031-01"),
    "DateTime": ("2025-12-05T02:00:00Z", "2025-12-05T12:02:03.999999+08:00"),
    "Boolean": (True, False),
    "ID": ("1", "2", "zichuan-2025", "x"),
    "Int": PAGES,
    "KnownAt": made_up.KNOWN,
    "String": (*made_up.COUNTIES, "civil_affairs", "auditor", ""),
}


@dataclass
class Document:
    """A document with its variables; those of cursors are filled by who asks."""

    text: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)


class Drawing:
    """Draws one document."""

    def __init__(self, draw: st.DrawFn, schema: GraphQLSchema, tokens: dict[str, tuple[str, ...]]) -> None:
        self.draw = draw
        self.schema = schema
        self.tokens = tokens
        self.document = Document()
        self.declared: dict[str, str] = {}
        self.fragments: list[str] = []
        self.names = 0
        self.left = SIZE

    def whole(self) -> Document:
        query = self.schema.query_type
        assert query is not None
        body = self._selection(query, self.draw(st.integers(1, 3)))
        head = ", ".join(f"${name}: {kind}" for name, kind in self.declared.items())
        self.document.text = " ".join([f"query Q{f'({head})' if head else ''} {body}", *self.fragments])
        return self.document

    def _maybe(self, percent: int) -> bool:
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def _selection(self, kind: GraphQLObjectType, depth: int) -> str:
        deeper = depth > 0 and self.left > 0
        names = [name for name, made in kind.fields.items() if deeper or is_leaf_type(get_named_type(made.type))]
        if not names:
            return "{ __typename }"
        chosen = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
        self.left -= len(chosen)
        parts = [self._wrapped(self._field(name, kind.fields[name], depth), kind) for name in chosen]
        if self._maybe(10):
            parts.append("__typename")
        return "{ " + " ".join(parts) + " }"

    def _field(self, name: str, made: GraphQLField, depth: int) -> str:
        target = get_named_type(made.type)
        given = self._arguments(name, made)
        key = f"{self._name()}: " if given or self._maybe(10) else ""
        call = f"{key}{name}{f'({given})' if given else ''}{self._directive()}"
        if not isinstance(target, GraphQLObjectType):
            return call
        less = depth if target.name.endswith(("Connection", "Edge", "PageInfo")) else depth - 1
        told = f"{call} {self._selection(target, less)}"
        if self._maybe(10):  # the same field again, with more below: one field of the answer
            told += f" {call} {self._selection(target, less)}"
        return told

    def _wrapped(self, text: str, kind: GraphQLObjectType) -> str:
        form = self.draw(st.integers(0, 19))
        if form == 16:
            return self._shared(text, kind)
        if form == 19:
            return f"...{self._directive()} {{ {text} }}"
        if form == 18:
            return f"... on {kind.name} {{ {text} }}"
        if form == 17:
            name = self._name().upper()
            self.fragments.append(f"fragment {name} on {kind.name} {{ {text} }}")
            return f"...{name}{self._directive()}"
        return text

    def _shared(self, text: str, kind: GraphQLObjectType) -> str:
        """A field in a fragment of an interface, where its type has one that has the field."""
        name = re.split(r"\W", text.partition(": ")[2] or text)[0]
        interface = next((item for item in kind.interfaces if name in item.fields), None)
        if interface is None:
            return text
        if self._maybe(50):
            return f"... on {interface.name}{self._directive()} {{ {text} }}"
        fragment = self._name().upper()
        self.fragments.append(f"fragment {fragment} on {interface.name} {{ {text} }}")
        return f"...{fragment}"

    def _directive(self) -> str:
        if not self._maybe(10):
            return ""
        value = self.draw(st.booleans())
        told = "true" if value else "false"
        if self._maybe(50):
            told = self._variable("Boolean!", value)
        return f" @{self.draw(st.sampled_from(('skip', 'include')))}(if: {told})"

    def _arguments(self, field_name: str, made: GraphQLField) -> str:
        ways = self.draw(st.sampled_from((FORWARD, BACKWARD)))
        parts = []
        for name, argument in made.args.items():
            paged = name in (*FORWARD, *BACKWARD)
            needed = isinstance(argument.type, GraphQLNonNull) and name != "certType"
            if (paged and name not in ways) or not (needed or self._maybe(60 if name in ("first", "last") else 30)):
                continue
            parts.append(f"{name}: {self._value(field_name, name, argument)}")
        return ", ".join(parts)

    def _value(self, field_name: str, name: str, made: GraphQLArgument | GraphQLInputField) -> str:
        kind = get_named_type(made.type)
        if name in CURSORS and kind.name == "String":
            told = self._variable("String", None)
            self.document.cursors.append(told[1:])
            return told
        if not isinstance(made.type, GraphQLNonNull) and self._maybe(10):
            return self._variable(str(made.type), None) if self._maybe(50) else "null"
        if isinstance(kind, GraphQLInputObjectType):
            return self._filter(kind)
        if isinstance(kind, GraphQLEnumType):
            code = self.draw(st.sampled_from(sorted(kind.values)))
            return self._variable(str(made.type), code) if self._maybe(50) else code
        choices = self.tokens.get(field_name) if name in ("token", "idNumber") else None
        value = self.draw(st.sampled_from(choices or SCALARS[kind.name]))
        if name == "idNumber" or self._maybe(50):
            return self._variable(str(made.type), value)
        return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'

    def _filter(self, kind: GraphQLInputObjectType) -> str:
        names = self.draw(st.lists(st.sampled_from(sorted(kind.fields)), max_size=2, unique=True))
        return "{" + ", ".join(f"{name}: {self._value('', name, kind.fields[name])}" for name in names) + "}"

    def _variable(self, kind: str, value: Any) -> str:
        name = self._name()
        self.declared[name] = kind
        self.document.variables[name] = value
        return f"${name}"

    def _name(self) -> str:
        self.names += 1
        return f"v{self.names}"


@st.composite
def documents(
    draw: st.DrawFn, schema: GraphQLSchema, persons: tuple[str, ...], households: tuple[str, ...]
) -> Document:
    """Documents that a contract allows."""
    tokens = {"person": persons, "household": households, "personByIdNumber": (world.NUMBER, "110101199001011237")}
    return Drawing(draw, schema, tokens).whole()
