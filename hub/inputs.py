"""What a month is computed from: landed parts, batches, aliases, decisions, policy, and the months before.

The stage SQL reads relations of fixed names and columns. They are declared here once, so that a relation that has
no batch yet still exists, empty, and a part landed before a field was declared reads as NULL there. The landed
relations follow from the sources' declarations: a new stream is matched without a word changed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from connectors.base import Source, discover
from hub.errors import InputError
from hub.reading.rows import child_schemas, row_schema

Progress = Callable[[str, int, int | None], None]  # stage, done, total where it is known
Columns = Mapping[str, str]

SQL_TYPES: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.bool_(): "BOOLEAN",
}
PLACE = {"batch_id": "BIGINT", "as_of": "DATE"}
SIGHTING = (
    "batch_id", "as_of", "line", "mac", "name_mac", "name_masked", "id_grade", "id_sex", "id_birth", "record_digest",
)  # fmt: skip

BATCH = {
    "batch_id": "BIGINT",
    "source": "VARCHAR",
    "stream": "VARCHAR",
    "as_of": "DATE",
    "semantics": "VARCHAR",
    "complete": "BOOLEAN",
    "department": "VARCHAR",
}
REPEATS = {"batch_id": "BIGINT", "base": "BIGINT"}  # a snapshot that is kept as what changed against `base`
GONE_LINE = {"batch_id": "BIGINT", "line": "INTEGER"}  # a line of its base that a snapshot does not have
ALIAS = {"mac": "VARCHAR", "person_id": "BIGINT"}
QUARANTINED = {"batch_id": "BIGINT", "mac": "VARCHAR"}
EARLIER_BATCH = {"month": "VARCHAR", "batch_id": "BIGINT"}  # what the months before were computed from
DECISION = {"mac": "VARCHAR", "name_mac": "VARCHAR", "judgement": "VARCHAR"}
PERIOD = {
    "month": "VARCHAR",
    "month_start": "DATE",
    "month_end": "DATE",
    "last_day": "DATE",
    "year": "INTEGER",
    "year_start": "DATE",
    "year_end": "DATE",
}
CONFIG: dict[str, Columns] = {
    "code_map": {"list": "VARCHAR", "province": "VARCHAR", "code": "VARCHAR", "value": "VARCHAR"},
    "category": {
        "code": "VARCHAR",
        "title": "VARCHAR",
        "title_en": "VARCHAR",
        "level": "VARCHAR",
        "certifier": "VARCHAR",
        "ends_on_risk_removed": "BOOLEAN",
        "rural_low_income": "BOOLEAN",
        "out_of_poverty": "BOOLEAN",
        "look_back_months": "INTEGER",
    },
    "exclusion": {"category_a": "VARCHAR", "category_b": "VARCHAR"},
    "pooling_area": {
        "county": "VARCHAR",
        "pooling_area": "VARCHAR",
        "valid_from": "DATE",
        "valid_until": "DATE",
    },
    "premium": {"region": "VARCHAR", "year": "INTEGER", "insutype": "VARCHAR", "amount": "BIGINT"},
    "rule_in_force": {
        "region": "VARCHAR",
        "benefit": "VARCHAR",
        "category": "VARCHAR",
        "valid_from": "DATE",
        "valid_until": "DATE",
        "rule_key": "VARCHAR",
        "document": "VARCHAR",
        "article": "VARCHAR",
        "rank": "INTEGER",
        "mode": "VARCHAR",
        "determined": "BOOLEAN",
        "undetermined_reason": "VARCHAR",
        "whose_region": "VARCHAR",
        "on_application": "BOOLEAN",
        "amount": "BIGINT",
        "line": "BIGINT",
        "ratio": "INTEGER",
        "cap": "BIGINT",
        "settings": "VARCHAR",
        "base": "VARCHAR",
        "period": "VARCHAR",
        "addressee": "VARCHAR",
        "insutypes": "VARCHAR",
        "conditions": "VARCHAR",
        "hospital_levels": "VARCHAR",
        "deducts": "VARCHAR",
        "counts": "VARCHAR",
        "cap_group": "VARCHAR",
        "group_cap": "BIGINT",
        "day": "VARCHAR",
        "rounding": "VARCHAR",
        "effect": "VARCHAR",
        "denominator": "VARCHAR",
        "tops_up": "VARCHAR",
        "refers_to": "VARCHAR",
        "cadence": "VARCHAR",
        "line_period": "VARCHAR",
        "tiers_period": "VARCHAR",
        "cap_period": "VARCHAR",
        "group_cap_period": "VARCHAR",
        "tiers_from": "VARCHAR",
        "stay_lines": "VARCHAR",
        "lines_most": "BIGINT",
        "line_group": "VARCHAR",
        "line_share": "INTEGER",
        "line_of": "VARCHAR",
        "line_least": "BIGINT",
        "line_most": "BIGINT",
        "least_ratio": "INTEGER",
        "cost_cap": "BIGINT",
        "first_own": "INTEGER",
        "pay": "BIGINT",
        "pay_per_day": "BIGINT",
        "cost_per_day": "BIGINT",
        "cost_from": "BIGINT",
        "cost_below": "BIGINT",
        "age_from": "INTEGER",
        "age_below": "INTEGER",
        "look_back": "INTEGER",
    },
    "rule_tier": {
        "region": "VARCHAR",
        "benefit": "VARCHAR",
        "category": "VARCHAR",
        "valid_from": "DATE",
        "rule_key": "VARCHAR",
        "above": "BIGINT",
        "ratio": "INTEGER",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedPart:
    """One Parquet file of a landed batch, and the relation it is part of (`medical_insurance_persons_insuinfo`).

    The relation of the lines gone from its base is `gone_line`.
    """

    relation: str
    batch_id: int
    as_of: date
    path: str


def nobody() -> pa.Table:
    """The relation `quarantined` where nothing waits."""
    return pa.table({"batch_id": pa.array([], pa.int64()), "mac": pa.array([], pa.string())})


def earlier_batches(months: Mapping[str, Iterable[int]]) -> pa.Table:
    """The relation `earlier_batch`: the batches that each month before was computed from."""
    rows = [(month, batch) for month, batches in months.items() for batch in batches]
    return pa.table(
        {
            "month": pa.array([month for month, _ in rows], pa.string()),
            "batch_id": pa.array([batch for _, batch in rows], pa.int64()),
        }
    )


def repeats(bases: Mapping[int, int]) -> pa.Table:
    """The relation `repeats`."""
    return pa.table({"batch_id": pa.array(bases, pa.int64()), "base": pa.array(bases.values(), pa.int64())})


def silent(_stage: str, _done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthInputs:
    """Everything a month's tables are a pure function of.

    `landed` and `batches` are what was received by the month's cut-off. `decisions` holds the last word on each
    (mac, name_mac). `quarantined` says whose rows of which batch wait in quarantine, where their number can be read.
    `bases` gives the base of each batch that is kept as what changed against another one.
    `config` holds at least the relations of CONFIG, for `counties`: those that the rows name. `previous_findings` and
    `previous_warnings` are rows of earlier months (one or all of them: "reopened" is known as far back as they reach).
    `earlier_batches` are the batches of each month before: a row of a later batch adjusts that month (pins.md 8).
    `sources` are the declared ones, the deployment's own included.
    """

    month: str
    landed: tuple[LandedPart, ...]
    batches: pa.Table
    alias: pa.Table
    decisions: pa.Table
    config: Mapping[str, pa.Table]
    counties: frozenset[str] = frozenset()
    quarantined: pa.Table | None = None
    bases: Mapping[int, int] = field(default_factory=dict)
    previous_findings: pa.Table | None = None
    previous_warnings: pa.Table | None = None
    earlier_batches: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    progress: Progress = silent
    sources: tuple[Source, ...] = field(default_factory=discover)


def month_bounds(month: str) -> tuple[date, date]:
    """First day of a month and of the next one. InputError where `month` is not yyyy-MM."""
    try:
        start = date.fromisoformat(f"{month}-01")
        return start, date(start.year + start.month // 12, start.month % 12 + 1, 1)
    except ValueError:
        raise InputError(f"{month!r} is not a month", remedy="Give it as yyyy-MM, e.g. 2025-11") from None


def period(month: str) -> pa.Table:
    """The one-row relation `period`: the month and its benefit year (the calendar year), half-open; its last day."""
    start, end = month_bounds(month)
    row = {
        "month": month,
        "month_start": start,
        "month_end": end,
        "last_day": date.fromordinal(end.toordinal() - 1),
        "year": start.year,
        "year_start": date(start.year, 1, 1),
        "year_end": date(start.year + 1, 1, 1),
    }
    return pa.Table.from_pylist([row])


def landed_relations(sources: Iterable[Source]) -> dict[str, Columns]:
    """Every landed relation's columns: one a stream, one a list inside its rows; none for one that feeds another."""
    found: dict[str, Columns] = {}
    for source in sources:
        for stream in source.streams:
            if stream.feeds:
                continue
            name = stream.relation(source.name)
            schemas = {name: row_schema(stream)}
            schemas |= {f"{name}_{child}": schema for child, schema in child_schemas(stream).items()}
            for relation, schema in schemas.items():
                found[relation] = {**PLACE, **{f.name: SQL_TYPES[f.type] for f in schema}}
    return found


def sighting_sql(sources: Iterable[Source]) -> str:
    """The relation `sighting`: each landed row of any stream, as evidence of a person.

    The rows of a stream that feeds another stand under the other's name: they say the same kind of thing.
    """
    return "\nUNION ALL\n".join(
        f"SELECT '{source.name}' AS source, '{stream.name}' AS stream, {', '.join(SIGHTING)} "
        f"FROM {source.name}_{stream.name}"
        for source in sources
        for stream in source.streams
        if not stream.feeds
    )
