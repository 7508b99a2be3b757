"""The tree between a document and SQL: what stands in the answer's text, and from which rows it comes.

The text that the database returns holds marks, which cannot stand in JSON:
HOLE around what Python fills in, as `number:JSON value`; with SUBJECT before it the value is the person_id whose row it
is, and without a number nothing is written for it; UNWRITTEN stands for a row of which nothing is asked;
ROW in place of the `{` of an object that is a row of its own; FAIL where a value cannot be written.
In a column's text (schema/compile/columns.py) NEXT stands between two rows' values, and NONE for a row's NULL.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import GraphQLEnumType, GraphQLScalarType

from schema.read.model import Governed, Link, Where

HOLE, ROW, FAIL = "\x01", "\x02", "\x03"
NONE, NEXT = "\x1e", "\x1f"
SUBJECT, UNWRITTEN = "s", "+"


class NotCompiled(Exception):
    """The document, or this answer, is one for the plain executor."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Constant:
    """JSON text known in advance."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """A column that SQL writes as a scalar or an enum has it."""

    column: Governed
    type: GraphQLScalarType | GraphQLEnumType


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hole:
    """What Python fills in, of a column's value; without a column, of nothing."""

    number: int
    column: Governed | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Object:
    """An object by its response keys, in order."""

    fields: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Branch:
    """A link followed: `content` is a row's object or, of a page, the connection's. `place` numbers it.

    `known` and `dated` are the places whose `knownAt` and `asOf` hold here, if any do.
    """

    link: Link
    place: int
    content: Object
    filters: tuple[tuple[str, Where], ...]
    after: bool = False
    backward: bool = False
    known: int | None = None
    dated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """In a connection: its rows, each as an object (`nodes`) or as an edge that holds it."""

    item: Object
    edge: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inner:
    """In an edge: its node."""

    row: Object


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cursor:
    """In an edge: its place, sealed by Python."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class More:
    """In a page's information: whether there are rows beyond it in the direction of reading."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class End:
    """In a page's information: the cursor of the row that is read first, or `last`."""

    number: int
    last: bool


Node = Constant | Leaf | Hole | Object | Branch | Rows | Inner | Cursor | More | End
