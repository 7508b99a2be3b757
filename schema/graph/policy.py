"""Policy documents and their rules: where every amount and line comes from."""

from __future__ import annotations

import strawberry

from schema.graph.codes import both
from schema.graph.division import Division
from schema.graph.fields import plain
from schema.graph.scalars import Day


@strawberry.type(description=both("政策规则：一项待遇及其条款", "a rule: one benefit and the article it stands in"))
class Rule:
    key: str | None = plain("规则编号", "document id '/' rule id")
    benefit: str | None = plain("待遇代码", "code of the benefit")
    categories: list[str] | None = plain(
        "类别代码；* 为所有参保人", "codes of the categories; * is every insured person"
    )
    article: str | None = plain("条款", "article or paragraph")
    document: PolicyDocument | None = plain("所属文件", "the document it stands in")


@strawberry.type(description=both("政策文件", "a policy document in force in a region for a time"))
class PolicyDocument:
    id: strawberry.ID | None = plain("编号", "id of the document in the configuration")
    number: str | None = plain("文号", "document number")
    title: str | None = plain("标题", "title")
    title_en: str | None = plain("英文标题", "title in English")
    issuer: str | None = plain("发文机关", "issuer")
    region: Division | None = plain("适用地区；空为全国", "region; null is the nation")
    valid_from: Day | None = plain("施行日期", "in force from")
    valid_until: Day | None = plain("失效日期（不含）", "no longer in force from; null while in force")
    address: str | None = plain("来源地址", "address it was read at")
    grade: str | None = plain(
        "来源等级：G 政府网站 M 媒体 R 转载", "grade of the source: G government, M media, R re-post"
    )
    checked: Day | None = plain("最近核对日期", "day a person last checked it")
    rules: list[Rule] | None = plain("规则", "its rules", size=20)
