"""What medical insurance knows of a person: enrolment, identity tags, subsidies received, settlements."""

from __future__ import annotations

import strawberry

from schema.graph import forms
from schema.graph.codes import Benefit, Category, InsuranceStatus, InsuranceType, Payer, Setting, both
from schema.graph.division import Division
from schema.graph.entities import ENROLMENT, IDENTITY_TAG, PAYMENT, SETTLEMENT, SUBSIDY
from schema.graph.fields import column, way, where
from schema.graph.lineage import Record, record
from schema.graph.policy import PolicyDocument, Rule
from schema.graph.scalars import Day, PartialDate, Ratio, Yuan
from schema.read.model import Condition, Kind, Link, Table


@strawberry.type(description=both("参保：险种、状态与参保地", "an enrolment: insurance, state and place"))
class Enrolment:
    insutype: InsuranceType | None = column("险种", "type of insurance", "insutype")
    status: InsuranceStatus | None = column("状态", "state", "status")
    valid_from: PartialDate | None = forms.day("起始日期", "from", "valid_from")
    valid_until: PartialDate | None = forms.until("终止日期（不含）", "until, exclusive; null while open")
    region: Division | None = forms.division("参保地", "county of insurance", "region")
    pooling_area: str | None = column("统筹地区代码", "code of the pooling area", "pooling_area")
    record: Record | None = way("原始记录", "the row it rests on", record(ENROLMENT))


@strawberry.type(
    description=both("医保身份标识（抄送，不是认定）", "what medical insurance shows as a category: a copy")
)
class IdentityTag:
    category: Category | None = forms.category()
    valid_from: PartialDate | None = forms.day("起始日期", "from", "valid_from")
    valid_until: PartialDate | None = forms.until("终止日期（不含）", "until, exclusive; null while open")
    region: Division | None = forms.division("地区", "county", "region")
    record: Record | None = way("原始记录", "the row it rests on", record(IDENTITY_TAG))


@strawberry.type(description=both("参保资助", "a premium subsidy received"))
class Subsidy:
    year: int | None = column("待遇年度", "insured year", "year")
    payer: Payer | None = column("资助来源", "who paid", "payer")
    amount: Yuan | None = forms.money("金额", "amount", "amount")
    paid: PartialDate | None = forms.day("支付日期", "paid on", "paid")
    record: Record | None = way("原始记录", "the row it rests on", record(SUBSIDY))


def _of_settlement(settlement: Table, payment: Table) -> Condition:
    found: Condition = payment.c.setl_id == settlement.c.setl_id
    return found


@strawberry.type(
    description=both(
        "应付：按规则逐笔计算的待遇", "a payment due: what a rule gives for a settlement, as the hub computes it"
    )
)
class Payment:
    benefit: Benefit | None = column("待遇", "benefit", "benefit")
    category: Category | None = forms.category("依据的类别", "category it is due to")
    base: Yuan | None = forms.money("计算基数", "what the rule counts of this settlement", "base")
    line: Yuan | None = forms.money("剩余起付线", "what was left of the line for this settlement", "line")
    ratio: Ratio | None = column("比例", "ratio; null where it is in tiers", "ratio")
    amount: Yuan | None = forms.money("应付金额", "amount due; null where it is not determined", "amount")
    cap_left: Yuan | None = forms.money(
        "剩余限额", "what is left of the cap after it; null where there is none", "cap_left"
    )
    rule: Rule | None = forms.rule()
    document: PolicyDocument | None = forms.document()
    article: str | None = forms.article()
    determined: bool | None = column("是否确定", "whether its amount is determined", "determined")
    reason: str | None = column("无法确定的原因", "why it is not determined", "reason")


@strawberry.type(description=both("结算：一次费用及各方支付", "a settled bill, with what each payer paid"))
class Settlement:
    number: str | None = forms.text("结算编号", "number at its source", "Settlement.number", "setl_id")
    visit: str | None = forms.text("就诊编号", "number of the visit", "Settlement.visit", "visit_id")
    insutype: InsuranceType | None = column("险种", "type of insurance", "insutype")
    setting: Setting | None = column("就医方式", "kind of care", "setting")
    hospital_level: str | None = column("医院等级", "level of the hospital", "hospital_level")
    admitted: PartialDate | None = forms.day("入院日期", "admitted", "admitted")
    discharged: PartialDate | None = forms.day("出院日期", "discharged", "discharged")
    settled: PartialDate | None = forms.day("结算日期", "settled", "settled")
    region: Division | None = forms.division("参保地", "county of insurance", "region")
    total: Yuan | None = forms.money("医疗总费用", "total cost", "total")
    scope: Yuan | None = forms.money("政策范围内费用", "cost inside the policy's scope", "scope")
    deductible: Yuan | None = forms.money("起付线", "line applied", "deductible")
    basic_paid: Yuan | None = forms.money("基本医保支付", "paid by basic insurance", "basic_paid")
    serious_illness_paid: Yuan | None = forms.money(
        "大病保险支付", "paid by serious-illness insurance", "serious_illness_paid"
    )
    medical_assistance_paid: Yuan | None = forms.money(
        "医疗救助支付", "paid by medical assistance", "medical_assistance_paid"
    )
    tilt_paid: Yuan | None = forms.money("倾斜救助支付", "paid by tilted assistance", "tilt_paid")
    self_in_scope: Yuan | None = forms.money(
        "政策范围内个人负担", "left to the person inside the scope", "self_in_scope"
    )
    cash_paid: Yuan | None = forms.money("个人现金支付", "paid in cash", "cash_paid")
    cancelled: bool | None = column("是否已冲销", "taken back by a refund", "cancelled")
    payments: list[Payment] | None = way(
        "按规则应付",
        "what is due by the rules, layer by layer; to compare with what was paid",
        Link(target=PAYMENT, kind=Kind.LIST, parent=SETTLEMENT, on=_of_settlement, inherits=True, size=3),
    )
    record: Record | None = way("原始记录", "the row it rests on", record(SETTLEMENT))


@strawberry.input(description=both("结算筛选", "conditions on settlements"))
class SettlementFilter:
    settled_from: Day | None = where(
        "结算日期不早于", "settled on or after", lambda t, v: t.c.settled >= v, "Settlement.settled"
    )
    settled_before: Day | None = where(
        "结算日期早于", "settled before", lambda t, v: t.c.settled < v, "Settlement.settled"
    )
    setting: Setting | None = where("就医方式", "kind of care", forms.equals("setting"), "Settlement.setting")
