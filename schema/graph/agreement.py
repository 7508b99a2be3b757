"""The agreement a caller is under, as the graph shows it to them."""

from __future__ import annotations

import strawberry

from schema.graph.codes import both
from schema.graph.scalars import Day


@strawberry.type(description=both("字段授权", "a field that the agreement grants"))
class Grant:
    type: str
    field: str
    effect: str = strawberry.field(description=both("show 或 mask:种类", "show, or mask:kind"))


@strawberry.type(description=both("限额", "a limit"))
class Limit:
    name: str
    value: int


@strawberry.type(
    description=both(
        "共享协议：部门、目的、依据、字段与范围", "an agreement: department, purpose, basis, fields, scope"
    )
)
class Agreement:
    id: strawberry.ID
    department: str = strawberry.field(description=both("部门代码", "code of the department"))
    title: str
    title_en: str
    purpose: str = strawberry.field(description=both("使用目的代码", "code of the purpose"))
    legal_basis: str = strawberry.field(description=both("法律依据", "legal basis"))
    number: str = strawberry.field(description=both("文号", "document number"))
    valid_from: Day
    valid_until: Day = strawberry.field(description=both("终止日期（不含）", "until, exclusive"))
    divisions: list[str] = strawberry.field(description=both("行政区划；* 为全部", "divisions; * is all"))
    categories: list[str] = strawberry.field(description=both("类别；* 为全部", "categories; * is all"))
    certified_by: list[str] = strawberry.field(
        description=both("认定部门代码；* 为全部", "codes of the certifying departments; * is all")
    )
    own_referrals: bool = strawberry.field(
        description=both("仅限转给本部门的事项", "only who is in a case addressed to this department")
    )
    browse: bool = strawberry.field(
        description=both("可否浏览人员清单", "whether lists of persons may be read, or single persons only")
    )
    documents: str = strawberry.field(
        description=both("free 任意查询；registered 仅限登记的查询", "free, or registered: only documents on file")
    )
    export: bool = strawberry.field(description=both("可否导出", "whether pages may leave as files"))
    smallest_cell: int = strawberry.field(
        description=both("汇总的最小人数，不足则不提供", "persons below which a sum is withheld")
    )
    retention_days: int | None = strawberry.field(
        description=both("部门可保存的天数；空为未约定", "days that the department may keep it; null: not said")
    )
    grants: list[Grant]
    limits: list[Limit]
