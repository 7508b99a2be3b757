"""Divisions: names of places, from province to township."""

from __future__ import annotations

import strawberry

from schema.graph.codes import both
from schema.graph.fields import plain


@strawberry.type(description=both("行政区划", "an administrative division"))
class Division:
    code: str | None = plain("区划代码", "code of 2, 4, 6 or 9 digits")
    name: str | None = plain("名称", "name")
    level: str | None = plain("层级", "province, city, county or township")
    full_name: str | None = plain("全称", "name with those above it")
    parent: Division | None = plain("上级区划", "the division above")
