"""A person, and all that hangs on them."""

from __future__ import annotations

import sqlalchemy as sa
import strawberry

from hub.store import published
from schema.graph import forms
from schema.graph.access import AccessEntry, AccessFilter
from schema.graph.case import Finding, FindingFilter, HighCostWarning, WarningFilter
from schema.graph.codes import Benefit, Category, IdGrade, Sex, both
from schema.graph.division import Division
from schema.graph.entities import (
    ACCESS_OF_PERSON,
    CATEGORY_SPELL,
    ENROLMENT,
    ENTITLEMENT,
    FINDING,
    IDENTITY_TAG,
    MEMBER,
    PERSON,
    SETTLEMENT,
    SUBSIDY,
    WARNING,
)
from schema.graph.entitlement import Entitlement
from schema.graph.fields import AS_OF, Argument, column, form, way, where
from schema.graph.household import CategorySpell, HouseholdMember
from schema.graph.insurance import Enrolment, IdentityTag, Settlement, SettlementFilter, Subsidy
from schema.graph.lineage import Record, record
from schema.graph.page import Connection
from schema.graph.scalars import PartialDate
from schema.read.model import Condition, Entity, Kind, Link, Scope, Table, Where
from schema.read.times import Then


def _own(target: Entity, kind: Kind, *, size: int = 10) -> Link:
    """A person's own rows: they follow the person's scope."""
    return Link(
        target=target,
        kind=kind,
        parent=PERSON,
        on=lambda p, t: t.c.person_id == p.c.person_id,
        inherits=True,
        size=size,
    )


def _holds(
    table: Table, category: sa.ColumnElement[str], then: Then | None = None, scope: Scope | None = None
) -> Condition:
    """The person has a spell of the category, one that the scope shows; with a day, on that day."""
    spell = published["category_spell"].alias("wanted")
    on_day = CATEGORY_SPELL.period.sql(spell, then) if then is not None and CATEGORY_SPELL.period else sa.true()
    seen = CATEGORY_SPELL.rows(spell, scope) if scope is not None else []
    return sa.exists().where(
        spell.c.person_id == table.c.person_id, spell.c.pub_until.is_(None), forms.is_category(spell, category), on_day,
        *seen,
    )  # fmt: skip


@strawberry.type(
    description=both("人员：以证件号码的带密钥摘要识别", "a person, known by the keyed hash of an ID number")
)
class Person:
    token: str | None = column(
        "人员令牌，只在本协议内有效",
        "the person's key under this agreement, and under no other",
        "person_id",
        finish=lambda reading, key: reading.codec.person(key),
        together=lambda reading, keys: reading.codec.persons(keys),
    )
    name: str | None = column("姓名", "name", "name_masked", masks={"surname": form("name_masked")}, clear=False)
    sex: Sex | None = column("性别", "sex", "sex")
    birth: PartialDate | None = forms.day("出生日期", "date of birth", "birth")
    ethnic: str | None = column("民族代码", "code of the ethnic group", "ethnic")
    rural: bool | None = column("是否农村", "rural; null where no source tells", "rural")
    residence: Division | None = forms.division("居住地", "where the person lives", "residence", finest="township")
    county: Division | None = forms.division("县区", "county of residence", "county")
    death: PartialDate | None = forms.day("死亡日期", "date of death", "death")
    id_number: str | None = forms.ending("证件号码", "ID number", "id_number", apart=("Person.birth",))
    phone: str | None = forms.ending("联系电话", "phone number", "phone")
    id_grade: IdGrade | None = column("证件号码等级", "form the ID number arrived in", "id_grade")
    categories: list[CategorySpell] | None = way(
        "身份时段", "category spells", _own(CATEGORY_SPELL, Kind.LIST), times=(AS_OF,)
    )
    identity_tags: list[IdentityTag] | None = way(
        "医保身份标识",
        "what medical insurance shows",
        _own(IDENTITY_TAG, Kind.LIST),
        times=(AS_OF,),
    )
    enrolments: list[Enrolment] | None = way("参保", "enrolments", _own(ENROLMENT, Kind.LIST, size=5), times=(AS_OF,))
    subsidies: list[Subsidy] | None = way("参保资助", "premium subsidies received", _own(SUBSIDY, Kind.LIST, size=5))
    settlements: Connection[Settlement] | None = way(
        "结算，最近的在前", "settlements, the latest first", _own(SETTLEMENT, Kind.PAGE), filter=SettlementFilter
    )
    entitlements: list[Entitlement] | None = way(
        "应享待遇",
        "entitlements",
        _own(ENTITLEMENT, Kind.LIST),
        times=(AS_OF,),
        arguments={
            "benefit": Argument(
                type=Benefit,
                zh="只取这项待遇",
                en="only this benefit",
                where=Where(sql=forms.equals("benefit"), by=("Entitlement.benefit",)),
            ),
        },
    )
    households: list[HouseholdMember] | None = way(
        "所在家庭", "memberships in households", _own(MEMBER, Kind.LIST, size=3), times=(AS_OF,)
    )
    findings: Connection[Finding] | None = way(
        "比对发现", "findings of the monthly comparisons", _own(FINDING, Kind.PAGE), filter=FindingFilter
    )
    warnings: Connection[HighCostWarning] | None = way(
        "高额费用预警", "high-cost warnings", _own(WARNING, Kind.PAGE), filter=WarningFilter
    )
    record: Record | None = way("原始记录", "the row their master data rest on", record(PERSON))
    access_log: Connection[AccessEntry] | None = way(
        "访问日志：谁读过此人",
        "who has read this person's rows",
        _own(ACCESS_OF_PERSON, Kind.PAGE),
        filter=AccessFilter,
    )


@strawberry.input(description=both("人员筛选", "conditions on persons"))
class PersonFilter:
    county: str | None = where(
        "居住县区代码", "code of the county of residence", forms.equals("county"), "Person.county"
    )
    category: Category | None = where(
        "曾有此类别", "has a spell of this category", _holds, "Person.categories", "CategorySpell.category", on=_holds
    )
    sex: Sex | None = where("性别", "sex", forms.equals("sex"), "Person.sex")
    rural: bool | None = where("是否农村", "rural", forms.equals("rural"), "Person.rural")
