"""Households and their members, category spells and who holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.graph import forms
from schema.graph.codes import Category, both
from schema.graph.division import Division
from schema.graph.entities import CATEGORY_SPELL, HOUSEHOLD, MEMBER, PERSON
from schema.graph.fields import AS_OF, column, way, where
from schema.graph.lineage import Record, Source, record
from schema.graph.scalars import PartialDate
from schema.read.model import Kind, Link

if TYPE_CHECKING:
    from schema.graph.person import Person


@strawberry.type(
    description=both("身份时段：谁、何地、何时起止、何部门认定", "who holds a category, where, when, certified by whom")
)
class CategorySpell:
    category: Category | None = forms.category()
    valid_from: PartialDate | None = forms.day("起始日期", "from", "valid_from")
    valid_until: PartialDate | None = forms.until("终止日期（不含）", "until, exclusive; null while open")
    region: Division | None = forms.division("认定地", "county where it is certified", "region")
    rural: bool | None = column("是否农村", "rural; null where the source does not tell", "rural")
    certified: PartialDate | None = forms.day("认定日期", "certified on", "certified")
    certifier: str | None = column("认定部门代码", "code of the department that certified it", "certifier")
    source: Source | None = forms.source("数据源", "source")
    stream: str | None = column("数据流", "stream", "stream")
    household: Annotated[Household, strawberry.lazy("schema.graph.household")] | None = way(
        "认定的户",
        "household it was certified for",
        Link(
            target=HOUSEHOLD,
            kind=Kind.ONE,
            parent=CATEGORY_SPELL,
            on=lambda p, t: t.c.household_key == p.c.household_key,
        ),
    )
    record: Record | None = way("原始记录", "the row it rests on", record(CATEGORY_SPELL))


@strawberry.type(description=both("家庭成员", "a member of a household, as its source lists them"))
class HouseholdMember:
    person: Annotated[Person, strawberry.lazy("schema.graph.person")] | None = way(
        "人员",
        "the person",
        Link(target=PERSON, kind=Kind.ONE, parent=MEMBER, on=lambda p, t: t.c.person_id == p.c.person_id),
    )
    household: Annotated[Household, strawberry.lazy("schema.graph.household")] | None = way(
        "家庭",
        "the household",
        Link(target=HOUSEHOLD, kind=Kind.ONE, parent=MEMBER, on=lambda p, t: t.c.household_key == p.c.household_key),
    )
    covered: bool | None = column("是否保障对象", "whether the household's category reaches them", "covered")
    relation: str | None = column("与户主关系", "relation to the head", "relation")
    valid_from: PartialDate | None = forms.day("起始日期", "from", "valid_from")
    valid_until: PartialDate | None = forms.until("终止日期（不含）", "until, exclusive; null while open")
    record: Record | None = way("原始记录", "the row it rests on", record(MEMBER))


@strawberry.type(description=both("家庭：一个数据源的一户", "a household of one source"))
class Household:
    token: str | None = column(
        "家庭令牌",
        "the household's key under this agreement",
        "household_key",
        finish=lambda reading, key: reading.codec.household(key),
    )
    source: Source | None = forms.source("数据源", "source")
    residence: Division | None = forms.division("居住地", "where it lives", "residence", finest="township")
    county: Division | None = forms.division("县区", "county", "county")
    members: list[HouseholdMember] | None = way(
        "成员",
        "its members in scope",
        Link(target=MEMBER, kind=Kind.LIST, parent=HOUSEHOLD, on=lambda p, t: t.c.household_key == p.c.household_key),
        times=(AS_OF,),
    )
    categories: list[CategorySpell] | None = way(
        "身份时段",
        "category spells certified for it",
        Link(
            target=CATEGORY_SPELL,
            kind=Kind.LIST,
            parent=HOUSEHOLD,
            on=lambda p, t: t.c.household_key == p.c.household_key,
        ),
        times=(AS_OF,),
    )


@strawberry.input(description=both("家庭筛选", "conditions on households"))
class HouseholdFilter:
    county: str | None = where("县区代码", "code of the county", forms.equals("county"), "Household.county")
    source: str | None = where("数据源", "name of the source", forms.equals("source"), "Household.source")
