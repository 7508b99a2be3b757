"""What a month's comparison shows: findings and high-cost warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import sqlalchemy as sa
import strawberry

from schema.graph import forms
from schema.graph.codes import CaseState, Category, FindingKind, Severity, both
from schema.graph.division import Division
from schema.graph.entities import FINDING, HOUSEHOLD, PERSON, SETTLEMENT, WARNING
from schema.graph.feedback import Feedback, case_of, feedback_of, of_finding, of_warning
from schema.graph.fields import column, way, where
from schema.graph.household import Household
from schema.graph.insurance import Settlement
from schema.graph.lineage import Record, record
from schema.graph.policy import PolicyDocument, Rule
from schema.graph.scalars import Day, YearMonth, Yuan
from schema.read.model import Condition, Entity, Kind, Link, Table

if TYPE_CHECKING:
    from schema.graph.person import Person


def _person(parent: Entity) -> Link:
    return Link(target=PERSON, kind=Kind.ONE, parent=parent, on=lambda p, t: t.c.person_id == p.c.person_id)


def _household(parent: Entity) -> Link:
    return Link(target=HOUSEHOLD, kind=Kind.ONE, parent=parent, on=lambda p, t: t.c.household_key == p.c.household_key)


def _settlement(finding: Table, settlement: Table) -> Condition:
    return sa.and_(settlement.c.person_id == finding.c.person_id, settlement.c.setl_id == finding.c.subject)


@strawberry.type(description=both("比对发现", "a finding of a month's comparison"))
class Finding:
    month: YearMonth | None = column("月份", "month", "month")
    kind: FindingKind | None = column("种类", "kind", "kind")
    state: CaseState | None = column("与上月相比", "against the month before", "state")
    subject: str | None = forms.text(
        "对象（类别对、资助来源、结算编号等）",
        "what else names it: a category pair, a payer, a settlement",
        "Finding.subject",
        "subject",
    )
    severity: Severity | None = column("严重程度", "severity", "severity")
    addressee: str | None = column("主送部门代码", "code of the department it goes to", "addressee")
    deadline: Day | None = column("处理期限", "deadline", "deadline")
    category: Category | None = forms.category()
    county: Division | None = forms.division("县区", "county", "county")
    expected: Yuan | None = forms.money("应有金额", "amount expected", "expected")
    actual: Yuan | None = forms.money("实际金额", "amount found", "actual")
    first_month: YearMonth | None = column("首次出现月份", "month it first appeared", "first_month")
    adjusts_month: YearMonth | None = column("补记所属月份", "month that it adjusts", "adjusts_month")
    person: Annotated[Person, strawberry.lazy("schema.graph.person")] | None = way(
        "人员", "the person", _person(FINDING)
    )
    household: Household | None = way("家庭", "the household", _household(FINDING))
    settlement: Settlement | None = way(
        "结算",
        "the settlement it is about; null where it is about none",
        Link(target=SETTLEMENT, kind=Kind.ONE, parent=FINDING, on=_settlement),
    )
    record: Record | None = way("原始记录", "the row it rests on", record(FINDING))
    case: strawberry.ID | None = case_of(of_finding)
    feedback: list[Feedback] | None = feedback_of(FINDING, of_finding)


@strawberry.type(
    name="Warning",
    description=both("高额费用预警：个人负担超过预警线", "a high-cost warning: a burden above a document's line"),
)
class HighCostWarning:
    month: YearMonth | None = column("月份", "month", "month")
    state: CaseState | None = column("与上月相比", "against the month before", "state")
    addressee: str | None = column("主送部门代码", "code of the department it goes to", "addressee")
    category: Category | None = forms.category()
    county: Division | None = forms.division("县区", "county", "county")
    burden: Yuan | None = forms.money("个人负担", "the year's burden", "burden")
    threshold: Yuan | None = forms.money("预警线", "the line", "threshold")
    rule: Rule | None = forms.rule()
    document: PolicyDocument | None = forms.document()
    article: str | None = forms.article()
    first_month: YearMonth | None = column("首次出现月份", "month it first appeared", "first_month")
    person: Annotated[Person, strawberry.lazy("schema.graph.person")] | None = way(
        "人员", "the person", _person(WARNING)
    )
    household: Household | None = way("家庭", "the household", _household(WARNING))
    case: strawberry.ID | None = case_of(of_warning)
    feedback: list[Feedback] | None = feedback_of(WARNING, of_warning)


@strawberry.input(description=both("比对发现筛选", "conditions on findings"))
class FindingFilter:
    month: YearMonth | None = where("月份", "month", forms.equals("month"), "Finding.month")
    kind: FindingKind | None = where("种类", "kind", forms.equals("kind"), "Finding.kind")
    state: CaseState | None = where("与上月相比", "state", forms.equals("state"), "Finding.state")
    county: str | None = where("县区代码", "code of the county", forms.equals("county"), "Finding.county")
    category: Category | None = where("类别", "category", forms.is_category, "Finding.category")


@strawberry.input(description=both("预警筛选", "conditions on warnings"))
class WarningFilter:
    month: YearMonth | None = where("月份", "month", forms.equals("month"), "Warning.month")
    state: CaseState | None = where("与上月相比", "state", forms.equals("state"), "Warning.state")
    county: str | None = where("县区代码", "code of the county", forms.equals("county"), "Warning.county")
    category: Category | None = where("类别", "category", forms.is_category, "Warning.category")
