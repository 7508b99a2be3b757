"""The forms that columns of different types share: dates and their years, money and its bands, places, documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from schema.graph.fields import NO_MASKS, column, form
from schema.read.context import Context
from schema.read.model import Condition, Form, Table

OPEN = date(9999, 12, 31)
BANDS = (0, 500, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)  # yuan


def until(zh: str, en: str) -> Any:
    """The end of a half-open period; null while it is open."""
    return column(zh, en, lambda t, _: sa.func.nullif(t.c.valid_until, OPEN, type_=sa.Date()))


def year_of(name: str) -> Form:
    """The mask `year` of a date."""
    return form(lambda t, _: sa.cast(sa.extract("year", t.c[name]), sa.Integer))


def band_of(name: str) -> Form:
    """The mask `band` of an amount: the band it lies in, as text; computed in SQL."""

    def banded(table: Table, _parent: Table) -> sa.ColumnElement[Any]:
        amount = table.c[name]
        steps = [(amount < high * 100, f"{low}.00..{high}.00") for low, high in pairwise(BANDS)]
        return sa.case((amount.is_(None), None), (amount < 0, "..0.00"), *steps, else_=f"{BANDS[-1]}.00..")

    return form(banded)


def code_of(field: str, name: str) -> Form:
    """The mask `token` of a text: a code that stands for it under this agreement."""
    return form(name, lambda reading, value: reading.codec.opaque(field, value))


def money(zh: str, en: str, name: str) -> Any:
    """An amount of fen; its mask is a band."""
    return column(zh, en, name, masks={"band": band_of(name)})


def division(zh: str, en: str, name: str, *, masks: Mapping[str, Form] = NO_MASKS) -> Any:
    """A division by its code."""
    return column(zh, en, name, finish=lambda reading, code: reading.reference.division(code), masks=masks)


def division_form(name: str) -> Form:
    """A division by its code, as a form of another column."""
    return form(name, lambda reading, code: reading.reference.division(code))


def document(zh: str = "政策文件", en: str = "policy document") -> Any:
    """The policy document that a row names."""
    return column(zh, en, "document", finish=lambda reading, key: reading.reference.document(key))


def rule(zh: str = "规则", en: str = "rule") -> Any:
    """The rule that a row names."""
    return column(zh, en, "rule_key", finish=lambda reading, key: reading.reference.rule(key))


def source(zh: str, en: str, name: str = "source") -> Any:
    """The source that a row came from."""
    return column(zh, en, name, finish=lambda reading, key: reading.reference.source(key))


def category(zh: str = "类别", en: str = "category") -> Any:
    """A category's code; outside the agreement's scope it is withheld."""
    return column(zh, en, "category", finish=_regional, codes="categories")


def _regional(_reading: Context, code: str) -> str:
    return "regional" if code.startswith("x_") else code


def is_category(table: Table, value: sa.ColumnElement[str]) -> Condition:
    """A row's category is the one bound; `regional` stands for any region's own."""
    own = sa.and_(value == "regional", table.c.category.like("x\\_%", escape="\\"))
    return sa.or_(table.c.category == value, own)


def equals(name: str) -> Callable[[Table, sa.ColumnElement[Any]], Condition]:
    """A row's column is the value bound."""

    def condition(table: Table, value: sa.ColumnElement[Any]) -> Condition:
        found: Condition = table.c[name] == value
        return found

    return condition
