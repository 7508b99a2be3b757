"""The forms that columns of different types share: dates and their years, money and its bands, places, documents.

A column's forms stand in order of what they tell, the clear one first: an effect further on tells less.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from schema.graph.fields import Sql, column, form
from schema.read.context import Context
from schema.read.model import Condition, Form, Plain, Table

OPEN = date(9999, 12, 31)
PLACES = {"county": 6, "city": 4, "province": 2}  # mask of a division -> digits that it leaves
YEAR = 4  # digits of a date's year, which it begins with
LAST = 4  # characters that the mask `last_four` leaves
BANDS = (0, 500, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)  # yuan


def audited(name: str) -> Sql:
    """A column whose values hub/audit.py has found to be codes before they were published."""
    return lambda table, _parent: sa.type_coerce(table.c[name], Plain())


def day(zh: str, en: str, name: str) -> Any:
    """A day of a person's life or of their papers; its mask is the year."""
    return column(zh, en, name, masks={"year": year_of(name)})


def until(zh: str, en: str) -> Any:
    """The end of a half-open period; null while it is open; its mask is the year."""

    def closed(table: Table, _parent: Table) -> sa.ColumnElement[Any]:
        return sa.func.nullif(table.c.valid_until, OPEN, type_=sa.Date())

    return column(zh, en, closed, masks={"year": year_of(closed)})


def year_of(sql: Sql) -> Form:
    """The mask `year` of a date."""
    clear = form(sql).sql
    return form(lambda t, p: sa.func.substr(sa.cast(clear(t, p), sa.Text), 1, YEAR, type_=Plain()))


def band_of(name: str) -> Form:
    """The mask `band` of an amount: the band it lies in, as text; computed in SQL."""

    def banded(table: Table, _parent: Table) -> sa.ColumnElement[Any]:
        amount = table.c[name]
        steps = [(amount < high * 100, f"{low}.00..{high}.00") for low, high in pairwise(BANDS)]
        told = sa.case((amount.is_(None), None), (amount < 0, "..0.00"), *steps, else_=f"{BANDS[-1]}.00..")
        return sa.type_coerce(told, Plain())

    return form(banded)


def code_of(field: str, sql: Sql) -> Form:
    """The mask `token` of a text: a code that stands for it under this agreement."""
    return form(sql, lambda reading, value: reading.codec.opaque(field, value))


def money(zh: str, en: str, name: str) -> Any:
    """An amount of fen; its mask is a band."""
    return column(zh, en, name, masks={"band": band_of(name)})


def division(zh: str, en: str, name: str, *, finest: str = "county") -> Any:
    """A division by its code; its masks are the coarser divisions that it lies in. `finest`: county or township."""

    def shown(reading: Context, code: str) -> Any:
        return reading.reference.division(code)

    def within(digits: int) -> Form:
        return form(lambda t, _: sa.func.substr(t.c[name], 1, digits, type_=Plain()), shown)

    masks = {mask: within(digits) for mask, digits in PLACES.items() if mask != finest}
    return column(zh, en, audited(name), finish=shown, masks=masks)


def text(zh: str, en: str, field: str, name: str, *, clear: bool = True) -> Any:
    """A text that names something at its source; its mask is a code that stands for it under this agreement."""
    return column(zh, en, name, masks={"token": code_of(field, name)}, clear=clear)


def ending(zh: str, en: str, kind: str, *, apart: tuple[str, ...] = ()) -> Any:
    """The last four characters of a sealed identifier: opened after the SQL, for single look-ups only.

    `kind` is the identifier's (connectors.base.Sealed). `apart`: fields that no agreement lists beside it.
    """
    masked = form("identity_sealed", lambda reading, blob: last_four(reading.identities.open(bytes(blob)).get(kind)))
    return column(zh, en, "identity_sealed", masks={"last_four": masked}, clear=False, single=True, apart=apart)


def last_four(value: str | None) -> str | None:
    """What the mask `last_four` leaves of an identifier; nothing of one that is no longer than that."""
    told = "".join((value or "").split())
    return told[-LAST:] if len(told) > LAST else None


def document(zh: str = "政策文件", en: str = "policy document") -> Any:
    """The policy document that a row names."""
    return column(zh, en, "document", finish=lambda reading, key: reading.reference.document(key))


def rule(zh: str = "规则", en: str = "rule") -> Any:
    """The rule that a row names; it names the row's category too."""
    return column(
        zh,
        en,
        "rule_key",
        finish=lambda reading, key: reading.reference.rule(key),
        codes="categories",
        tells="category",
    )


def article() -> Any:
    """The article that a row's rule stands in; it names the row's category too."""
    return column("条款", "article", "article", codes="categories", tells="category")


def source(zh: str, en: str, name: str = "source") -> Any:
    """The source that a row came from."""
    return column(zh, en, name, finish=lambda reading, key: reading.reference.source(key))


def category(zh: str = "类别", en: str = "category") -> Any:
    """A category's code; outside the agreement's scope it is withheld."""
    return column(zh, en, audited("category"), finish=_regional, codes="categories")


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
