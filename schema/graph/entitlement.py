"""Entitlements: the winning rule of a benefit for a person, what it outranked and why, and what all that rests on."""

from __future__ import annotations

import sqlalchemy as sa
import strawberry

from schema.graph import forms
from schema.graph.codes import Benefit, Category, Mode, Reason, both
from schema.graph.division import Division
from schema.graph.entities import CANDIDATE, CATEGORY_SPELL, ENTITLEMENT
from schema.graph.fields import column, way
from schema.graph.household import CategorySpell
from schema.graph.lineage import Record, record
from schema.graph.policy import PolicyDocument, Rule
from schema.graph.scalars import PartialDate, Yuan
from schema.read.model import Condition, Kind, Link, Table


def _same_case(entitlement: Table, candidate: Table) -> Condition:
    return sa.and_(
        candidate.c.person_id == entitlement.c.person_id,
        candidate.c.benefit == entitlement.c.benefit,
        candidate.c.valid_from == entitlement.c.valid_from,
    )


def _spell_of(row: Table, spell: Table) -> Condition:
    """The spells of the row's category that overlap its period."""
    return sa.and_(
        spell.c.person_id == row.c.person_id,
        spell.c.category == row.c.category,
        spell.c.valid_from < row.c.valid_until,
        spell.c.valid_until > row.c.valid_from,
    )


@strawberry.type(
    description=both("候选待遇：适用于此人的一条规则", "a candidate: a rule that reaches the person, and how it fared")
)
class Candidate:
    place: int | None = column("名次；1 为采用", "place; 1 is the winner", "place")
    reason: Reason | None = column("理由", "why it won or did not", "reason")
    category: Category | None = forms.category()
    region: Division | None = forms.division("规则地区", "region whose rule it is", "region")
    rule: Rule | None = forms.rule()
    document: PolicyDocument | None = forms.document()
    article: str | None = forms.article()
    determined: bool | None = column("是否确定", "whether its amount is determined", "determined")
    annual_amount: Yuan | None = forms.money(
        "年度金额", "amount on the person's own costs of the year", "annual_amount"
    )
    spells: list[CategorySpell] | None = way(
        "身份时段",
        "the category spells it rests on",
        Link(target=CATEGORY_SPELL, kind=Kind.LIST, parent=CANDIDATE, on=_spell_of, inherits=True, size=3),
    )
    record: Record | None = way("原始记录", "the row of the spell it rests on", record(CANDIDATE))


@strawberry.type(
    description=both(
        "应享待遇：一人一项待遇一段时间的采用规则", "an entitlement: the winning rule of a benefit for a time"
    )
)
class Entitlement:
    benefit: Benefit | None = column("待遇", "benefit", "benefit")
    valid_from: PartialDate | None = forms.day("起始日期", "from", "valid_from")
    valid_until: PartialDate | None = forms.until("终止日期（不含）", "until, exclusive; null while open")
    category: Category | None = forms.category("采用的类别", "the winner's category")
    region: Division | None = forms.division("规则地区", "region whose rule it is", "region")
    rule: Rule | None = forms.rule("采用的规则", "the winning rule")
    document: PolicyDocument | None = forms.document("依据文件", "the document it stands in")
    article: str | None = forms.article()
    determined: bool | None = column("是否确定", "whether its amount is determined", "determined")
    undetermined_reason: str | None = column("无法确定的原因", "why it is not determined", "undetermined_reason")
    annual_amount: Yuan | None = forms.money(
        "年度金额", "amount on the person's own costs of the year", "annual_amount"
    )
    mode: Mode | None = column("就高方式", "how the winner was chosen", "mode")
    winner: Candidate | None = way(
        "采用的候选",
        "the winner among the candidates",
        Link(
            target=CANDIDATE, kind=Kind.ONE, parent=ENTITLEMENT, on=_same_case,
            fixed=lambda t: t.c.place == 1, inherits=True,
        ),
    )  # fmt: skip
    outranked: list[Candidate] | None = way(
        "被覆盖的候选",
        "the candidates it outranked, with the reasons",
        Link(
            target=CANDIDATE, kind=Kind.LIST, parent=ENTITLEMENT, on=_same_case,
            fixed=lambda t: t.c.place > 1, inherits=True, size=5,
        ),
    )  # fmt: skip
    spells: list[CategorySpell] | None = way(
        "身份时段",
        "the category spells it rests on",
        Link(target=CATEGORY_SPELL, kind=Kind.LIST, parent=ENTITLEMENT, on=_spell_of, inherits=True, size=3),
    )
