"""How a type of the graph is written down: governed columns, links and entries, each declared once.

What is declared here in a field's metadata is what agreements grant, contracts keep, statements select and limits
count; a field without it is structure (PageInfo, Edge) or is denied.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry
from strawberry.types.field import StrawberryField

from schema.graph.codes import both
from schema.graph.scalars import Day, KnownAt
from schema.read.context import Context
from schema.read.model import SHOW, Column, Form, Kind, Link, Scope, Table, Where
from schema.read.pages import Page
from schema.read.reading import Bound, Reading, Row
from schema.read.times import Known, Then

GOVERNED = "governed"  # metadata key: the Column, Link or Entry of a field
WHERE = "where"  # metadata key: the Where of a filter's field
Sql = str | Callable[[Table, Table], sa.ColumnElement[Any]]
Finish = Callable[[Context, Any], Any]
Together = Callable[[Context, Sequence[Any]], Sequence[bytes]]
NO_MASKS: Mapping[str, Form] = {}
AS_OF, KNOWN_AT = "as_of", "known_at"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Argument:
    """An argument of a link: its type, what it says, the condition it sets (None: the entry prepares it itself).

    `personal` names a person directly: such a value comes only as a variable in the body of a POST.
    """

    type: Any
    zh: str
    en: str
    where: Where | None = None
    default: object = inspect.Parameter.empty
    personal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """A link as a field: with its arguments and its filter type. `prepare` makes an entry's bound values of them.

    `times`: which of AS_OF and KNOWN_AT it takes; they hold for all below.
    """

    link: Link
    arguments: Mapping[str, Argument]
    filter: type | None = None
    prepare: Callable[..., Mapping[str, Any]] | None = None
    times: tuple[str, ...] = ()

    def bound(self, context: Context, given: Mapping[str, Any], conditions: Mapping[str, Any]) -> list[Bound]:
        """What the arguments and the filter's fields that are given bind; by Python's names, null is not given."""
        told = {name: _value(given[name]) for name in self.arguments if given.get(name) is not None}
        if self.prepare is not None:
            found = [Bound(name=name, value=value) for name, value in self.prepare(context, **told).items()]
        else:
            found = [Bound(name=name, value=value, where=self.arguments[name].where) for name, value in told.items()]
        for field in self.filter.__strawberry_definition__.fields if self.filter else ():  # type: ignore[attr-defined]
            value = conditions.get(field.python_name)
            if value is not None and value is not strawberry.UNSET:
                found.append(Bound(name=field.python_name, value=_value(value), where=field.metadata[WHERE]))
        return found


def page(given: Mapping[str, Any]) -> Page:
    """The page that a connection's arguments ask for."""
    return Page(**{name: given.get(name) for name in ("first", "after", "last", "before")})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """A field that the configuration answers, not the store. `size`: rows assumed, where it is a list.

    `resolve` is an entry's; a value of an object that the configuration made has none.
    """

    size: int = 1
    resolve: Callable[..., Any] | None = None


def _sql(sql: Sql) -> Callable[[Table, Table], sa.ColumnElement[Any]]:
    if isinstance(sql, str):
        name = sql

        def named(table: Table, _parent: Table) -> sa.ColumnElement[Any]:
            column: sa.ColumnElement[Any] = table.c[name]
            return column

        return named
    return sql


def form(sql: Sql, finish: Finish | None = None, together: Together | None = None) -> Form:
    """A form of a column: a column's name or SQL, and what is done after."""
    return Form(sql=_sql(sql), finish=finish, together=together)


def column(
    zh: str,
    en: str,
    sql: Sql,
    *,
    finish: Finish | None = None,
    together: Together | None = None,
    masks: Mapping[str, Form] = NO_MASKS,
    codes: str | None = None,
    clear: bool = True,
    single: bool = False,
    apart: tuple[str, ...] = (),
    opaque: bool = False,
    under: Callable[[Form, int], Form] | None = None,
    tells: str = "",
) -> Any:
    """A governed value; `masks` in order of what they tell. `clear` False: there is no clear value to show, only masks.

    `single`: only for agreements that look up single persons. `apart`: fields that no agreement lists beside it.
    `opaque`: it shows nothing of what it is made of. `under`: its form under an agreement's smallest cell.
    `tells`: the column of a code that follows from it.
    """
    forms = {SHOW: form(sql, finish, together)} if clear else {}
    forms |= {f"mask:{kind}": mask for kind, mask in masks.items()}
    made = Column(forms=forms, codes=codes, single=single, apart=apart, opaque=opaque, under=under, tells=tells)
    return strawberry.field(description=both(zh, en), metadata={GOVERNED: made})


def entry(zh: str, en: str, resolver: Callable[..., Any], *, size: int = 1) -> Any:
    """A governed field that the configuration answers."""
    metadata = {GOVERNED: Entry(size=size, resolve=resolver)}
    return strawberry.field(resolver=resolver, description=both(zh, en), metadata=metadata)


def plain(zh: str, en: str, *, size: int = 1) -> Any:
    """A governed value of an object that the configuration made."""
    return strawberry.field(description=both(zh, en), metadata={GOVERNED: Entry(size=size)})


def where(
    zh: str,
    en: str,
    sql: Callable[[Table, sa.ColumnElement[Any]], Any],
    *by: str,
    on: Callable[[Table, sa.ColumnElement[Any], Then | None, Scope], Any] | None = None,
) -> Any:
    """A field of a filter: it exists where every `Type.field` it reads is shown in the clear.

    `on` is the same condition under the scope, on the day that `asOf` names.
    """
    condition = Where(sql=sql, by=by, on=on)
    return strawberry.field(description=both(zh, en), default=strawberry.UNSET, metadata={WHERE: condition})


def way(
    zh: str,
    en: str,
    link: Link,
    *,
    filter: type | None = None,  # noqa: A002  the argument's name in the graph
    arguments: Mapping[str, Argument] | None = None,
    prepare: Callable[..., Mapping[str, Any]] | None = None,
    times: tuple[str, ...] = (),
) -> Any:
    """A governed link; a connection takes Relay's arguments, and a filter where there is one.

    `prepare` makes an entry's bound parameters of its arguments; `times` are those of AS_OF and KNOWN_AT that it takes.
    """
    arguments = arguments or {}
    spec = Way(link=link, arguments=arguments, filter=filter, prepare=prepare, times=times)

    def resolve(root: Row | None, info: strawberry.Info[Reading], **given: Any) -> Any:
        chosen = given.get("filter")
        bound = spec.bound(info.context, given, vars(chosen) if chosen is not None else {})
        asked = page(given) if link.kind is Kind.PAGE else None
        when = info.context.times(*times_of(given), root)
        return info.context.follow(link, root, info._raw_info, asked, bound, when)

    resolve.__signature__ = inspect.Signature(_parameters(spec))  # type: ignore[attr-defined]
    made: StrawberryField = strawberry.field(
        resolver=resolve,
        description=both(zh, en),
        metadata={GOVERNED: spec},
    )
    return made


def times_of(given: Mapping[str, Any]) -> tuple[Known | None, date | None]:
    """The times that a link's arguments name; null and what is not given name none."""
    known, day = (given.get(name) or None for name in (KNOWN_AT, AS_OF))
    return known, day


def _value(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _parameters(way: Way) -> list[inspect.Parameter]:
    def parameter(
        name: str, annotation: Any, zh: str, en: str, default: object = strawberry.UNSET
    ) -> inspect.Parameter:
        described = Annotated[annotation, strawberry.argument(description=both(zh, en))]
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=described)

    found = [
        inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
    ]
    for name, argument in way.arguments.items():
        kind = argument.type if argument.where is None else argument.type | None
        default = argument.default if argument.where is None else strawberry.UNSET
        found.append(parameter(name, kind, argument.zh, argument.en, default))
    if AS_OF in way.times:
        found.append(parameter(AS_OF, Day | None, "只取这一天成立的（有效时间）", "only what was true on this day"))
    if KNOWN_AT in way.times:
        en = "as the hub knew it then: a publication's number, a day (its end) or a moment"
        found.append(parameter(KNOWN_AT, KnownAt | None, "当时系统所知（记录时间）：发布序号、日期或时刻", en))
    if way.link.kind is Kind.PAGE:
        if way.filter is not None:
            found.append(parameter("filter", way.filter | None, "筛选条件", "conditions, all of them together"))
        found += [
            parameter("first", int | None, "从头取几项", "how many from the beginning"),
            parameter("after", str | None, "在此位置之后", "behind this cursor"),
            parameter("last", int | None, "从尾取几项", "how many from the end"),
            parameter("before", str | None, "在此位置之前", "ahead of this cursor"),
        ]
    return found
