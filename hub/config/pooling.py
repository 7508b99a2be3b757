"""Pooling areas (统筹地区): where contributions are pooled. Dated, and not the same thing as divisions.

config/pooling_areas.toml: `[[pooling]]` says for all counties `within` a division either `by` which level they pool,
or which `area` they belong to; of two that hold on a day the one within the smaller division counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise

import pyarrow as pa

from hub.policy.resolve import chain
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml

DIGITS = {"county": 6, "prefecture": 4, "province": 2}
SCHEMA = pa.schema(
    [("county", pa.string()), ("pooling_area", pa.string()), ("valid_from", pa.date32()), ("valid_until", pa.date32())]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """How the counties within a division pool on [valid_from, valid_until): by `digits` of their code, or in `area`."""

    within: str
    area: str
    digits: int
    valid_from: date
    valid_until: date
    citation: str

    def of(self, county: str) -> str:
        """The code of the pooling area of a county within."""
        return self.area or county[: self.digits]


def parse(toml: Toml, divisions: frozenset[str], problems: list[Problem]) -> tuple[Pooling, ...]:
    """What a file says; what does not fit is noted as a problem."""
    section = Section(toml, problems)
    parts = section.tables("pooling")
    found = [_pooling(part, divisions) for part in parts]
    for (first, _), (second, part) in combinations(zip(found, parts, strict=True), 2):
        apart = first.valid_until <= second.valid_from or second.valid_until <= first.valid_from
        if first.within == second.within and not apart:
            part.refuse(
                "within", f"{second.within} pools in two ways on the same days", "End one before the other begins"
            )
    section.finish()
    return tuple(found)


def _pooling(section: Section, divisions: frozenset[str]) -> Pooling:
    codes = {key: section.text(key, default="" if key == "area" else None) for key in ("within", "area")}
    for key, code in codes.items():
        if code and code not in divisions:
            section.refuse(key, f"{code} is no division", "Use a code of divisions.csv")
    by = section.text("by", default="", choices=tuple(DIGITS))
    if bool(by) == bool(codes["area"]):
        section.refuse("by", "by and area stand together, or neither", 'Write by = "prefecture", or area = "3703"')
    start, end = section.period(required=True)
    pooling = Pooling(
        within=codes["within"],
        area=codes["area"],
        digits=DIGITS.get(by, 6),
        valid_from=start,
        valid_until=end,
        citation=section.text("citation", remedy="Say where it is said, or [own]"),
    )
    section.finish()
    return pooling


def table(poolings: Iterable[Pooling], counties: Iterable[str]) -> pa.Table:
    """pooling_area(county, pooling_area, valid_from, valid_until) for some counties; none where nothing is said."""
    known = tuple(poolings)
    rows = []
    for county in sorted(set(counties)):
        around = [pooling for pooling in known if pooling.within in chain(county)]
        days = sorted({day for pooling in around for day in (pooling.valid_from, pooling.valid_until)})
        for start, end in pairwise(days):
            holding = [pooling for pooling in around if pooling.valid_from <= start < pooling.valid_until]
            if holding:
                chosen = max(holding, key=lambda pooling: len(pooling.within))
                rows.append(
                    {"county": county, "pooling_area": chosen.of(county), "valid_from": start, "valid_until": end}
                )
    return pa.Table.from_pylist(rows, schema=SCHEMA)
