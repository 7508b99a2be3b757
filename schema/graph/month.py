"""Months: what was computed and published, and how many of those listed are insured."""

from __future__ import annotations

import sqlalchemy as sa
import strawberry

from schema.graph.case import Finding, FindingFilter, HighCostWarning, WarningFilter
from schema.graph.codes import MonthState, Population, both
from schema.graph.entities import FINDING, MONTH, PARTICIPATION, WARNING
from schema.graph.fields import column, way
from schema.graph.page import Connection
from schema.graph.scalars import Instant, Long, Ratio, YearMonth
from schema.read.model import Entity, Form, Kind, Link


def _of_month(target: Entity, kind: Kind, *, browse: bool) -> Link:
    return Link(target=target, kind=kind, parent=MONTH, on=lambda p, t: t.c.month == p.c.month, browse=browse)


def _enough(form: Form, smallest: int) -> Form:
    """A number that is there where enough persons are listed."""
    return Form(sql=lambda t, p: sa.case((t.c.listed >= _fewest(smallest), form.sql(t, p))), finish=form.finish)


def _too_few(_form: Form, smallest: int) -> Form:
    """Whether too few are listed."""
    return Form(sql=lambda t, _: t.c.listed < _fewest(smallest))


def _fewest(smallest: int) -> int:
    """Persons that a number may be made of; where one may be shown, nobody may too."""
    return smallest if smallest > 1 else 0


@strawberry.type(description=both("参保率", "participation of a population in a pooling area"))
class Participation:
    month: YearMonth | None = column("月份", "month", "month")
    pooling_area: str | None = column("统筹地区代码", "code of the pooling area", "pooling_area")
    population: Population | None = column("人群", "population", "population")
    listed: Long | None = column("在册人数", "persons listed", "listed", under=_enough)
    insured: Long | None = column("参保人数", "of them insured", "insured", under=_enough)
    rate: Ratio | None = column("参保率", "rate, rounded down", "rate", under=_enough)
    target: Ratio | None = column("目标", "target", "target")
    met: bool | None = column("是否达标", "target met", "met", under=_enough)
    suppressed: bool | None = column("是否隐去：在册人数过少", "withheld: too few are listed", "listed", under=_too_few)


@strawberry.type(description=both("比对月份", "a month that was computed and published"))
class Month:
    month: YearMonth | None = column("月份", "month", "month")
    state: MonthState | None = column("状态", "state", "state")
    computed_at: Instant | None = column("计算时刻", "computed at", "computed_at")
    digest: str | None = column("结果摘要", "digest of the month's tables", "digest")
    publication: int | None = column("发布序号", "number of the publication", "publication")
    participation: list[Participation] | None = way(
        "参保率；在册人数过少的不列数字",
        "participation; without numbers where too few are listed",
        Link(target=PARTICIPATION, kind=Kind.LIST, parent=MONTH, on=lambda p, t: t.c.month == p.c.month),
    )
    findings: Connection[Finding] | None = way(
        "比对发现", "findings", _of_month(FINDING, Kind.PAGE, browse=True), filter=FindingFilter
    )
    warnings: Connection[HighCostWarning] | None = way(
        "高额费用预警", "high-cost warnings", _of_month(WARNING, Kind.PAGE, browse=True), filter=WarningFilter
    )
