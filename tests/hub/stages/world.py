"""A hand-made world for the stages: rows as a department would send them, written as landed Parquet.

`World` collects batches; `compute` runs a month over them and gives each table as a list of dicts. Persons are named
by a short word (`"li"`), which stands for the ID number; the same word always has the same person_id. Names default to
that word, so a row with another `name` is a name conflict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import Semantics, Stream, discover
from hub import tables
from hub.engine import DuckDB
from hub.inputs import CONFIG, PERIOD, LandedPart, MonthInputs, period
from hub.match import load, match
from hub.merge import OTHER_AID, SETTLEMENT_DETAIL, merge
from hub.reading.rows import child_schemas, row_schema
from hub.reconcile import compute_month

Row = dict[str, Any]
STREAMS: dict[tuple[str, str], Stream] = {(s.name, t.name): t for s in discover() for t in s.streams}
TYPES = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "INTEGER": pa.int32(), "DATE": pa.date32(), "BOOLEAN": pa.bool_(),
}  # fmt: skip
COUNTY, OTHER, FAR = "370302", "370902", "653121"
OCTOBER, NOVEMBER = date(2025, 10, 31), date(2025, 11, 30)

CATEGORIES = {  # code: level, certifier, ends_on_risk_removed, rural_low_income, out_of_poverty
    "tekun": ("person", "civil_affairs", False, True, False),
    "orphan": ("person", "civil_affairs", False, True, False),
    "dibao": ("household", "civil_affairs", False, True, False),
    "dibao_edge": ("household", "civil_affairs", False, True, False),
    "illness_poor": ("person", "civil_affairs", False, True, False),
    "fanpin_zhipin": ("household", "rural_revitalization", True, True, False),
    "mon_unstable": ("household", "rural_revitalization", True, True, True),
    "mon_edge": ("household", "rural_revitalization", True, True, False),
    "mon_sudden": ("household", "rural_revitalization", False, True, False),
    "stable_out": ("household", "rural_revitalization", False, False, True),
}
EXCLUSIONS = (("dibao", "tekun"), ("dibao", "dibao_edge"), ("mon_unstable", "stable_out"))
CODES = {
    ("assistance_type", ""): {c: c for c, (_, by, *_) in CATEGORIES.items() if by == "civil_affairs"},
    ("urban_rural", ""): {"农村": "rural", "城市": "urban"},
    ("household_type", ""): {"脱贫户": "out_of_poverty", "一般户": "ordinary"},
    ("monitored_type", ""): {"无": "none", **{code: code for code in ("mon_unstable", "mon_edge", "mon_sudden")}},
    ("psn_insu_stas", ""): {"1": "normal", "2": "paused", "3": "ended"},
    ("psn_idet_type", ""): {"01": "illness_poor", "99": "orphan"},
    ("psn_idet_type", "37"): {"00": "none", "01": "tekun", "04": "dibao", "07": "mon_unstable"},
    ("psn_idet_type", "65"): {"00": "none", "01": "dibao", "02": "tekun"},
    ("subsidy_payer", ""): {"1": "medical_insurance", "2": "civil_affairs", "4": "finance"},
    ("med_type", ""): {"11": "outpatient", "14": "outpatient_chronic", "21": "inpatient"},
    ("hosp_lv", ""): {"1": "1", "2": "2", "3": "3"},
    ("fund_pay_type", ""): {"390100": "basic", "610100": "medical_assistance", "610102": "tilt", "999996": "other"},
    ("gend", ""): {"0": "0", "1": "1", "2": "2"},
}  # fmt: skip
DEFAULTS: dict[tuple[str, str], Row] = {
    ("medical_insurance", "persons"): {"psn_cert_type": "01"},
    ("medical_insurance", "settlements"): {
        "psn_cert_type": "01", "insutype": "390", "insuplc_admdvs": COUNTY, "med_type": "21", "hosp_lv": "2",
        "hifp_pay": 0, "hifmi_pay": 0, "maf_pay": 0,
    },
    ("civil_affairs", "recipients"): {
        "urban_rural": "农村", "covered": True, "begin_month": date(2025, 1, 1), "division": "370302001",
    },
    ("civil_affairs", "payments"): {
        "assistance_type": "低保", "household_number": "H1", "amount": 640_00, "division": "370302001",
    },
    ("civil_affairs", "relief"): {"amount": 100_00, "paid": date(2025, 5, 1), "division": COUNTY},
    ("civil_affairs", "deaths"): {"division": COUNTY},
    ("rural_revitalization", "monitored"): {"household_type": "一般户", "division": "370302002"},
}  # fmt: skip
RULE: Row = {
    "region": COUNTY, "valid_from": date(2025, 1, 1), "valid_until": date(2026, 1, 1), "document": "D1", "article": "1",
    "mode": "per_benefit", "determined": True, "whose_region": "insured", "on_application": False, "full": False,
    "settings": "", "base": "after_basic_and_serious_illness", "period": "year", "addressee": "", "insutypes": "",
    "conditions": "", "hospital_levels": "", "deducts": "", "counts": "", "cap_group": "", "day": "admission",
    "rounding": "half_up", "effect": "", "denominator": "",
}  # fmt: skip
MERGED = {"entitlement", "entitlement_candidate", "payment"}
RANK = {category: place for place, category in enumerate(CATEGORIES, 1)} | {"*": 99}


def rule(benefit: str, category: str, **values: Any) -> Row:
    """One row of rule_in_force; what is not said is as in the demo: Zichuan, the year, exact."""
    base = {"base": "after_all_three"} if benefit == "tilt" else {}
    zero = {"line": 0} if benefit in {"medical_assistance", "tilt"} else {}
    key = {"rule_key": f"D1/{benefit}-{category}", "rank": RANK[category]}
    return {**RULE, **base, **zero, **key, "benefit": benefit, "category": category, **values}


def tiers_of(rules: Iterable[Row]) -> list[Row]:
    """The relation rule_tier of some rules: a rule's `tiers` are (above, ratio) pairs; without them, its one ratio."""
    names = ("region", "benefit", "category", "valid_from", "rule_key")
    return [
        {**{name: row[name] for name in names}, "above": above, "ratio": ratio}
        for row in rules
        if row["determined"] and row.get("ratio") is not None
        for above, ratio in row.get("tiers") or [(0, row["ratio"])]
    ]


def relation(columns: Mapping[str, str], rows: Iterable[Row]) -> pa.Table:
    """Rows as a relation of these columns; what a row does not say is NULL."""
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    return pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=schema)


def config(rules: Iterable[Row] = (), premiums: Iterable[Row] = ()) -> dict[str, pa.Table]:
    """The config relations of this world."""
    rules = list(rules)
    category = [
        {
            "code": code, "title": code, "title_en": code, "level": level, "certifier": by,
            "ends_on_risk_removed": ends, "rural_low_income": low, "out_of_poverty": out,
        }
        for code, (level, by, ends, low, out) in CATEGORIES.items()
    ]  # fmt: skip
    codes = [
        {"list": name, "province": province, "code": code, "value": value}
        for (name, province), values in CODES.items()
        for code, value in values.items()
    ]
    pooling = [
        {
            "county": county,
            "pooling_area": county[:4],
            "valid_from": date(2020, 1, 1),
            "valid_until": date(9999, 12, 31),
        }
        for county in (COUNTY, OTHER, FAR)
    ]
    rules = list(rules)
    rows: dict[str, Iterable[Row]] = {
        "rule_tier": tiers_of(rules),
        "code_map": codes,
        "category": category,
        "exclusion": [{"category_a": a, "category_b": b} for a, b in EXCLUSIONS],
        "pooling_area": pooling,
        "premium": premiums,
        "rule_in_force": rules,
    }
    return {name: relation(columns, rows[name]) for name, columns in CONFIG.items()}


@dataclass(kw_only=True)
class World:
    """Batches in order of arrival. `folder` takes their Parquet."""

    folder: Path
    batches: list[Row] = field(default_factory=list)
    landed: list[LandedPart] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    people: dict[str, int] = field(default_factory=dict)
    rules: list[Row] = field(default_factory=list)
    premiums: list[Row] = field(default_factory=list)

    def person(self, word: str) -> int:
        """The person_id that a word stands for."""
        return self.people.setdefault(word, 101 + len(self.people))

    def send(
        self,
        source: str,
        stream: str,
        *rows: Row,
        as_of: date = NOVEMBER,
        semantics: Semantics | None = None,
        complete: bool | None = None,
    ) -> int:
        """Land a batch. A row names its person as `id` and may give `name`; lists inside it are its children."""
        declared = STREAMS[source, stream]
        whole_list = declared.complete if complete is None else complete
        batch_id = len(self.batches) + 1
        self.batches.append(
            {
                "batch_id": batch_id, "source": source, "stream": stream, "as_of": as_of,
                "semantics": semantics or declared.semantics, "complete": whole_list,
            }
        )  # fmt: skip
        whole = [{**DEFAULTS[source, stream], **row} for row in rows]
        heads = [self._head(line, row) for line, row in enumerate(whole, 1)]
        self._write(f"{source}_{stream}", batch_id, as_of, row_schema(declared), heads)
        for child, schema in child_schemas(declared).items():
            items = [
                {"line": line, "ordinal": ordinal, **item}
                for line, row in enumerate(whole, 1)
                for ordinal, item in enumerate(row.get(child, ()))
            ]
            self._write(f"{source}_{stream}_{child}", batch_id, as_of, schema, items)
        return batch_id

    def _head(self, line: int, row: Row) -> Row:
        self.person(row["id"])
        name = row.get("name", row["id"])
        content = repr(sorted((key, value) for key, value in row.items()))
        return {
            **{key: value for key, value in row.items() if not isinstance(value, list)},
            "line": line,
            "mac": mac(row["id"]),
            "name_mac": name and name_mac(row["id"], name),
            "name_masked": name and f"{name[0]}*",
            "id_grade": "verified",
            "id_sex": row.get("sex"),
            "id_birth": row.get("birth"),
            "record_digest": hashlib.sha256(content.encode()).hexdigest(),
        }

    def _write(self, name: str, batch_id: int, as_of: date, schema: pa.Schema, rows: list[Row]) -> None:
        path = self.folder / f"{batch_id}-{name}.parquet"
        known = [{column: row.get(column) for column in schema.names} for row in rows]
        pq.write_table(pa.Table.from_pylist(known, schema=schema), path)
        self.landed.append(LandedPart(relation=name, batch_id=batch_id, as_of=as_of, path=str(path)))

    def insure(self, *words: str, as_of: date = NOVEMBER, county: str = COUNTY, insutype: str = "390") -> None:
        """A register of persons in which these, and nobody else, are insured."""
        self.send("medical_insurance", "persons", *(insured(word, county, insutype) for word in words), as_of=as_of)

    def decide(self, word: str, name: str, judgement: str) -> None:
        """A steward's last word on a name under a number."""
        self.decisions.append({"mac": mac(word), "name_mac": name_mac(word, name), "judgement": judgement})

    def inputs(self, month: str = "2025-11", **more: Any) -> MonthInputs:
        """What the month is computed from."""
        alias = [{"mac": mac(word), "person_id": person} for word, person in self.people.items()]
        return MonthInputs(
            month=month,
            landed=tuple(self.landed),
            batches=relation(BATCH, self.batches),
            alias=relation({"mac": "VARCHAR", "person_id": "BIGINT"}, alias),
            decisions=relation({"mac": "VARCHAR", "name_mac": "VARCHAR", "judgement": "VARCHAR"}, self.decisions),
            config=config(self.rules, self.premiums),
            **more,
        )

    def compute(self, month: str = "2025-11", **more: Any) -> Result:
        """Run the month."""
        with DuckDB(threads=1) as engine:
            return Result(tables=compute_month(engine, self.inputs(month, **more)), people=dict(self.people))

    def matched(self, month: str = "2025-11") -> Result:
        """Run the match stage alone."""
        with DuckDB(threads=1) as engine:
            load(engine, self.inputs(month))
            match(engine)
            found = {table.name: engine.fetch(table) for table in tables.STATE if table.name not in MERGED}
        return Result(tables=found, people=dict(self.people))

    def upto(self, day: date) -> World:
        """The same world as it had arrived by that day."""
        batches = [batch for batch in self.batches if batch["as_of"] <= day]
        known = {batch["batch_id"] for batch in batches}
        return replace(self, batches=batches, landed=[part for part in self.landed if part.batch_id in known])


BATCH = {
    "batch_id": "BIGINT", "source": "VARCHAR", "stream": "VARCHAR", "as_of": "DATE", "semantics": "VARCHAR",
    "complete": "BOOLEAN", "department": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Result:
    """A month's tables. Called with a table's name, and a person's word, it gives rows."""

    tables: dict[str, pa.Table]
    people: dict[str, int]

    def __call__(self, table: str, word: str | None = None, **where: Any) -> list[Row]:
        wanted = where if word is None else {"person_id": self.people[word], **where}
        rows = self.tables[table].to_pylist()
        return [row for row in rows if all(row[key] == value for key, value in wanted.items())]

    def one(self, table: str, word: str | None = None, **where: Any) -> Row:
        """The only such row."""
        (row,) = self(table, word, **where)
        return row

    def kinds(self, word: str | None = None, **where: Any) -> set[tuple[str, str]]:
        """(kind, subject) of the open findings."""
        found = self("finding", word, **where)
        return {(row["kind"], row["subject"]) for row in found if row["state"] != "cleared"}

    def words(self, table: str, **where: Any) -> set[str]:
        """The persons of a table's rows."""
        named = {person: word for word, person in self.people.items()}
        return {named[row["person_id"]] for row in self(table, **where)}


def mac(word: str) -> str:
    """The pseudonym of an ID number."""
    return f"k1.{hashlib.sha256(word.encode()).hexdigest()}"


def name_mac(word: str, name: str) -> str:
    """The pseudonym of a name under an ID number."""
    return hashlib.sha256(f"{word}/{name}".encode()).hexdigest()


def insured(word: str, county: str = COUNTY, insutype: str = "390", **more: Any) -> Row:
    """A row of the register, insured for years."""
    cover = {"insutype": insutype, "psn_insu_stas": "1", "psn_insu_date": date(2020, 1, 1), "insuplc_admdvs": county}
    return {"id": word, "psn_no": f"P{word}", "insuinfo": [cover], **more}


def paid(year: int = 2025, payer: str = "1", amount: int = 150_00, day: date | None = date(2025, 3, 1)) -> Row:
    """A premium subsidy received."""
    return {"insu_year": year, "payer": payer, "subsidy_amt": amount, "pay_date": day}


def grant(word: str, category: str, number: str = "H1", **more: Any) -> Row:
    """A row of civil affairs."""
    return {"id": word, "assistance_type": category, "household_number": number, **more}


def stay(word: str, setl_id: str, scope: int, basic: int = 0, on: date = date(2025, 6, 10), **more: Any) -> Row:
    """A settled inpatient stay; amounts in fen."""
    values = {
        "setl_id": setl_id, "mdtrt_id": f"M{setl_id}", "psn_no": f"P{word}", "begndate": on, "enddate": on,
        "setl_time": on, "medfee_sumamt": scope, "inscp_scp_amt": scope, "hifp_pay": basic,
    }  # fmt: skip
    return {"id": word, **values, **more}


def merged(
    spells: Iterable[Row],
    rules: Iterable[Row],
    settlements: Iterable[Row] = (),
    premiums: Iterable[Row] = (),
    insured_at: Mapping[str, tuple[str, str]] | None = None,
    month: str = "2025-11",
    *,
    every_settlement: bool = False,
    only: Iterable[str] | None = None,
    born: Mapping[str, date] | None = None,
) -> Result:
    """The merge stage alone. A spell names its person as `id`; `insured_at` gives county and insutype (370302, 390)."""
    people: dict[str, int] = {}
    held, costs, rules = list(spells), list(settlements), list(rules)
    for row in (*held, *costs):
        people.setdefault(row["id"], 101 + len(people))
    where = {word: (insured_at or {}).get(word, (COUNTY, "390")) for word in people}
    places = [
        {"person_id": people[word], "insutype": insutype, "region": county, "pooling_area": county[:4]}
        for word, (county, insutype) in where.items()
        if county
    ]
    given: dict[str, tuple[Mapping[str, str], list[Row]]] = {
        "category_spell": (
            tables.CATEGORY_SPELL.columns,
            [{**SPELL, **spell, "person_id": people[spell["id"]], "line": n} for n, spell in enumerate(held, 1)],
        ),
        "settlement": (
            tables.SETTLEMENT.columns,
            [{**COST, **row, "person_id": people[row["id"]]} for row in costs],
        ),
        "insured_place": (PLACE, places),
        "person": (PERSON, [{"person_id": n, "birth": (born or {}).get(word)} for word, n in people.items()]),
        "rule_in_force": (CONFIG["rule_in_force"], rules),
        "rule_tier": (CONFIG["rule_tier"], tiers_of(rules)),
        "premium": (CONFIG["premium"], list(premiums)),
    }
    with DuckDB(threads=1) as engine:
        engine.register("period", period(month), PERIOD)
        for name, (columns, rows) in given.items():
            engine.register(name, relation(columns, rows), columns)
        some = None if only is None else pa.table({"person_id": pa.array([people[word] for word in only], pa.int64())})
        merge(engine, details=given_details(costs), every_settlement=every_settlement, persons=some)
        found = {table.name: engine.fetch(table) for table in (tables.ENTITLEMENT, tables.CANDIDATE, tables.PAYMENT)}
    return Result(tables=found, people=people)


def given_details(costs: Iterable[Row]) -> dict[str, pa.Table]:
    """What settlements say as a case file would: conditions, and `other_aid` as {kind: amount}."""
    aid = [
        {"setl_id": row["setl_id"], "kind": kind, "amount": amount}
        for row in costs
        for kind, amount in row.get("other_aid", {}).items()
    ]
    return {
        SETTLEMENT_DETAIL.name: relation(SETTLEMENT_DETAIL.columns, costs),
        OTHER_AID.name: relation(OTHER_AID.columns, aid),
    }


PERSON = {"person_id": "BIGINT", "birth": "DATE"}
PLACE = {"person_id": "BIGINT", "insutype": "VARCHAR", "region": "VARCHAR", "pooling_area": "VARCHAR"}
SPELL: Row = {
    "valid_from": date(2020, 1, 1), "valid_until": date(9999, 12, 31), "region": COUNTY, "household_key": "",
    "source": "civil_affairs", "stream": "recipients", "batch_id": 1, "record_digest": "",
}  # fmt: skip
COST: Row = {
    "insutype": "390", "setting": "inpatient", "admitted": date(2025, 6, 1), "discharged": date(2025, 6, 10),
    "settled": date(2025, 6, 10), "basic_paid": 0, "serious_illness_paid": 0, "medical_assistance_paid": 0,
    "tilt_paid": 0, "cancelled": False,
}  # fmt: skip


def cost(word: str, setl_id: str, scope: int, **more: Any) -> Row:
    """A settlement as match makes it."""
    return {"id": word, "setl_id": setl_id, "visit_id": setl_id, "scope": scope, "total": scope, **more}


def rows_without_place(table: str, rows: pa.Table) -> pa.Table:
    """A table without the columns that say where a row arrived."""
    return rows.select([name for name in tables.PUBLISHED[table].columns if name not in {"batch_id", "line"}])
