"""The relations of one benefit year of a case: the few rows in place of what months have millions of.

The person is number 1, lives and is insured where the case is, and every category of the case is of a household of its
own: which department certified it, and who else it covers, makes no difference to what one person is due.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from hub.assess.case import Case, Stay
from hub.assess.configured import six
from hub.config.config import Config
from hub.engine import schema
from hub.inputs import CONFIG, PERIOD, SQL_TYPES
from hub.merge import OTHER_AID, SETTLEMENT_DETAIL
from hub.tables import CATEGORY_SPELL, OPEN, PERSON, SETTLEMENT, WARNING

Row = dict[str, Any]
Given = tuple[str, Mapping[str, str], pa.Table]
SELF = 1
RULES = ("category", "rule_in_force", "rule_tier", "premium")
INSURED = {"person_id": "BIGINT", "insutype": "VARCHAR", "region": "VARCHAR", "pooling_area": "VARCHAR"}
NEWEST = {
    "batch_id": "BIGINT", "line": "INTEGER", "setl_id": "VARCHAR", "person_id": "BIGINT", "visit_id": "VARCHAR",
    "total": "BIGINT", "settled": "DATE", "takes_back": "VARCHAR",
}  # fmt: skip


def given(case: Case, known: Config, county: str, year: int) -> Iterator[Given]:
    """Everything but the settlements."""
    counties = {county, *(six(held.region) for held in case.categories if held.region)}
    relations = known.relations(counties, year)
    for name in RULES:
        rows = _unapplied(relations[name]) if name == "rule_in_force" and case.applied is False else relations[name]
        yield name, CONFIG[name], rows
    yield "period", PERIOD, _relation(PERIOD, [_period(case, year)])
    place = {"person_id": SELF, "insutype": case.insutype, "region": county, "pooling_area": county[:4]}
    yield "insured_place", INSURED, _relation(INSURED, [place])
    person = {"person_id": SELF, "birth": case.birth, "rural": case.rural, "residence": county, "county": county}
    yield "person", PERSON.columns, _relation(PERSON.columns, [person])
    spells = [
        {
            "person_id": SELF, "category": held.code, "valid_from": held.valid_from, "valid_until": held.valid_until,
            "region": six(held.region) if held.region else county, "rural": case.rural, "certified": held.certified,
            "household_key": str(number), "source": "case", "stream": "case", "batch_id": 1, "line": number,
            "record_digest": "",
        }
        for number, held in enumerate(case.categories, 1)
    ]  # fmt: skip
    yield "category_spell", CATEGORY_SPELL.columns, _relation(CATEGORY_SPELL.columns, spells)
    yield "earlier_warning", WARNING.columns, _relation(WARNING.columns, [])
    yield "newest_settlement", NEWEST, _relation(NEWEST, _newest(case.stays))


def settlement(case: Case, county: str, year: int, taken_back: Collection[str]) -> Given:
    """The year's settlements. Neither a refund counts, nor what one takes back."""
    rows = [
        {
            "setl_id": stay.id, "visit_id": stay.id, "person_id": SELF, "insutype": case.insutype,
            "setting": stay.setting, "hospital_level": stay.hospital_level, "admitted": stay.admitted,
            "discharged": stay.discharged, "settled": stay.settled, "region": county, "total": stay.total,
            "scope": stay.scope, "basic_paid": stay.basic_paid, "serious_illness_paid": stay.serious_illness_paid,
            "cancelled": stay.total < 0 or stay.id in taken_back, "batch_id": 1, "line": number, "record_digest": "",
        }
        for number, stay in enumerate(case.of_year(year), 1)
    ]  # fmt: skip
    return "settlement", SETTLEMENT.columns, _relation(SETTLEMENT.columns, rows)


def details(case: Case, year: int) -> dict[str, pa.Table]:
    """What only a case file tells of settlements."""
    stays = case.of_year(year)
    told = [
        {
            "setl_id": stay.id, "referral": stay.referral, "in_region": stay.in_region, "designated": stay.designated,
            "applied": case.applied, "special_drug_cost": stay.special_drug_cost,
        }
        for stay in stays
    ]  # fmt: skip
    aid = [{"setl_id": stay.id, "kind": kind, "amount": amount} for stay in stays for kind, amount in stay.other_aid]
    return {
        table.name: pa.Table.from_pylist(rows, schema=schema(table))
        for table, rows in ((SETTLEMENT_DETAIL, told), (OTHER_AID, aid))
    }


def _period(case: Case, year: int) -> Row:
    """The year as one month: its last day, on which warnings look at categories and lines, is that of discharge."""
    last = max((stay.discharged for stay in case.of_year(year)), default=date(year, 12, 31))
    return {
        "month": f"{last:%Y-%m}",
        "month_start": last.replace(day=1),
        "month_end": date.fromisoformat(OPEN),
        "last_day": last,
        "year": year,
        "year_start": date(year, 1, 1),
        "year_end": date(year + 1, 1, 1),
    }


def _newest(stays: Iterable[Stay]) -> list[Row]:
    """The settlements of all years as the text on refunds asks for them: a case tells no visits, and names nothing."""
    return [
        {
            "batch_id": 1, "line": number, "setl_id": stay.id, "person_id": SELF, "visit_id": "", "total": stay.total,
            "settled": stay.settled,
        }
        for number, stay in enumerate(stays, 1)
    ]  # fmt: skip


def _unapplied(rules: pa.Table) -> pa.Table:
    """Without an application, what must be applied for gives nothing; settlements say so themselves."""
    nothing = {"amount": 0, "determined": True, "undetermined_reason": None}
    rows = [
        {**row, **nothing} if row["on_application"] and row["benefit"] == "premium_subsidy" else row
        for row in rules.to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=rules.schema)


def _relation(columns: Mapping[str, str], rows: list[Row]) -> pa.Table:
    types = {kind: arrow for arrow, kind in SQL_TYPES.items()}
    made = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    return pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=made)
