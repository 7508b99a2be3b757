"""Counts and sums of a month: cells that publish made for this agreement's scope and smallest cell (hub/rollup/).

Nothing is counted when it is asked: an entry reads cells as any other reads rows. A cell of too few persons, and one
that would betray such a cell, is there with `suppressed` true and no numbers; of a total perhaps only the sums lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
import strawberry

from hub.store import cell
from schema.graph.codes import Benefit, Category, FindingKind, Payer, both, code
from schema.graph.division import Division
from schema.graph.fields import GOVERNED, Argument, Finish, Sql, form, way, where
from schema.graph.scalars import Long, YearMonth, Yuan
from schema.read.context import Context
from schema.read.model import SHOW, Binder, Column, Condition, Entity, Kind, Link, Table, Where

DIGITS = {"whole": 0, "province": 2, "city": 4, "county": 6, "township": 9}  # of a division's code
BEYOND = "9" * 10  # behind every code of a division


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregate(Column):
    """A value that is made of rows of others: `of` are the `Type.field`s it counts or sums.

    An agreement that lists a type may aggregate only what it shows of it in the clear (`unseen`).
    """

    of: tuple[str, ...] = ()

    def unseen(self, granted: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Of these, the fields of a type that is listed which are not shown in the clear."""
        parts = [(field, *field.split(".")) for field in self.of]
        return [field for field, kind, name in parts if granted.get(kind) and granted[kind].get(name) != SHOW]


def _told(zh: str, en: str, sql: Sql, *of: str, finish: Finish | None = None, codes: str | None = None) -> Any:
    spec = Aggregate(forms={SHOW: form(sql, finish)}, codes=codes, of=of)
    return strawberry.field(description=both(zh, en), metadata={GOVERNED: spec})


@strawberry.enum(description=both("汇总层级", "the level that is counted by"))
class DivisionLevel(Enum):
    WHOLE = code("whole", "协议范围合计", "all of the agreement's scope together")
    PROVINCE = code("province", "省级", "province")
    CITY = code("city", "地级", "city")
    COUNTY = code("county", "县级", "county")


def _month() -> Any:
    return _told("月份", "month", "month")


def _division(of: str) -> Any:
    county = DIGITS["county"]
    return _told(
        "行政区划；合计或不详为空",
        "the division, of a township its county; null is the whole scope, or unknown",
        lambda t, _: sa.func.substr(t.c.division, 1, county, type_=sa.Text()),
        of,
        finish=lambda reading, told: reading.reference.division(told),
    )


def _township(of: str) -> Any:
    digits = DIGITS["township"]
    return _told(
        "乡镇（街道）；不详为空",
        "the township; null is unknown, or a higher level",
        lambda t, _: sa.case((sa.func.length(t.c.division) == digits, t.c.division)),
        of,
        finish=lambda reading, told: reading.reference.division(told),
    )


def _label(zh: str, en: str, of: str, *, codes: str | None = None, finish: Finish | None = None) -> Any:
    def value(table: Table, _parent: Table) -> sa.ColumnElement[Any]:
        return sa.func.nullif(table.c.label, "", type_=sa.Text())

    return _told(f"{zh}；空为全部合计", f"{en}; null is all together", value, of, codes=codes, finish=finish)


def _category(of: str) -> Any:
    return _label("类别", "category", of, codes="categories", finish=lambda _, told: _regional(told))


def _regional(told: str) -> str:
    return "regional" if told.startswith("x_") else told


def _persons() -> Any:
    return _told("人数", "persons, each once; null where it is withheld", "persons")


def _suppressed() -> Any:
    return _told(
        "是否隐去：人数过少，或会泄露人数过少者", "withheld: too few, or it would betray too few", "suppressed"
    )


@strawberry.type(description=both("在册人数", "living persons listed on the month's last day"))
class ListedCount:
    month: YearMonth | None = _month()
    division: Division | None = _division("Person.county")
    township: Division | None = _township("Person.residence")
    category: Category | None = _category("CategorySpell.category")
    persons: Long | None = _persons()
    suppressed: bool | None = _suppressed()


@strawberry.type(description=both("应享待遇汇总", "persons with an entitlement in force on the month's last day"))
class EntitledCount:
    month: YearMonth | None = _month()
    division: Division | None = _division("Person.county")
    township: Division | None = _township("Person.residence")
    benefit: Benefit | None = _label("待遇", "benefit", "Entitlement.benefit", codes="benefits")
    persons: Long | None = _persons()
    annual_amount: Yuan | None = _told("年度金额合计", "annual amounts", "amount", "Entitlement.annualAmount")
    suppressed: bool | None = _suppressed()


@strawberry.type(description=both("当月已支付汇总", "what was paid of the month's settlements, by payer's layer"))
class PaidCount:
    month: YearMonth | None = _month()
    division: Division | None = _division("Person.county")
    township: Division | None = _township("Person.residence")
    benefit: Benefit | None = _label("待遇", "benefit", "Payment.benefit", codes="benefits")
    persons: Long | None = _persons()
    amount: Yuan | None = _told(
        "支付金额合计",
        "amounts paid",
        "amount",
        *(f"Settlement.{name}" for name in ("basicPaid", "seriousIllnessPaid", "medicalAssistancePaid", "tiltPaid")),
    )
    suppressed: bool | None = _suppressed()


@strawberry.type(description=both("资助参保汇总", "premium subsidies of the insured year, as known at the month's end"))
class SubsidisedCount:
    month: YearMonth | None = _month()
    division: Division | None = _division("Person.county")
    township: Division | None = _township("Person.residence")
    payer: Payer | None = _label("资助来源", "payer", "Subsidy.payer")
    persons: Long | None = _persons()
    amount: Yuan | None = _told("资助金额合计", "amounts", "amount", "Subsidy.amount")
    suppressed: bool | None = _suppressed()


@strawberry.type(description=both("比对发现汇总", "the month's findings that stand"))
class FindingCount:
    month: YearMonth | None = _month()
    division: Division | None = _division("Finding.county")
    kind: FindingKind | None = _label("种类", "kind", "Finding.kind", codes="findings")
    persons: Long | None = _told(
        "涉及人数（不指明个人的按户）",
        "persons they are about, once in a county; households where nobody is named",
        "persons",
    )
    findings: Long | None = _told("发现数", "findings", "cases")
    expected: Yuan | None = _told("应有金额合计", "amounts expected", "amount", "Finding.expected")
    actual: Yuan | None = _told("实际金额合计", "amounts found", "second", "Finding.actual")
    suppressed: bool | None = _suppressed()


@strawberry.type(description=both("高额费用预警汇总", "persons with a high-cost warning that stands"))
class WarningCount:
    month: YearMonth | None = _month()
    division: Division | None = _division("Warning.county")
    category: Category | None = _category("Warning.category")
    persons: Long | None = _told("涉及人数", "persons, once in a county", "persons")
    burden: Yuan | None = _told("个人负担合计", "burdens, each person's greatest", "amount", "Warning.burden")
    suppressed: bool | None = _suppressed()


def _labelled(table: Table, value: sa.ColumnElement[str]) -> Condition:
    """A cell's label is the one bound; `regional` stands for any region's own category."""
    own = sa.and_(value == "regional", table.c.label.like("x\\_%", escape="\\"))
    return sa.or_(table.c.label == value, own)


def _inside(table: Table, value: sa.ColumnElement[str]) -> Condition:
    """A cell's division lies in the one bound."""
    return sa.and_(table.c.division >= value, table.c.division <= value.concat(BEYOND))


def _within(kind: str) -> Any:
    return where("所属区划代码", "in the division of this code", _inside, f"{kind}.division")


@strawberry.input(description=both("在册人数筛选", "conditions on counts of those listed"))
class ListedCountFilter:
    category: Category | None = where("类别", "category", _labelled, "ListedCount.category")
    within: str | None = _within("ListedCount")


@strawberry.input(description=both("应享待遇汇总筛选", "conditions on counts of entitlements"))
class EntitledCountFilter:
    benefit: Benefit | None = where("待遇", "benefit", _labelled, "EntitledCount.benefit")
    within: str | None = _within("EntitledCount")


@strawberry.input(description=both("当月已支付汇总筛选", "conditions on counts of what was paid"))
class PaidCountFilter:
    benefit: Benefit | None = where("待遇", "benefit", _labelled, "PaidCount.benefit")
    within: str | None = _within("PaidCount")


@strawberry.input(description=both("资助参保汇总筛选", "conditions on counts of subsidies"))
class SubsidisedCountFilter:
    payer: Payer | None = where("资助来源", "payer", _labelled, "SubsidisedCount.payer")
    within: str | None = _within("SubsidisedCount")


@strawberry.input(description=both("比对发现汇总筛选", "conditions on counts of findings"))
class FindingCountFilter:
    kind: FindingKind | None = where("种类", "kind", _labelled, "FindingCount.kind")
    within: str | None = _within("FindingCount")


@strawberry.input(description=both("预警汇总筛选", "conditions on counts of warnings"))
class WarningCountFilter:
    category: Category | None = where("类别", "category", _labelled, "WarningCount.category")
    within: str | None = _within("WarningCount")


def _found(table: Table, bind: Binder) -> Condition:
    return sa.and_(
        table.c.cube == bind("cube"),
        table.c.month == bind("month"),
        table.c.level == bind("level"),
        table.c.division >= bind("low"),
        table.c.division <= bind("high"),
    )


def _prepare(context: Context, month: str, level: str = "county", townships_of: str | None = None) -> Mapping[str, Any]:
    """What finds the cells of an agreement; the townships of a county where it is given, else a level."""
    own = {"cube": context.terms.cube, "month": month}
    if townships_of is not None:
        return {**own, "level": DIGITS["township"], "low": townships_of, "high": townships_of + BEYOND}
    return {**own, "level": DIGITS[level], "low": "", "high": BEYOND}


def counts(zh: str, en: str, family: str, filter: type, *, townships: bool = False) -> Any:  # noqa: A002
    """The entry of a family's cells: of a month and a level, or of one county's townships."""
    name = filter.__name__.removesuffix("Filter")
    entity = Entity(
        name=name,
        table=cell,
        identity="cell_id",
        order=("division", "label"),
        rows=lambda table, _scope: [table.c.family == family],
    )
    arguments = {
        "month": Argument(type=YearMonth, zh="月份", en="month, yyyy-MM"),
        "level": Argument(
            type=DivisionLevel, zh="层级", en="level of the divisions", default=DivisionLevel.COUNTY
        ),
    }  # fmt: skip
    if townships:
        governed = Where(sql=_inside, by=(f"{name}.township",))
        arguments["townships_of"] = Argument(
            type=str, zh="改为某县区的各乡镇", en="the townships of this county instead of a level", where=governed
        )
    link = Link(target=entity, kind=Kind.PAGE, find=_found)
    return way(zh, en, link, arguments=arguments, filter=filter, prepare=_prepare)
