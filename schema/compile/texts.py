"""How a value is written as JSON text in SQL, exactly as its scalar writes it (schema/graph/scalars.py), by dialect.

Each method yields NULL for NULL. What the scalar would refuse becomes FAIL, and the plain executor answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLScalarType

from schema.compile.cells import BARE, MARKED, TEXT, Cell, Names
from schema.compile.tree import FAIL, NotCompiled
from schema.read.model import Plain

Value = sa.ColumnElement[Any]
INT, EXACT = 2**31, 2**53


def text(told: str) -> Value:
    """Fixed text."""
    return sa.literal_column("'" + told.replace("'", "''") + "'", sa.Text())


def joined(*parts: str | Value) -> Value:
    """Texts one after the other; NULL where one is."""
    found: list[Value] = []
    held = ""
    for part in parts:
        if isinstance(part, str):
            held += part
            continue
        if held:
            found.append(text(held))
            held = ""
        found.append(part)
    if held or not found:
        found.append(text(held))
    whole = found[0]
    for part in found[1:]:
        whole = whole.concat(part)
    return whole


class Texts:
    """What both databases write alike; `name` is the dialect's."""

    name = ""
    bytewise = ""  # the collation by which texts are compared byte for byte
    carries = False  # whether persons' rows carry lists (hub/carried.py)

    def leaf(self, value: Value, kind: GraphQLScalarType | GraphQLEnumType) -> Value:
        """A value as a scalar or an enum has it. Raises NotCompiled where that is not known."""
        return joined(*self._parts(*self.cell(value, kind)))

    def raw(self, value: Value) -> tuple[str | Value, ...]:
        """The parts of a value for a hole, as JSON: text, a whole number, or bytes as hexadecimal text."""
        return self._parts(*self.raw_cell(value))

    def cell(self, value: Value, kind: GraphQLScalarType | GraphQLEnumType) -> tuple[Value, Cell]:
        """What the database sends of a value, and how that becomes what a scalar or an enum has of it.

        Raises NotCompiled where that is not known.
        """
        if isinstance(kind, GraphQLEnumType):
            return self._enum(value, kind)
        of = value.type
        for scalars, sql, cell, write in self._scalars:
            if kind.name in scalars and isinstance(of, sql):
                return write(value), cell
        raise NotCompiled

    def raw_cell(self, value: Value) -> tuple[Value, Cell]:
        """What the database sends of a value for a hole, and how that becomes JSON."""
        for sql, cell, write in self._raws:
            if isinstance(value.type, sql):
                return write(value), cell
        raise NotCompiled

    @property
    def _scalars(self) -> tuple[tuple[tuple[str, ...], type[Any], Cell, Callable[[Value], Value]], ...]:
        """How each scalar writes each SQL type."""
        return (
            (("String", "ID", "Yuan", "PartialDate"), Plain, MARKED, _same),
            (("String", "ID", "YearMonth", "Yuan"), sa.String, TEXT, _same),
            (("String", "ID"), sa.Integer, MARKED, self.digits),
            (("Int",), sa.Integer, BARE, lambda value: self._within(value, -INT, INT - 1)),
            (("Long",), sa.Integer, BARE, lambda value: self._within(value, 1 - EXACT, EXACT - 1)),
            (("Boolean",), sa.Boolean, BARE, self.truth),
            (("Yuan",), sa.Integer, MARKED, self.money),
            (("Ratio",), sa.Integer, MARKED, lambda value: sa.case((value < 0, text(FAIL)), else_=self.ratio(value))),
            (("Date", "PartialDate"), sa.Date, MARKED, self.day),
            (("DateTime",), sa.DateTime, MARKED, self.moment),
        )

    @property
    def _raws(self) -> tuple[tuple[type[Any], Cell, Callable[[Value], Value]], ...]:
        """How each SQL type stands in a hole."""
        return (
            (Plain, MARKED, _same),
            (sa.String, TEXT, _same),
            (sa.Integer, BARE, self.digits),
            (sa.Date, MARKED, self.day),
            (sa.LargeBinary, MARKED, self.hexadecimal),
        )

    def _parts(self, value: Value, cell: Cell) -> tuple[str | Value, ...]:
        """The parts of the JSON text of a value."""
        if isinstance(cell, Names):
            names = {code: text(name) for code, name in cell.names.items()}
            return (sa.case(names, value=value, else_=sa.case((value.is_not(None), text(FAIL)))),)
        if cell is TEXT:
            return (self.quoted(value),)
        return ('"', value, '"') if cell is MARKED else (value,)

    def digits(self, value: Value) -> Value:
        """A whole number."""
        return sa.cast(value, sa.Text())

    def truth(self, value: Value) -> Value:
        """True or false."""
        return sa.case((value.is_(True), text("true")), (value.is_(False), text("false")))

    def _within(self, value: Value, low: int, high: int) -> Value:
        return sa.case((value.between(low, high), self.digits(value)), (value.is_not(None), text(FAIL)))

    @staticmethod
    def _enum(value: Value, kind: GraphQLEnumType) -> tuple[Value, Cell]:
        if not isinstance(value.type, sa.String):
            raise NotCompiled
        return value, Names({_code(member.value): f'"{name}"' for name, member in kind.values.items()})

    def quoted(self, value: Value) -> Value:
        """Text between quotation marks, escaped."""
        raise NotImplementedError

    def day(self, value: Value) -> Value:
        """A date, yyyy-MM-dd."""
        raise NotImplementedError

    def padded(self, value: Value, width: int) -> Value:
        """A whole number, not negative, in at least as many digits."""
        raise NotImplementedError

    def moment(self, value: Value) -> Value:
        """A moment in UTC to the millisecond."""
        raise NotImplementedError

    def money(self, value: Value) -> Value:
        """Fen as yuan with two decimals."""
        raise NotImplementedError

    def ratio(self, value: Value) -> Value:
        """Basis points, not negative, as a fraction with four decimals."""
        raise NotImplementedError

    def hexadecimal(self, value: Value) -> Value:
        """Bytes as hexadecimal digits."""
        raise NotImplementedError


class Postgres(Texts):
    """PostgreSQL; the session's DateStyle is ISO (schema/read/snapshot.py)."""

    name = "postgresql"
    bytewise = "C"
    carries = True

    def quoted(self, value: Value) -> Value:
        return sa.cast(sa.func.to_json(sa.cast(value, sa.Text())), sa.Text())

    def day(self, value: Value) -> Value:
        return sa.cast(value, sa.Text())

    def padded(self, value: Value, width: int) -> Value:
        return sa.func.lpad(self.digits(value), width, "0", type_=sa.Text())

    def moment(self, value: Value) -> Value:
        utc = sa.func.timezone("UTC", value)
        return sa.func.to_char(utc, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"', type_=sa.Text())

    def money(self, value: Value) -> Value:
        return sa.cast(sa.cast(value, sa.Numeric()) * sa.literal_column("0.01"), sa.Text())

    def ratio(self, value: Value) -> Value:
        return sa.cast(sa.cast(value, sa.Numeric()) * sa.literal_column("0.0001"), sa.Text())

    def hexadecimal(self, value: Value) -> Value:
        return sa.func.encode(value, "hex", type_=sa.Text())


class Sqlite(Texts):
    """SQLite: dates are texts there, and moments texts in UTC."""

    name = "sqlite"
    bytewise = "BINARY"

    def quoted(self, value: Value) -> Value:
        written = sa.func.json_quote(value, type_=sa.Text())
        return sa.case((value.is_not(None), written))

    def day(self, value: Value) -> Value:
        return sa.type_coerce(value, sa.Text())

    def padded(self, value: Value, width: int) -> Value:
        return _printf(f"%0{width}d", value)

    def moment(self, value: Value) -> Value:
        told = sa.type_coerce(value, sa.Text())
        return sa.func.substr(told, 1, 10, type_=sa.Text()).concat("T").concat(sa.func.substr(told, 12, 12)).concat("Z")

    def money(self, value: Value) -> Value:
        sign = sa.case((value < 0, text("-")), else_=text(""))
        amount = sa.func.abs(value, type_=sa.Integer())
        return _printf("%s%d.%02d", sign, amount // 100, amount % 100, of=value)

    def ratio(self, value: Value) -> Value:
        return _printf("%d.%04d", value // 10_000, value % 10_000, of=value)

    def hexadecimal(self, value: Value) -> Value:
        written = sa.func.lower(sa.func.hex(value), type_=sa.Text())
        return sa.case((value.is_not(None), written))  # hex(NULL) is '' there


def _printf(form: str, *values: Value, of: Value | None = None) -> Value:
    """SQLite's printf writes 0 for NULL, so that NULL goes around it."""
    value = values[0] if of is None else of
    return sa.case((value.is_not(None), sa.func.printf(form, *values, type_=sa.Text())))


def _same(value: Value) -> Value:
    return value


def _code(value: Any) -> Any:
    return getattr(value, "value", value)


DIALECTS: dict[str, Texts] = {texts.name: texts for texts in (Postgres(), Sqlite())}
