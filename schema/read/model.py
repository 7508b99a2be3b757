"""What the graph stands on: entities, the forms of a column, links between entities, the scope of an agreement.

1. An entity is a table of the store under one GraphQL type; its current rows are those with `pub_until IS NULL`.
2. A column has one form for each effect an agreement may give it ("show", "mask:year" ...). A form is SQL, so that
   what a caller may not see never leaves the database; `finish` is for what needs a key or the configuration.
3. A link leads from a parent's rows to a target's. Without a parent it is an entry of the graph.
4. Scope is a condition in SQL: `place` says whose rows (where a person lives, what they hold), `rows` which rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from schema.read.context import Context
    from schema.read.times import Then

Table = Any  # an alias of a store's table; its columns are known only at run time
Condition = sa.ColumnElement[bool]
Binder = Callable[..., sa.BindParameter[Any]]  # a bound value by its name, and its `type_` where nothing tells it
SHOW = "show"
EVERYONE = "*"  # the category of a rule that reaches every insured person
SINCE = "since"  # bound in scope conditions: the first day of the published month's benefit year


class Plain(sa.Text):
    """Text that JSON writes as it is, whatever the row: digits of dates, audited codes, words of our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The rows an agreement reaches; None is all. Codes outside do not exist in its graph."""

    divisions: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    benefits: tuple[str, ...] | None = None
    findings: tuple[str, ...] | None = None
    addressees: tuple[str, ...] | None = None
    certifiers: tuple[str, ...] | None = None  # departments that certified the spell by which a person is in scope
    referred_to: str | None = None  # the department whose referrals alone are in scope: the cases addressed to it
    unordered: frozenset[str] = (
        frozenset()
    )  # `Type.column`s that no list is ordered by: they are not shown in the clear

    def codes(self, name: str) -> tuple[str, ...] | None:
        """The codes of a list that may be seen; a rule for everyone is nobody's category, so it always may."""
        allowed: tuple[str, ...] | None = getattr(self, name)
        return (*allowed, EVERYONE) if allowed is not None and name == "categories" else allowed


ScopeRule = Callable[[Table, Scope], list[Condition]]


def everywhere(_table: Table, _scope: Scope) -> list[Condition]:
    """No condition."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Period:
    """What of an entity is true on a day: over its table and the bound day; `by` are the `Type.field`s it reads."""

    sql: Callable[[Table, Then], Condition]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entity:
    """A table under a GraphQL type.

    `identity` names a row within a snapshot; `order` is the key of its pages, `descending` for newest first;
    `subject` the column of the person whose row it is; `period` what of it is true on a day (None: it has no period).
    """

    name: str
    table: sa.FromClause
    identity: str = "row_id"
    order: tuple[str, ...]
    descending: bool = False
    subject: str | None = None
    place: ScopeRule = everywhere
    rows: ScopeRule = everywhere
    period: Period | None = None

    def ordered(self, scope: Scope) -> tuple[str, ...]:
        """The columns that order its rows under a scope.

        What it may not order by gives way to the row's digest, which tells nothing; rows' own numbers are as publish
        wrote them, by county, person and the sources' numbers.
        """
        kept = tuple(name for name in self.order if f"{self.name}.{name}" not in scope.unordered)
        if kept == self.order:
            return kept
        digest = ("row_digest",) if "row_digest" in self.table.c else ()
        return (*(name for name in kept if name != self.identity), *digest, self.identity)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """How a column leaves the database under one effect: SQL over (its table, its parent's table), then `finish`.

    `together` is `finish` for many values, where that costs less than each by itself: texts, as JSON.
    """

    sql: Callable[[Table, Table], sa.ColumnElement[Any]]
    finish: Callable[[Context, Any], Any] | None = None
    together: Callable[[Context, Sequence[Any]], Sequence[bytes]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """A governed value: one form for each effect, in order of what they tell, the most first.

    `codes` names the scope that limits its values, where one does. `single`: it is for agreements that look up single
    persons. `apart`: `Type.field`s that no agreement lists beside it, because both together tell more than either.
    `opaque`: it is a code made of what it reads, and shows none of that. `under`: its form under an agreement's
    smallest cell, for a number that is made of many persons. `tells`: the column of a code of `codes` that follows
    from it: it is withheld where that code is.
    """

    forms: Mapping[str, Form]
    codes: str | None = None
    single: bool = False
    apart: tuple[str, ...] = ()
    opaque: bool = False
    under: Callable[[Form, int], Form] | None = None
    tells: str = ""


class Kind(StrEnum):
    """How many rows a link leads to, and how they come."""

    ONE = "one"
    LIST = "list"  # small by nature: a person's categories, what an entitlement outranked
    PAGE = "page"  # a Relay connection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """A way from a parent's rows to a target's.

    `on` joins (parent, target). An entry (no parent) finds by `find`, over values bound by name.
    `inherits`: the parent's scope already holds for the target (the same person's rows). `browse`: it lists persons'
    rows without naming a person first. `fixed` holds always (a candidate that did not win).
    """

    target: Entity
    kind: Kind
    parent: Entity | None = None
    on: Callable[[Table, Table], Condition] | None = None
    find: Callable[[Table, Binder], Condition] | None = None
    fixed: Callable[[Table], Condition] | None = None
    inherits: bool = False
    browse: bool = False
    size: int = 10  # rows assumed for the cost of a LIST


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Where:
    """A condition a caller may set: over the target and the bound value; `by` are the `Type.field`s it reads.

    `on` is the same where a day (`asOf`) or the scope makes a difference, over both too; None where neither does.
    """

    sql: Callable[[Table, sa.ColumnElement[Any]], Condition]
    by: tuple[str, ...]
    on: Callable[[Table, sa.ColumnElement[Any], Then | None, Scope], Condition] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Governed:
    """A column as one agreement has it."""

    name: str  # Python's name of the field
    form: Form
    effect: str
    codes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A statement's shape: what is selected, which conditions are set, from where a page goes on."""

    link: Link
    columns: tuple[Governed, ...]
    filters: tuple[tuple[str, Where], ...] = ()
    after: bool = False
    backward: bool = False
    known: bool = False  # as of a publication
    dated: bool = False  # as of a day
