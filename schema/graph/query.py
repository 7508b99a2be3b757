"""The entries of the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import strawberry

from hub.store import alias
from schema.graph import aggregate
from schema.graph.access import AccessEntry, AccessFilter
from schema.graph.agreement import Agreement
from schema.graph.case import Finding, FindingFilter, HighCostWarning, WarningFilter
from schema.graph.codes import CertificateType, both
from schema.graph.division import Division
from schema.graph.entities import ACCESS, BATCH, FINDING, HOUSEHOLD, MONTH, PERSON, WARNING
from schema.graph.fields import AS_OF, KNOWN_AT, Argument, entry, way, where
from schema.graph.forms import equals
from schema.graph.household import Household, HouseholdFilter
from schema.graph.lineage import Batch, Source
from schema.graph.month import Month
from schema.graph.page import Connection
from schema.graph.person import Person, PersonFilter
from schema.graph.policy import PolicyDocument
from schema.graph.scalars import YearMonth
from schema.read.context import Context
from schema.read.model import Binder, Condition, Entity, Kind, Link, Table

Info = strawberry.Info[Context]
TIMES = (AS_OF, KNOWN_AT)
TOKEN = Argument(type=str, zh="令牌", en="token under this agreement")


@strawberry.input(description=both("批次筛选", "conditions on batches"))
class BatchFilter:
    source: str | None = where("数据源", "name of the source", equals("source"), "Batch.source", "Source.name")
    stream: str | None = where("数据流", "stream", equals("stream"), "Batch.stream")


def _by(column: str) -> Callable[[Table, Binder], Condition]:
    """An entry's row is found by a column; the bound value has the column's name."""

    def found(table: Table, bind: Binder) -> Condition:
        condition: Condition = table.c[column] == bind(column)
        return condition

    return found


def _by_number(table: Table, bind: Binder) -> Condition:
    found: Condition = table.c.person_id.in_(sa.select(alias.c.person_id).where(alias.c.mac == bind("mac")))
    return found


def _entry(target: Entity, column: str) -> Link:
    return Link(target=target, kind=Kind.ONE, find=_by(column))


def _list(target: Entity, *, browse: bool) -> Link:
    return Link(target=target, kind=Kind.PAGE, browse=browse)


def _batch(given: str) -> int:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else -1


def agreement(info: Info) -> dict[str, Any]:
    return info.context.agreement


def divisions(info: Info, within: str | None = None) -> list[dict[str, Any]]:
    return info.context.reference.below(within)


def policy_documents(info: Info) -> list[dict[str, Any]]:
    return list(info.context.reference.documents.values())


def policy_document(info: Info, id: strawberry.ID) -> dict[str, Any] | None:  # noqa: A002  the argument's name
    return info.context.reference.document(id)


def sources(info: Info) -> list[dict[str, Any]]:
    return list(info.context.reference.sources.values())


@strawberry.type(description=both("查询入口", "the entries"))
class Query:
    agreement: Agreement | None = entry("我所依据的协议", "the agreement I am under", agreement)
    person: Person | None = way(
        "按令牌取人员",
        "a person by token",
        _entry(PERSON, "person_id"),
        arguments={"token": TOKEN},
        prepare=lambda reading, token: {"person_id": reading.codec.person_id(token)},
        times=TIMES,
    )
    person_by_id_number: Person | None = way(
        "按证件号码取人员；号码只能作 POST 变量，立即散列",
        "a person by ID number: a variable in the body of a POST, hashed at once",
        Link(target=PERSON, kind=Kind.ONE, find=_by_number),
        arguments={
            "id_number": Argument(type=str, zh="证件号码", en="ID number", personal=True),
            "cert_type": Argument(
                type=CertificateType, zh="证件类型", en="type of certificate", default=CertificateType.RESIDENT_ID
            ),
        },
        prepare=lambda reading, id_number, cert_type: {"mac": reading.lookup(id_number, cert_type)},
        times=TIMES,
    )
    persons: Connection[Person] | None = way(
        "人员清单", "persons in scope", _list(PERSON, browse=True), filter=PersonFilter, times=TIMES
    )
    household: Household | None = way(
        "按令牌取家庭",
        "a household by token",
        _entry(HOUSEHOLD, "household_key"),
        arguments={"token": TOKEN},
        prepare=lambda reading, token: {"household_key": reading.codec.household_key(token)},
        times=TIMES,
    )
    households: Connection[Household] | None = way(
        "家庭清单", "households in scope", _list(HOUSEHOLD, browse=True), filter=HouseholdFilter, times=TIMES
    )
    findings: Connection[Finding] | None = way(
        "比对发现", "findings in scope", _list(FINDING, browse=True), filter=FindingFilter, times=TIMES
    )
    warnings: Connection[HighCostWarning] | None = way(
        "高额费用预警", "warnings in scope", _list(WARNING, browse=True), filter=WarningFilter, times=TIMES
    )
    month: Month | None = way(
        "比对月份",
        "a month",
        _entry(MONTH, "month"),
        arguments={"month": Argument(type=YearMonth, zh="月份", en="month, yyyy-MM")},
        prepare=lambda _, month: {"month": month},
    )
    months: Connection[Month] | None = way(
        "比对月份，最近的在前", "months, the latest first", _list(MONTH, browse=False)
    )
    batch: Batch | None = way(
        "批次",
        "a batch",
        _entry(BATCH, "batch_id"),
        arguments={"id": Argument(type=strawberry.ID, zh="批次号", en="number of the batch")},
        prepare=lambda _, id: {"batch_id": _batch(id)},  # noqa: A006  the argument's name
    )
    batches: Connection[Batch] | None = way(
        "批次，最近的在前", "batches, the latest first", _list(BATCH, browse=False), filter=BatchFilter
    )
    access_log: Connection[AccessEntry] | None = way(
        "访问日志，最近的在前", "the access log, the latest first", _list(ACCESS, browse=False), filter=AccessFilter
    )
    listed_counts: Connection[aggregate.ListedCount] | None = aggregate.counts(
        "在册人数", "persons listed, by category", "listed", aggregate.ListedCountFilter, townships=True
    )
    entitled_counts: Connection[aggregate.EntitledCount] | None = aggregate.counts(
        "应享待遇汇总", "persons entitled, by benefit", "entitled", aggregate.EntitledCountFilter, townships=True
    )
    paid_counts: Connection[aggregate.PaidCount] | None = aggregate.counts(
        "当月已支付汇总", "what was paid, by benefit", "paid", aggregate.PaidCountFilter, townships=True
    )
    subsidised_counts: Connection[aggregate.SubsidisedCount] | None = aggregate.counts(
        "资助参保汇总", "premium subsidies, by payer", "subsidised", aggregate.SubsidisedCountFilter, townships=True
    )
    finding_counts: Connection[aggregate.FindingCount] | None = aggregate.counts(
        "比对发现汇总", "findings, by kind", "finding", aggregate.FindingCountFilter
    )
    warning_counts: Connection[aggregate.WarningCount] | None = aggregate.counts(
        "高额费用预警汇总", "high-cost warnings, by category", "warning", aggregate.WarningCountFilter
    )
    divisions: list[Division] | None = entry(
        "下级行政区划；不给代码则为省级", "the divisions below a code; provinces without one", divisions, size=30
    )
    policy_documents: list[PolicyDocument] | None = entry("政策文件", "policy documents", policy_documents, size=20)
    policy_document: PolicyDocument | None = entry("按编号取政策文件", "a policy document by id", policy_document)
    sources: list[Source] | None = entry("数据源", "sources", sources, size=5)
